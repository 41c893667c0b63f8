"""Requirements files that look as if they were for tests or developing, by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pyclosure.queries.base.source_needs import Declaration
from pyclosure.queries.facts.sources.project import Project
from pyclosure.queries.facts.sources.wanted import Wanted

_MOST_DEPTH = 3
_PURPOSE = re.compile(r"(?:^|[^a-z])(?:unit|py)?(?:tests?|testing|dev|devel|develop|development|ci)(?![a-z])")
_SORT = re.compile(r"(?:^|[^a-z])(?:requirements?|reqs?|requires|deps|dependencies)(?![a-z])")


def requirements_files(project: Project) -> Iterator[Declaration]:
    """Yield one declaration a file; of a list that pip-compile wrote, only what it was written from."""
    for file in sorted(project.files.kept):
        if not is_for_tests(file) or (file.endswith(".txt") and project.has(f"{file.removesuffix('.txt')}.in")):
            continue
        wanted = Wanted(project, file)
        wanted.follow(file.rpartition("/")[2], file)
        yield wanted.declare("requirements", file, None)


def is_for_tests(file: str) -> bool:
    """Say whether a file has the name of requirements for tests or developing.

    >>> [is_for_tests(one) for one in ("requirements-test.txt", "requirements/dev.in", "tests/requirements.txt")]
    [True, True, True]
    >>> [is_for_tests(one) for one in ("requirements.txt", "docs/requirements.txt", "tests/latest/words.txt")]
    [False, False, False]
    """
    path, _, ending = file.lower().rpartition(".")
    parts = path.split("/")
    if ending not in ("txt", "in", "pip") or len(parts) > _MOST_DEPTH or ".egg-info/" in path:
        return False
    return bool(_PURPOSE.search("/".join(parts[-2:])) and _SORT.search(path))
