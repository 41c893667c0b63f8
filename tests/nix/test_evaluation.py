"""Check inputs by evaluation, asked of the real Nix about ``gaps.nix``; nothing is built."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pyclosure.queries.base.activity import SILENT
from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import name_of
from pyclosure.queries.base.records import Derivation
from pyclosure.queries.nix.client import Nix
from pyclosure.queries.nix.process import Command, Running, SystemRunner
from pyclosure.queries.parse.derivation import parse_derivations
from pyclosure.queries.testing.evaluation import Expression, Wanted, evaluate
from pyclosure.queries.testing.probe_answer import CheckInput, Evaluation, OutsideTest
from tests.support.closures import store_path
from tests.support.private_nix import PrivateNix
from tests.support.sentences import assert_sentence

pytestmark = pytest.mark.nix

HERE = Path(__file__).parent
GAPS = HERE / "gaps.nix"
HOOK, HYPOTHESIS, MOCK = "pytest-check-hook", "python3.11-hypothesis-6.136.9", "python3.11-mock-5.2.0"

CASES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "accidental": ((HOOK,), ()),
    "complete": ((HOOK, HYPOTHESIS), ()),
    "convention": ((HOOK,), ()),
    "deselected": ((HOOK,), ()),
    "dont-use": ((HOOK,), ()),
    "imports-only": ((), ()),
    "leaky": ((HOOK,), ()),
    "misplaced": ((), ()),
    "missing-one": ((HOOK, HYPOTHESIS), ()),
    "no-extra": ((HOOK,), ()),
    "old-style": ((), (HOOK, MOCK)),
    "own-phase": ((), ()),
    "ping": ((HOOK, "python3.11-pong-1.0"), ()),
    "pong": ((HOOK, "python3.11-ping-1.0"), ()),
    "self-extra": ((HOOK,), ()),
    "separate": ((), ()),
    "structured": ((HOOK, HYPOTHESIS), ()),
    "tests-off": ((HOOK, HYPOTHESIS), ()),
    "vacuous": ((HYPOTHESIS,), ()),
    "with-source": ((HOOK,), ()),
}
"""What each of the packages has for its tests, on or off."""
OFF = {"imports-only", "misplaced", "pong", "separate", "tests-off"}


@dataclass
class Gaps:
    """``gaps.nix`` with a Nix of the test's own, and the commands that were run."""

    nix: PrivateNix
    runner: Counting

    def ask(self, where: Expression | str, *names: str, drvs: dict[str, str] | None = None) -> Evaluation:
        """Ask for packages by store name; those with a known derivation by that alone."""
        expression = Expression(where, str(GAPS)) if isinstance(where, str) else where
        wanted = [Wanted(store_path(name), (drvs or {}).get(name)) for name in names]
        return evaluate(Nix(self.runner), expression, wanted)

    def expression(self, name: str, text: str) -> Expression:
        """Write an expression in which ``gaps`` is the fixture."""
        file = self.nix.work / f"{name}.nix"
        file.write_text(f"let gaps = import {GAPS} {{ }}; in {text}\n")
        return Expression("it", str(file))

    def derivations(self, where: Expression) -> dict[str, Derivation]:
        """Instantiate a set of packages; return its derivations by package."""
        assert where.file is not None
        words = self.nix.run("nix-instantiate", where.file, "-A", where.installable).split()
        drvs = [word.split("!")[0] for word in words]
        (text,) = Nix(SystemRunner()).derivation_show(drvs)
        return {one.attribute("pname"): one for one in parse_derivations(text, str(self.nix.store)).values()}


@dataclass
class Counting(SystemRunner):
    """Runs the real nix, and counts."""

    commands: list[Command] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(timeout=60)

    def start(self, command: Command) -> Running:  # type: ignore[override]
        self.commands.append(command)
        return super().start(command)


@pytest.fixture
def gaps(nix_env: PrivateNix, monkeypatch: pytest.MonkeyPatch) -> Gaps:
    for name, value in nix_env.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(nix_env.work)
    return Gaps(nix_env, Counting())


