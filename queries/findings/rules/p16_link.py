"""P16: native links that the loader cannot follow, or that leave the store."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from pyclosure.queries.base.inspection import NativeFile
from pyclosure.queries.base.records import Certainty
from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Severity, Verdict
from pyclosure.queries.environment.linking import FINE, How, without_digest
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import some

_TEST_DATA = re.compile(r"(?:^|/)(?:tests?|testing|test_?data|fixtures|examples|doc|docs)/")
_SHOWN = 20
_JUDGEMENT: dict[How, tuple[Severity, Certainty, str]] = {
    "missing": ("error", "certain", "nothing in the closure has it"),
    "elsewhere": ("error", "probable", "it is in the closure, but not where the loader looks"),
    "beside": ("warning", "probable", "it lies in the same path, but not where the loader looks"),
    "host": ("info", "certain", "the host's drivers provide it"),
}


def _check(context: Context) -> Iterator[Verdict]:
    count = 0
    for index in range(len(context.closure)):
        inspection = context.inspection(index)
        native = [one for one in inspection.native if _is_judged(context, one)] if inspection else []
        count += len(native)
        yield from _unresolved(context, index, native)
        yield from _impure(context, index, native)
    yield Judged(count, "native files")


def _is_judged(context: Context, file: NativeFile) -> bool:
    # what is for another machine is P22's: nothing loads it here
    return file.role != "object" and not _TEST_DATA.search(file.file) and not context.linking.is_foreign(file)


def _unresolved(context: Context, index: int, native: list[NativeFile]) -> Iterator[Finding]:
    missing: dict[tuple[How, str], list[NativeFile]] = defaultdict(list)
    for file in native:
        for needed in file.needed:
            if needed not in file.optional:
                how = context.linking.resolve(index, file, needed).how
                if how not in FINE:
                    missing[how, needed].append(file)
    for (how, needed), files in missing.items():
        yield _finding(context, index, how, needed, files)


def _finding(context: Context, index: int, how: How, needed: str, files: list[NativeFile]) -> Finding:
    usual, certainty, words = _JUDGEMENT[how]
    severity = _severity(context, index, usual)
    providers = [one for one in context.linking.resolve(index, files[0], needed).providers if one != index]
    where = f": {some(context.label(one) for one in providers)}" if providers and how == "elsewhere" else ""
    short = without_digest(needed, context.closure.store_dir)
    title = (
        f"{context.label(index)} needs {short} of the host's drivers"
        if how == "host"
        else f"{context.label(index)} links to {short}: {words}{where}"
    )
    notes = () if how != "elsewhere" else ("It works only where something has loaded the library before.",)
    return Finding(
        rule=RULE.id,
        severity=severity,
        certainty=certainty if how != "missing" or context.linking.whole else "probable",
        tier="F",
        title=title,
        paths=(context.path(index), *(context.path(one) for one in providers[:3])),
        subjects=(short, context.name(index)),
        evidence=tuple(
            Proof(context.path(index), file.file, f"NEEDED {needed}; searches {_search(file)}")
            for file in files[:_SHOWN]
        ),
        remedy=_REMEDIES[how],
        notes=notes,
    )


def _severity(context: Context, index: int, usual: Severity) -> Severity:
    """Return how bad it is: what is wrong outside of Python is for another maintainer to mend."""
    ours = context.kind(index).startswith("python") or context.kind(index) == "interpreter"
    return usual if ours or usual != "error" else "warning"


_REMEDIES: dict[How, str] = {
    "missing": "add the library to buildInputs; for wheels autoPatchelfHook sets RUNPATH",
    "elsewhere": "add the library to buildInputs, so that RUNPATH names it; for wheels autoPatchelfHook",
    "beside": "set RUNPATH to $ORIGIN and the folder (patchelf --add-rpath), or autoPatchelfHook",
    "host": "nothing to build: addDriverRunpath (or the host's own setup) lets the loader find the driver",
}


def _search(file: NativeFile) -> str:
    return ":".join(file.search[:4]) + (":…" if len(file.search) > 4 else "") or "nowhere"


def _impure(context: Context, index: int, native: list[NativeFile]) -> Iterator[Finding]:
    outside: dict[str, list[NativeFile]] = defaultdict(list)
    loaders: dict[str, list[NativeFile]] = defaultdict(list)
    for file in native:
        for folder in context.linking.impure_searches(index, file):
            outside[folder].append(file)
        if (
            file.role == "program"
            and file.loader
            and not file.loader.startswith(context.closure.store_dir)
            and not context.on_system(file.loader)
        ):
            loaders[file.loader].append(file)
    if outside:
        files = [(folder, file) for folder, some_ in outside.items() for file in some_]
        yield _outside(context, index, f"searches {some(outside)} for libraries", "warning", files, "RUNPATH")
    if loaders:
        files = [(loader, file) for loader, some_ in loaders.items() for file in some_]
        yield _outside(context, index, f"has programs that need {some(loaders)}", "error", files, "loader")


def _outside(
    context: Context, index: int, words: str, severity: Severity, files: list[tuple[str, NativeFile]], field: str
) -> Finding:
    remedy = {
        "RUNPATH": "let patchelf shrink it (dontPatchELF must not be set), or patchelf --remove-rpath",
        "loader": "autoPatchelfHook, or patchelf --set-interpreter: NixOS has no such file",
    }
    return Finding(
        rule=RULE.id,
        severity=_severity(context, index, severity),
        certainty="certain",
        tier="F",
        title=f"{context.label(index)} {words}: outside the store",
        paths=(context.path(index),),
        subjects=(context.name(index), *dict.fromkeys(one for one, _ in files)),
        evidence=tuple(Proof(context.path(index), file.file, f"{field} {place}") for place, file in files[:_SHOWN]),
        remedy=remedy[field],
    )


RULE = Rule(
    id="P16",
    name="native-link",
    title="a native library that the loader does not find, or finds outside the store",
    severity="error",
    needs=("inspection",),
    what=(
        "A program or extension needs a library that is not where its RUNPATH leads, searches directories outside "
        "the store, or needs a loader that NixOS does not have."
    ),
    why="The import fails with `cannot open shared object file`, or takes whatever the host has lying there.",
    how=(
        "NEEDED of every ELF file (load commands of Mach-O) against RUNPATH or RPATH with `$ORIGIN` expanded, "
        "links followed inside the closure. The C library is found by the loader itself; libraries of the "
        "interpreter, and those that a neighbour links together with the file, are loaded before; weak and "
        "dlopen'ed ones may be missing; drivers (libcuda, GL) come from the host and are listed as such; macOS "
        "keeps some outside the store. Files in test and example folders are data; those for another machine are "
        "P22's. What is wrong with native packages, which are mended elsewhere, is a warning."
    ),
    fix="`buildInputs`, `autoPatchelfHook` for wheels, a look at `dontPatchELF`.",
    check=_check,
    judges=lambda context: range(len(context.closure)),
)
