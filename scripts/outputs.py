"""Write what every command prints in every format into a folder, to compare two states of the code.

    python scripts/outputs.py before ./result /nix/store/…-env     # then change something
    python scripts/outputs.py after ./result /nix/store/…-env
    diff -r before after

Commands run on the demo, on the recorded closures of the tests, and on the sources that are named.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
DATA = HERE / "tests" / "data"
OLD, NEW = str(DATA / "pr-base.snapshot"), str(DATA / "pr-head.snapshot")
_PROGRAM = "import sys; from pyclosure.tui.cli.main import main; sys.exit(main())"


def one_source(source: str) -> Iterator[list[str]]:
    """Yield command lines about one closure."""
    for form in ("text", "json", "markdown"):
        yield ["report", source, "--format", form]
        yield ["cuts", source, "--format", form]
        yield ["cuts", source, "--edges", "--top", "40", "--format", form]
        yield ["tests", source, "--format", form, "--no-config"]
        yield ["rebuild", source, "--format", form]
        yield ["rebuild", source, "zlib", "--every", "--format", form]
        yield ["rebuild", source, "pytest", "--amplifiers", "--format", form]
        yield ["history", source, "--findings", "--format", form]
    for form in ("text", "json", "markdown", "sarif"):
        yield ["check", source, "--no-config", "--allow-unknown", "--fine", "--format", form]
    for form in ("text", "json", "csv"):
        yield ["list", source, "--columns", "all", "--format", form]
    for form in ("dot", "graphml", "mermaid"):
        yield ["graph", source, "--top", "30", "--format", form]
    for form in ("text", "json"):
        yield ["why", source, "zlib", "--chains", "3", "--format", form]
        yield ["why", source, "pytest", "--format", form]
        yield ["contents", source, "--all", "--format", form]
    for by in ("severity", "rule", "path"):
        yield ["check", source, "--no-config", "--allow-unknown", "--by", by]
    yield ["tree", source, "--depth", "0"]
    yield ["tree", source, "--referrers", "--from", "zlib", "--ascii"]
    yield [source]


def two_sources(old: str, new: str) -> Iterator[list[str]]:
    """Yield command lines about a change."""
    for form in ("text", "json", "markdown"):
        yield ["diff", old, new, "--format", form, "--no-config"]
        yield ["diff", old, new, "--no-findings", "--format", form]
        yield ["rebuild", "--base", old, "--head", new, "--format", form]
        yield ["history", old, new, "--format", form]
        yield ["check", old, new, "--max-increase", "5%", "--no-config", "--format", form]
        yield ["check", old, new, "--max-size", "1MiB", "--fail-on", "new:leak", "--no-config", "--format", form]


def commands(sources: list[str]) -> Iterator[list[str]]:
    """Yield all command lines."""
    for source in ("demo:", OLD, NEW, *sources):
        yield from one_source(source)
    yield from two_sources(OLD, NEW)
    yield from two_sources("demo:", NEW)
    for source in sources[1:]:
        yield from two_sources(sources[0], source)
    for name in sorted(path.stem for path in (HERE / "tui").rglob("commands/*.py")):
        yield [name.removeprefix("_"), "--help"]
    yield ["--help"]
    yield ["list", "--list-columns", "demo:"]
    yield ["check", "--list-rules", "demo:"]
    for number in range(1, 27):
        yield ["check", "--explain", f"P{number:02}", "demo:"]
    for shell in ("bash", "zsh", "fish"):
        yield ["completion", shell]


def written(folder: Path, argv: list[str]) -> None:
    """Run one command and write its status and all that it printed."""
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "PYTHONPATH": str(HERE)}
    run = [sys.executable, "-c", _PROGRAM, *argv]
    done = subprocess.run(run, capture_output=True, env=environment, stdin=subprocess.DEVNULL, cwd="/", check=False)
    name = re.sub(r"[^\w.=:-]+", "_", " ".join(Path(word).name or word for word in argv))
    text = f"$ pyclosure {' '.join(argv)}\n{done.returncode}\n".encode() + done.stdout + b"\n-- stderr\n" + done.stderr
    (folder / name).write_bytes(text.replace(str(HERE).encode(), b"."))


def main() -> None:
    """Write the outputs."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    sources = [os.path.abspath(source) if Path(source).exists() else source for source in sys.argv[2:]]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = list(pool.map(lambda argv: written(folder, argv), commands(sources)))
    print(f"{len(done)} outputs in {folder}")


if __name__ == "__main__":
    main()
