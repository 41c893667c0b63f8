"""Sources to records, with recorded nix of six versions in the place of the real one."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import networkx as nx
import pytest

from pyclosure.queries.base.activity import Progress, Silent
from pyclosure.queries.base.errors import BadInput, Cancelled, NixFailed, QueryError
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.nix.process import Command
from pyclosure.queries.opened.knowledge import know
from pyclosure.queries.opened.opened import Opened
from pyclosure.queries.sources.opening import Opening
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import Demo, resolve
from tests.support.closures import store_path
from tests.support.programs import PATIENCE
from tests.support.recorded import (
    APP,
    NEVER,
    PYTHON,
    VERSIONS,
    ZLAB_LIB,
    RecordedRunner,
    ends_with,
    holds,
    recording,
)
from tests.support.sentences import assert_sentence

STORE = "/nix/store/"
ENV = STORE + "3jj55s4l4k8a9gx3gcpqfq324f9dlkld-demo-env"
ZLAB_DRV = STORE + "lwib46l8brfkv32wr29nkqs9j2mw3g4m-zlab-1.3.drv"
APP_DRV = STORE + "l6h0airchsdbip05r5kkgrb15ndd9csy-demo-app-1.0.drv"
UNBUILT_DRV = STORE + "xijas8v9qjwvcbvg0853brmjd8ciq8sn-notbuilt-2.0.drv"


@pytest.fixture(autouse=True)
def _recorded_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The recorded store is /nix/store, which this machine may have too: nothing may be looked up there."""
    monkeypatch.chdir(tmp_path)


def read(nix: RecordedRunner, *words: str, **flags: Any) -> Opened:
    return read_source(resolve(Request(words, **flags)), nix)


def refusal(nix: RecordedRunner, *words: str, **flags: Any) -> QueryError:
    with pytest.raises(QueryError) as caught:
        read(nix, *words, **flags)
    return caught.value


# -- closures of store paths -----------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_gives_the_closure_sizes_that_nix_gives(nix: RecordedRunner, version: str) -> None:
    nix.play(version, "version", "pi-json-r")
    document = json.loads(recording(version, "pi-json-rS").stdout)
    items = document if isinstance(document, list) else [item | {"path": key} for key, item in document.items()]

    closure = Closure(read(nix, APP).records)

    graph = closure.graph
    for item in items:
        below = nx.descendants(graph, item["path"]) | {item["path"]}
        assert sum(graph.nodes[path]["nar_size"] for path in below) == item["closureSize"]
    assert len(items) == len(closure) == 7


@pytest.mark.parametrize("version", VERSIONS)
def test_records_say_who_answered(nix: RecordedRunner, version: str) -> None:
    nix.play(version, "version", "pi-json-r")

    opened = read(nix, APP)

    assert opened.records.origin == f"nix {version} · local store"
    assert opened.records.nix_version == f"nix {version}"
    assert (opened.records.label, opened.records.roots) == ("demo-app-1.0", (APP,))
    assert opened.records.store_dir == "/nix/store"
    assert opened.nix is not None and (opened.derivations, opened.files) == (None, None)


@pytest.mark.parametrize("version", VERSIONS)
def test_several_roots_are_one_closure(nix: RecordedRunner, version: str) -> None:
    nix.play(version, "version", "pi-json-r-many")

    records = read(nix, PYTHON, ENV, PYTHON + "/bin/python3").records

    assert records.roots == (PYTHON, ENV)
    assert records.label == "2 roots"
    assert ENV in {info.path for info in records.paths}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_path_that_never_existed_is_named_with_a_next_step(nix: RecordedRunner, version: str) -> None:
    nix.play(version, "version").answer(ends_with("-r", NEVER), version, "pi-json-r-never")

    assert_sentence(refusal(nix, NEVER), NEVER, kind=BadInput)


@pytest.mark.parametrize("version", VERSIONS)
def test_exit_status_0_does_not_mean_valid(nix: RecordedRunner, version: str) -> None:
    # without -r nix answers null or valid:false, and exits with 0
    nix.play(version, "version").answer(ends_with("-r", APP, NEVER), version, "pi-json-never-mixed")

    assert_sentence(refusal(nix, APP, NEVER), NEVER, "not a valid path of this store", kind=BadInput)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_incomplete_cache_names_what_it_lacks(nix: RecordedRunner, version: str, tmp_path: Path) -> None:
    (tmp_path / "nix-cache-info").touch()
    nix.play(version, "version").answer(holds("-r", f"file://{tmp_path}"), version, "file-broken-r")

    assert_sentence(refusal(nix, APP, store=str(tmp_path)), ZLAB_LIB, kind=BadInput)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_cache_is_read_without_files(nix: RecordedRunner, version: str) -> None:
    nix.play(version, "version")
    nix.answer(ends_with("--store", "http://127.0.0.1:8080", "-r", PYTHON), version, "file-pi-r")

    opened = read(nix, PYTHON, store="http://127.0.0.1:8080")

    assert {info.path for info in opened.records.paths} == {PYTHON, ZLAB_LIB}
    assert opened.records.files_root is None
    assert opened.records.store_url == "http://127.0.0.1:8080"
    assert know(opened).files_state.state == "absent"


