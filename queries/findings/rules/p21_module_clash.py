"""P21: two distributions with one module."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pyclosure.queries.base.inspection import Module
from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Verdict
from pyclosure.queries.environment.scopes import Scope
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import some

_SHARED = frozenset({"namespace", "legacy-namespace"})


def _check(context: Context) -> Iterator[Verdict]:
    count = 0
    seen: set[tuple[str, frozenset[int]]] = set()
    for scope in context.scopes:
        modules = _modules(context, scope)
        count += len(modules)
        for name, holders in modules.items():
            paths = frozenset(index for index, _ in holders)
            clashing = len(paths) > 1 and not all(module.kind in _SHARED for _, module in holders)
            if clashing and (name, paths) not in seen and not _one_distribution(context, paths):
                seen.add((name, paths))
                yield _finding(context, scope, name, holders)
    yield Judged(count, "top-level modules")


def _modules(context: Context, scope: Scope) -> dict[str, list[tuple[int, Module]]]:
    found: dict[str, list[tuple[int, Module]]] = defaultdict(list)
    for index in scope.members:
        inspection = context.inspection(index)
        for module in inspection.modules if inspection else ():
            if f"/{scope.abi}/" in f"/{module.folder}/" or module.folder == "site-packages":
                found[module.name].append((index, module))
    return found


def _one_distribution(context: Context, paths: frozenset[int]) -> bool:
    """Say whether all are copies of one distribution, which P07 tells."""
    names = [
        frozenset(one.normalized for one in facts.distributions) for index in paths if (facts := context.files(index))
    ]
    return bool(frozenset.intersection(*names)) if names else False


def _finding(context: Context, scope: Scope, name: str, holders: list[tuple[int, Module]]) -> Finding:
    holders = sorted(holders, key=lambda one: (context.label(one[0]), context.path(one[0])))
    labels = [context.label(index) for index, _ in holders]
    mixed = any(module.kind in _SHARED for _, module in holders)
    note = (
        "One of them treats it as a namespace, the other does not, and hides what the namespace holds." if mixed else ""
    )
    return Finding(
        rule=RULE.id,
        severity="warning",
        certainty="certain",
        tier="F",
        title=f"module {name} in {len(set(labels))} distributions: {some(labels)}",
        paths=tuple(dict.fromkeys(context.path(index) for index, _ in holders)),
        subjects=(name, *dict.fromkeys(context.identity(index).pname for index, _ in holders)),
        evidence=tuple(
            Proof(context.path(index), f"{module.folder}/{module.name}", f"a {module.kind.replace('-', ' ')}")
            for index, module in holders
        ),
        remedy=(
            "delete the stray folder in postInstall, or leave one of the two out; "
            "a namespace package must have no __init__.py in any of its parts"
        ),
        notes=(note,)
        if note
        else (f"Both are importable in {context.label(scope.index)}; the first on sys.path wins.",),
    )


RULE = Rule(
    id="P21",
    name="module-clash",
    title="one top-level module in several distributions",
    severity="warning",
    needs=("files", "inspection"),
    what="Two different distributions that are importable together install the same top-level module.",
    why="One hides the other, or the environment does not build: `collision between …`.",
    how=(
        "Names at the top of every site-packages directory of an environment, an application, or what a package "
        "propagates. Namespace packages, with or without an __init__.py that extends its path, are shared by "
        "design and no clash, unless another distribution has a plain package of that name."
    ),
    fix="Delete stray `tests` folders in `postInstall`, or leave one of the two distributions out.",
    check=_check,
    judges=lambda context: context.python_paths,
)
