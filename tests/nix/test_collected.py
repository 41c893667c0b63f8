"""Paths and derivations that are collected while their closure is open: a sentence, and never a number or a fault."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyclosure.queries.answers.overview import overview
from pyclosure.queries.base.errors import NixFailed, QueryError
from pyclosure.queries.facts.contents import contents
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.opened.enrich import enrich
from pyclosure.queries.opened.evidence import EvidenceStore
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from pyclosure.tui.session.judging import judge_closure
from tests.nix.conftest import Built
from tests.support.private_nix import ENVIRONMENT, REQUIRED, PrivateNix, nix_is_there, private_folder
from tests.support.terminals import Terminal

pytestmark = pytest.mark.nix
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateNix]:
    """A store of the test's own, in which things may be deleted."""
    if not nix_is_there():
        if REQUIRED:
            pytest.fail("nix is not on PATH, and PYCLOSURE_REQUIRE_NIX=1 requires it")
        pytest.skip("nix is not on PATH")
    with private_folder(tmp_path_factory.getbasetemp()) as folder:
        nix = PrivateNix(folder)
        nix.build("env", "result")
        for name, value in nix.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(nix.work)
        yield nix


def just_opened(word: str = "result") -> Knowledge:
    return know(read_source(resolve(Request((word,))), SystemRunner(timeout=60)))


def named(knowledge: Knowledge, name: str) -> int:
    return next(index for index in range(len(knowledge.closure)) if knowledge.closure.name(index) == name)


def deriver_of(nix: PrivateNix, attribute: str) -> str:
    return nix.run("nix-instantiate", str(ENVIRONMENT), "-A", attribute).split("!")[0].strip()


def forget(path: str) -> None:
    """Remove the files of a path, as somebody does who does not ask nix."""
    for place, folders, _ in os.walk(path):
        for name in folders:
            if not os.path.islink(os.path.join(place, name)):
                os.chmod(os.path.join(place, name), 0o700)
    if os.path.isdir(path):
        os.chmod(path, 0o700)
        shutil.rmtree(path)
    else:
        os.unlink(path)


def collect(nix: PrivateNix, *paths: str) -> None:
    """Let nix delete paths, and whatever references them."""
    nix.run("nix-store", "--delete", "--ignore-liveness", *paths)


def collect_all(nix: PrivateNix) -> None:
    (nix.work / "result").unlink()
    nix.run("nix-store", "--gc")


def test_files_that_are_removed_before_they_are_read_are_unknown(store: PrivateNix) -> None:
    knowledge = just_opened()
    index = named(knowledge, "python3.11-six-1.16.0")
    forget(knowledge.closure.path(index))

    enrich(knowledge, inspections=True, tests=True)

    assert knowledge.closure.path(index) not in knowledge.files
    assert knowledge.files_state.state == "partial"
    assert knowledge.files_state.reason == "1 of 8 paths are not on disk (collected?)"
    assert knowledge.inspections_state.state == "partial"
    assert contents(knowledge.closure.path(index), "") is None
    summary = overview(knowledge)
    assert not summary.distributions_sure, "a number that may be too small is not shown as a fact"


def test_evidence_in_files_that_were_removed_is_unknown_with_the_reason(store: PrivateNix) -> None:
    knowledge = just_opened()
    enrich(knowledge)
    referrer = named(knowledge, "httpie-3.2.2")
    forget(knowledge.closure.path(referrer))

    found = EvidenceStore(knowledge).of(referrer, knowledge.closure.references[referrer][0])

    assert found.found == ()
    assert "no longer on disk" in found.reason


def test_findings_of_a_closure_that_is_being_removed_are_no_fault(store: PrivateNix) -> None:
    knowledge = just_opened()
    enrich(knowledge)
    for index in range(len(knowledge.closure)):
        if knowledge.closure.name(index) != "python3-3.11.9-env":
            forget(knowledge.closure.path(index))

    enrich(knowledge, inspections=True, tests=True)
    judgement = judge_closure(knowledge, EvidenceStore(knowledge), _Never(), whole=True)

    assert judgement.report.unknown, "rules that need files say that they had none"
    assert knowledge.inspections_state.state in ("partial", "absent")