@pytest.mark.parametrize("stdout", [b"", b"Segmentation fault", b'[{"path":', b"null", b"\x1b[31m", b'{"x": 1}'])
def test_garbage_of_nix_is_the_fault_of_nix(nix: RecordedRunner, stdout: bytes) -> None:
    nix.expect(("nix", "--version"), "nix (Nix) 2.26.3\n").expect(("nix", "path-info", "--json", "-r", APP), stdout)

    error = refusal(nix, APP)

    assert_sentence(error, "the output of nix path-info", kind=NixFailed)
    assert error.exit_code == 3


def test_more_roots_than_one_command_takes_are_asked_in_batches(nix: RecordedRunner) -> None:
    roots = [store_path(str(number)) for number in range(3000)]

    def answer(count: int) -> bytes:
        return json.dumps({path: {"narSize": 1, "references": []} for path in roots[:count]}).encode()

    nix.expect(("nix", "--version"), "nix (Nix) 2.26.3\n")
    nix.expect(holds(roots[0]), answer(2000)).expect(holds(roots[2999]), answer(3000))

    records = read(nix, *roots).records

    assert len(records.paths) == len(records.roots) == 3000


# -- without nix-command ---------------------------------------------------------------------------------


def dumped(nix: RecordedRunner) -> None:
    a, b = store_path("a"), store_path("b")
    nix.expect(("nix-store", "-q", "--requisites", a), f"{b}\n{a}\n")
    nix.expect(("nix-store", "--dump-db", b, a), f"{b}\n00\n10\n\n0\n{a}\n00\n1\n\n2\n{a}\n{b}\n")


@pytest.mark.parametrize(
    "stderr",
    [
        recording("2.8.0", "pi-feature-off").stderr,
        recording("2.34.8", "pi-feature-off").stderr,
        "error: unrecognised flag '--extra-experimental-features'\n",
    ],
)
def test_nix_store_answers_where_the_new_command_line_is_forbidden(nix: RecordedRunner, stderr: str) -> None:
    nix.expect(("nix", "--version"), "nix (Nix) 2.8.0\n")
    nix.expect(holds("path-info"), status=1, stderr=stderr)
    dumped(nix)

    closure = Closure(read(nix, store_path("a")).records)

    assert sum(closure.nar_sizes) == 11
    assert closure.self_references == {closure.position[store_path("a")]}


def test_other_failures_are_not_asked_twice(nix: RecordedRunner) -> None:
    nix.expect(("nix", "--version"), "nix (Nix) 2.8.0\n")
    nix.expect(holds("path-info"), status=1, stderr="error: disk on fire\n")

    assert_sentence(refusal(nix, store_path("a")), "read the closure of a", kind=NixFailed)


# -- derivations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_a_derivation_opens_what_is_built_of_it(nix: RecordedRunner, version: str) -> None:
    out = STORE + "8ifld7l2gl7imi8ajzpb1qc4vxny3031-zlab-1.3"
    dev = STORE + "dsxzifa89q63ih0f0jrhxd5gi030795h-zlab-1.3-dev"
    nix.play(version, "version", "q-outputs").answer(ends_with("-r", out, ZLAB_LIB), version, "pi-json-r")
    nix.expect(("nix-store", "--check-validity", "--print-invalid", out, ZLAB_LIB, dev), f"{dev}\n")

    records = read(nix, ZLAB_DRV).records

    assert records.roots == (out, ZLAB_LIB)


