"""Labels and branches by the number of rebuilds, as projects have them; data, not code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyclosure.queries.data import load
from pyclosure.queries.errors import BadInput
from pyclosure.queries.text import printable


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a project makes of a number of rebuilds."""

    profile: str
    count: int
    counted: str
    """What was counted, in words."""
    counts: str
    """What the project itself counts."""
    labels: tuple[str, ...]
    branch: str
    """Where a change of that size belongs; empty for nowhere."""
    rule: str
    source: str
    """Where the rule stands."""

    @property
    def as_the_project(self) -> bool:
        """Whether the project would count the same things."""
        return self.counted == self.counts


def profiles() -> tuple[str, ...]:
    """Return the names of the profiles."""
    return tuple(load("rebuild"))


def weigh(count: int, systems: Iterable[str], profile: str = "nixpkgs", counted: str = "derivations") -> Weighed:
    """Return what a project makes of a number of rebuilds.

    Args:
        count: how many, by kernel the greatest.
        systems: such as ``x86_64-linux``: labels are by kernel.
        profile: whose rules.
        counted: what was counted.

    Raises:
        BadInput: there is no such profile.
    """
    known: dict[str, Any] = load("rebuild")
    if profile not in known:
        raise BadInput(f"there is no profile {printable(profile, 60)}", hint=f"there are {', '.join(known)}")
    rules = known[profile]
    # what is built for no kernel in particular (builtin) is fetched
    kernels = sorted({one.partition("-")[2] for one in systems if one.partition("-")[2] in ("linux", "darwin")})
    labels = [
        rules["label"].format(kernel=kernel, bucket=name)
        for kernel in kernels
        for name, least, most in rules["buckets"]
        if count >= least and (most < 0 or count <= most)
    ]
    branch = max((one for one in rules["branches"] if count >= one["from"]), key=lambda one: int(one["from"]))
    return Weighed(
        profile, count, counted, rules["counted"], tuple(labels), branch["branch"], branch["rule"], rules["source"]
    )
