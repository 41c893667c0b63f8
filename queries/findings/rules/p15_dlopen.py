"""P15: libraries that Python code opens by name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pyclosure.queries.base.inspection import CallSite, LimitedName
from pyclosure.queries.base.names import store_path_in
from pyclosure.queries.base.text import first_of
from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Verdict
from pyclosure.queries.environment.linking import without_digest
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import some
from pyclosure.queries.policy.conventions import is_c_library, is_from_host, is_part_of_macos

State = Literal["patched", "own", "process", "c-library", "host", "system", "elsewhere", "follows",
                "fallback", "dangling", "gone", "impure", "in-closure", "absent", "dynamic"]  # fmt: skip
_DECIDING: tuple[State, ...] = (
    *("patched", "own", "dangling", "host", "c-library", "system"),
    *("in-closure", "absent", "gone", "impure", "elsewhere"),
)
"""Of the names that a site may open, the first of these states decides."""
_WORST: tuple[State, ...] = ("dangling", "gone", "absent", "impure", "in-closure")
_CERTAIN: frozenset[State] = frozenset({"dangling", "gone", "absent"})
_FINE: frozenset[State] = frozenset(
    {"patched", "own", "process", "c-library", "host", "system", "elsewhere", "follows", "fallback"}
)
_WORDS: dict[State, str] = {
    "patched": "patched to a path of the closure",
    "own": "a file of the package itself",
    "process": "the running program itself",
    "c-library": "the C library",
    "host": "the host's drivers provide it",
    "system": "part of macOS",
    "elsewhere": "for other platforms",
    "follows": "what find_library returned",
    "fallback": "only where the package's own file, which another call opens, is missing",
    "dangling": "patched to a path that is not there",
    "gone": "a file of the package itself that is not there",
    "impure": "a place outside the store",
    "in-closure": "bare name; in the closure, but not where the loader looks",
    "absent": "bare name; not in the closure",
    "dynamic": "named only at run time",
}
_SIGNS: dict[State, str] = {
    "patched": "✔",
    "own": "✔",
    "in-closure": "⚠",
    "absent": "✘",
    "dangling": "✘",
    "gone": "✘",
    "impure": "✘",
}
_SUBSTITUTE = "substituteInPlace every occurrence with ${lib.getLib x}/lib/libx.so, fallbacks in other files too"
_REMEDIES: dict[State, str] = {
    "dangling": "correct the patch: the output (lib.getLib) or the file name that it names is not the right one",
    "gone": "build and install the library that belongs beside the code, or patch the call",
}
_IGNORED = re.compile(
    r"(?:^|/)_?(?:tests?|testing|docs?|examples?|benchmarks?)/|(?:^|/)(?:setup|conftest|test_[^/]*)\.py$"
)
_FOREIGN = {
    "linux": re.compile(r"\.(?:dll|lib|a|dylib|framework)$|\.framework/|^/System/Library/", re.IGNORECASE),
    "darwin": re.compile(r"\.(?:dll|lib|a)$|\.so(?:\.[\d.]+)?$", re.IGNORECASE),
    "": re.compile(r"\.(?:dll|lib|a)$", re.IGNORECASE),
}
"""Names that no loader of a kernel takes; a kernel that is not known may be either of them."""


@dataclass(frozen=True, slots=True)
class _Judgement:
    site: CallSite
    state: State
    what: str
    """The name that decided it, and what provides it."""
    names: tuple[str, ...] = ()
    """All that it may open here."""
    decided: tuple[str, ...] = ()
    """Those of them that are in the state."""

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong."""
        return self.state in _FINE

    @property
    def bad(self) -> bool:
        """Whether something is wrong; what only running tells is not known to be."""
        return not self.fine and self.state != "dynamic"

    @property
    def proof(self) -> str:
        """What stands there, and what becomes of it."""
        sign = _SIGNS.get(self.state, "·")
        guarded = ", a failure is caught or tested for" if self.site.guarded and not self.fine else ""
        variables = f", or what {' or '.join(self.site.variables)} names" if self.site.variables else ""
        called = f"{self.site.function}({self.what})"
        return f"{sign} {called}: {_WORDS[self.state]}{guarded}{variables}"


def _check(context: Context) -> Iterator[Verdict]:
    count = 0
    fine: list[Proof] = []
    for index in context.python_paths:
        inspection = context.inspection(index)
        sites = [one for one in inspection.call_sites if not _IGNORED.search(one.file)] if inspection else []
        judged = _with_fallbacks(context, index, [_judge(context, index, one) for one in sites])
        count += len(judged)
        fine += [_proof(context, index, one) for one in judged if one.fine]
        yield from _findings(context, index, judged)
    yield Judged(count, "call sites", tuple(fine))


