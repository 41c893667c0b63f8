"""P07: one distribution twice where only one can be imported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from pyclosure.queries.answers.differs import differences
from pyclosure.queries.base.names import digest_of, name_of
from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Verdict
from pyclosure.queries.environment.scopes import Installed, Scope
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import some


def _check(context: Context) -> Iterator[Verdict]:
    count = 0
    seen: set[frozenset[int]] = set()
    for scope in context.scopes:
        for name, copies in context.installed(scope).items():
            count += 1
            paths = frozenset(one.index for one in copies)
            # an application and the environment around it see the same pair
            if len(paths) > 1 and paths not in seen:
                seen.add(paths)
                yield _finding(context, scope, name, copies)
    yield Judged(count, "distributions")


def _finding(context: Context, scope: Scope, name: str, copies: Sequence[Installed]) -> Finding:
    copies = sorted(copies, key=lambda one: (one.distribution.version, context.path(one.index)))
    versions = list(dict.fromkeys(one.distribution.version for one in copies))
    same = len(versions) == 1
    described = f"{versions[0]} twice" if same else " and ".join(versions)
    why = _why_different(context, copies) if same else ()
    added = sorted(context.added(one.index) for one in copies)
    return Finding(
        rule=RULE.id,
        severity="error",
        certainty="certain",
        tier="F",
        title=f"duplicate distribution: {name} {described}, in {context.label(scope.index)}",
        paths=tuple(context.path(one.index) for one in copies),
        subjects=(name,),
        evidence=tuple(
            Proof(
                context.path(one.index), f"{one.distribution.folder}/METADATA", f"Version: {one.distribution.version}"
            )
            for one in copies
        ),
        remedy="one override at the level of the package set (packageOverrides), so that everything uses one copy",
        cost=sum(added[:-1]),
        cost_meaning="added",
        notes=(
            *why,
            *(f"{_told_apart(context, one.index)}: {_chain_words(context, one.index)}" for one in copies),
            _hook_words(context, scope, copies),
        ),
    )


def _why_different(context: Context, copies: Sequence[Installed]) -> tuple[str, ...]:
    first, second = (context.derivation(one.index) for one in copies[:2])
    if first is None or second is None:
        return ("Why the same version has two hashes only the derivations would tell, which are not here.",)
    found = differences(first, second)
    words = some(found) or "the derivations do not say why"
    apart = " and ".join(_told_apart(context, one.index) for one in copies[:2])
    return (f"The same version, two hashes, {apart}: {words}.",)


def _told_apart(context: Context, index: int) -> str:
    """Return a name with so much of the digest that two builds of it are told apart."""
    return f"{digest_of(context.path(index))[:6]}…-{name_of(context.path(index))}"


def _chain_words(context: Context, index: int) -> str:
    return " → ".join(context.label(context.closure.position[path]) for path in context.chain(index))


def _hook_words(context: Context, scope: Scope, copies: Sequence[Installed]) -> str:
    """Return what nixpkgs' own check would say, which looks when a package is built."""
    seeing = _hook_sees(context, {one.index for one in copies}).intersection(scope.members)
    if seeing:
        return f"nixpkgs' check (catchConflicts) finds it too, when {context.label(min(seeing))} is built."
    return f"nixpkgs' check (catchConflicts) does not see it: {_hook_blind(context, scope, copies)}."


def _hook_sees(context: Context, copies: set[int]) -> set[int]:
    """Return the paths whose build sees two copies as one distribution."""
    found: set[int] = set()
    for one, other in combinations(copies, 2):
        if _hook_names(context, one) & _hook_names(context, other):
            found |= context.hook_reaches(one) & context.hook_reaches(other)
    return found


def _hook_names(context: Context, index: int) -> set[str]:
    """Return the names that the hook reads in a path; dots it leaves as they are."""
    facts = context.files(index)
    return {
        one.name.lower().replace("-", "_")
        for one in (facts.distributions if facts else ())
        if one.folder.endswith(".dist-info") and one.interpreter.startswith("python") and one.interpreter[-1] != "t"
    }


def _hook_blind(context: Context, scope: Scope, copies: Sequence[Installed]) -> str:
    abi = copies[0].distribution.interpreter
    if not abi.startswith("python") or abi.endswith("t"):
        return f"it looks into lib/python3.x, not {abi}"
    if any(one.distribution.folder.endswith(".egg-info") for one in copies):
        return "one of them has an egg-info, no dist-info"
    if not set.intersection(*(_hook_names(context, one.index) for one in copies)):
        return "it takes dots in names for something else than dashes"
    producer = context.identity(copies[0].index).producer
    if producer is not None and producer.value == "pyproject.nix":
        return "pyproject.nix does not run it"
    lists = [index for index in scope.members if sum(context.brings[index] >> one.index & 1 for one in copies) > 1]
    if scope.kind == "environment" and not lists:
        return "they meet only in the environment, where buildEnv compares files"
    for one in copies:
        if any(context.identity(sibling).kind.value == "python-dev" for sibling in context.siblings(one.index)):
            return "what the package propagates is listed in its dev output"
    return "no list of propagated inputs leads to both"


RULE = Rule(
    id="P07",
    name="duplicate-distribution",
    title="one distribution in several paths of one environment",
    severity="error",
    needs=("files",),
    what="Two store paths with the same distribution are importable together, so that one hides the other.",
    why="Which copy is imported depends on the order of sys.path; classes of one are not those of the other.",
    how=(
        "By PEP 503 name over all dist-info directories of an environment, an application, or what a package "
        "propagates, for each ABI by itself: copies that never meet are no duplicates. As in nixpkgs' conflict "
        "check, two paths are a conflict even at one version; unlike it, lists in dev outputs, PyPy and "
        "free-threaded layouts, egg-info and siblings that only meet in an environment are seen. Where derivations"
        " are here, what differs between two builds of one version is named."
    ),
    fix="Override the package once for the whole set (`packageOverrides`), and pass that interpreter everywhere.",
    check=_check,
    judges=lambda context: context.python_paths,
)