class _Never:
    def report(self, progress: object) -> None: ...

    def check(self) -> None: ...


def test_a_derivation_that_is_collected_is_unknown_and_named(store: PrivateNix) -> None:
    knowledge = just_opened()
    drv = deriver_of(store, "env")
    collect(store, drv)

    enrich(knowledge, tests=True)

    assert drv not in knowledge.derivations
    assert knowledge.derivations_state.state == "partial"
    assert knowledge.derivations_state.reason == "the derivations of 1 of 7 paths are not in the store"
    assert knowledge.build_state.state == "partial"


def test_a_derivation_that_is_collected_while_nix_is_asked_is_no_fault(
    store: PrivateNix, monkeypatch: pytest.MonkeyPatch
) -> None:
    knowledge = just_opened()
    assert knowledge.nix is not None
    really = knowledge.nix.derivation_show

    def late(drvs: object, activity: object) -> object:
        collect_all(store)
        return really(drvs, activity)  # type: ignore[arg-type]

    monkeypatch.setattr(knowledge.nix, "derivation_show", late)
    enrich(knowledge, tests=True)

    assert knowledge.derivations_state.state == "absent"
    assert knowledge.derivations_state.reason.startswith("nix could not read them: ")
    assert knowledge.build_state.state == "absent"


def test_asking_nix_about_a_collected_path_is_answered_with_its_words(store: PrivateNix) -> None:
    knowledge = just_opened()
    assert knowledge.nix is not None
    root, index = knowledge.closure.roots[0], named(knowledge, "python3.11-six-1.16.0")
    collect_all(store)

    with pytest.raises(QueryError) as caught:
        knowledge.nix.why_depends(knowledge.closure.path(root), knowledge.closure.path(index))
    assert not isinstance(caught.value, NixFailed) or caught.value.words


@pytest.mark.parametrize("what", ["files of one path", "a derivation", "everything"])
def test_every_view_of_a_collected_path_says_so(store: PrivateNix, what: str) -> None:
    six = next(str(path) for path in store.store.iterdir() if path.name.endswith("-python3.11-six-1.16.0"))
    environment = store.env | {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "pyclosure", "result"]
    with Terminal(argv, environment, cwd=store.work, size=(150, 45)) as screen:
        screen.shows("Where the bytes are")
        screen.until(lambda: "…]" not in screen.screen.text and "? help" in screen.screen.text, "the work to end")
        if what == "files of one path":
            forget(six)
        elif what == "a derivation":
            collect(store, deriver_of(store, "env"))
        else:
            collect_all(store)
        screen.keys("2")
        screen.shows("▾ python3-3.11.9-env")
        screen.keys("/six\r")
        screen.shows("six 1.16.0")
        screen.keys("c")
        if what == "a derivation":
            screen.shows("six-1.16.0.dist-info")
        else:
            screen.shows("This path is no longer on disk (collected?).")
        screen.keys("\x1b")
        screen.until(lambda: "file or folder" not in screen.words, "the contents to go")
        screen.keys("w")
        screen.shows("why six 1.16.0")
        if what == "everything":
            screen.shows("(collected?)")
        screen.keys("N")
        screen.shows("nix why-depends: six 1.16.0")
        screen.keys("\x1b")
        screen.until(lambda: "nix why-depends: six 1.16.0" not in screen.words, "the words to go")
        screen.keys("\x1b")
        screen.until(lambda: "why six 1.16.0" not in screen.words, "the screen to go")
        for key in "4561":
            screen.keys(key)
            screen.read(0.3)
            assert "fault" not in screen.screen.text and "Traceback" not in screen.screen.text
        screen.shows("Where the bytes are")
        screen.keys("q")
        assert screen.ended() == 0


def test_the_shared_store_of_other_tests_is_not_touched(built: Built) -> None:
    assert os.path.lexists(built.env)