def _judge(context: Context, index: int, site: CallSite) -> _Judgement:
    every = (*site.names, *(one.name for one in site.limited))
    here = (*site.names, *(one.name for one in site.limited if _runs_here(context, one)))
    usable = tuple(name for name in here if not _FOREIGN[context.kernel].search(name))
    # the beginning of such a path is not known
    partial = any(_is_partial(name) for name in usable)
    usable = tuple(name for name in usable if not _is_partial(name))
    more = partial or site.dynamic or site.own_process or site.variables or site.depends_on is not None
    if not _runs_here(context, site) or (every and not usable and not more):
        return _Judgement(site, "elsewhere", _listed(every))
    states = [_state(context, index, name) for name in usable]
    for state in _DECIDING:
        decided = [(name, words) for name, (found, words) in zip(usable, states, strict=True) if found == state]
        if decided:
            told = first_of([f"{name!r}{words}" for name, words in decided])
            return _Judgement(site, state, told, usable, tuple(name for name, _ in decided))
    if site.depends_on is not None:
        return _Judgement(site, "follows", _listed(usable))
    return _Judgement(site, "process" if site.own_process and not site.dynamic else "dynamic", _listed(usable))


def _with_fallbacks(context: Context, index: int, judged: list[_Judgement]) -> list[_Judgement]:
    """Call bare names fine that only repeat what the same file opens as a file of the package."""
    own = {(one.site.file, _stem(name)) for one in judged if one.state == "own" for name in one.names}
    open_files = _open_files(judged)

    def is_fallback(one: _Judgement) -> bool:
        if {(one.site.file, _stem(name)) for name in one.names} <= own:
            return True
        # what only running tells is then the package's own copy
        holders = {holder for name in one.decided for holder in context.linking.named(name)}
        return one.site.file in open_files and one.state == "in-closure" and holders == {index}

    return [replace(one, state="fallback") if one.bad and is_fallback(one) else one for one in judged]


def _open_files(judged: list[_Judgement]) -> set[str]:
    """Return the files in which a library is opened whose name only running tells."""
    return {one.site.file for one in judged if one.site.dynamic}


def _stem(name: str) -> str:
    """Return what a library is called without prefix, version and ending."""
    return re.split(r"\.(?:so|dylib)\b", name.rpartition("/")[2].removeprefix("lib"), maxsplit=1)[0]


def _is_partial(name: str) -> bool:
    return "/" in name and name.removeprefix("$PACKAGE/").startswith("..")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(map(repr, names)) or "…"


def _runs_here(context: Context, site: CallSite | LimitedName) -> bool:
    kernels = {context.kernel} if context.kernel else {"linux", "darwin"}
    left = kernels - set(site.excluded)
    return bool(left & set(site.platforms) if site.platforms else left)


def _state(context: Context, index: int, name: str) -> tuple[State, str]:
    """Judge one name that a call site may open."""
    store = store_path_in(name, context.closure.store_dir)
    if store is not None:
        there = context.linking.has(store, name[len(store) + 1 :])
        return ("dangling" if there is False else "patched"), ""
    if name.startswith("$PACKAGE/"):
        # numpy's load_library adds the ending
        return ("own" if index in context.linking.named(name.rpartition("/")[2]) else "gone"), ""
    if context.on_system(name) or (context.kernel == "darwin" and is_part_of_macos(name)):
        return "system", ""
    if context.kernel == "linux" and is_part_of_macos(name) and not is_from_host(f"lib{name}.so"):
        return "elsewhere", ""
    if name.startswith("/"):
        return "impure", ""
    if is_c_library(name):
        return "c-library", ""
    if is_from_host(name) or is_from_host(f"lib{name}.so"):
        return "host", ""
    providers = context.linking.named(name)
    if providers:
        return "in-closure", f" ({some(context.label(one) for one in providers)})"
    return "absent", ""


def _findings(context: Context, index: int, judged: list[_Judgement]) -> Iterator[Finding]:
    bad = [one for one in judged if one.bad]
    dynamic = [one for one in judged if one.state == "dynamic"]
    if bad:
        yield _finding(context, index, bad, judged)
    elif dynamic:
        yield Finding(
            rule=RULE.id,
            severity="info",
            certainty="unknown",
            tier="F",
            title=f"{context.label(index)} opens libraries named only at run time",
            paths=(context.path(index),),
            subjects=(context.name(index),),
            evidence=tuple(_proof(context, index, one) for one in dynamic),
            remedy="read the call sites; patch what is a bare name there",
        )


