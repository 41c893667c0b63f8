"""Findings for the screen: judged in the background, with the decisions of the nearest policy file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.opened.knowledge import Knowledge

if TYPE_CHECKING:
    from pyclosure.queries.base.activity import Activity
    from pyclosure.queries.base.verdicts import Finding
    from pyclosure.queries.findings.report import Report
    from pyclosure.queries.opened.evidence import EvidenceStore
    from pyclosure.queries.policy.policy import Policy
    from pyclosure.queries.testing.survey import Survey


@dataclass(frozen=True)
class Judgement:
    """What was found, as far as it was looked."""

    report: Report
    whole: bool
    """False while files are still being looked through."""
    problem: str = ""
    """Why the policy file was not used; empty when it was, or when there is none."""
    survey: Survey | None = None
    """Tests of all packages."""
    revision: int = 0
    """How much was known when it was begun."""

    def of_path(self, path: str) -> list[Finding]:
        """Return the findings that a store path is the first or cause of."""
        return self._by_path.get(path, [])

    @cached_property
    def _by_path(self) -> dict[str, list[Finding]]:
        # every move of the cursor asks
        found: dict[str, list[Finding]] = {}
        for one in self.report.findings:
            for path in dict.fromkeys(one.paths):
                found.setdefault(path, []).append(one)
        return found


def judge_closure(knowledge: Knowledge, evidence: EvidenceStore, activity: Activity, *, whole: bool) -> Judgement:
    """Ask all rules; a policy file that cannot be read is told, and the default decisions hold."""
    # imported here: no frame waits for the rules
    from pyclosure.queries.findings.context import Context
    from pyclosure.queries.findings.judge import judge

    policy, problem = nearest_policy()
    revision = knowledge.revision
    context = Context(knowledge, evidence, policy, activity=activity)
    return Judgement(judge(context), whole, problem, context.tests, revision)


def survey_closure(knowledge: Knowledge, evidence: EvidenceStore, activity: Activity) -> Survey:
    """Look at the tests of all packages."""
    from pyclosure.queries.findings.context import Context

    return Context(knowledge, evidence, nearest_policy()[0], activity=activity).tests


def nearest_policy() -> tuple[Policy, str]:
    """Return the decisions of the nearest file, or the default ones and why that file was not used."""
    from pyclosure.queries.policy.policy import Policy
    from pyclosure.tui.session.policy_file import read_policy

    try:
        return read_policy(), ""
    except BadInput as error:
        return Policy(), f"{error} ({error.hint})" if error.hint else str(error)


def headline_words(judgement: Judgement | None) -> str:
    """Return how many findings count: ``3 findings``; empty while nothing was judged."""
    if judgement is None:
        return ""
    report = judgement.report
    errors, warnings = report.count("error"), report.count("warning")
    parts = [f"{errors:,} ✘" if errors else "", f"{warnings:,} ▲" if warnings else ""]
    return " ".join(part for part in parts if part) or ("no findings" if judgement.whole else "")


def worst(judgement: Judgement | None, most: int) -> list[tuple[str, str, str]]:
    """Return sign, title and cost of the worst findings; what is only mentioned is left out."""
    if judgement is None:
        return []
    from pyclosure.tui.words.findings import SIGNS, cost_words

    found = [one for one in judgement.report.findings if one.severity != "info"]
    return [(SIGNS[one.severity], one.title, cost_words(one)) for one in found[:most]]
