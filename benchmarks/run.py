"""Measure start-up, loading and sizes, each as a ratio in the same run.

    python benchmarks/run.py                 everything, a few minutes
    python benchmarks/run.py start sizes     some of it
    python benchmarks/run.py --json out.json

Repeats are interleaved and medians are compared, because a busy machine slows whole minutes down.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.synthetic import private_store  # noqa: E402
from benchmarks.terminal import first_seen  # noqa: E402
from benchmarks.tested import tested  # noqa: E402
from pyclosure.queries.parse.path_info import parse_path_info  # noqa: E402

REPEATS = 7


@dataclass(frozen=True)
class Figure:
    """One measured thing."""

    group: str
    what: str
    seconds: float
    against: str
    ratio: float | None


def medians(runs: Mapping[str, Callable[[], float]], repeats: int = REPEATS) -> dict[str, float]:
    """Run everything in turns and return the median of each."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            taken[name].append(run())
    return {name: statistics.median(times) for name, times in taken.items()}


def command(*argv: str) -> Callable[[], float]:
    """Return a function that runs a command and says how long it took."""

    def run() -> float:
        began = time.perf_counter()
        subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return time.perf_counter() - began

    return run


def pyclosure(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "pyclosure", *words)


def nix(store: str, *words: str) -> tuple[str, ...]:
    features = ("--extra-experimental-features", "nix-command", "--offline")
    return ("nix", *features, *words, "--store", store)


def figures(group: str, times: Mapping[str, float], against: str) -> list[Figure]:
    base = times[against]
    return [
        Figure(group, what, seconds, against, None if what == against else seconds / base)
        for what, seconds in times.items()
    ]


def measure_start(folder: Path) -> list[Figure]:
    """Start-up: the commands that answer without nix, and the first frame."""
    small, root = private_store(folder, 500)
    quick = medians(
        {
            "python -c pass": command(sys.executable, "-c", "pass"),
            "--version": command(*pyclosure("--version")),
            "--help": command(*pyclosure("--help")),
            "list --help": command(*pyclosure("list", "--help")),
        }
    )
    seen: dict[str, list[float]] = {}

    def note(prefix: str, found: dict[str, float]) -> None:
        for name, seconds in found.items():
            seen.setdefault(f"{prefix}{name}", []).append(seconds)

    for _ in range(REPEATS):
        note("bare Textual app: ", first_seen([sys.executable, str(HERE / "bare.py")], {"frame": b"bare-frame"}))
        note(
            "pyclosure, 500 paths: ",
            first_seen(
                pyclosure("--store", small, root),
                {"skeleton": b"reading the closure", "first frame": b"Overview", "answer": b"Where the bytes are"},
            ),
        )
    frames = {name: statistics.median(times) for name, times in seen.items()}
    return figures("start", quick, "python -c pass") + figures("screen", frames, "bare Textual app: frame")


def measure_load(folder: Path) -> list[Figure]:
    """Reading a closure, against nix alone."""
    found: list[Figure] = []
    for count in (500, 5_000, 20_000):
        store, root = private_store(folder, count)
        times = medians(
            {
                "nix path-info --json -r": command(*nix(store, "path-info", "--json", "-r", root)),
                "pyclosure list --format json": command(
                    *pyclosure("list", "--no-files", "--format", "json", "--store", store, root)
                ),
                "pyclosure report": command(*pyclosure("report", "--no-files", "--store", store, root)),
            },
            5,
        )
        answers = [
            first_seen(pyclosure("--no-files", "--store", store, root), {"answer": b"Where the bytes are"}).get(
                "answer", float("nan")
            )
            for _ in range(5)
        ]
        times["pyclosure: answer on the screen"] = statistics.median(answers)
        found += figures(f"load {count:,} paths", times, "nix path-info --json -r")
    return found


