"""P20: environments and builds that are not what they look like."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

from pyclosure.queries.base.records import Derivation, Tier
from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Unknown, Verdict
from pyclosure.queries.data import load
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule

_LEAKING = ("PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME")
_SHORTEST = 6
"""Letters from which a near miss is a misspelling."""


def _check(context: Context) -> Iterator[Verdict]:
    done: set[str] = set()
    blind: list[str] = []
    for index in range(len(context.closure)):
        derivation = context.derivation(index)
        if derivation is not None and derivation.path not in done:
            done.add(derivation.path)
            yield from _misspelt(context, index, derivation)
            if context.kind(index) == "python-env" and derivation.attribute("ignoreCollisions") == "1":
                proof = Proof(derivation.path, "", "ignoreCollisions = 1")
                words = "ignores collisions between its members: the first one wins, silently"
                yield _finding(context, index, words, (proof,), "D", "drop ignoreCollisions, and resolve what collides")
        elif derivation is None and context.kind(index) == "python-env":
            blind.append(context.path(index))
        yield from _wrappers(context, index)
    if blind:
        tells = "evaluate the expression, or copy the closure with its derivations (nix copy --derivation)"
        yield Unknown(RULE.id, "whether collisions are ignored: derivations not here", tells, tuple(blind))
    yield Judged(len(done), "derivations")


def _wrappers(context: Context, index: int) -> Iterator[Finding]:
    inspection = context.inspection(index)
    if inspection is None:
        return
    leaking = [one for one in inspection.wrappers if set(one.sets) & set(_LEAKING)]
    if leaking:
        names = sorted({name for one in leaking for name in one.sets if name in _LEAKING})
        proofs = tuple(Proof(context.path(index), one.file, f"sets {', '.join(one.sets)}") for one in leaking)
        words = f"has programs that export {', '.join(names)} to everything they start"
        remedy = "patch the path in instead, or unset the variable in the program: other interpreters obey it, too"
        yield _finding(context, index, words, proofs, "F", remedy)
    open_to_user = [one for one in inspection.wrappers if one.python and "PYTHONNOUSERSITE" not in one.sets]
    if open_to_user:
        proofs = tuple(Proof(context.path(index), one.file, f"sets {', '.join(one.sets)}") for one in open_to_user)
        words = "has programs that also import from the user's own site-packages"
        yield _finding(
            context, index, words, proofs, "F", "wrap with PYTHONNOUSERSITE=true; permitUserSite must not be set"
        )


def _misspelt(context: Context, index: int, derivation: Derivation) -> Iterator[Finding]:
    given = {*derivation.env, *(derivation.structured_attrs or {})}
    own = sorted(given - _known_attributes() - {*derivation.outputs})
    found = {key: meant for key in own if (meant := _meant(key, given))}
    if found:
        told = ", ".join(f"{key} (meant {meant}?)" for key, meant in found.items())
        proofs = tuple(Proof(derivation.path, "", f"{key} = {derivation.attribute(key)[:60]}") for key in found)
        remedy = "correct the name: Nix takes any attribute, and hooks read only those that they know"
        yield _finding(
            context, index, f"has an attribute that nothing reads: {told}", proofs, "D", remedy, probable=True
        )


def _meant(key: str, given: set[str]) -> str | None:
    """Return the known attribute that a name was probably meant to be; None for a name of its own.

    A name beside the one it resembles is on purpose.
    """
    return next((name for name in _resembling(key) if name not in given), None)


@cache
def _known_attributes() -> frozenset[str]:
    return frozenset(load("conventions")["derivation"]["attributes"])


@lru_cache(maxsize=65536)
def _resembling(key: str) -> tuple[str, ...]:
    """Return known attributes with one letter more, less, other or swapped, or in another case; no plurals."""
    if len(key) < _SHORTEST or not key[0].islower() or not key.isalpha():
        return ()
    return tuple(
        name
        for name in sorted(_known_attributes())
        if len(name) >= _SHORTEST and key.rstrip("s") != name.rstrip("s") and _one_slip(key, name)
    )


def _one_slip(one: str, other: str) -> bool:
    if one.lower() == other.lower():
        return True
    if abs(len(one) - len(other)) > 1:
        return False
    start = next(
        (index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    a, b = one[start:], other[start:]
    swapped = len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped


def _finding(
    context: Context,
    index: int,
    words: str,
    proofs: tuple[Proof, ...],
    tier: Tier,
    remedy: str,
    *,
    probable: bool = False,
) -> Finding:
    return Finding(
        rule=RULE.id,
        severity="warning",
        certainty="probable" if probable else "certain",
        tier=tier,
        title=f"{context.label(index)} {words}",
        paths=(context.path(index),),
        subjects=(context.name(index),),
        evidence=proofs,
        remedy=remedy,
    )


RULE = Rule(
    id="P20",
    name="environment-anomaly",
    title="an environment, wrapper or derivation that does not do what it seems to",
    severity="warning",
    needs=("inspection",),
    what=(
        "An environment ignores collisions; a wrapper exports PYTHONPATH or LD_LIBRARY_PATH, or lets the user's "
        "site-packages in; a derivation has an attribute that is one letter away from one that hooks read."
    ),
    why="What is imported then depends on order, on the user, or on who started it; a misspelt flag does nothing.",
    how=(
        "`ignoreCollisions = 1` of environments; variables that scripts and compiled wrappers set, read as text; "
        "attributes of derivations compared with those that nixpkgs' builders and hooks know, one slip apart, "
        "plurals and names beside the one they resemble left out."
    ),
    fix="Correct the attribute, resolve the collision, patch paths in instead of exporting variables.",
    check=_check,
    judges=lambda context: context.python_paths,
)
