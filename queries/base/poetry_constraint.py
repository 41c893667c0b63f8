"""Poetry's words for versions, as PEP 440 writes them: caret, tilde, and a bare version."""

from __future__ import annotations

from packaging.version import Version

LONGEST = 1000
"""Characters of a constraint that is read."""
PART = r"(\^|~=|~|===|==|!=|<=|>=|<|>|=)?[ \t]*([^\s,|^~=!<>]+)"
"""A pattern of an operator, which may be missing, and a version."""


def specifier(operator: str, version: str) -> str:
    """Return a PEP 440 specifier for one part of a constraint; empty where any version will do.

    >>> specifier("^", "0.2.3"), specifier("~", "1.4"), specifier("", "2.0"), specifier("", "*")
    ('>=0.2.3,<0.3', '>=1.4,<1.5', '==2.0', '')

    Raises:
        ValueError: the version cannot be read.
    """
    if version == "*":
        return ""
    if operator in ("^", "~"):
        return f">={version},<{_bound(operator, Version(version))}"
    return f"{'==' if operator in ('', '=') else operator}{version}"


def _bound(operator: str, version: Version) -> str:
    """Return the first version that a caret or tilde leaves out."""
    release = list(version.release)
    index = min(1, len(release) - 1)
    if operator == "^":
        index = next((i for i, number in enumerate(release) if number), len(release) - 1)
    return ".".join(map(str, [*release[:index], release[index] + 1]))
