"""For which interpreter and platform was it built? The environment that markers are evaluated in.

Never that of the machine which runs pyclosure: a closure of macOS can be read on Linux.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from pyclosure.queries.base.inspection import Inspection
from pyclosure.queries.base.markers import Candidates, Judge
from pyclosure.queries.base.records import Certainty, Derivation, Tier
from pyclosure.queries.kinds.identity import Fact

_ABI = re.compile(r"(?P<name>python|pypy)(?P<minor>\d+\.\d+)t?")
_SYSTEMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux"},
    "darwin": {"sys_platform": "darwin", "platform_system": "Darwin"},
}
_MACHINES = ("x86_64", "aarch64")
_MACHINE_NAMES = {"powerpc64le": ("ppc64le",), "powerpc64": ("ppc64",), "arm": ("armv7l", "armv6l")}
"""CPUs that Linux calls otherwise than Nix and the file formats."""
_OF_SYSTEM = ("os_name", "sys_platform", "platform_system", "platform_machine")
_OF_KERNEL = ("platform_release", "platform_version")


@dataclass(frozen=True, slots=True)
class Platform:
    """What is known of where the closure's Python runs; what is not known takes each likely value in turn."""

    candidates: Candidates
    """Environments for markers; more than one where something is not known."""
    system: Fact
    """``x86_64-linux`` and the like, or ``unknown``."""
    _judges: dict[str, Judge] = field(default_factory=dict, repr=False, compare=False)

    def holds(self, marker: str | None, extra: str = "") -> bool | None:
        """Say whether a marker of Requires-Dist holds; None when that depends on something that is not known."""
        if extra not in self._judges:
            self._judges[extra] = Judge(self.candidates.having("extra", extra), None, None)
        return self._judges[extra].holds(marker)

    def standing(self, marker: str) -> tuple[Certainty, Tier]:
        """Return how sure the answer to a marker is, and the weakest evidence that it rests on."""
        # an unknown system took every likely value, a probable one only its own
        if self.system.certainty == "probable" and any(name in marker for name in _OF_SYSTEM):
            return self.system.certainty, self.system.tier
        return "certain", "F"

    @property
    def known(self) -> dict[str, str]:
        """The variables of markers that are known; what would be a guess is left out."""
        return self.candidates.known


def platform_of(
    abi: str, version: str, inspection: Inspection | None, derivation: Derivation | None
) -> Platform | None:
    """Return where an interpreter runs; None for an ABI that is none.

    Args:
        abi: ``python3.11``, ``python3.13t``, ``pypy3.10``.
        version: of the interpreter, as its name says; may be empty.
        inspection: of the interpreter's files.
        derivation: what built the interpreter.
    """
    match = _ABI.fullmatch(abi)
    if match is None:
        return None
    system = _system(inspection, derivation)
    pythons = list(_pythons(match["name"], match["minor"], version))
    places = list(_places(system.value))
    unknown = [*_OF_KERNEL]
    unknown += ["python_full_version"] if len(pythons) > 1 else []
    unknown += ["implementation_version"] if len(pythons) > 1 and match["name"] == "python" else []
    unknown += ["platform_machine"] if system.value == "unknown" else []
    environments = tuple({**python, **where} for python, where in product(pythons, places))
    return Platform(Candidates(environments, tuple(unknown)), system)


def _pythons(name: str, minor: str, version: str) -> Iterator[dict[str, str]]:
    pypy = name == "pypy"
    # the version of a PyPy path is PyPy's own
    known = not pypy and version.startswith(f"{minor}.")
    for full in (version,) if known else (f"{minor}.0", f"{minor}.99"):
        own = version if pypy else full
        yield {
            "implementation_name": "pypy" if pypy else "cpython",
            # of a PyPy without a version it is unknown
            **({"implementation_version": own} if own else {}),
            "platform_python_implementation": "PyPy" if pypy else "CPython",
            "python_version": minor,
            "python_full_version": full,
        }


def _places(system: str) -> Iterator[dict[str, str]]:
    machine, _, name = system.partition("-")
    for kernel in (name,) if name in _SYSTEMS else tuple(_SYSTEMS):
        for cpu in _MACHINE_NAMES.get(machine, (machine,)) if name in _SYSTEMS else _MACHINES:
            arm_mac = kernel == "darwin" and cpu == "aarch64"
            yield {
                "os_name": "posix",
                "platform_machine": "arm64" if arm_mac else cpu,
                # nobody knows the kernel; a number, so that it can be compared with one
                "platform_release": "0",
                "platform_version": "0",
                **_SYSTEMS[kernel],
            }


def _system(inspection: Inspection | None, derivation: Derivation | None) -> Fact:
    for one in inspection.native if inspection else ():
        if one.role != "object" and len(one.machines) == 1:
            name = f"{one.machines[0]}-{'linux' if one.form == 'elf' else 'darwin'}"
            return Fact(name, "F", "certain", f"machine of {one.file}")
    if derivation is not None and derivation.system.partition("-")[2] in _SYSTEMS:
        # a cross build says where it was built, not where it runs
        return Fact(derivation.system, "D", "probable", "system of the derivation")
    return Fact("unknown", "N", "unknown", "neither files nor derivation of the interpreter are here")
