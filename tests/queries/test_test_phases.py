"""What ran, told from hooks, phases and flags as nixpkgs has had them over the years."""

from __future__ import annotations

import pytest

from pyclosure.queries.base.records import Derivation, Output
from pyclosure.queries.testing.inputs import check_inputs
from pyclosure.queries.testing.phases import commands_of
from pyclosure.queries.testing.running import Run, how_it_ran
from pyclosure.queries.testing.world import World
from tests.support.closures import store_path

BUILDER = ("wrap-python-hook", "python-imports-check-hook.sh", "python-output-dist-hook")
PYTEST, UNITTEST = "pytest-check-hook", "unittest-check-hook"


def ran(*inputs: str, hooks: tuple[str, ...] = BUILDER, structured: dict[str, object] | None = None, **env: str) -> Run:
    words = " ".join(map(store_path, (*hooks, *inputs)))
    derivation = Derivation(
        path=store_path("python3.13-foo-1.0.drv"),
        name="python3.13-foo-1.0",
        system="x86_64-linux",
        builder="/bin/sh",
        args=(),
        env={"nativeBuildInputs": words, "doInstallCheck": "1", **env},
        outputs={"out": Output(store_path("python3.13-foo-1.0"))},
        input_sources=(),
        input_derivations={},
        structured_attrs=structured,
    )
    return how_it_ran(derivation, check_inputs(derivation, World({}, {})))


def phase(text: str, *inputs: str, **env: str) -> tuple[str, str | None, list[tuple[str, ...]]]:
    found = ran(*inputs, installCheckPhase=text, **env)
    return found.ran, found.runner, [limit.values for limit in found.limits]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pytest", ("own-phase", "pytest", [])),
        ("git init\ngit commit -m init\npytest", ("own-phase", "pytest", [])),
        ("install -m 644 a b\npytest tests", ("own-phase", "pytest", [])),
        ("coverage run -m pytest", ("own-phase", "pytest", [])),
        ("python3.13 -B -m pytest -m 'not slow'", ("own-phase", "pytest", [("-m not slow",)])),
        ("${python.interpreter} -m unittest discover -s tests", ("own-phase", "unittest", [])),
        ("HOME=$TMPDIR timeout 60 xvfb-run -a pytest -k fast", ("own-phase", "pytest", [("-k fast",)])),
        ("cd tests && pytest test_one.py || true", ("own-phase", "pytest", [("test_one.py",)])),
        ("pytest \\\n  --ignore=tests/net \\\n  --deselect tests/test_a.py::b", (
            "own-phase", "pytest", [("tests/net",), ("tests/test_a.py::b",)],
        )),
        ("python test/run_all.py", ("own-phase", None, [])),
        ("python setup.py test", ("own-phase", "setup.py test", [])),
        ("make -j4 check", ("own-phase", "make", [])),
        ("tox -e py", ("own-phase", "tox", [])),
        ("runHook preInstallCheck\nrunHook postInstallCheck", ("vacuous", None, [])),
        ("runHook pre\nexport HOME=$TMPDIR\nmkdir -p $HOME # pytest\nrunHook post", ("vacuous", None, [])),
        ("$out/bin/foo --version", ("imports-only", None, [])),
        ("pytest --version", ("imports-only", None, [])),
        ("sed -i 's/pytest//' setup.cfg", ("vacuous", None, [])),
        ("echo 'no \"pytest", ("vacuous", None, [])),
    ],
)  # fmt: skip
def test_an_own_phase_is_read_command_by_command(text: str, expected: tuple[str, str | None, list[object]]) -> None:
    assert phase(text) == expected


def test_an_own_phase_may_call_that_of_a_hook_with_its_attributes() -> None:
    assert phase("runHook pre\npytestCheckPhase\nrunHook post", PYTEST, disabledTests="test_a") == (
        "own-phase",
        "pytest",
        [("test_a",)],
    )


def test_hooks_around_a_phase_run_too() -> None:
    around = ran(installCheckPhase="runHook preInstallCheck", preInstallCheck="pytest tests")
    alone = ran(preInstallCheck="export HOME=$(mktemp -d)", pythonImportsCheck="foo")

    assert (around.ran, around.runner) == ("own-phase", "pytest")
    assert alone.ran == "imports-only"


def test_what_an_unknown_program_does_is_no_certain_test() -> None:
    found = ran(installCheckPhase="./run.sh")

    assert (found.ran, found.runner, found.certainty) == ("own-phase", None, "probable")
    assert "nobody tells" in found.reason


