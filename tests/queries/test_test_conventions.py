"""What names mean for tests: groups by how close they are to all tests, what is left out, what an owner decides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from pyclosure.queries.data import load
from pyclosure.queries.policy.conventions import is_test_tool
from pyclosure.queries.policy.tests import TestConventions as Conventions
from pyclosure.queries.testing.inputs import is_builder_hook, runner_of

USUAL = Conventions()


@pytest.mark.parametrize("group", ["test", "tests", "testing", "check", "checks", "qa", "ci", "dev", "unittest"])
def test_groups_that_packages_use_for_tests_are_known(group: str) -> None:
    assert USUAL.is_for_tests(group)
    assert USUAL.is_for_tests(group.upper())


@pytest.mark.parametrize(
    "group", ["test-arrow", "tests-strict", "testing-extra", "gpu-test", "all-tests", "pytest", "develop", "tox"]
)
def test_patterns_cover_groups_for_some_tests(group: str) -> None:
    assert USUAL.is_for_tests(group)


@pytest.mark.parametrize("group", ["", "docs", "i18n", "socks", "contest", "attestation", "latest", "device", "all"])
def test_features_are_no_groups_for_tests(group: str) -> None:
    assert not USUAL.is_for_tests(group)


@pytest.mark.parametrize("extra", ["pyarrow", "pyqt5", "pyside6", "pydantic", "pyspark", "pyyaml"])
def test_a_feature_whose_name_begins_with_py_is_no_group_for_tests(extra: str) -> None:
    assert not USUAL.is_for_tests(extra)


@pytest.mark.parametrize("group", ["test_extra", "tests_strict", "Test.Arrow", "unit_tests", "test__extra"])
def test_groups_are_known_however_they_are_spelled(group: str) -> None:
    assert USUAL.is_for_tests(str(canonicalize_name(group)))
    assert USUAL.is_for_tests(group)


def test_groups_for_all_tests_come_before_those_for_some_and_for_all_development() -> None:
    ranks = {group: USUAL.rank(group) for group in ("test", "Tests", "testing", "test-arrow", "gpu-tests", "dev", "CI")}

    assert ranks == {"test": 0, "Tests": 0, "testing": 0, "test-arrow": 1, "gpu-tests": 1, "dev": 2, "CI": 2}
    assert USUAL.rank("all-test") == 2


def test_every_broad_group_is_a_group_for_tests() -> None:
    names = [name for name in USUAL.broad if "*" not in name]

    assert names
    assert all(USUAL.is_for_tests(name) and USUAL.rank(name) == 2 for name in names)


@pytest.mark.parametrize(
    "distribution",
    ["coverage", "pytest-cov", "flake8", "flake8-bugbear", "mypy", "tox", "pre-commit", "pytest-enabler", "types-six"],
)
def test_what_packagers_leave_out_is_known(distribution: str) -> None:
    assert USUAL.is_left_out(distribution)


@pytest.mark.parametrize("distribution", ["pytest", "hypothesis", "pytest-xdist", "mock", "numpy", "flask", "tomli"])
def test_what_tests_need_is_not_left_out(distribution: str) -> None:
    assert not USUAL.is_left_out(distribution)


# -- the owner's word --------------------------------------------------------------------------------------


def test_an_owner_adds_names_and_patterns() -> None:
    own = USUAL.changed(extras=["spec", "e2e-*"], left_out=["pytest-xdist", "acme-*"])

    assert own.is_for_tests("spec") and own.is_for_tests("e2e-linux") and own.is_for_tests("test")
    assert (own.rank("spec"), own.rank("e2e-linux")) == (0, 1)
    assert own.is_left_out("pytest-xdist") and own.is_left_out("acme-lint") and own.is_left_out("coverage")
    # the usual ones are not touched
    assert not USUAL.is_for_tests("spec") and not USUAL.is_left_out("pytest-xdist")


def test_an_owner_takes_names_and_patterns_away() -> None:
    own = USUAL.changed(extras=["!dev", "!test-*"], left_out=["!pytest-benchmark", "!flake8-*"])

    assert not own.is_for_tests("dev") and not own.is_for_tests("test-arrow")
    assert own.is_for_tests("develop") and own.is_for_tests("test")
    assert not own.is_left_out("pytest-benchmark") and not own.is_left_out("flake8-bugbear")
    assert own.is_left_out("flake8") and own.is_left_out("pytest-cov")


def test_taking_away_does_not_touch_the_other_list() -> None:
    own = USUAL.changed(extras=["!tox"])

    assert not own.is_for_tests("tox") and own.is_left_out("tox")


def test_the_last_word_counts() -> None:
    assert USUAL.changed(extras=["!test-*", "test-arrow"]).is_for_tests("test-arrow")
    assert not USUAL.changed(extras=["!test-*", "test-arrow"]).is_for_tests("test-gpu")
    assert not USUAL.changed(extras=["test-arrow", "!test-*"]).is_for_tests("test-arrow")
    assert USUAL.changed(extras=["!spec"]).changed(extras=["spec"]).is_for_tests("spec")
    assert not USUAL.changed(left_out=["x"]).changed(left_out=["!x"]).is_left_out("x")


def test_an_owner_may_spell_names_as_they_like() -> None:
    own = USUAL.changed(extras=["Acceptance"], left_out=["Acme_Lint", "!pytest_benchmark"])

    assert own.is_for_tests("Acceptance") and own.is_for_tests("acceptance")
    assert own.is_left_out("acme-lint")
    assert not own.is_left_out("pytest-benchmark")


WORDS = st.sampled_from(["test", "dev", "spec", "spec-a", "docs"])
PATTERNS = st.sampled_from(["test", "dev", "spec", "spec-*", "*", "docs"])


@given(st.lists(st.tuples(st.booleans(), PATTERNS), max_size=6), WORDS)
def test_each_decision_overrides_those_before(decisions: list[tuple[bool, str]], group: str) -> None:
    own = USUAL.changed(extras=[pattern if wanted else f"!{pattern}" for wanted, pattern in decisions])

    expected = USUAL.is_for_tests(group)
    for wanted, pattern in decisions:
        if pattern in (group, "*") or (pattern == "spec-*" and group == "spec-a"):
            expected = wanted
    assert own.is_for_tests(group) == expected


# -- the lists themselves ----------------------------------------------------------------------------------


def test_no_hook_runs_tests_and_is_the_builders_own() -> None:
    assert not [runner for runner in load("conventions")["testing"]["runners"] if is_builder_hook(runner)]


def test_names_of_distributions_are_spelled_as_they_are_compared() -> None:
    testing = load("conventions")["testing"]
    brought = {name for names in (*testing["runners"].values(), *testing["brought"].values()) for name in names}
    names = {*testing["left-out"], *testing["also-build"], *brought}

    assert [name for name in names if canonicalize_name(name) != name] == []


def test_what_brings_a_runner_brings_a_test_tool_or_a_framework() -> None:
    runners = load("conventions")["testing"]["runners"]

    assert all(is_test_tool(name) or name in ("setuptools", "django") for names in runners.values() for name in names)
    assert runner_of("pytest-check-hook") == "pytest-check-hook"
