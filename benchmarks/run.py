"""Measure start-up, loading, sizes, keys, memory and every analysis, each as a ratio in the same run.

    python benchmarks/run.py                 everything, about half an hour
    python benchmarks/run.py start keys      some of it
    python benchmarks/run.py --json out.json

Repeats are interleaved and medians are compared, because a busy machine slows whole minutes down.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import pkgutil
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks import measures  # noqa: E402
from benchmarks.measuring import Figure  # noqa: E402

GROUPS = [module.name for module in pkgutil.iter_modules(measures.__path__)]


def show(found: list[Figure]) -> None:
    """Print a table."""
    group = ""
    for one in found:
        if one.group != group:
            group = one.group
            print(f"\n{group}")
        value = f"{one.value * 1000:>10.1f} ms" if one.unit == "s" else f"{one.value:>10.1f} {one.unit}"
        ratio = f"{one.ratio:>8.2f} x {one.against}" if one.ratio is not None else ""
        goal = ""
        if one.goal is not None:
            limit = f"{one.goal:g} x" if one.ratio is not None else f"{one.goal * 1000:g} ms"
            goal = f"   [goal {limit}: {'met' if one.met else 'MISSED'}]"
        print(f"  {one.what:<50}{value}{ratio}{goal}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], help="default: all")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the synthetic stores here for the next run")
    arguments = parser.parse_args()
    os.environ["PYTHONPATH"] = str(HERE.parent)
    os.environ["NIX_CONFIG"] = "experimental-features = nix-command\nsubstituters ="
    # an installed program has its bytecode; without it, compiling is all that would be measured
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for part in ("tui", "queries", "themes", "pyclosure"):
        compileall.compile_dir(HERE.parent / "pyclosure" / part if part != "pyclosure" else HERE.parent / part, quiet=1)
    with tempfile.TemporaryDirectory(prefix="pyclosure-bench-") as temporary:
        folder = Path(arguments.keep or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found: list[Figure] = []
        for group in arguments.groups or GROUPS:
            print(f"measuring {group} …", file=sys.stderr)
            found += import_module(f"benchmarks.measures.{group}").measure(folder)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    version = subprocess.run(["nix", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{machine}, {version}; load {os.getloadavg()[0]:.1f}")
    show(found)
    if arguments.json:
        rows = [asdict(one) | {"met": one.met} for one in found]
        Path(arguments.json).write_text(json.dumps(rows, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
