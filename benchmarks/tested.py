"""Make build graphs of any size: native derivations, fetchers, and Python packages that test with each other."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

from pyclosure.queries.base.records import Distribution

_ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz"
_HOOKS = ("wrap-python-hook", "pypa-build-hook.sh", "python-imports-check-hook.sh", "python-output-dist-hook")


@dataclass(frozen=True)
class Tested:
    """A build graph as ``nix derivation show -r`` prints it, and what is installed."""

    document: bytes
    distributions: dict[str, Distribution]
    """``.drv`` path → METADATA of the package."""


def tested(count: int, packages: int, seed: int = 1) -> Tested:
    """Return a graph of ``count`` derivations, ``packages`` of them Python packages whose tests run."""
    maker = _Maker(random.Random(seed))
    native: list[str] = []
    for number in range(count - packages - len(_HOOKS) - 2):
        fixed = maker.rng.random() < 0.4
        # the shape of nixpkgs: mostly what was built lately, and fetchers that nothing is behind
        below = [] if fixed else maker.some(native[-400:], maker.rng.randint(1, 6))
        native.append(maker.add(f"native{number}-1.0", below, fixed=fixed, buildCommand="x" * 500))
    python = maker.add("python3-3.13.9", maker.some(native, 8))
    hooks = [maker.add(name, [python]) for name in _HOOKS]
    runner = maker.add("pytest-check-hook", [python])
    made: list[str] = []
    distributions = {}
    for number in range(packages):
        dependencies = maker.some(made, maker.rng.randint(0, 5))
        checks = [runner, *maker.some(made, 3)]
        libraries = maker.some(native, 2)
        path = maker.add(
            f"python3.13-package{number}-1.0",
            [python, *hooks, *libraries, *checks, *dependencies],
            pname=f"package{number}",
            version="1.0",
            nativeBuildInputs=" ".join([python, *hooks, *libraries, *checks]),
            propagatedBuildInputs=" ".join([*dependencies, python]),
            doInstallCheck="1",
            postFixup="y" * 2000,
        )
        made.append(path)
        wanted = tuple(f'package{maker.rng.randrange(packages)}; extra == "test"' for _ in range(5))
        distributions[f"{path}.drv"] = Distribution(
            f"package{number}", f"package{number}", "1.0", "python3.13", "x", requires_dist=wanted, extras=("test",)
        )
    return Tested(json.dumps(maker.made).encode(), distributions)


class _Maker:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.made: dict[str, Any] = {}

    def some(self, paths: list[str], most: int) -> list[str]:
        return self.rng.sample(paths, min(len(paths), most))

    def add(self, name: str, inputs: list[str], *, fixed: bool = False, **env: str) -> str:
        path = f"/nix/store/{''.join(self.rng.choices(_ALPHABET, k=32))}-{name}"
        output = {"path": path, **({"hashAlgo": "sha256", "hash": "0" * 64} if fixed else {})}
        self.made[f"{path}.drv"] = {
            "outputs": {"out": output},
            "inputSrcs": [],
            "inputDrvs": {f"{one}.drv": ["out"] for one in dict.fromkeys(inputs)},
            "system": "x86_64-linux",
            "builder": "/bin/sh",
            "args": [],
            "env": {"name": name, "out": path, **env},
        }
        return path