@pytest.mark.parametrize("version", VERSIONS)
def test_chosen_outputs_are_found_by_name(nix: RecordedRunner, version: str) -> None:
    nix.play(version, "version").answer(ends_with(ZLAB_DRV), version, "sd-multi")
    nix.expect(("nix-store", "--check-validity", "--print-invalid", ZLAB_LIB))
    nix.answer(ends_with("-r", ZLAB_LIB), version, "pi-json-r")

    assert read(nix, ZLAB_DRV + "^lib").records.roots == (ZLAB_LIB,)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_output_that_does_not_exist_is_answered_with_those_that_do(nix: RecordedRunner, version: str) -> None:
    nix.play(version, "version").answer(ends_with(ZLAB_DRV), version, "sd-multi")

    error = refusal(nix, ZLAB_DRV + "^out,man")

    assert_sentence(error, "zlab-1.3.drv has no output called man", kind=BadInput)
    assert error.hint == "it has: dev, lib, out"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_derivation_that_is_not_built_says_how_to_go_on(nix: RecordedRunner, version: str) -> None:
    nix.play(version, "q-outputs-nb")
    nix.expect(lambda command: "--print-invalid" in command.argv, recording(version, "q-outputs-nb").stdout)

    error = refusal(nix, UNBUILT_DRV)

    assert_sentence(error, "notbuilt-2.0.drv is not built", kind=BadInput)
    assert f"nix-store --realise {UNBUILT_DRV}" in error.hint
    assert "--derivation" in error.hint


@pytest.mark.parametrize("version", VERSIONS)
def test_the_build_closure_of_an_output_begins_at_its_derivation(nix: RecordedRunner, version: str) -> None:
    nix.play(version, "version", "pi-json-r-drv", "pi-json-derivation-flag")

    opened = read(nix, APP, derivation=True)

    assert opened.records.roots == (APP_DRV,)
    assert opened.records.build_closure
    assert len(Closure(opened.records)) == 8
    assert know(opened).files_state.reason == "derivations have no files to look into"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_build_closure_of_a_derivation_needs_no_second_question(nix: RecordedRunner, version: str) -> None:
    nix.play(version, "version").answer(ends_with("-r", "--derivation", APP_DRV), version, "pi-json-r-drv")

    assert read(nix, APP_DRV, derivation=True).records.roots == (APP_DRV,)


# -- installables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_an_attribute_of_a_file_is_evaluated_where_the_user_is(
    nix: RecordedRunner, version: str, tmp_path: Path
) -> None:
    (tmp_path / "fixture.nix").touch()
    nix.play(version, "version", "pi-json-r")
    nix.answer(ends_with("-f", str(tmp_path / "fixture.nix"), "app"), version, "pi-file-attr")

    opened = read(nix, "app", file="fixture.nix")

    assert opened.records.roots == (APP,)
    evaluation = nix.commands[1]
    assert evaluation.cwd == str(tmp_path)
    assert "--offline" not in evaluation.argv, "an expression may fetch its sources"
    assert "--impure" not in evaluation.argv


@pytest.mark.parametrize("version", VERSIONS)
def test_an_attribute_of_a_flake_is_evaluated(nix: RecordedRunner, version: str) -> None:
    nix.play(version, "version", "pi-json-r")
    nix.answer(ends_with("--impure", "path:/home/user/proj/flake#app"), version, "pi-flake")

    assert read(nix, "path:/home/user/proj/flake#app", impure=True).records.roots == (APP,)


@pytest.mark.parametrize(("name", "file"), [("pi-file-attr-unbuilt", "fixture.nix"), ("pi-flake-unbuilt", None)])
@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_not_built_is_not_built_for_the_question(
    nix: RecordedRunner, version: str, name: str, file: str | None, tmp_path: Path
) -> None:
    (tmp_path / "fixture.nix").touch()
    nix.play(version, "version").answer(holds("path-info"), version, name)
    word = "notbuilt" if file else "path:/home/user/proj/flake#notbuilt"

    error = refusal(nix, word, file=file)

    assert_sentence(error, f"{word} is not built", "h6z0bszmzrhqdq898v5m5593q5749i5z-notbuilt-2.0", kind=BadInput)
    assert "nix build" in error.hint and "--derivation" in error.hint


@pytest.mark.parametrize("version", VERSIONS)
def test_an_attribute_that_does_not_exist_is_named(nix: RecordedRunner, version: str) -> None:
    nix.play(version, "version", "pi-flake-noattr")

    assert_sentence(refusal(nix, "path:/home/user/proj/flake#nope"), "nope", kind=BadInput)


# -- the demo --------------------------------------------------------------------------------------------


def test_the_demo_is_whole_and_needs_no_nix(nix: RecordedRunner) -> None:
    knowledge = know(read(nix, "demo:"))

    assert knowledge.nix is None and nix.commands == []
    assert len(knowledge.closure) > 20
    assert knowledge.files and knowledge.derivations
    assert {knowledge.identity(root).kind.value for root in knowledge.closure.roots} == {"python-env"}


# -- progress and cancelling -----------------------------------------------------------------------------


