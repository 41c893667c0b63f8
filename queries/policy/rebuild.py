"""Labels and branches by the number of rebuilds, as projects have them; data, not code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.tables import TABLE, table_of
from pyclosure.queries.base.text import printable
from pyclosure.queries.data import load

Counted = Literal["derivations", "attributes"]
USUAL = "nixpkgs"
_LARGEST = 40
"""Characters of a name."""


class Branch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where changes from some number of rebuilds on belong."""

    start: int = msgspec.field(name="from")
    branch: str
    """Empty for nowhere."""
    rule: str
    """In the words of the project."""


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a project weighs a number of rebuilds."""

    counted: Counted
    """What the project counts."""
    branches: tuple[Branch, ...]
    source: str = ""
    """Where the rules stand."""
    label: str = ""
    """With ``{kernel}`` and ``{bucket}`` in their places; empty for a project without labels."""
    buckets: tuple[tuple[str, int, int], ...] = ()
    """Name, least and most, -1 for no end; several may hold at once."""


# builds the types here, once: two threads that do so at the same time bring the interpreter down
msgspec.json.Decoder(dict[str, Profile])


@dataclass(frozen=True, slots=True)
class Profiles:
    """The profiles that there are, and the one that is used."""

    chosen: str = USUAL
    own: Mapping[str, Profile] = field(default_factory=dict)
    """Those of the owner; they go before those that ship."""

    @property
    def every(self) -> Mapping[str, Profile]:
        """Name → profile."""
        return {**shipped(), **self.own}

    def named(self, name: str | None) -> tuple[str, Profile]:
        """Return a profile with its name; None for the one that is used.

        Raises:
            BadInput: there is no such profile.
        """
        every, wanted = self.every, name or self.chosen
        if wanted not in every:
            raise BadInput(
                f"there is no profile {printable(wanted, 60)}",
                hint=f"there are {', '.join(every)}; add one below [rebuild.profiles] of pyclosure.toml",
            )
        return wanted, every[wanted]


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a project makes of a number of rebuilds."""

    profile: str
    count: int
    counted: Counted
    """What was counted."""
    counts: Counted
    """What the project itself counts."""
    labels: tuple[str, ...]
    branch: str
    """Where a change of that size belongs; empty for nowhere."""
    rule: str
    source: str
    """Where the rule stands; empty when nobody said."""

    @property
    def as_the_project(self) -> bool:
        """Whether the project would count the same things."""
        return self.counted == self.counts


def shipped() -> Mapping[str, Profile]:
    """Return the profiles that come with pyclosure."""
    return msgspec.convert(load("rebuild"), dict[str, Profile])


def profiles_of(values: Mapping[str, Any], where: str) -> Profiles:
    """Return the profiles that a table of TOML holds.

    Raises:
        BadInput: something in it is not understood.
    """
    table = table_of(values, f"{where}: rebuild", ("profile", "profiles"))
    own = table.get("profiles", TABLE, "write [rebuild.profiles.NAME] above each") or {}
    found = Profiles(own={str(name): _profile(str(name), one, where) for name, one in own.items()})
    chosen = values.get("profile", USUAL)
    if not isinstance(chosen, str) or chosen not in found.every:
        shown = printable(str(chosen), 60)
        raise BadInput(f"{where}: there is no profile {shown}", hint=f"there are {', '.join(found.every)}")
    return Profiles(chosen, found.own)


def _profile(name: str, table: Any, where: str) -> Profile:
    what = f"{where}: rebuild profile {printable(name, _LARGEST)}"
    try:
        found = msgspec.convert(table, Profile)
    except msgspec.ValidationError as error:
        raise BadInput(f"{what}: {printable(str(error), 160)}", hint="docs/rebuild.md has an example") from None
    if not found.branches or min(one.start for one in found.branches) > 0:
        raise BadInput(f"{what}: no branch is for 0 rebuilds", hint="one of its branches must have from = 0")
    if any("staging-next" in one.branch for one in found.branches):
        raise BadInput(f"{what}: staging-next is for fixes, whatever they rebuild", hint="name another branch")
    return found


def weigh(count: int, systems: Iterable[str], named: tuple[str, Profile], counted: Counted = "derivations") -> Weighed:
    """Return what a project makes of a number of rebuilds.

    Args:
        count: how many, by kernel the greatest.
        systems: such as ``x86_64-linux``: labels are by kernel.
        named: whose rules, with the name of the profile.
        counted: what was counted.
    """
    name, profile = named
    # what is built for no kernel in particular (builtin) is fetched
    kernels = sorted({one.partition("-")[2] for one in systems if one.partition("-")[2] in ("linux", "darwin")})
    labels = [
        profile.label.replace("{kernel}", kernel).replace("{bucket}", bucket)
        for kernel in (kernels if "{kernel}" in profile.label else kernels[:1])
        for bucket, least, most in profile.buckets
        if count >= least and (most < 0 or count <= most)
    ]
    branch = max((one for one in profile.branches if count >= one.start), key=lambda one: one.start)
    return Weighed(name, count, counted, profile.counted, tuple(labels), branch.branch, branch.rule, profile.source)