def _finding(context: Context, index: int, bad: list[_Judgement], judged: list[_Judgement]) -> Finding:
    worst = next(state for state in _WORST if any(one.state == state for one in bad))
    partly = _partly_patched(judged)
    opened = tuple(dict.fromkeys(name for one in bad for name in one.names))
    decided = dict.fromkeys(name for one in bad if one.state == worst for name in one.decided)
    return Finding(
        rule=RULE.id,
        severity="warning" if _may_go_well(bad, judged) and not partly else "error",
        certainty="certain" if context.linking.whole and _is_certain(worst, bad, judged) else "probable",
        tier="F",
        title=f"{context.label(index)} opens {some(_without_digests(context, decided))}: {_WORDS[worst]}",
        paths=(context.path(index), *_providers(context, opened)),
        subjects=(context.name(index), *_without_digests(context, opened)),
        evidence=tuple(_proof(context, index, one) for one in sorted(judged, key=lambda one: not one.bad)),
        remedy=_REMEDIES.get(worst, _SUBSTITUTE),
        notes=_notes(context, index, partly),
    )


def _partly_patched(judged: list[_Judgement]) -> list[str]:
    """Return the files in which some calls are patched and others fail, sorted."""
    states: dict[str, set[State]] = defaultdict(set)
    for one in judged:
        states[one.site.file].add(one.state)
    return sorted(file for file, found in states.items() if "patched" in found and found & set(_WORST))


def _may_go_well(bad: list[_Judgement], judged: list[_Judgement]) -> bool:
    """Say whether every bad call has a way out: a guard, a variable, a call beside it that only running tells."""
    # where a file also opens what only running tells, that may be what it is about
    dynamic_files = {one.site.file for one in judged if one.state == "dynamic"}
    return all(one.site.guarded or one.site.variables or one.site.file in dynamic_files for one in bad)


def _is_certain(worst: State, bad: list[_Judgement], judged: list[_Judgement]) -> bool:
    """Say whether the files alone tell that a call is in the worst state."""
    open_files = _open_files(judged)
    return worst in _CERTAIN and any(
        one.state == worst and not (one.site.dynamic or one.site.variables or one.site.file in open_files)
        for one in bad
    )


def _providers(context: Context, names: Iterable[str]) -> Iterator[str]:
    """Return the store paths that hold libraries of these names, each once."""
    holders = (one for name in names if not name.startswith("/") for one in context.linking.named(name))
    return iter(dict.fromkeys(context.path(one) for one in holders))


def _without_digests(context: Context, names: Iterable[str]) -> list[str]:
    return [without_digest(name, context.closure.store_dir) for name in names]


def _notes(context: Context, index: int, partly: list[str]) -> tuple[str, ...]:
    notes = [f"Partly patched, which looks fixed: {some(partly)}."] if partly else []
    if "LD_LIBRARY_PATH" in _wrapper_variables(context, index):
        notes.append("A wrapper sets LD_LIBRARY_PATH, which may lead there.")
    return tuple(notes)


def _proof(context: Context, index: int, one: _Judgement) -> Proof:
    return Proof(context.path(index), one.site.file, one.proof, one.site.line)


def _wrapper_variables(context: Context, index: int) -> set[str]:
    inspection = context.inspection(index)
    return {name for wrapper in inspection.wrappers for name in wrapper.sets} if inspection else set()


RULE = Rule(
    id="P15",
    name="library-by-name",
    title="a library that Python code opens by a name that the loader does not know",
    severity="error",
    needs=("inspection",),
    what=(
        "Code calls ctypes, cffi or find_library with a bare name such as `libmagic.so.1`, a place outside the "
        "store, or a store path that is not in the closure."
    ),
    why="There is no /usr/lib and no ldconfig: it works in a development shell, and fails when deployed.",
    how=(
        "Every call of ctypes.CDLL and its kin, LoadLibrary, find_library, numpy.ctypeslib and ffi.dlopen in the "
        "Python files of packages, found in the syntax tree; names are followed through constants, loops and "
        "parameters, and limited to the platform by branches. Each is patched (and its path checked), a file of "
        "the package itself (`$PACKAGE` stands for the folder of the code), the C library, part of macOS, a driver"
        " of the host, for another platform, a fallback for the package's own file, or a bare name that is or is "
        "not in the closure; what only running tells is said to be unknown. A failure that is caught or tested "
        "for, an environment variable that can name the library, or a call beside it whose name only running "
        "tells, makes it a warning; a file in which some calls are patched and others are not is an error. Test, "
        "documentation and example folders are left out. `--fine` lists the call sites that are in order."
    ),
    fix=(
        "Replace every occurrence by `${lib.getLib x}/lib/libx${stdenv.hostPlatform.extensions.sharedLibrary}` "
        "(substituteInPlace or a patch), fallbacks and vendored copies included."
    ),
    check=_check,
    judges=lambda context: context.python_paths,
)