_SIZES = """
import sys, time, resource
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.answers.sizes import added_sizes, with_closure_sizes
opened = read_source(resolve(Request((sys.argv[2],), store=sys.argv[1])), SystemRunner())
a = time.perf_counter(); closure = Closure(opened.records)
b = time.perf_counter(); sizes = added_sizes(closure)
c = time.perf_counter(); with_closure_sizes(sizes, closure)
d = time.perf_counter()
print(b - a, c - b, d - c, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def measure_sizes(folder: Path) -> list[Figure]:
    """All sizes of all paths, against what nix needs for the closure alone, and for -S."""
    found: list[Figure] = []
    for count in (500, 5_000, 20_000):
        store, root = private_store(folder, count)
        runs: list[list[float]] = []
        plain: list[float] = []
        for _ in range(5):
            plain.append(command(*nix(store, "path-info", "--json", "-r", root))())
            text = subprocess.run(
                [sys.executable, "-c", _SIZES, store, root], capture_output=True, text=True, check=True, cwd=HERE.parent
            ).stdout
            runs.append([float(word) for word in text.split()])
        graph, added, closure, _ = (statistics.median(column) for column in zip(*runs, strict=True))
        times = {
            "nix path-info --json -r": statistics.median(plain),
            "graph from records": graph,
            "added sizes and depths": added,
            "closure sizes": closure,
        }
        if count <= 5_000:
            # quadratic: one run is enough to see it, and at 20,000 it takes most of an hour
            times["nix path-info -rS, beyond -r"] = (
                command(*nix(store, "path-info", "--json", "-r", "-S", root))() - times["nix path-info --json -r"]
            )
        found += figures(f"sizes {count:,} paths", times, "nix path-info --json -r")
        found.append(Figure(f"sizes {count:,} paths", "peak memory, MiB", max(run[3] for run in runs) / 1024, "", None))
    return found


_WHY = """
import sys, time
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.knowledge import know
from pyclosure.queries.answers.chains import why
from pyclosure.queries.answers.plan import edge_savings
from pyclosure.queries.answers.cuts import smallest_cut
def timed(action, repeats=5):
    best = []
    for _ in range(repeats):
        began = time.perf_counter(); action(); best.append(time.perf_counter() - began)
    return sorted(best)[len(best) // 2]
knowledge = know(read_source(resolve(Request((sys.argv[2],), store=sys.argv[1])), SystemRunner()))
closure = knowledge.closure
hub = max(range(len(closure)), key=lambda at: len(closure.referrers[at]))
print(timed(lambda: closure.requisites(closure.roots)), timed(lambda: why(closure, hub)),
      timed(lambda: edge_savings(knowledge)), timed(lambda: smallest_cut(closure, hub)))
"""


def measure_why(folder: Path) -> list[Figure]:
    """Chains, savings and cuts against one traversal of the closure."""
    found: list[Figure] = []
    for count in (5_000, 20_000):
        store, root = private_store(folder, count)
        words = subprocess.run(
            [sys.executable, "-c", _WHY, store, root], capture_output=True, text=True, check=True, cwd=HERE.parent
        ).stdout.split()
        names = (
            "one traversal",
            "why, of the path with most referrers",
            "savings of every reference",
            "smallest cut of it",
        )
        found += figures(f"why {count:,} paths", dict(zip(names, map(float, words), strict=True)), "one traversal")
    return found


_EVIDENCE = """
import sys, time
from pyclosure.queries.facts.scan import scan
from pyclosure.queries.facts.files import StoreFiles
from pyclosure.queries.facts.carriers import explain
path, reference, *others = sys.argv[1:]
began = time.perf_counter()
found = scan(path, [reference, *others])
explain(StoreFiles(path), found.spots[reference])
print(time.perf_counter() - began, found.size)
"""


def measure_evidence(folder: Path) -> list[Figure]:
    """The files that hold a reference, against nix why-depends --precise on the same path of the real store.

    Takes the closure that PYCLOSURE_BENCH_CLOSURE names (a result link); without it there is nothing to measure.
    """
    link = os.environ.get("PYCLOSURE_BENCH_CLOSURE")
    if not link:
        return []
    root = os.path.realpath(link)
    features = ("nix", "--extra-experimental-features", "nix-command", "--offline")
    document = subprocess.run(
        [*features, "path-info", "--json", "-r", root], capture_output=True, text=True, check=True
    ).stdout
    parsed = parse_path_info(document.encode())
    heaviest = sorted(parsed.valid, key=lambda info: -info.nar_size)[:3]
    found: list[Figure] = []
    for info in heaviest:
        reference = info.references[0]
        ours: list[float] = []
        theirs: list[float] = []
        whole: list[float] = []
        for _ in range(5):
            theirs.append(command(*features, "why-depends", "--precise", info.path, reference)())
            for times, words in ((ours, [reference]), (whole, list(info.references))):
                argv = [sys.executable, "-c", _EVIDENCE, info.path, *words]
                text = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=HERE.parent).stdout
                times.append(float(text.split()[0]))
        times = {
            "nix why-depends --precise": statistics.median(theirs),
            "all files of one reference": statistics.median(ours),
            f"all files of all {len(info.references)} references": statistics.median(whole),
        }
        found += figures(
            f"evidence in {info.path[44:]} ({info.nar_size >> 20} MiB)", times, "nix why-depends --precise"
        )
    return found


_INSPECT = """
import sys, time
from pyclosure.queries.facts.inspect import inspect
began = time.perf_counter()
found = [inspect(path) for path in sys.argv[1:]]
print(time.perf_counter() - began, sum(one.files for one in found if one))
"""


def measure_findings(folder: Path) -> list[Figure]:
    """A thorough look through all files of a closure, against grep reading the same files once.

    Takes the closure that PYCLOSURE_BENCH_CLOSURE names (a result link); without it there is nothing to measure.
    """
    link = os.environ.get("PYCLOSURE_BENCH_CLOSURE")
    if not link:
        return []
    root = os.path.realpath(link)
    paths = subprocess.run(["nix-store", "-qR", root], capture_output=True, text=True, check=True).stdout.split()

    def grep() -> float:
        began = time.perf_counter()
        # status 1: no file holds it; every byte was read all the same
        subprocess.run(["grep", "-raF", "no file holds these words", *paths], stdout=subprocess.DEVNULL, check=False)
        return time.perf_counter() - began

    def look() -> float:
        argv = [sys.executable, "-c", _INSPECT, *paths]
        text = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=HERE.parent).stdout
        return float(text.split()[0])

    check = command(*pyclosure("check", root, "--no-config", "--fail-on", "never", "--allow-unknown"))
    times = medians({"grep -r": grep, "a thorough look": look, "pyclosure check": check}, 5)
    return figures(f"findings in {root[44:]}, {len(paths)} paths", times, "grep -r")


_TESTS = """
import json, sys, time
import networkx as nx
from benchmarks.tested import tested
from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.parse.derivation import parse_derivations
from pyclosure.queries.testing.conventions import TestConventions
from pyclosure.queries.testing.survey import Subject, survey_of
from pyclosure.queries.testing.world import World
made = tested(int(sys.argv[1]), int(sys.argv[2]))
def timed(action):
    began = time.perf_counter(); found = action(); return time.perf_counter() - began, found
plain, _ = timed(lambda: json.loads(made.document))
decoding, derivations = timed(lambda: parse_derivations(made.document, "/nix/store"))
building, graph = timed(lambda: BuildGraph(derivations))
subjects = [Subject(drv, one, derivations[drv]) for drv, one in made.distributions.items()]
counting, counts = timed(graph.rebuild_counts)
walked = list(range(0, len(graph), max(1, len(graph) // 50)))
slow, _ = timed(lambda: [len(nx.ancestors(graph.graph, graph.paths[at])) for at in walked])
survey, found = timed(lambda: survey_of(subjects, World(derivations, {}), TestConventions(), graph=graph))
print(plain, decoding, building, counting, slow * len(graph) / len(walked), survey)
"""


def measure_tests(folder: Path) -> list[Figure]:
    """The tests of a synthetic build graph: decoding it, counting all rebuilds, judging all packages.

    Against Python's own json on the same text; a walk of networkx from each derivation is estimated from fifty.
    """
    found: list[Figure] = []
    names = (
        "json.loads",
        "decode and validate",
        "build graph",
        "rebuilds of every derivation",
        "the same by networkx (estimated)",
        "tests of all packages",
    )
    for count, packages in ((1_000, 100), (10_000, 500), (50_000, 1_000)):
        runs = []
        for _ in range(3):
            argv = [sys.executable, "-c", _TESTS, str(count), str(packages)]
            text = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=HERE.parent).stdout
            runs.append([float(word) for word in text.split()])
        times = [statistics.median(column) for column in zip(*runs, strict=True)]
        group = f"tests: {count:,} derivations, {packages:,} packages"
        found += figures(group, dict(zip(names, times, strict=True)), "json.loads")
    return found


_REBUILD = """
import json, resource, sys, time
from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.parse.derivation import derivations_in
from pyclosure.queries.snapshot import document_chunks
from pyclosure.queries.rebuild.amplifiers import amplifiers
from pyclosure.queries.rebuild.impact import impact
from pyclosure.queries.rebuild.outlook import edges_of_tests
from pyclosure.queries.rebuild.ranking import ranking
def timed(action):
    began = time.perf_counter(); found = action(); return time.perf_counter() - began, found
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def decode():
    with open(sys.argv[1], "rb") as file:
        return {one.path: one for one in derivations_in(document_chunks(file, "x"), "/nix/store", "x")}
reading, length = timed(lambda: len(open(sys.argv[1], "rb").read()))
decoding, derivations = timed(decode)
building, graph = timed(lambda: BuildGraph(derivations))
testing, tests = timed(lambda: edges_of_tests(graph))
seed = max(range(len(graph)), key=lambda at: len(graph.users[at]))
def everything():
    found = impact(graph, [seed], tests)
    return found.outputs, found.reasons, found.by_depth, found.longest, found.upper_bound
single, _ = timed(everything)
before = peak()
ranked, rows = timed(lambda: ranking(graph, tests))
after = peak()
worst = max(rows, key=lambda one: one.rebuilds - one.without_tests).derivation
weighing, _ = timed(lambda: amplifiers(impact(graph, [worst], tests)))
print(reading, decoding, building, testing, single, ranked, weighing, before, after, sum(map(len, graph.inputs)))
"""


def measure_rebuild(folder: Path) -> list[Figure]:
    """Build graphs at the shape of nixpkgs: reading them, one impact, and the ranking of all derivations.

    Against reading the bytes of the document. Python's own json is in a process of its own, for its memory.
    """
    found: list[Figure] = []
    names = ("read the bytes", "decode and validate", "build graph", "edges of tests", "impact of the most used")
    for count, packages in ((1_000, 200), (10_000, 2_000), (100_000, 8_000)):
        document = folder / f"build-{count}.json"
        if not document.exists():
            document.write_bytes(tested(count, packages).document)
        runs, plain = [], []
        for _ in range(3):
            plain.append(_words(_JSON, str(document)))
            runs.append(_words(_REBUILD, str(document)))
        columns = [statistics.median(column) for column in zip(*runs, strict=True)]
        json_seconds, json_peak = (statistics.median(column) for column in zip(*plain, strict=True))
        *times, before, after, edges = columns
        size = document.stat().st_size / 1e6
        group = f"rebuild: {count:,} derivations, {packages:,} Python packages, {edges:,.0f} edges, {size:,.0f} MB"
        more = ("ranking, with and without tests", "amplifiers of the most amplified")
        seconds = dict(zip((*names, *more), times, strict=True)) | {"json.loads": json_seconds}
        found += figures(group, seconds, "read the bytes")
        for what, mebibytes in (
            ("peak MiB of json.loads", json_peak),
            ("peak MiB before the ranking", before),
            ("peak MiB after the ranking", after),
        ):
            found.append(Figure(group, what, mebibytes, "", None))
    return found


_DIFF = """
import sys, time
import msgspec
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from pyclosure.queries.sources.read import Opened, read_source
from pyclosure.queries.knowledge import know
from pyclosure.queries.diff.causes import Attribution
from pyclosure.queries.diff.match import ClosureDiff
from pyclosure.queries.diff.reasons import Reasons
def timed(action):
    began = time.perf_counter(); found = action(); return time.perf_counter() - began, found
def load():
    return know(read_source(resolve(Request((sys.argv[2],), store=sys.argv[1])), SystemRunner()))
loading, old = timed(load)
# one path in twenty is another one, as large as before plus a little
others = {info.path: info.path[:11] + info.path[11:43][::-1] + info.path[43:] for info in old.closure.infos[::20]}
def renamed(paths):
    return tuple(sorted(others.get(one, one) for one in paths))
def other(info):
    size = info.nar_size + 100_000 * (info.path in others)
    path = others.get(info.path, info.path)
    return msgspec.structs.replace(info, path=path, nar_size=size, references=renamed(info.references))
records = old.closure.records
paths = tuple(map(other, old.closure.infos))
records = msgspec.structs.replace(records, paths=paths, roots=renamed(records.roots))
new = know(Opened(records, None))
matching, diff = timed(lambda: ClosureDiff(old, new))
classing, _ = timed(lambda: diff.changes)
causing, causes = timed(lambda: Attribution(diff).causes)
reasoning, _ = timed(lambda: Reasons(diff).by_path)
assert sum(one.size_change for one in causes) == diff.size_change
print(2 * loading, classing, causing, reasoning)
"""


def measure_diff(folder: Path) -> list[Figure]:
    """Two closures of which one path in twenty differs, against loading both."""
    found: list[Figure] = []
    names = ("loading both", "classes of all paths", "causes", "reasons")
    for count in (5_000, 20_000):
        store, root = private_store(folder, count)
        runs = [_words(_DIFF, store, root) for _ in range(3)]
        times = [statistics.median(column) for column in zip(*runs, strict=True)]
        found += figures(f"diff of {count:,} paths", dict(zip(names, times, strict=True)), "loading both")
    return found


_JSON = """
import json, resource, sys, time
document = open(sys.argv[1], "rb").read()
began = time.perf_counter(); json.loads(document)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def _words(script: str, *words: str) -> list[float]:
    argv = [sys.executable, "-c", script, *words]
    text = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=HERE.parent).stdout
    return [float(word) for word in text.split()]


GROUPS = {
    "start": measure_start,
    "load": measure_load,
    "sizes": measure_sizes,
    "why": measure_why,
    "evidence": measure_evidence,
    "findings": measure_findings,
    "tests": measure_tests,
    "rebuild": measure_rebuild,
    "diff": measure_diff,
}


def show(found: list[Figure]) -> None:
    """Print a table."""
    group = ""
    for one in found:
        if one.group != group:
            group = one.group
            print(f"\n{group}")
        if not one.against:
            print(f"  {one.what:<40}{one.seconds:>10.0f}")
            continue
        ratio = f"{one.ratio:>8.2f} x {one.against}" if one.ratio is not None else ""
        print(f"  {one.what:<40}{one.seconds * 1000:>10.1f} ms{ratio}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], help="default: all")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the synthetic stores here for the next run")
    arguments = parser.parse_args()
    os.environ["PYTHONPATH"] = str(HERE.parent)
    os.environ["NIX_CONFIG"] = "experimental-features = nix-command\nsubstituters ="
    with tempfile.TemporaryDirectory(prefix="pyclosure-bench-") as temporary:
        folder = Path(arguments.keep or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = [one for group in arguments.groups or GROUPS for one in GROUPS[group](folder)]
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    version = subprocess.run(["nix", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{machine}, {version}; load {os.getloadavg()[0]:.1f}; peak of this process {_peak()} MiB")
    show(found)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps([asdict(one) for one in found], indent=2) + "\n", "utf-8")
    return 0


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