def called(*names: str) -> list[str]:
    return [f"python3.11-{name}-1.0" for name in names]


def names(inputs: Iterable[CheckInput]) -> tuple[str, ...]:
    return tuple(one.name for one in inputs)


def found(evaluation: Evaluation) -> dict[str, Any]:
    """Return the answers by the name of the package."""
    return {package.pname: package for package in evaluation.packages.values()}


def inputs_of(evaluation: Evaluation) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    packages = found(evaluation)
    return {name: (names(one.inputs.native), names(one.inputs.target)) for name, one in packages.items()}


# -- what tests get ----------------------------------------------------------------------------------------


def test_every_package_tells_its_check_inputs_also_when_tests_are_off(gaps: Gaps) -> None:
    evaluation = gaps.ask("pkgs", *called(*CASES))

    assert inputs_of(evaluation) == CASES
    assert {one.inputs.method for one in found(evaluation).values()} == {"probe"}
    assert {name for name, one in found(evaluation).items() if not one.do_check} == OFF
    assert (evaluation.failures, evaluation.missing) == ({}, ())
    assert len(gaps.runner.commands) == 1, "all of them in one evaluation"


def test_the_pair_says_the_same_as_the_probe(gaps: Gaps) -> None:
    bare = '{ it = builtins.mapAttrs (_: one: removeAttrs one [ "overridePythonAttrs" ]) gaps.pkgs; }'

    pairs = found(gaps.ask(gaps.expression("bare", bare), *called(*CASES)))
    probes = found(gaps.ask("pkgs", *called(*CASES)))

    assert {one.inputs.method for one in pairs.values()} == {"pair"}
    assert set(pairs) == set(CASES)
    for name, one in probes.items():
        assert (pairs[name].inputs.native, pairs[name].inputs.target) == (one.inputs.native, one.inputs.target), name


def test_both_say_what_the_derivations_have(gaps: Gaps) -> None:
    tested = "builtins.mapAttrs (_: one: one.overridePythonAttrs { doCheck = %s; }) python"
    python = '(removeAttrs gaps.pkgs [ "pytest-check-hook" "unittest-check-hook" "separate-tests" ])'
    sets = {
        on: gaps.expression(f"tests-{on}", f"{{ it = let python = {python}; in {tested % on}; }}")
        for on in ("true", "false")
    }
    on, off = gaps.derivations(sets["true"]), gaps.derivations(sets["false"])
    answers = found(gaps.ask("pkgs", *called(*CASES)))

    for name in CASES:
        for key, inputs in (
            ("nativeBuildInputs", answers[name].inputs.native),
            ("buildInputs", answers[name].inputs.target),
        ):
            head, whole = off[name].attribute(key).split(), on[name].attribute(key).split()
            assert whole == [*head, *(one.path for one in inputs)], name


def test_inputs_are_the_paths_of_the_derivation_whatever_they_are(gaps: Gaps) -> None:
    derivation = gaps.derivations(Expression("odd.mixed", str(GAPS)))["mixed"]

    (mixed,) = gaps.ask("odd", *called("mixed")).packages.values()

    assert mixed.inputs and mixed.inputs.method == "probe"
    assert [one.path for one in mixed.inputs.native] == derivation.attribute("nativeBuildInputs").split()[-4:]
    assert [one.path for one in mixed.inputs.target] == derivation.attribute("buildInputs").split()
    assert names(mixed.inputs.native) == (HOOK, "native-1.0", "native-1.0", "building.py")
    assert [name_of(one.path or "") for one in mixed.inputs.native[1:3]] == ["native-1.0-dev", "native-1.0"]
    assert names(mixed.inputs.target) == (MOCK, "native-1.0")


