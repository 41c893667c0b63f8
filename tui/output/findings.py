"""Findings as text, JSON, markdown and SARIF; the screen shows the same ones in the same order."""

from __future__ import annotations

from typing import IO

from pyclosure.tui.output.answers.findings import check_answer
from pyclosure.tui.output.findings_markdown import write_markdown
from pyclosure.tui.output.findings_sarif import sarif
from pyclosure.tui.output.findings_text import write_text
from pyclosure.tui.output.formats import FOR_ALL, write_answer
from pyclosure.tui.words.findings import Findings


def write_findings(shown: Findings, form: str, out: IO[str], *, fine: bool = False) -> None:
    """Write findings in one of the formats."""
    if form in FOR_ALL:
        write_answer(check_answer(shown), form, out)
    elif form == "sarif":
        write_answer(sarif(shown), "json", out)
    elif form == "markdown":
        write_markdown(shown, out)
    else:
        write_text(shown, out, fine)