def test_setuptools_leaves_its_phase_to_every_other_hook() -> None:
    found = ran("setuptools-check-hook", PYTEST, disabledTests="test_net")
    both = ran("setuptools-check-hook", PYTEST, useSetuptoolsCheck="1")

    assert (found.ran, found.runner) == ("filtered", "pytest")
    assert both.runner == "setuptools"


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"pytestFlagsArray": "tests/unit/test_one.py"}, [("tests/unit/test_one.py",)]),
        ({"pytestFlagsArray": "-n 4 --timeout 30 tests"}, []),
        ({"pytestFlags": "-knetwork -mfast"}, [("-k network",), ("-m fast",)]),
        ({"pytestFlagsArray": "-k 'not slow'"}, [("-k not slow",)]),
        ({"pytestFlags": "--ignore tests/x --ignore=tests/y"}, [("tests/x",), ("tests/y",)]),
        ({"enabledTestPaths": "tests"}, []),
        ({"enabledTestPaths": "tests/test_one.py"}, [("tests/test_one.py",)]),
        ({"disabledTests": "a b", "disabledTestPaths": "c"}, [("a", "b"), ("c",)]),
        ({"unittestFlags": "-p test_one.py"}, []),
    ],
)
def test_flags_of_the_hook_limit_it(env: dict[str, str], expected: list[object]) -> None:
    found = ran(PYTEST, **env)

    assert [limit.values for limit in found.limits] == expected
    assert found.ran == ("filtered" if expected else "ran")


def test_flags_of_structured_attributes_are_lists() -> None:
    found = ran(PYTEST, structured={"pytestFlags": ["-k", "not slow"]})

    assert [(limit.values, limit.only) for limit in found.limits] == [(("-k not slow",), False)]


def test_unittest_may_be_limited_to_a_pattern() -> None:
    found = ran(UNITTEST, unittestFlagsArray="-s tests -p test_one.py")

    assert (found.ran, [limit.values for limit in found.limits]) == ("filtered", [("test_one.py",)])


def test_collecting_is_not_running() -> None:
    assert ran(PYTEST, pytestFlags="--collect-only").ran == "vacuous"


def test_both_phases_count() -> None:
    version = ran("version-check-hook", doCheck="1", checkPhase="pytest")
    plain = ran(doCheck="1", checkPhase="pytest -q")

    assert (version.ran, version.runner) == ("own-phase", "pytest")
    assert (plain.ran, plain.runner) == ("own-phase", "pytest")


def test_imports_are_tried_only_by_their_hook() -> None:
    cross = ran(hooks=("wrap-python-hook", "python-output-dist-hook"), doInstallCheck="", pythonImportsCheck="foo")
    native = ran(doInstallCheck="", pythonImportsCheck="foo")

    assert (cross.ran, cross.imports) == ("not-run", ())
    assert (native.ran, native.imports) == ("imports-only", ("foo",))


def test_meson_python_is_no_meson() -> None:
    wheel = ran("python3.13-meson-python-0.18", doInstallCheck="", doCheck="1")
    meson = ran("meson-1.11", doInstallCheck="", doCheck="1")

    assert wheel.ran == "unknown"
    assert (meson.ran, meson.runner) == ("ran", "meson test")


@pytest.mark.parametrize("switch", ["dontUsePytestCheck", ""])
def test_a_hook_may_be_switched_off(switch: str) -> None:
    assert ran(PYTEST, **({switch: "1"} if switch else {})).ran == ("vacuous" if switch else "ran")


def test_an_attribute_without_a_name_harms_nothing() -> None:
    assert ran("nose-check-hook", **{"": "1"}).ran == "ran"


@pytest.mark.parametrize("text", ["timeout", "timeout -k", "xvfb-run timeout", "env", "a=1 timeout", "timeout; pytest"])
def test_a_wrapper_may_lack_what_it_wraps(text: str) -> None:
    assert [one.runner for one in commands_of(text)] == (["pytest"] if "pytest" in text else [])


@pytest.mark.parametrize("text", ["/a" * 40_000, "'" * 5000, "\\\n" * 5000, "(" * 5000, "pytest " * 5000, "a=" * 9000])
def test_hostile_phases_end_soon(text: str) -> None:
    assert ran(installCheckPhase=text).ran in ("own-phase", "vacuous", "imports-only")
    list(commands_of(text))
