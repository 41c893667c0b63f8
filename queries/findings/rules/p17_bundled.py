"""P17: native libraries that a wheel brought along."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from pyclosure.queries.base.inspection import NativeFile
from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Verdict
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import counted, some

_FOLDER = re.compile(r"(?:^|/)[^/]*\.(?:libs|dylibs)/[^/]+$")
_HASHED = re.compile(r"-[0-9a-f]{8}(?=\.|$)")
_EXTENSION = re.compile(r"\.(?:cpython|pypy|abi3)[^/]*\.so$")
_STEM = re.compile(r"^(?P<stem>lib[A-Za-z0-9_+]+?|[A-Za-z0-9_+]+?)(?:[-_]\d[\d.]*)?(?:\.so[\d.]*|(?:\.\d+)*\.dylib)$")


def _check(context: Context) -> Iterator[Verdict]:
    count = 0
    ours = _closure_libraries(context)
    for index in range(len(context.closure)):
        inspection = context.inspection(index)
        if inspection is None:
            continue
        bundled = [one for one in inspection.native if _is_bundled(one, ours)]
        count += len(bundled)
        if bundled:
            yield _finding(context, index, bundled, ours)
    yield Judged(count, "bundled libraries")


def _is_bundled(file: NativeFile, ours: dict[str, list[int]]) -> bool:
    """Say whether a library was brought along: by its folder, or beside the code under a name that the closure has."""
    if _FOLDER.search(file.file):
        return True
    name = file.file.rpartition("/")[2]
    beside = "site-packages/" in file.file and name.startswith("lib") and not _EXTENSION.search(name)
    return beside and file.role == "library" and _stem(name) in ours


def _closure_libraries(context: Context) -> dict[str, list[int]]:
    """Return name without version → paths that have such a library of their own."""
    found: dict[str, list[int]] = defaultdict(list)
    for index in range(len(context.closure)):
        inspection = context.inspection(index)
        for one in inspection.native if inspection else ():
            if one.role == "library" and not _FOLDER.search(one.file) and "site-packages/" not in one.file:
                stem = _stem(one.soname or one.file.rpartition("/")[2])
                if index not in found[stem]:
                    found[stem].append(index)
    return found


def _stem(name: str) -> str:
    clean = _HASHED.sub("", name.rpartition("/")[2])
    match = _STEM.match(clean)
    return match["stem"] if match else clean


def _finding(context: Context, index: int, bundled: list[NativeFile], ours: dict[str, list[int]]) -> Finding:
    twins = {one.file: ours.get(_stem(one.file), []) for one in bundled}
    bundled = sorted(bundled, key=lambda one: not twins[one.file])
    double = [one for one in bundled if twins[one.file]]
    size = sum(one.size or 0 for one in bundled)
    names = some((_HASHED.sub("", one.file.rpartition("/")[2]) for one in (*double, *bundled)), 4)
    tail = "; the closure has its own " + some(_stem(one.file) for one in double) if double else ""
    inspection_files = []
    for one in bundled:
        beside = ", ".join(context.label(other) for other in twins[one.file][:2])
        detail = f"SONAME {one.soname or 'absent'}" + (f"; also in {beside}" if beside else "")
        inspection_files.append(Proof(context.path(index), one.file, detail))
    return Finding(
        rule=RULE.id,
        severity="warning" if double else "info",
        certainty="certain" if not double else "probable",
        tier="F",
        title=f"{context.label(index)} bundles {counted(len(bundled), 'native library')}: {names}{tail}",
        paths=(context.path(index), *dict.fromkeys(context.path(other) for some_ in twins.values() for other in some_)),
        subjects=(context.name(index),),
        evidence=tuple(inspection_files),
        remedy="build it from source against nixpkgs' libraries; else watch their security updates yourself",
        cost=size,
        cost_meaning="files",
        notes=("That two libraries are the same is told by their names; versions may differ.",) if double else (),
    )


RULE = Rule(
    id="P17",
    name="bundled-library",
    title="native libraries bundled in a wheel",
    severity="warning",
    needs=("inspection",),
    what="A package comes with native libraries of its own in a .libs or .dylibs folder, as prebuilt wheels do.",
    why="nixpkgs' security updates do not reach them; two copies of one library in a process can clash.",
    how=(
        "ELF and Mach-O files in folders called NAME.libs or .dylibs, where auditwheel and delocate put them, and "
        "libraries elsewhere in site-packages whose name, version and hash left out, a native package of the "
        "closure has as well. Where the closure has the library, too, it is a warning, else only mentioned. "
        "Libraries of a package's own under other names are not told."
    ),
    fix="Build from source; or accept it with a reason, and watch the advisories of what is bundled.",
    check=_check,
    judges=lambda context: context.python_paths,
)
