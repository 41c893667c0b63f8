"""The files of a path, and what the files of a whole closure are for."""

from __future__ import annotations

from collections.abc import Sequence

from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.contents import Contents, Part, levels
from pyclosure.queries.opened.file_groups import Totals
from pyclosure.tui.output.answers import Answer


class FileGroup(Answer, frozen=True):
    """Files that are for the same."""

    group: str
    """what they are for"""
    files: int
    size: int


class FileEntry(Answer, frozen=True):
    """A file or a folder."""

    path: str
    """below the store path"""
    kind: str
    """`file`, `folder`, `link` or `other`"""
    size: int
    files: int
    """files in it"""
    group: str
    """what it is for"""


class PathContents(Answer, frozen=True):
    """The files of one path. Sizes are those of files, a little less than the NAR size."""

    path: str
    files: int
    size: int
    groups: Sequence[FileGroup]
    """what the files are for, all of them"""
    entries: Sequence[FileEntry]
    """folders before what they hold, largest first; `--depth` limits them"""
    problems: Sequence[str]
    """what could not be read"""


class ClosureContents(Answer, frozen=True):
    """The files of the whole closure."""

    files: int
    size: int
    groups: Sequence[FileGroup]
    unread_paths: int
    """paths that could not be listed"""


def contents_answer(found: Contents, depth: int | None) -> PathContents:
    """Return the files of a path; ``entries`` goes ``depth`` levels down."""
    return PathContents(
        path=found.path,
        files=found.files,
        size=found.size,
        groups=_groups(found.parts),
        entries=[
            FileEntry(printable(entry.path), entry.kind, entry.size, entry.files, entry.group)
            for _, entry in levels(found.top, depth)
        ],
        problems=found.problems,
    )


def totals_answer(found: Totals) -> ClosureContents:
    """Return what the files of the closure are for."""
    return ClosureContents(sum(part.files for part in found.parts), found.size, _groups(found.parts), found.unread)


def _groups(parts: Sequence[Part]) -> list[FileGroup]:
    return [FileGroup(part.group, part.files, part.size) for part in parts]


PRINTED = {
    "pyclosure contents SOURCE PATH --format json": PathContents,
    "pyclosure contents SOURCE --all --format json": ClosureContents,
}
