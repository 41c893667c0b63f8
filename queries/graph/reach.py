"""Sums over everything reachable, for all paths at once.

One bitset (a Python int) a path, references first. The sum of a path is taken from its heaviest
reference, plus what the others add; only that difference is counted bit by bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import mul

_FEW = 16
_CHUNK = 1024


def _nothing() -> None:
    return None


def reachable_sums(
    references: Sequence[Sequence[int]], weights: Sequence[int], check: Callable[[], None] = _nothing
) -> list[int]:
    """Return position → sum of the weights of all reachable positions, itself included.

    Args:
        references: position → smaller positions.
        weights: one non-negative number a position.
        check: called now and then; raises to stop the work.
    """
    planes, powers = _planes(weights)
    reach: list[int] = []
    sums: list[int] = []
    left = _last_uses(references)
    for index, below in enumerate(references):
        if index % _CHUNK == 0:
            check()
        if not below:
            reach.append(1 << index)
            sums.append(weights[index])
            continue
        heaviest = max(below, key=sums.__getitem__)
        base = bits = reach[heaviest]
        for reference in below:
            bits |= reach[reference]
        more = bits ^ base
        total = sums[heaviest] + weights[index]
        if more.bit_count() <= _FEW:
            while more:
                highest = more.bit_length() - 1
                total += weights[highest]
                more ^= 1 << highest
        else:
            total += sum(map(mul, map(int.bit_count, map(more.__and__, planes)), powers))
        reach.append(bits | 1 << index)
        sums.append(total)
        for reference in below:
            if left[reference] == index:
                reach[reference] = 0
    return sums


def _last_uses(references: Sequence[Sequence[int]]) -> list[int]:
    """Return position → the last position that references it, after which its bitset can go."""
    last = [-1] * len(references)
    for index, below in enumerate(references):
        for reference in below:
            last[reference] = index
    return last


def _planes(weights: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return for each bit of the weights the set of positions that have it, and its worth."""
    width = max(weights, default=0).bit_length()
    columns = [bytearray((len(weights) + 7) // 8) for _ in range(width)]
    for index, weight in enumerate(weights):
        byte, bit = index >> 3, 1 << (index & 7)
        while weight:
            lowest = weight & -weight
            columns[lowest.bit_length() - 1][byte] |= bit
            weight ^= lowest
    return [int.from_bytes(column, "little") for column in columns], [1 << index for index in range(width)]
