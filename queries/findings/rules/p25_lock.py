"""P25: the closure beside a lock file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from packaging.utils import canonicalize_name

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.markers import NOTHING_KNOWN
from pyclosure.queries.base.text import first_of, printable
from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Severity, Unknown, Verdict
from pyclosure.queries.environment.scopes import Installed, Scope
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import counted, some
from pyclosure.queries.locks.compare import TOOLS, Comparison, Row, compare
from pyclosure.queries.locks.compare import Installed as Present
from pyclosure.queries.locks.lock import Lock
from pyclosure.queries.locks.select import ALL, needed

_BY_LOCK = frozenset({"pyproject.nix", "poetry2nix", "dream2nix"})
_SHOWN = 12
"""Known groups or extras that are named where another one was asked for."""
_ALWAYS_MENTIONED = {
    "extra": ("not in {}", "lock them, or see what else brings them"),
    "filtered": ("in {}, but not for this environment", "see why something asks for them here"),
    "origin": ("made from something else than {} says", "nothing, if building them is meant"),
}


_FEW = 3
"""Other versions that are told one by one, where they are the norm."""


def _check(context: Context) -> Iterator[Verdict]:
    scope = _scope(context)
    if scope is None:
        yield Unknown(RULE.id, "no environment and no application is in the closure", "the closure of an environment")
        return
    count = 0
    for lock in context.locks:
        platform = context.platform(scope)
        candidates = platform.candidates if platform is not None else NOTHING_KNOWN
        groups = _asked_of(lock.groups, context.groups, (one.groups for one in context.locks))
        extras = _asked_of(lock.extras, context.extras, (one.extras for one in context.locks))
        selection = needed(lock, candidates, groups, extras)
        comparison = compare(selection, lock, _present(context, scope))
        count += len(comparison.rows)
        yield from _findings(context, scope, lock, comparison.rows)
        yield _summary(context, scope, lock, comparison)
        if selection.notes:
            yield Unknown(RULE.id, "; ".join(selection.notes), "a lock whose conditions can be evaluated")
    yield Judged(count, "distributions")


def refuse_unknown(locks: Sequence[Lock], groups: Iterable[str], extras: Iterable[str]) -> None:
    """Refuse groups and extras that no lock has.

    Raises:
        BadInput: there is such a one.
    """
    everything = {"group": [one.groups for one in locks], "extra": [one.extras for one in locks]}
    for kind, asked in (("group", groups), ("extra", extras)):
        known = {name for names in everything[kind] for name in names}
        unknown = next((one for one in asked if one != ALL and canonicalize_name(one) not in known), None)
        if unknown is not None and locks:
            files = first_of(list(dict.fromkeys(one.file for one in locks)))
            raise BadInput(
                f"{files} has no {kind} {printable(unknown, 100)}",
                hint=f"known: {printable(first_of(sorted(known), _SHOWN), 300)}"
                if known
                else f"it has no {kind}s at all",
            )


def _asked_of(own: Collection[str], asked: Iterable[str], of_all: Iterable[Collection[str]]) -> list[str]:
    """Return what is asked for without what only other locks have."""
    others = {name for names in of_all for name in names} - {*own}
    return [one for one in asked if canonicalize_name(one) not in others]


def _scope(context: Context) -> Scope | None:
    """Return what the lock is for: what a root is, or else the largest."""
    tops = [scope for scope in context.scopes if scope.kind != "package"]
    return next((scope for scope in tops if scope.index in context.closure.roots), tops[0] if tops else None)


def _present(context: Context, scope: Scope) -> list[Present]:
    return [
        Present(name, one.distribution.version, context.path(one.index), _from_source(context, one))
        for name, copies in context.installed(scope).items()
        for one in copies
    ]


def _from_source(context: Context, one: Installed) -> bool | None:
    derivation = context.derivation(one.index)
    if derivation is not None and derivation.attribute("src"):
        return not derivation.attribute("src").endswith(".whl")
    tags = one.distribution.wheel_tags
    if any("manylinux" in tag or "musllinux" in tag for tag in tags):
        return False
    return True if any(tag.endswith("-linux_x86_64") or tag.endswith("-linux_aarch64") for tag in tags) else None


def _findings(context: Context, scope: Scope, lock: Lock, rows: tuple[Row, ...]) -> Iterator[Finding]:
    # in nixpkgs another version is the norm: many of them are one thing to know
    usual = [row for row in rows if row.verdict == "skew" and not _made_by_lock(context, row)]
    if len(usual) > _FEW:
        words = "at other versions than {} has"
        yield _many(context, scope, lock, usual, words, "nothing, where they satisfy what requires them (P02)")
    for row in rows:
        if row.verdict == "missing" or (row.verdict == "skew" and (len(usual) <= _FEW or row not in usual)):
            yield _one(context, scope, lock, row)
    for verdict, (words, remedy) in _ALWAYS_MENTIONED.items():
        # what comes with an interpreter or a build no lock is expected to have
        found = [row for row in rows if row.verdict == verdict and not (verdict == "extra" and row.name in TOOLS)]
        if found:
            yield _many(context, scope, lock, found, words, remedy)


def _summary(context: Context, scope: Scope, lock: Lock, comparison: Comparison) -> Finding:
    same = [row for row in comparison.rows if row.verdict in ("same", "origin")]
    present = [row for row in comparison.rows if row.path is not None]
    return Finding(
        rule=RULE.id,
        severity="info",
        certainty="certain",
        tier="F",
        title=(
            f"{len(same)} of {len(present)} distributions of {context.label(scope.index)} are as {lock.file} has them"
        ),
        paths=(context.path(scope.index),),
        subjects=(lock.file,),
        evidence=(
            Proof(context.path(scope.index), "", f"compared with {lock.file} ({lock.kind} {lock.lock_version})"),
        ),
        remedy="nothing",
        notes=tuple(f"{note[:1].upper()}{note[1:]}." for note in comparison.notes),
    )


def _one(context: Context, scope: Scope, lock: Lock, row: Row) -> Finding:
    by_lock = _made_by_lock(context, row)
    locked = " or ".join(row.locked) or "no version"
    severity: Severity = "warning" if row.verdict == "missing" or by_lock else "info"
    if row.verdict == "missing":
        title = f"{row.name} {locked} is in {lock.file}, but not in {context.label(scope.index)}"
        remedy = "build the environment from the lock again, or drop it from the lock"
    else:
        title = f"{row.name} {row.installed}, but {lock.file} has {locked}"
        remedy = (
            "look for the override that changes it" if by_lock else "nothing, if it satisfies what requires it (P02)"
        )
    return Finding(
        rule=RULE.id,
        severity=severity,
        certainty="certain",
        tier="F",
        title=title,
        paths=(row.path or context.path(scope.index),),
        subjects=(row.name,),
        evidence=(
            _proof(context, scope, row),
            Proof(context.path(scope.index), "", f"{lock.file}: {row.name} {locked}"),
        ),
        remedy=remedy,
        notes=(f"{row.detail[:1].upper()}{row.detail[1:]}.",) if row.detail else (),
    )


def _made_by_lock(context: Context, row: Row) -> bool:
    index = context.closure.position.get(row.path) if row.path else None
    producer = context.identity(index).producer if index is not None else None
    return producer is not None and producer.value in _BY_LOCK


def _proof(context: Context, scope: Scope, row: Row) -> Proof:
    if row.path is None:
        return Proof(context.path(scope.index), "", f"no dist-info of {row.name}")
    locked = f", locked {' or '.join(row.locked)}" if row.verdict == "skew" and row.locked else ""
    detail = f": {row.detail}" if row.detail else ""
    return Proof(row.path, "", f"{row.name} {row.installed}{locked}{detail}")


def _many(context: Context, scope: Scope, lock: Lock, rows: list[Row], words: str, remedy: str) -> Finding:
    return Finding(
        rule=RULE.id,
        severity="info",
        certainty="certain",
        tier="F",
        title=f"{counted(len(rows), 'distribution')} {words.format(lock.file)}: {some((row.name for row in rows), 5)}",
        paths=tuple(row.path for row in rows if row.path is not None) or (context.path(scope.index),),
        subjects=tuple(row.name for row in rows),
        evidence=tuple(_proof(context, scope, row) for row in rows),
        remedy=remedy,
    )


RULE = Rule(
    id="P25",
    name="lock-skew",
    title="the environment differs from a lock file",
    severity="warning",
    needs=("lock", "files"),
    what="A distribution is locked at another version than it is installed, or is locked and not there at all.",
    why="What was tested with the lock is not what is shipped.",
    how=(
        "`--lock` names a pylock.toml, uv.lock or poetry.lock. Of it counts what is reachable without groups and "
        "extras (`--group` and `--extra` add them), with markers evaluated for the closure's interpreter and "
        "platform, and compared by PEP 503 name with the distributions of the environment. In nixpkgs another "
        "version is the norm and only mentioned; where the environment was made from a lock it means an override. "
        "What is not in the lock, or in it for another platform only, is mentioned, too, but for pip, setuptools and "
        "other tools of building. A group or extra that no lock has is refused."
    ),
    fix=(
        "Build from the lock again, or look for the override. Native libraries and build systems are in no lock file."
    ),
    check=_check,
    judges=lambda context: context.python_paths,
)
