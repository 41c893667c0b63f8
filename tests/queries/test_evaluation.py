"""Check inputs by evaluation: the commands, the questions in them, and answers that are not what was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from pyclosure.queries.base.activity import Silent
from pyclosure.queries.base.errors import BadInput, Cancelled, NixFailed
from pyclosure.queries.nix.client import Nix
from pyclosure.queries.nix.process import Command
from pyclosure.queries.testing import evaluation
from pyclosure.queries.testing.evaluation import Expression, Wanted, evaluate
from pyclosure.queries.testing.probe_answer import CheckInput, CheckInputs, EvaluatedPackage, Evaluation, OutsideTest
from tests.support.closures import store_path
from tests.support.recorded import RecordedRunner
from tests.support.sentences import assert_plain, assert_sentence

FOO = store_path("python3.11-foo-1.0")
FOO_DRV = store_path("python3.11-foo-1.0.drv")
HOOK = store_path("pytest-check-hook")
PLACEHOLDER = "/" + "1" * 52
EVALUATED: dict[str, Any] = {
    "drv_path": FOO_DRV,
    "outputs": {"out": FOO, "dist": PLACEHOLDER},
    "name": "python3.11-foo-1.0",
    "pname": None,
    "version": None,
    "do_check": True,
    "method": "probe",
    "native_check_inputs": [{"path": HOOK, "name": None, "pname": None, "python": False}],
    "check_inputs": [{"path": PLACEHOLDER, "name": "python3.11-mock-5.2.0", "pname": "mock", "python": True}],
    "tests": [{"name": "nixos"}],
    "extras": ["test"],
}


def package(name: str = "foo", **changed: Any) -> dict[str, Any]:
    called = f"python3.11-{name}-1.0"
    return EVALUATED | {"name": called, "drv_path": store_path(f"{called}.drv"), "outputs": {}} | changed


def document(*packages: dict[str, Any], kind: str = "set", failed: tuple[str, ...] = ()) -> str:
    return json.dumps({"kind": kind, "packages": packages, "failed": failed})


def question(command: Command) -> dict[str, Any]:
    """Return what a command asks the probe, as Nix would read it."""
    found = re.search(r'\(builtins\.fromJSON "((?:[^"\\]|\\.)*)"\)\Z', command.argv[-1], re.DOTALL)
    assert found and not re.search(r"(?<!\\)\$\{", found[1])
    asked: dict[str, Any] = json.loads(re.sub(r"\\(.)", r"\1", found[1]))
    return asked


def asks(*distributions: str, careful: bool = True, tests: bool = True) -> Callable[[Command], bool]:
    def asked(command: Command) -> bool:
        one = question(command)
        return (one["distributions"], one["careful"], one["tests"]) == (list(distributions), careful, tests)

    return asked


SOUND = asks(tests=False)
"""The question for nothing, which tells whether it is the expression that does not evaluate."""


def ask(nix: RecordedRunner, *names: str) -> Evaluation:
    wanted = [Wanted(store_path(f"python3.11-{name}-1.0")) for name in names]
    return evaluate(Nix(nix), Expression("pkgs", "/x.nix"), wanted)


# -- commands ----------------------------------------------------------------------------------------------


def test_an_expression_is_asked_offline_without_writing_or_building(nix: RecordedRunner) -> None:
    nix.expect(asks("foo"), document())

    evaluate(Nix(nix, online=True), Expression("pkgs", "/srv/x.nix", cwd="/srv"), [Wanted(FOO)])

    (command,) = nix.commands
    switch = ("--extra-experimental-features", "nix-command flakes")
    builds = ("--option", "max-jobs", "0", "--option", "builders", "")
    assert command.argv[:-1] == (
        *("nix", *switch, "--offline", "eval", "--json", "--read-only", *builds),
        *("-f", "/srv/x.nix", "pkgs", "--apply"),
    )
    assert (command.cwd, command.stdin) == ("/srv", None)


def test_a_flake_is_asked_as_the_user_said(nix: RecordedRunner) -> None:
    nix.expect(asks("foo"), document())

    where = Expression(".#env^out,dev", impure=True, cwd="/srv")
    evaluate(Nix(nix, "/chroot"), where, [Wanted(FOO)], online=True)

    argv = nix.commands[0].argv
    assert argv[-5:-1] == ("--store", "/chroot", ".#env", "--apply")
    assert {"--impure", "--no-write-lock-file", "--read-only"} <= set(argv)
    assert "--offline" not in argv and "-f" not in argv


def test_names_are_asked_for_as_both_sides_spell_them(nix: RecordedRunner) -> None:
    nix.expect(asks("zope-interface", "foo"), document())
    wanted = [
        Wanted(store_path("python3.11-Zope.Interface-7.2-dist"), store_path("python3.11-Zope.Interface-7.2.drv")),
        Wanted(store_path("python3.11-zope_interface-7.2")),
        Wanted(FOO),
    ]

    missing = evaluate(Nix(nix), Expression("pkgs", "/x.nix"), [*wanted, Wanted(FOO)]).missing

    assert missing == tuple(one.path for one in wanted)

    assert question(nix.commands[0])["names"] == [
        "python3.11-Zope.Interface-7.2",
        "python3.11-zope_interface-7.2",
        "python3.11-foo-1.0",
    ]


def test_names_cannot_become_nix(nix: RecordedRunner) -> None:
    odd = "/nix/store/00000000000000000000000000000000-a\"${abort 'x'}\\é"
    nix.expect(lambda command: question(command)["names"] == [odd[44:]], document())

    evaluate(Nix(nix), Expression("pkgs", "/x.nix"), [Wanted(odd)])

    asked = nix.commands[0].argv[-1].rpartition("fromJSON")[2]
    assert asked.isascii() and "abort" in asked


def test_many_names_are_asked_for_in_commands_that_the_system_takes(nix: RecordedRunner) -> None:
    names = [f"package-with-a-rather-long-name-{index}" for index in range(2000)]
    for _ in range(3):
        nix.expect(lambda command: bool(question(command)["distributions"]), document())

    answer = ask(nix, *names)

    assert len(answer.missing) == 2000
    assert max(len(command.argv[-1]) for command in nix.commands) < 128 * 1024
    assert sorted(name for command in nix.commands for name in question(command)["distributions"]) == sorted(names)


def test_a_cancelled_question_stops_nix(nix: RecordedRunner) -> None:
    activity = Silent()
    activity.cancelled.set()

    with pytest.raises(Cancelled):
        evaluate(Nix(nix), Expression("pkgs", "/x.nix"), [Wanted(FOO)], activity)


def test_cancelling_on_the_way_asks_no_further(nix: RecordedRunner) -> None:
    activity = Silent()
    nix.expect(lambda _: bool(activity.cancelled.set()) or True, document())

    with pytest.raises(Cancelled):
        evaluate(Nix(nix), Expression("pkgs", "/x.nix"), [Wanted(FOO)], activity)

    assert len(nix.commands) == 1


# -- answers -----------------------------------------------------------------------------------------------


def test_an_answer_is_read_with_what_is_unknown_left_unknown(nix: RecordedRunner) -> None:
    nix.expect(asks("foo"), document(EVALUATED))

    (one,) = ask(nix, "foo").packages.values()

    assert one == EvaluatedPackage(
        drv_path=FOO_DRV,
        outputs={"out": FOO, "dist": None},
        name="python3.11-foo-1.0",
        pname="foo",
        version="1.0",
        same=True,
        do_check=True,
        inputs=CheckInputs(
            "probe",
            (CheckInput("pytest-check-hook", None, HOOK, False),),
            (CheckInput("python3.11-mock-5.2.0", "mock", None, True),),
        ),
        tests=(OutsideTest("nixos", None, None, None, None),),
        extras=("test",),
    )


def test_a_package_that_cannot_be_overridden_has_unknown_inputs(nix: RecordedRunner) -> None:
    nix.expect(asks("foo"), document(EVALUATED | {"method": None, "native_check_inputs": None, "check_inputs": None}))

    (one,) = ask(nix, "foo").packages.values()

    assert one.inputs is None


@pytest.mark.parametrize(
    ("wanted", "same"),
    [
        (Wanted(FOO), True),
        (Wanted(store_path("elsewhere"), FOO_DRV), True),
        (Wanted(store_path("python3.11-foo-1.0-doc")), False),
        (Wanted(store_path("python3.11-foo-2.0")), False),
    ],
)
def test_the_same_build_is_told_by_derivation_or_output(nix: RecordedRunner, wanted: Wanted, same: bool) -> None:
    nix.expect(lambda _: True, document(EVALUATED))

    (one,) = evaluate(Nix(nix), Expression("pkgs", "/x.nix"), [wanted]).packages.values()

    assert one.same is same


def test_of_several_the_same_build_wins_then_the_same_name(nix: RecordedRunner) -> None:
    older = package(name="foo", drv_path=store_path("older.drv"), version="0.9") | {"name": "python3.11-foo-0.9"}
    other = package(drv_path=store_path("other.drv"))
    nix.expect(asks("foo"), document(older, other, EVALUATED))
    wanted = [Wanted(FOO), Wanted(store_path("python3.11-foo-1.0-doc"), store_path("python3.11-foo-1.0.drv", "/other"))]

    answers = evaluate(Nix(nix), Expression("pkgs", "/x.nix"), wanted).packages

    assert answers[FOO].drv_path == FOO_DRV
    assert answers[wanted[1].path].drv_path == store_path("other.drv")


def test_text_of_the_expression_is_made_safe(nix: RecordedRunner) -> None:
    evil = "a\x1b[31m\u202eb\n"
    inputs = [{"path": "/etc/\x07x", "name": evil, "pname": evil, "python": False}]
    raw = package(pname="foo", version=evil, outputs={evil: "/etc/passwd"}, native_check_inputs=inputs)
    raw |= {"extras": [evil], "tests": [{"name": evil, "drv_path": "/etc/passwd"}]}
    nix.expect(asks("foo", "bar"), document(raw, failed=("bar",)))
    nix.expect(asks("bar", careful=False, tests=False), status=1, stderr=f"error: {evil}\x07 no")

    answer = ask(nix, "foo", "bar")

    (one,) = answer.packages.values()
    assert one.inputs
    for text in (one.version, *one.outputs, *one.extras, one.tests[0].name, one.inputs.native[0].name):
        assert_plain(text)
    assert_plain(one.inputs.native[0].pname or "")
    assert (one.inputs.native[0].path, one.tests[0].drv_path, *one.outputs.values()) == (None, None, None)
    (words,) = answer.failures.values()
    assert_plain(words.replace("\n", " "))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "\udcff",
        '{"kind": "set", "packages": []}',
        document(EVALUATED)[:-5],
        document(EVALUATED | {"do_check": "1"}),
        document(EVALUATED | {"method": "guess"}),
        document(EVALUATED | {"outputs": {"out": None}}),
        document(EVALUATED | {"native_check_inputs": [HOOK]}),
        document({name: EVALUATED[name] for name in EVALUATED if name != "do_check"}),
        document(EVALUATED | {"drv_path": "/etc/passwd"}),
        document(EVALUATED | {"drv_path": "\x1b[31m"}),
        '{"kind": "set", "packages": [], "failed": [], "more": ' + "[" * 100_000,
    ],
)
def test_an_answer_in_another_shape_is_refused(nix: RecordedRunner, text: str) -> None:
    for _ in range(2):
        nix.expect(lambda _: True, text.encode("utf-8", "surrogateescape"))

    with pytest.raises(NixFailed) as caught:
        ask(nix, "foo")

    assert_sentence(caught.value, "nix eval", kind=NixFailed)


@pytest.mark.parametrize("kind", ["string", "lambda", "null", "\x1b[31m"])
def test_something_else_than_packages_is_refused(nix: RecordedRunner, kind: str) -> None:
    for _ in range(2):
        nix.expect(lambda _: True, document(kind=kind))

    with pytest.raises(BadInput) as caught:
        ask(nix, "foo")

    assert_sentence(caught.value, "pkgs is a", kind=BadInput)


# -- failures ----------------------------------------------------------------------------------------------


def test_an_expression_that_fails_is_told_with_nixs_words(nix: RecordedRunner) -> None:
    words = "error: attribute 'pkgs' in selection path 'pkgs' not found"
    nix.expect(asks("foo", "bar"), status=1, stderr=words).expect(SOUND, status=1, stderr=words)

    with pytest.raises(BadInput) as caught:
        ask(nix, "foo", "bar")

    assert_sentence(caught.value, "no attribute pkgs", kind=BadInput)
    assert caught.value.words == words


def test_halves_are_asked_until_the_one_that_fails_is_alone(nix: RecordedRunner) -> None:
    hint = "(use '--show-trace' to show detailed location information)"
    bad = f"error: while evaluating\n\n       error: infinite recursion\n{hint}\n"
    nix.expect(asks("a", "b", "bad", "c"), status=1, stderr=bad).expect(SOUND, document())
    nix.expect(asks("a", "b"), document(package("a"), package("b")))
    nix.expect(asks("bad", "c"), status=1, stderr=bad)
    nix.expect(asks("bad"), status=1, stderr=bad).expect(asks("bad", careful=False, tests=False), status=1, stderr=bad)
    nix.expect(asks("c"), document(package("c")))

    answer = ask(nix, "a", "b", "bad", "c")

    assert [one.pname for one in answer.packages.values()] == ["a", "b", "c"]
    assert answer.failures == {store_path("python3.11-bad-1.0"): "error: infinite recursion"}
    assert answer.missing == ()


def test_tests_that_stop_nix_are_left_out_the_second_time(nix: RecordedRunner) -> None:
    nix.expect(asks("foo"), status=1, stderr="error: no").expect(SOUND, document())
    nix.expect(asks("foo", careful=False, tests=False), document(EVALUATED))

    answer = ask(nix, "foo")

    assert list(answer.packages) == [FOO] and answer.failures == {}


def test_what_throws_is_asked_again_for_its_words(nix: RecordedRunner) -> None:
    nix.expect(asks("foo", "bar"), document(package("bar"), failed=("python3.11-foo-1.0",)))
    nix.expect(asks("foo", careful=False, tests=False), status=1, stderr="error: foo is broken")

    answer = ask(nix, "foo", "bar")

    assert answer.failures == {FOO: "error: foo is broken"}
    assert [one.pname for one in answer.packages.values()] == ["bar"]


def test_too_many_failures_end_the_search(nix: RecordedRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "_MOST_FAILURES", 3)
    names = list("abcdefgh")
    for size in (8, 4, 2):
        nix.expect(asks(*names[:size]), status=1, stderr="error: no")
    nix.expect(SOUND, document())

    answer = ask(nix, *names)

    assert len(nix.commands) == 4
    assert set(answer.failures.values()) == {"not evaluated: 3 attempts failed before it"}
    assert len(answer.failures) == 8