def test_reading_tells_what_it_does(nix: RecordedRunner) -> None:
    nix.play("2.26.3", "version", "pi-json-r")
    told: list[Progress] = []

    class Watcher(Silent):
        def report(self, progress: Progress) -> None:
            told.append(progress)

    read_source(resolve(Request((APP,))), nix, Watcher())

    assert [progress.stage for progress in told] == ["nix path-info"]


def test_a_cancelled_reading_raises_and_keeps_nothing(nix: RecordedRunner) -> None:
    nix.expect(("nix", "--version"), "nix (Nix) 2.26.3\n")
    cancelled = Silent()
    cancelled.cancelled.set()

    with pytest.raises(Cancelled):
        read_source(resolve(Request((APP,))), nix, cancelled)


def test_an_opening_reads_in_the_background_and_calls_back_once(nix: RecordedRunner) -> None:
    nix.play("2.26.3", "version", "pi-json-r")
    called = threading.Event()
    opening = Opening(resolve(Request((APP,))), nix)

    opening.when_done(called.set)
    knowledge = opening.start().result()

    assert called.wait(5)
    assert knowledge.sizes.total == 5264
    assert opening.done
    late: list[int] = []
    opening.when_done(lambda: late.append(1))
    assert late == [1], "whoever asks later is told at once"


def test_an_opening_hands_its_error_to_whoever_waits(nix: RecordedRunner) -> None:
    nix.play("2.26.3", "version").answer(ends_with(NEVER), "2.26.3", "pi-json-r-never")
    opening = Opening(resolve(Request((NEVER,))), nix).start()

    with pytest.raises(BadInput) as caught:
        opening.result()

    assert_sentence(caught.value, NEVER, kind=BadInput)


def wait_for(fact: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.002)


def test_a_held_opening_asks_nix_and_leaves_its_answer_alone(nix: RecordedRunner) -> None:
    nix.play("2.26.3", "version", "pi-json-r")
    opening = Opening(resolve(Request((APP,))), nix, held=True).start()
    wait_for(lambda: len(nix.commands) == 2, "nix to be asked")

    assert not opening.done
    opening.go_on()

    wait_for(lambda: opening.done, "the answer")
    assert opening.result().sizes.total == 5264


def test_whoever_waits_for_a_held_opening_lets_it_go_on(nix: RecordedRunner) -> None:
    nix.play("2.26.3", "version", "pi-json-r")

    assert Opening(resolve(Request((APP,))), nix, held=True).start().result().sizes.total == 5264


def test_a_held_opening_can_be_cancelled(nix: RecordedRunner) -> None:
    nix.play("2.26.3", "version", "pi-json-r")
    opening = Opening(resolve(Request((APP,))), nix, held=True).start()
    wait_for(lambda: len(nix.commands) == 2, "nix to be asked")

    opening.cancel()

    with pytest.raises(Cancelled):
        opening.result()


def test_a_held_file_is_read_later(nix: RecordedRunner) -> None:
    opening = Opening(Demo(), nix, held=True).start()
    assert not opening.done

    opening.go_on()

    assert len(opening.result().closure) > 40


def test_a_cancelled_opening_ends(nix: RecordedRunner) -> None:
    gate = threading.Event()

    def slow(command: Command) -> bool:
        gate.wait(5)
        return True

    nix.expect(slow, "nix (Nix) 2.26.3\n")
    opening = Opening(resolve(Request((APP,))), nix).start()
    told: list[Progress] = []

    opening.cancel()
    gate.set()

    with pytest.raises(Cancelled):
        opening.result(told.append)


def test_records_of_all_versions_differ_in_their_origin_only() -> None:
    seen = []
    for version in VERSIONS:
        nix = RecordedRunner().play(version, "version", "pi-json-r")
        records = read(nix, APP).records
        paths = tuple(msgspec.structs.replace(info, ultimate=bool(info.ultimate)) for info in records.paths)
        seen.append(msgspec.structs.replace(records, origin="", nix_version="", paths=paths))

    assert all(records == seen[0] for records in seen)


@pytest.mark.parametrize("name", ["pi-noargs", "pi-json-outside", "pi-json-nofile"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_path_that_nix_takes_for_a_flake_is_of_another_store(nix: RecordedRunner, version: str, name: str) -> None:
    path = store_path("app", "/mnt/nix/store")
    nix.play(version, "version").answer(ends_with("-r", path), version, name)

    error = refusal(nix, path)

    assert_sentence(error, f"{path} is not in the store directory of this nix", kind=BadInput)
    assert "--store" in error.hint
