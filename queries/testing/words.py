"""The words for what becomes of tests, apart from everything that works it out: lists begin with them."""

from __future__ import annotations

from typing import Literal

Ran = Literal["ran", "filtered", "own-phase", "vacuous", "imports-only", "separate", "not-run", "unknown"]
RAN_WORDS: dict[Ran, str] = {
    "ran": "ran",
    "filtered": "ran in part",
    "own-phase": "own phase",
    "vacuous": "nothing ran",
    "imports-only": "imports only",
    "separate": "elsewhere",
    "not-run": "not run",
    "unknown": "unknown",
}
Verdict = Literal["none", "explained", "real", "moot", "unknown"]
"""No gap; missing only what served tests that were left out; missing all the same; no tests ran; not known."""
VERDICT_WORDS: dict[Verdict, str] = {
    "real": "real gap",
    "explained": "gap explained",
    "none": "no gap",
    "moot": "no tests in its build",
    "unknown": "unknown",
}
Concern = Literal["real", "vacuous", "not-run", "explained", "unknown", "fine"]
"""What is to be said of a package first, for sorting and filtering: the first that fits."""
CONCERNS: tuple[Concern, ...] = ("real", "vacuous", "not-run", "explained", "unknown", "fine")
CONCERN_WORDS: dict[Concern, str] = {
    "real": "real gap",
    "vacuous": "nothing ran",
    "not-run": "not run",
    "explained": "explained",
    "unknown": "unknown",
    "fine": "no gap known",
}