def test_inputs_say_what_they_are(gaps: Gaps) -> None:
    (complete,) = gaps.ask("pkgs.complete", *called("complete")).packages.values()

    hook, hypothesis = complete.inputs.native if complete.inputs else ()
    assert (hook.name, hook.pname, hook.python) == (HOOK, None, False)
    assert (hypothesis.name, hypothesis.pname, hypothesis.python) == (HYPOTHESIS, "hypothesis", True)
    assert name_of(hypothesis.path or "") == HYPOTHESIS
    assert (complete.version, complete.extras) == ("1.0", ("test",))
    assert sorted(complete.outputs) == ["dist", "out"]


def test_tests_outside_the_build_are_named_and_small_ones_looked_at(gaps: Gaps) -> None:
    (separate,) = gaps.ask("pkgs", *called("separate")).packages.values()

    (test,) = separate.tests
    assert (test.name, test.do_check, name_of(test.drv_path or "")) == (
        "python",
        True,
        "python3.11-separate-1.0-tests.drv",
    )
    assert test.inputs and (test.inputs.method, names(test.inputs.native)) == ("pair", (HOOK,))
    assert sorted(separate.outputs) == ["dist", "out", "test_src"]


def test_what_overriding_forgets_is_told_by_the_pair(gaps: Gaps) -> None:
    (forgotten,) = gaps.ask("odd", *called("forgotten")).packages.values()

    assert forgotten.inputs and forgotten.inputs.method == "pair"
    assert names(forgotten.inputs.native) == (HOOK, MOCK)


def test_a_builder_that_hands_nothing_out_is_asked_with_tests_on_and_off(gaps: Gaps) -> None:
    # overriding ping gives another package: what that has says nothing about this one
    text = """{
      it = builtins.mapAttrs (name: of: removeAttrs gaps.pkgs.${name} [ "overrideAttrs" ] // {
        overridePythonAttrs = f: removeAttrs (gaps.pkgs.${of}.overridePythonAttrs f) [ "pyclosureProbe" ];
      }) { tests-off = "tests-off"; old-style = "old-style"; ping = "complete"; };
    }"""

    answers = found(gaps.ask(gaps.expression("retold", text), *called("old-style", "ping", "tests-off")))

    for name in ("old-style", "tests-off"):
        inputs = answers[name].inputs
        assert (inputs.method, names(inputs.native), names(inputs.target)) == ("pair", *CASES[name])
    assert answers["ping"].inputs is None


def test_what_was_not_made_by_the_python_builder_is_told_as_far_as_it_goes(gaps: Gaps) -> None:
    evaluation = gaps.ask("odd", "plain-1.0", "bare-1.0")

    plain, bare = (evaluation.packages[store_path(name)] for name in ("plain-1.0", "bare-1.0"))
    assert plain.inputs and (plain.inputs.method, names(plain.inputs.native)) == ("pair", (HOOK,))
    assert bare.inputs is None, "nobody knows, which is not the same as none"


# -- what can be named -------------------------------------------------------------------------------------


def test_a_package_brings_what_it_propagates_and_no_more(gaps: Gaps) -> None:
    evaluation = gaps.ask("pkgs.leaky", *called("leaky", "complete"), "python3.11-pytest-8.4.1")

    assert set(found(evaluation)) == {"leaky", "pytest"}
    assert evaluation.missing == (store_path("python3.11-complete-1.0"),)


def test_an_environment_has_the_packages_that_it_was_given(gaps: Gaps) -> None:
    whole = gaps.ask("env", *called(*CASES))
    changed = gaps.ask("odd.changed", *called("complete", "ping"))

    assert inputs_of(whole) == CASES
    # its complete has mock besides; ping comes from the package set behind it
    assert inputs_of(changed) == {"complete": ((HOOK, HYPOTHESIS, MOCK), ()), "ping": CASES["ping"]}


