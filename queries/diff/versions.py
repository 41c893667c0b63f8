"""Which of two versions is newer?"""

from __future__ import annotations

import re
from typing import Literal

from packaging.version import InvalidVersion, Version

Direction = Literal["up", "down", "same", "unknown"]
_COMPONENT = re.compile(r"\d+|[^\d.-]+")


def direction(old: str, new: str, *, python: bool) -> Direction:
    """Say whether a version went up or down.

    Args:
        old: before.
        new: after.
        python: whether PEP 440 orders them; otherwise, and where it does not apply, Nix's own order does.
    """
    if not old or not new:
        return "unknown"
    if old == new:
        return "same"
    if python:
        try:
            one, other = Version(old), Version(new)
        except (InvalidVersion, ValueError):
            # ValueError: numbers of thousands of digits
            pass
        else:
            return "up" if one < other else "down" if other < one else "same"
    one_parts, other_parts = _COMPONENT.findall(old), _COMPONENT.findall(new)
    for index in range(max(len(one_parts), len(other_parts))):
        left = one_parts[index] if index < len(one_parts) else ""
        right = other_parts[index] if index < len(other_parts) else ""
        if left != right:
            return "up" if _is_less(left, right) else "down"
    return "same"


def _is_less(left: str, right: str) -> bool:
    """Compare two components as ``builtins.compareVersions`` does."""
    if left.isdigit() and right.isdigit():
        # as numbers, however many digits they have
        one, other = left.lstrip("0"), right.lstrip("0")
        return (len(one), one) < (len(other), other)
    if not left and right.isdigit():
        return True
    if left == "pre" and right != "pre":
        return True
    if right == "pre":
        return False
    if right.isdigit():
        return True
    if left.isdigit():
        return False
    return left < right
