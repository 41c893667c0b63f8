"""Why are two builds of one thing not the same path? What differs between their derivations."""

from __future__ import annotations

from collections.abc import Iterator

from pyclosure.queries.base.names import name_of, parse_name
from pyclosure.queries.base.records import Derivation
from pyclosure.queries.base.text import printable

_NEVER = frozenset({"out", "name", "builder", "system"})
_INPUTS = frozenset(
    {"nativeBuildInputs", "buildInputs", "propagatedBuildInputs", "propagatedNativeBuildInputs", "stdenv"}
    | {"depsBuildBuild", "depsBuildTarget", "depsHostHost", "depsTargetTarget", "src", "patches"}
)


def differences(one: Derivation, other: Derivation) -> list[str]:
    """Return what differs between two derivations, inputs first, in a few words each; empty when nothing does.

    An input that both have under one name but from different builds is ``built against another python3-3.11.9``;
    attributes that only mention a differing input are not told again.
    """
    found = [*_inputs(one, other), *_attributes(one, other)]
    if one.system != other.system:
        found.append(f"system: {one.system} and {other.system}")
    return found


def _inputs(one: Derivation, other: Derivation) -> Iterator[str]:
    ours, theirs = _by_name(one), _by_name(other)
    for name in sorted(ours.keys() & theirs.keys()):
        if ours[name] != theirs[name]:
            yield f"built against another {name}"
    mine, others = sorted(ours.keys() - theirs.keys()), sorted(theirs.keys() - ours.keys())
    packages = {parse_name(name).pname: name for name in others}
    for name in mine:
        match = packages.pop(parse_name(name).pname, None)
        if match is not None:
            others.remove(match)
            yield f"built against {name} and {match}"
        else:
            yield f"only the first has the input {name}"
    for name in others:
        yield f"only the second has the input {name}"


def _by_name(derivation: Derivation) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for path in (*derivation.input_derivations, *derivation.input_sources):
        found.setdefault(name_of(path).removesuffix(".drv"), set()).add(path)
    return {name: frozenset(paths) for name, paths in found.items()}


def _attributes(one: Derivation, other: Derivation) -> Iterator[str]:
    outputs = {*one.outputs, *other.outputs}
    for key in sorted({*one.env, *other.env} - _NEVER - outputs):
        mine, others = _without_digests(one.env.get(key)), _without_digests(other.env.get(key))
        if mine == others or (key in _INPUTS and mine is not None and others is not None):
            continue
        yield f"{printable(key, 60)}: {_shown(mine)} and {_shown(others)}"


def _without_digests(text: str | None) -> str | None:
    if text is None or "-" not in text:
        return text
    return " ".join(_name_in(word) for word in text.split(" "))


def _name_in(word: str) -> str:
    start = word.rfind("/")
    base = word[start + 1 :]
    return f"{word[:start]}/{base[33:]}" if start >= 0 and len(base) > 33 and base[32] == "-" else word


def _shown(text: str | None) -> str:
    return "absent" if text is None else repr(printable(text, 60))
