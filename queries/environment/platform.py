"""For which interpreter and platform was it built? The environment that markers are evaluated in.

Never that of the machine which runs pyclosure: a closure of macOS can be read on Linux.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from packaging.markers import Marker, UndefinedEnvironmentName

from pyclosure.queries.base.inspection import Inspection
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
_FULL = re.compile(r"\d+\.\d+\.(\d+)\w*")
MOST_CANDIDATES = 2000
"""Environments that one marker is asked in: values of variables that are not known multiply."""
_OTHERS = {"platform_machine": ("riscv64",), **dict.fromkeys(_OF_KERNEL, ("9999",))}
"""Values that no marker is likely to name."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What is known of where the closure's Python runs; what is not known takes each likely value in turn."""

    candidates: tuple[Mapping[str, str], ...]
    """Environments for markers; more than one where something is not known."""
    system: Fact
    """``x86_64-linux`` and the like, or ``unknown``."""
    unknown: tuple[str, ...] = ()
    """Variables of markers that can have other values than those of the candidates."""
    _answers: dict[tuple[str, str], bool | None] = field(default_factory=dict, repr=False, compare=False)

    def remembers(self, text: str, marker: Marker | None, extra: str = "") -> bool | None:
        """Say whether a marker holds, as :meth:`holds`, working out each text only once."""
        key = text, extra
        if key not in self._answers:
            self._answers[key] = self.holds(marker, extra)
        return self._answers[key]

    def holds(self, marker: Marker | None, extra: str = "") -> bool | None:
        """Say whether a marker holds; None when that depends on something that is not known."""
        if marker is None:
            return True
        candidates = self._candidates_for(str(marker))
        if candidates is None:
            return None
        answers = {_holds(marker, {**one, "extra": extra}) for one in candidates}
        return answers.pop() if len(answers) == 1 else None

    def standing(self, marker: Marker | str | None) -> tuple[Certainty, Tier]:
        """Return how sure the answer to a marker is, and the weakest evidence that it rests on."""
        # an unknown system took every likely value, a probable one only its own
        if self.system.certainty == "probable" and any(name in str(marker) for name in _OF_SYSTEM):
            return self.system.certainty, self.system.tier
        return "certain", "F"

    def _candidates_for(self, marker: str) -> list[Mapping[str, str]] | None:
        """Return the candidates, and those with the values that a marker compares unknown variables with.

        None when there would be too many: nobody can say then.
        """
        found = list(self.candidates)
        for name in self.unknown:
            values = tuple(_telling_values(name, marker, found[0]["python_version"])) if name in marker else ()
            if len(found) * (1 + len(values)) > MOST_CANDIDATES:
                return None
            found += [{**one, name: value} for one in found for value in values]
        return found

    @property
    def known(self) -> dict[str, str]:
        """The variables of markers that are known; what would be a guess is left out."""
        return {
            name: value
            for name, value in self.candidates[0].items()
            if name not in self.unknown and all(one[name] == value for one in self.candidates)
        }

    @property
    def environment(self) -> dict[str, str]:
        """The likeliest environment."""
        return dict(self.candidates[0])


def _holds(marker: Marker, environment: dict[str, str]) -> bool | None:
    try:
        return bool(marker.evaluate(environment))
    except (ValueError, UndefinedEnvironmentName, RecursionError):
        return None


def _telling_values(name: str, marker: str, minor: str) -> Iterator[str]:
    """Yield values of an unknown variable: what the marker compares it with, what lies just above, and another."""
    operator = r"(?:[<>=!~]+|in|not in)"
    for one, other in re.findall(rf'{name} {operator} "([^"]*)"|"([^"]*)" {operator} {name}', marker):
        value = one or other
        if name in _OF_KERNEL:
            yield from (value, f"{value}.1")
        elif name == "platform_machine":
            yield value
        elif match := _FULL.fullmatch(value):
            yield from (f"{minor}.{match[1]}", f"{minor}.{int(match[1]) + 1}")
    yield from _OTHERS.get(name, ())


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
    return Platform(tuple({**python, **where} for python, where in product(pythons, places)), system, tuple(unknown))


def _pythons(name: str, minor: str, version: str) -> Iterator[dict[str, str]]:
    pypy = name == "pypy"
    # the version of a PyPy path is PyPy's own
    known = not pypy and version.startswith(f"{minor}.")
    for full in (version,) if known else (f"{minor}.0", f"{minor}.99"):
        yield {
            "implementation_name": "pypy" if pypy else "cpython",
            "implementation_version": version if pypy else full,
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
