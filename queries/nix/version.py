"""Which Nix is this? Flavor and number, from ``nix --version``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyclosure.queries.base.text import printable

_WORDS = re.compile(r"\((?P<inside>[^)]*)\)\s+(?P<number>\S+)\s*$")
_NUMBER = re.compile(r"^(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")
_LONGEST = 200
"""Characters of the line that are looked at."""


@dataclass(frozen=True, slots=True)
class NixVersion:
    """A parsed version. Test the flavor before the number: Lix 2.90 is older than Nix 2.33 in its shapes."""

    flavor: str
    """``Nix``, ``Lix`` or ``Determinate Nix``."""
    number: tuple[int, int, int]
    """(0, 0, 0) when it cannot be told."""
    text: str

    @property
    def known(self) -> bool:
        """Whether a number could be read."""
        return self.number != (0, 0, 0)

    @property
    def wants_json_format(self) -> bool:
        """Whether ``path-info --json`` wants ``--json-format`` (and warns without it)."""
        return self.flavor != "Lix" and self.number >= (2, 33, 0)

    @property
    def has_derivation_show(self) -> bool:
        """Whether the command is ``derivation show`` rather than ``show-derivation``."""
        return self.flavor == "Lix" or not self.known or self.number >= (2, 15, 0)


def parse_version(text: str) -> NixVersion:
    """Parse a line such as ``nix (Nix) 2.26.3`` or ``nix (Lix, like Nix) 2.91.1``."""
    line = printable(next((one for one in text.splitlines() if one.startswith("nix")), ""), _LONGEST).strip()
    words = _WORDS.search(line)
    number = _NUMBER.match(words["number"]) if words else None
    inside = words["inside"] if words else ""
    flavor = "Lix" if "Lix" in inside else "Determinate Nix" if "Determinate" in inside else "Nix"
    if number is None or words is None:
        return NixVersion(flavor, (0, 0, 0), line)
    major, minor, patch = (int(part or 0) for part in number.groups())
    return NixVersion(flavor, (major, minor, patch), words["number"])
