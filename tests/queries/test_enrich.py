"""What streams in behind the first answer: files, derivations, and how complete they are."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from pyclosure.queries.base.activity import Progress, Silent
from pyclosure.queries.base.errors import Cancelled, NixFailed
from pyclosure.queries.base.records import ClosureRecords, FileFacts
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.nix.client import Nix
from pyclosure.queries.opened.enrich import after_files, derivers_in_store, enrich, read_derivations, read_files
from pyclosure.queries.opened.knowledge import Knowledge, TierState, know
from pyclosure.queries.opened.opened import Opened
from tests.support.closures import derivation_of, index, knowledge_of, names, records_of, store_path
from tests.support.recorded import RecordedRunner, holds
from tests.support.trees import Link, Program, Tree, dist_info, plant

#  env → python3.11-six-1.16.0 → libz-1.3
GRAPH = {"env": ["python3.11-six-1.16.0"], "python3.11-six-1.16.0": ["libz-1.3"]}
TREES: Mapping[str, Tree] = {
    "env": {"bin/x": Link("/x")},
    "python3.11-six-1.16.0": dist_info("six", "1.16.0"),
    "libz-1.3": {"bin/z": Program()},
}
DERIVERS = {name: f"{name}.drv" for name in ("env", "python3.11-six-1.16.0", "libz-1.3")}
SIX_DRV = store_path("python3.11-six-1.16.0.drv")


def on_disk(root: Path, *trees: str, **changes: object) -> ClosureRecords:
    """Plant some of the closure's paths below a chroot store's root."""
    for name in trees:
        plant(root / store_path(name)[1:], TREES[name])
    records = records_of(GRAPH, derivers=DERIVERS)
    return msgspec.structs.replace(records, files_root=str(root), **changes)


def shown(*drvs: str) -> str:
    """What nix derivation show prints for derivations without anything in them."""
    return json.dumps(
        {
            store_path(drv): {
                "system": "x",
                "builder": "/bin/sh",
                "args": [],
                "env": {"pname": drv, "version": "9"},
                "outputs": {"out": {"path": store_path(drv.removesuffix(".drv"))}},
            }
            for drv in drvs
        }
    )


# -- files -----------------------------------------------------------------------------------------------


def test_files_are_read_roots_first(tmp_path: Path) -> None:
    closure = Closure(on_disk(tmp_path, *TREES))

    batches = list(read_files(closure))

    assert len(batches) == 1
    assert [path.rsplit("/", 1)[1][33:] for path in batches[0]] == ["env", "python3.11-six-1.16.0", "libz-1.3"]
    assert batches[0][store_path("python3.11-six-1.16.0")].distributions[0].name == "six"


def test_files_come_in_batches_with_progress(tmp_path: Path) -> None:
    count = 130
    records = records_of({"top": [f"p{n}" for n in range(count)]})
    for info in records.paths:
        (tmp_path / info.path[1:]).mkdir(parents=True)
    closure = Closure(msgspec.structs.replace(records, files_root=str(tmp_path)))
    told: list[Progress] = []

    class Watcher(Silent):
        def report(self, progress: Progress) -> None:
            told.append(progress)

    batches = list(read_files(closure, Watcher()))

    assert [len(batch) for batch in batches] == [64, 64, 3]
    assert told == [Progress("reading files", done, 131, "paths") for done in (0, 64, 128)]


def test_reading_files_can_be_cancelled_between_batches(tmp_path: Path) -> None:
    watcher = Silent()
    watcher.cancelled.set()

    with pytest.raises(Cancelled):
        next(read_files(Closure(on_disk(tmp_path, *TREES)), watcher))


def test_paths_that_were_collected_are_left_out(tmp_path: Path) -> None:
    knowledge = know(Opened(on_disk(tmp_path, "env", "libz-1.3"), Nix(RecordedRunner())))

    enrich(knowledge, derivations=False)

    assert set(knowledge.files) == {store_path("env"), store_path("libz-1.3")}
    assert knowledge.files_state == TierState("partial", 2, 3, "1 of 3 paths are not on disk (collected?)")
    assert knowledge.derivations_state.reason == "not asked for"


def test_no_file_at_all_is_absent(tmp_path: Path) -> None:
    knowledge = know(Opened(on_disk(tmp_path), Nix(RecordedRunner())))

    enrich(knowledge, derivations=False)

    assert knowledge.files_state.state == "absent"
    assert after_files(knowledge) == ("absent", "none of the paths is on this machine's disk")


def test_a_source_without_files_reads_none() -> None:
    assert list(read_files(Closure(records_of(GRAPH)))) == []


# -- derivations -----------------------------------------------------------------------------------------


def test_only_derivations_that_are_in_the_store_are_asked_for(tmp_path: Path, nix: RecordedRunner) -> None:
    records = on_disk(tmp_path)
    for drv in ("env.drv", "python3.11-six-1.16.0.drv"):
        (tmp_path / store_path(drv)[1:]).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / store_path(drv)[1:]).touch()
    both = sorted([store_path("env.drv"), SIX_DRV])
    nix.expect(("nix-store", "--check-validity", "--print-invalid", *both), store_path("env.drv") + "\n")

    assert derivers_in_store(Closure(records), Nix(nix)) == [SIX_DRV]


def test_without_a_derivation_on_disk_nix_is_not_asked(tmp_path: Path, nix: RecordedRunner) -> None:
    assert derivers_in_store(Closure(on_disk(tmp_path)), Nix(nix)) == ()
    assert list(read_derivations(Closure(on_disk(tmp_path)), Nix(nix))) == []
    assert nix.commands == []


def test_derivations_of_a_cache_on_disk_are_looked_for_by_their_narinfo(tmp_path: Path, nix: RecordedRunner) -> None:
    (tmp_path / (SIX_DRV[11:43] + ".narinfo")).touch()
    url = f"file://{tmp_path}"
    records = msgspec.structs.replace(records_of(GRAPH, derivers=DERIVERS), store_url=url + "?compression=xz")
    nix.expect(("nix-store", "--store", url, "--check-validity", "--print-invalid", SIX_DRV))

    assert derivers_in_store(Closure(records), Nix(nix, url)) == [SIX_DRV]


def test_a_build_closure_asks_for_its_own_derivations(tmp_path: Path, nix: RecordedRunner) -> None:
    records = records_of({"app.drv": ["lib.drv", "source"]})
    nix.expect(("nix-store", "--check-validity", "--print-invalid", *sorted(map(store_path, ("app.drv", "lib.drv")))))

    drvs = derivers_in_store(Closure(msgspec.structs.replace(records, build_closure=True)), Nix(nix))

    assert drvs == sorted(map(store_path, ("app.drv", "lib.drv")))


def version_and_validity(nix: RecordedRunner, drvs: list[str], invalid: str = "") -> None:
    nix.expect(("nix", "--version"), "nix (Nix) 2.26.3\n")
    nix.expect(("nix-store", "--check-validity", "--print-invalid", *sorted(map(store_path, drvs))), invalid)


@pytest.mark.parametrize(
    ("present", "state"),
    [
        (["env", "python3.11-six-1.16.0", "libz-1.3"], TierState("complete", 3, 3, "")),
        (["env"], TierState("partial", 1, 3, "the derivations of 2 of 3 paths are not in the store")),
    ],
)
def test_what_is_known_of_derivations_is_counted(
    tmp_path: Path, nix: RecordedRunner, present: list[str], state: TierState
) -> None:
    records = on_disk(tmp_path, *TREES)
    drvs = [f"{name}.drv" for name in present]
    for drv in drvs:
        (tmp_path / store_path(drv)[1:]).touch()
    version_and_validity(nix, drvs)
    nix.expect(holds("derivation", "show"), shown(*drvs))
    knowledge = know(Opened(records, Nix(nix)))

    enrich(knowledge)

    assert knowledge.derivations_state == state
    assert knowledge.files_state == TierState("complete", 3, 3, "")
    assert knowledge.sizes.closure is not None
    assert knowledge.identity(index(knowledge.closure, "env")).version == "9"


def test_no_derivation_at_all_says_what_would_bring_them(tmp_path: Path, nix: RecordedRunner) -> None:
    knowledge = know(Opened(on_disk(tmp_path, *TREES), Nix(nix)))

    enrich(knowledge)

    assert knowledge.derivations_state.state == "absent"
    assert "evaluating the expression would bring them" in knowledge.derivations_state.reason


def test_derivers_that_nobody_recorded_are_another_reason(nix: RecordedRunner) -> None:
    knowledge = know(Opened(records_of(GRAPH), Nix(nix)))

    enrich(knowledge)

    assert knowledge.derivations_state == TierState(
        "absent", 0, 0, "nobody recorded which derivations built these paths"
    )


def test_a_cache_without_derivations_says_so(nix: RecordedRunner, tmp_path: Path) -> None:
    url = f"file://{tmp_path}"
    records = msgspec.structs.replace(records_of(GRAPH, derivers=DERIVERS), store_url=url)
    knowledge = know(Opened(records, Nix(nix, url)))

    enrich(knowledge)

    assert knowledge.derivations_state.reason == "this binary cache holds no derivations"
    assert knowledge.files_state.reason.startswith("the files are in a store that is not on this machine's disk")


@pytest.mark.parametrize(("status", "stdout"), [(1, ""), (0, "{"), (0, '{"x": 1}')])
def test_a_nix_that_fails_costs_the_derivations_only(
    tmp_path: Path, nix: RecordedRunner, status: int, stdout: str
) -> None:
    records = on_disk(tmp_path, *TREES)
    (tmp_path / SIX_DRV[1:]).touch()
    version_and_validity(nix, ["python3.11-six-1.16.0.drv"])
    nix.expect(holds("derivation", "show"), stdout, status=status, stderr="error: disk on fire\n")
    knowledge = know(Opened(records, Nix(nix)))

    enrich(knowledge)

    assert knowledge.derivations_state.state == "absent"
    assert knowledge.derivations_state.reason.startswith("nix could not read them: ")
    assert knowledge.files_state.state == "complete"


def test_cancelling_stops_everything(tmp_path: Path, nix: RecordedRunner) -> None:
    knowledge = know(Opened(on_disk(tmp_path, *TREES), Nix(nix)))
    watcher = Silent()
    watcher.cancelled.set()

    with pytest.raises(Cancelled):
        enrich(knowledge, watcher)


def test_nothing_is_read_twice(nix: RecordedRunner) -> None:
    files = {store_path(name): FileFacts(shape="directory") for name in DERIVERS}
    knowledge = knowledge_of(records_of(GRAPH, derivers=DERIVERS), files=files, derivations={})
    before = (knowledge.files_state, knowledge.derivations_state)

    enrich(knowledge)

    assert (knowledge.files_state, knowledge.derivations_state) == before
    assert before[0] == TierState("complete", 3, 3, "")
    assert before[1] == TierState("partial", 0, 3, "the snapshot holds them for 0 of 3 paths")


# -- knowledge -------------------------------------------------------------------------------------------


def test_learning_changes_what_a_path_is_and_the_revision() -> None:
    knowledge = knowledge_of(records_of({"httpie-3.2.2": []}))
    assert knowledge.identity(0).kind.value == "unknown"
    before = knowledge.revision

    knowledge.learn_files({store_path("httpie-3.2.2"): FileFacts(shape="directory", programs=("http",), only=("bin",))})

    assert knowledge.identity(0).kind.value == "native-tool"
    assert knowledge.revision > before


def test_a_derivation_tells_of_all_its_outputs() -> None:
    records = records_of({"zlib-1.3": ["zlib-1.3-dev"]}, derivers={"zlib-1.3": "zlib-1.3.drv"})
    knowledge = knowledge_of(records)
    dev = index(knowledge.closure, "zlib-1.3-dev")
    assert knowledge.identity(dev).output.tier == "N"
    drv = derivation_of("zlib-1.3", {"pname": "zlib", "version": "1.3"}, outputs=("out", "dev"))

    knowledge.learn_derivations({drv.path: drv})

    assert knowledge.identity(index(knowledge.closure, "zlib-1.3")).output.tier == "D"
    assert knowledge.derivation_of(index(knowledge.closure, "zlib-1.3")) is drv


def test_facts_about_other_paths_are_kept_and_hurt_nothing() -> None:
    knowledge = knowledge_of(records_of(GRAPH))
    other = derivation_of("unheard-of")

    knowledge.learn_files({store_path("unheard-of"): FileFacts(shape="file")})
    knowledge.learn_derivations({other.path: other})

    assert knowledge.derivations_known() == (0, 0)
    assert names(knowledge.closure, range(3)) == ["libz-1.3", "python3.11-six-1.16.0", "env"]


APP = FileFacts(shape="directory", linked_programs=1, links_to=(store_path("demo-env"),), only=("bin",))
VENV = FileFacts(shape="directory", pyvenv="/x", only=("bin",))


@pytest.mark.parametrize("first", [{"app": APP}, {"demo-env": VENV}])
def test_links_into_an_environment_make_an_application_in_whatever_order_files_are_read(
    first: dict[str, FileFacts],
) -> None:
    knowledge = knowledge_of(records_of({"app": ["demo-env"]}))
    app = index(knowledge.closure, "app")

    for found in (first, {"app": APP, "demo-env": VENV}):
        knowledge.learn_files({store_path(name): facts for name, facts in found.items()})
        kind = knowledge.identity(app).kind

    assert (kind.value, kind.tier) == ("python-app", "F")
    assert kind.evidence == "its 1 programs are links into demo-env"


def test_an_application_is_recognized_when_its_environment_is_read_later() -> None:
    knowledge = knowledge_of(records_of({"app": ["demo-env"]}))
    app = index(knowledge.closure, "app")

    knowledge.learn_files({store_path("app"): APP})
    assert knowledge.identity(app).kind.value == "native-tool"
    knowledge.learn_files({store_path("demo-env"): VENV})

    assert knowledge.identity(app).kind.value == "python-app"


def test_in_a_build_closure_what_is_no_derivation_is_a_source() -> None:
    records = msgspec.structs.replace(records_of({"app-1.0.drv": ["builder.sh", "fix.patch"]}), build_closure=True)
    knowledge = knowledge_of(records)

    kinds = {knowledge.closure.name(one): knowledge.identity(one).kind.value for one in range(3)}

    assert kinds == {"app-1.0.drv": "derivation", "builder.sh": "source", "fix.patch": "source"}
    assert knowledge.deriver(index(knowledge.closure, "app-1.0.drv")) == store_path("app-1.0.drv")


def test_a_snapshot_says_what_it_lacks() -> None:
    knowledge = knowledge_of(records_of(GRAPH))

    snapshot = knowledge.snapshot()

    assert (snapshot.derivations, snapshot.files) == (None, None)
    assert snapshot.notes == (
        "files: the saved file holds none, and its store was not asked",
        "derivations: the saved file holds no derivations",
    )


def test_a_snapshot_leaves_out_what_no_root_reaches() -> None:
    knowledge = knowledge_of(records_of(GRAPH, roots=["python3.11-six-1.16.0"]))

    assert [info.path for info in knowledge.snapshot().records.paths] == sorted(
        map(store_path, ("python3.11-six-1.16.0", "libz-1.3"))
    )


def test_nix_failing_to_start_is_noted_like_any_failure(nix: RecordedRunner, tmp_path: Path) -> None:
    records = on_disk(tmp_path, *TREES)
    (tmp_path / SIX_DRV[1:]).touch()

    class Broken(RecordedRunner):
        def start(self, command: object) -> object:  # type: ignore[override]
            raise NixFailed("nix-store was not found on PATH")

    knowledge = know(Opened(records, Nix(Broken())))
    enrich(knowledge)

    assert knowledge.derivations_state.reason == "nix could not read them: nix-store was not found on PATH"


def test_one_thread_may_learn_while_another_asks() -> None:
    knowledge: Knowledge = knowledge_of(records_of({str(n): [str(n + 1)] for n in range(300)}))
    stop = threading.Event()
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            while not stop.is_set():
                for one in range(len(knowledge.closure)):
                    knowledge.identity(one)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    facts = FileFacts(shape="directory", programs=("x",), only=("bin",))
    for one in range(len(knowledge.closure)):
        knowledge.learn_files({knowledge.closure.path(one): facts})
    stop.set()
    thread.join(10)

    assert errors == []
    assert {knowledge.identity(one).kind.value for one in range(len(knowledge.closure))} == {"native-tool"}
