"""Check in pytest's reports that the tests of the real Nix ran, and close with the totals.

Usage: count_tests.py NIX_TESTS REPORT.xml...     (NIX_TESTS: what ``pytest -m nix --collect-only -q`` printed)
"""

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path


def report_name(node_id: str) -> tuple[str, str]:
    """Return the class name and name under which a JUnit report lists a test."""
    address, bracket, parameters = node_id.partition("[")
    file, *parts = address.split("::")
    return ".".join([file.removesuffix(".py").replace("/", "."), *parts[:-1]]), parts[-1] + bracket + parameters


def outcome(case: ElementTree.Element) -> str:
    """Return passed, failed (also for errors) or skipped."""
    found = {child.tag for child in case}
    return "failed" if found & {"failure", "error"} else "skipped" if "skipped" in found else "passed"


def main(nix_tests: str, *reports: str) -> str | None:
    """Print the totals, or return what is wrong."""
    wanted = {report_name(line) for line in Path(nix_tests).read_text().splitlines() if "::" in line}
    total: Counter[str] = Counter()
    for report in reports:
        nix: Counter[str] = Counter()
        for case in ElementTree.parse(report).iter("testcase"):
            total[outcome(case)] += 1
            if (case.get("classname"), case.get("name")) in wanted:
                nix[outcome(case)] += 1
        if not nix["passed"] or nix["skipped"]:
            return f"The tests of the real Nix did not all run: {nix['passed']} passed, {nix['skipped']} skipped."
        print(f"{nix['passed']} tests ran the real Nix ({Path(report).stem}).")
    print(", ".join(f"{total[word]} {word}" for word in ("passed", "failed", "skipped")))
    return "Tests failed." if total["failed"] else None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
