"""P11: a test input outside the check inputs."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from pyclosure.queries.base.names import STORE_PATH, name_of, parse_name
from pyclosure.queries.base.records import Derivation
from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Verdict
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.policy.conventions import is_test_tool

_RUNNERS = ("pytest-check-hook", "unittest-check-hook", "stestr-check-hook", "pytestcheckhook")
_LISTS = ("nativeBuildInputs", "buildInputs")


def _check(context: Context) -> Iterator[Verdict]:
    count = 0
    done: set[str] = set()
    for index in context.python_paths:
        derivation = context.derivation(index)
        if derivation is None or derivation.path in done:
            continue
        done.add(derivation.path)
        count += 1
        found = _misplaced(context, index, derivation)
        if found:
            yield _finding(context, index, derivation, found)
    yield Judged(count, "derivations")


def _misplaced(context: Context, index: int, derivation: Derivation) -> list[tuple[str, str, str]]:
    """Return attribute, path and name of test tools that are inputs although no test runs."""
    # with tests on, check inputs stand at the end of the same lists
    if derivation.attribute("doInstallCheck") == "1" or derivation.attribute("doCheck") == "1":
        return []
    own = context.name(index)
    # what METADATA asks for is no test input
    required = {need.name for need in context.needs_of(index) if need.applies is not False and not need.extra}
    found = []
    for key in _LISTS:
        for word in derivation.attribute(key).split():
            name = _test_tool(word)
            # a plugin takes pytest as a build input on purpose: it must not propagate it
            if name is not None and name not in required and not (key == "buildInputs" and is_test_tool(own)):
                found.append((key, word, name))
    return found


def _test_tool(word: str) -> str | None:
    if STORE_PATH.fullmatch(word) is None:
        return None
    name = name_of(word)
    if any(runner in name.lower() for runner in _RUNNERS):
        return name
    parts = parse_name(name)
    pname = str(canonicalize_name(parts.pname))
    return pname if parts.interpreter and is_test_tool(pname) else None


def _finding(context: Context, index: int, derivation: Derivation, found: list[tuple[str, str, str]]) -> Finding:
    names = list(dict.fromkeys(name for _, _, name in found))
    return Finding(
        rule=RULE.id,
        severity="warning",
        certainty="certain",
        tier="D",
        title=f"{context.label(index)} is built with {', '.join(names)}, though no test runs",
        paths=(context.path(index),),
        subjects=(context.name(index), *names),
        evidence=tuple(Proof(derivation.path, "", f"{key} names {path}") for key, path, _ in found),
        remedy="move it to nativeCheckInputs, which count only when tests run",
        notes=("Touching the tool rebuilds the package and everything that depends on it.",),
    )


RULE = Rule(
    id="P11",
    name="test-input-misplaced",
    title="a test tool among the build inputs although no test runs",
    severity="warning",
    needs=("derivations",),
    what=(
        "pytest or another test tool, or a hook that runs it, is in nativeBuildInputs or buildInputs with tests off."
    ),
    why="Every change of the tool rebuilds the package and all that depends on it, for tests that nobody runs.",
    how=(
        "Test tools and runner hooks in the input lists of derivations that have neither doCheck nor "
        "doInstallCheck on: check inputs are only added when it is on. A pytest plugin with pytest in buildInputs "
        "is as nixpkgs wants it."
    ),
    fix="Move it to `nativeCheckInputs`.",
    check=_check,
    judges=lambda context: context.python_paths,
)