@pytest.mark.parametrize(
    "text",
    [
        "{ it = [ gaps.pkgs.tests-off gaps.odd.complete ]; }",
        "{ it = [ gaps.pkgs.tests-off [ gaps.odd.changed null ] ]; }",
        "{ it = [ (throw ''not this one'') gaps.pkgs.tests-off gaps.pkgs.complete ]; }",
        "{ it = { Tests_Off = gaps.pkgs.tests-off; complete = gaps.pkgs.complete; ping = abort ''not asked for''; }; }",
        "{ it = { flag ? true }: gaps.pkgs; }",
    ],
    ids=["list", "nested", "list-with-a-hole", "set", "function"],
)
def test_lists_sets_and_functions_are_looked_through(gaps: Gaps, text: str) -> None:
    evaluation = gaps.ask(gaps.expression("named", text), *called("complete", "tests-off"))

    assert set(found(evaluation)) == {"complete", "tests-off"}
    assert len(gaps.runner.commands) == 1


def test_in_a_list_a_name_is_enough(gaps: Gaps) -> None:
    where = gaps.expression("unnamed", "{ it = [ gaps.odd.bare ]; }")

    assert set(found(gaps.ask(where, "bare-1.0"))) == {"bare"}


def test_a_file_needs_no_attribute(gaps: Gaps) -> None:
    where = gaps.expression("whole", "gaps.pkgs")

    assert set(found(gaps.ask(Expression("", where.file), *called("vacuous")))) == {"vacuous"}


def test_a_flake_is_asked_offline_and_gets_no_lock_file(gaps: Gaps) -> None:
    folder = gaps.nix.work / "flake"
    (folder / "nix").mkdir(parents=True)
    (folder / "support").mkdir()
    for file in ("gaps.nix", "building.nix", "building.py"):
        shutil.copy(HERE / file, folder / "nix")
    shutil.copy(HERE.parent / "support" / "binaries.py", folder / "support")
    system = json.loads(gaps.nix.run("nix-instantiate", "--eval", "--json", "-E", "builtins.currentSystem"))
    (folder / "flake.nix").write_text(
        f'{{ inputs.other.url = "path:./nix"; inputs.other.flake = false; outputs = _: {{ packages.{system} = '
        f'{{ inherit (import ./nix/gaps.nix {{ system = "{system}"; }}) env; }}; }}; }}'
    )

    evaluation = gaps.ask(Expression("./flake#env^out", cwd=str(gaps.nix.work)), *called("old-style"))

    assert inputs_of(evaluation) == {"old-style": CASES["old-style"]}
    assert "--offline" in gaps.runner.commands[0].argv
    assert sorted(one.name for one in folder.iterdir()) == ["flake.nix", "nix", "support"]


# -- the same build or another -----------------------------------------------------------------------------


def test_it_says_whether_it_is_the_build_in_the_closure(gaps: Gaps) -> None:
    (known,) = gaps.ask("pkgs", *called("complete")).packages.values()
    (changed,) = gaps.ask("odd.changed", *called("complete")).packages.values()
    assert (known.same, changed.same) == (False, False), "the paths that were asked for are invented"

    def same(where: str, wanted: Wanted) -> tuple[bool, str]:
        (one,) = evaluate(Nix(gaps.runner), Expression(where, str(GAPS)), [wanted]).packages.values()
        return one.same, one.drv_path

    by_path = Wanted(known.outputs["dist"] or "", None)
    by_drv = Wanted(store_path("python3.11-complete-1.0"), known.drv_path)
    assert same("pkgs", by_path) == same("pkgs", by_drv) == (True, known.drv_path)
    assert same("odd.changed", by_path) == same("odd.changed", by_drv) == (False, changed.drv_path)
    assert changed.drv_path != known.drv_path


def test_of_two_builds_each_path_gets_its_own(gaps: Gaps) -> None:
    where = gaps.expression("two", "{ it = [ gaps.odd.complete gaps.odd.changed ]; }")
    (known,) = gaps.ask("pkgs", *called("complete")).packages.values()
    (changed,) = gaps.ask("odd.changed", *called("complete")).packages.values()

    wanted = [Wanted(one.outputs["out"] or "") for one in (changed, known)]
    answers = evaluate(Nix(gaps.runner), where, wanted).packages

    assert [(answers[one.path].drv_path, answers[one.path].same) for one in wanted] == [
        (changed.drv_path, True),
        (known.drv_path, True),
    ]


