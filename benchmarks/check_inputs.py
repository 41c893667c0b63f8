"""How well are check inputs told from derivations alone? Measured on two recordings of one package set.

One recording has tests on for more packages than the other: what nixpkgs' builder appended there are the check
inputs. Usage: ``python -m benchmarks.check_inputs OFF.json.gz ON.json.gz`` (outputs of ``nix derivation show -r``).
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping

from pyclosure.queries.base.names import name_of
from pyclosure.queries.base.records import Derivation
from pyclosure.queries.parse.derivation import parse_derivations
from pyclosure.queries.testing.inputs import LISTS, check_inputs, runs_tests
from pyclosure.queries.testing.world import World


def main() -> None:
    """Compare what the derivations tell with what the pair of recordings proves."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("off")
    parser.add_argument("on")
    parser.add_argument("--misses", action="store_true", help="print every package that is not exact")
    options = parser.parse_args()
    off, on = (_read(file) for file in (options.off, options.on))
    figures = measure(off, on)
    if options.misses:
        for name, missed, extra in figures.pop("wrong"):
            print(f"{name}: missed {missed}, taken for check inputs {extra}")
    else:
        figures.pop("wrong")
    print(json.dumps(figures, indent=2))


def measure(off: Mapping[str, Derivation], on: Mapping[str, Derivation]) -> dict[str, object]:
    """Return packages, how many are exact, precision and recall over all check inputs."""
    world = World(on, {})
    packages = exact = right = found = true = 0
    wrong = []
    for derivation, truth in proven(off, on):
        told = [f"{one.attribute} {one.name}" for one in check_inputs(derivation, world).inputs]
        packages += 1
        exact += told == truth
        right += len(set(told) & set(truth))
        found += len(told)
        true += len(truth)
        if told != truth:
            wrong.append((derivation.name, sorted(set(truth) - set(told)), sorted(set(told) - set(truth))))
    return {
        "packages": packages,
        "exact": exact,
        "check inputs": true,
        "precision": round(right / found, 4),
        "recall": round(right / true, 4),
        "wrong": wrong,
    }


def proven(off: Mapping[str, Derivation], on: Mapping[str, Derivation]) -> Iterator[tuple[Derivation, list[str]]]:
    """Yield derivations of Python packages with their check inputs as ``list name``, where the pair proves them."""
    by_name = defaultdict(list)
    for derivation in off.values():
        by_name[derivation.name].append(derivation)
    for derivation in on.values():
        if "wrap-python-hook" not in derivation.attribute("nativeBuildInputs"):
            continue
        if not runs_tests(derivation):
            yield derivation, []
            continue
        for other in by_name[derivation.name]:
            tails = [_tail(derivation, other, key) for key in LISTS]
            if not runs_tests(other) and None not in tails:
                yield derivation, [name for tail in tails for name in tail or ()]
                break


def _tail(on: Derivation, off: Derivation, key: str) -> list[str] | None:
    more, fewer = ([f"{key} {name_of(word)}" for word in one.attribute(key).split()] for one in (on, off))
    return more[len(fewer) :] if more[: len(fewer)] == fewer else None


def _read(file: str) -> dict[str, Derivation]:
    with gzip.open(file) as opened:
        return parse_derivations(opened.read(), "/nix/store", file)


if __name__ == "__main__":
    main()