def test_another_version_is_found_and_not_the_same(gaps: Gaps) -> None:
    (one,) = gaps.ask("pkgs", "python3.11-complete-0.9").packages.values()

    assert (one.version, one.same) == ("1.0", False)


def test_nothing_is_instantiated(gaps: Gaps) -> None:
    (one,) = gaps.ask("odd", *called("failing-tests")).packages.values()

    assert not Path(one.drv_path).exists()


# -- what does not evaluate --------------------------------------------------------------------------------


def test_packages_that_do_not_evaluate_lose_no_others(gaps: Gaps) -> None:
    evaluation = gaps.ask("odd", *called("aborting", "complete", "forgotten", "throwing", "wrong", "renamed", "absent"))

    assert set(found(evaluation)) == {"complete", "forgotten"}
    assert evaluation.missing == (store_path("python3.11-absent-1.0"),)
    expected = {
        "throwing": r"error: no such check input",
        "renamed": r"error: renamed was renamed to complete",
        "aborting": r"error: evaluation aborted with the following error message: 'not for this system'",
        "wrong": r"error: attribute 'no-such-attribute' missing",
    }
    assert set(evaluation.failures) == {store_path(f"python3.11-{name}-1.0") for name in expected}
    for name, words in expected.items():
        assert re.match(words, evaluation.failures[store_path(f"python3.11-{name}-1.0")])


def test_an_alias_that_throws_hides_no_package(gaps: Gaps) -> None:
    where = gaps.expression("alias", "{ it = { Old_Style = throw ''renamed''; inherit (gaps.pkgs) old-style; }; }")

    evaluation = gaps.ask(where, *called("old-style"))

    assert set(found(evaluation)) == {"old-style"} and evaluation.failures == {}
    assert len(gaps.runner.commands) == 1


def test_tests_outside_the_build_that_do_not_evaluate_are_only_named(gaps: Gaps) -> None:
    (one,) = gaps.ask("odd", *called("failing-tests")).packages.values()

    assert one.tests == (OutsideTest("other"), OutsideTest("python"))
    assert one.inputs and names(one.inputs.native) == (HOOK,)


def test_of_tests_outside_the_build_each_is_told_as_far_as_it_goes(gaps: Gaps) -> None:
    (one,) = gaps.ask("odd", *called("throwing-tests")).packages.values()

    check, python = one.tests
    assert check == OutsideTest("check")
    assert (python.do_check, name_of(python.drv_path or "")) == (True, "python3.11-complete-1.0.drv")
    assert python.inputs and names(python.inputs.native) == (HOOK, HYPOTHESIS)


def test_inputs_that_differ_in_more_than_their_ends_are_refused(gaps: Gaps) -> None:
    text = """{
      it.plain = gaps.odd.plain // {
        overrideAttrs = f: {
          nativeBuildInputs = if (f null).doCheck then [ gaps.pkgs.mock ] else [ gaps.pkgs.pytest ];
        };
      };
    }"""

    evaluation = gaps.ask(gaps.expression("differing", text), "plain-1.0")

    (words,) = evaluation.failures.values()
    assert words == "error: plain-1.0 differs in more than its last nativeBuildInputs when its tests are on"


@pytest.mark.parametrize(
    ("attribute", "fact"), [("nowhere", "attribute nowhere"), ("env.name", "env.name is a string")]
)
def test_an_expression_that_is_no_package_is_refused(gaps: Gaps, attribute: str, fact: str) -> None:
    with pytest.raises(BadInput) as caught:
        gaps.ask(attribute, *called("complete", "old-style"))

    assert_sentence(caught.value, fact, kind=BadInput)


def test_nothing_wanted_asks_nothing(gaps: Gaps) -> None:
    assert evaluate(Nix(gaps.runner), Expression("nowhere", str(GAPS)), [], SILENT) == Evaluation({}, {}, ())
    assert gaps.runner.commands == []
