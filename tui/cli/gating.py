"""Whether a change may pass: a review, its limits, and the exit status that says so."""

from __future__ import annotations

import argparse
import shlex
from typing import IO, TYPE_CHECKING

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.text import printable
from pyclosure.queries.base.verdicts import SEVERITIES
from pyclosure.queries.diff.gates import Gate, judge_change, judge_size
from pyclosure.queries.policy.gates import Gates
from pyclosure.tui.cli.commands import Streams
from pyclosure.tui.cli.opening import Narrator, load_pair
from pyclosure.tui.words.units import size

if TYPE_CHECKING:
    from pyclosure.queries.policy.policy import Policy
    from pyclosure.tui.words.diff import Shown

SIGNS = {"passed": "✔", "breached": "✘", "no data": "?"}


def check_change(arguments: argparse.Namespace, base: str, policy: Policy, streams: Streams) -> int:
    """Review a change, judge its limits, print both, and return the status: 0 passed, 1 breached, 2 no data."""
    from dataclasses import replace

    from pyclosure.queries.diff.review import review
    from pyclosure.tui.cli.main import silence
    from pyclosure.tui.words.diff import Shown, change_of

    if arguments.lock or arguments.format == "sarif":
        what = "--lock" if arguments.lock else "--format sarif"
        raise BadInput(f"{what} is for one closure", hint="check the new one by itself as well")
    gates = policy.gates
    # a severity that was named counts for what is new; who names no limit at all asks what check always asks
    named = any(word in SEVERITIES for option in arguments.fail_on for word in option.split(","))
    if (named or not gates.any) and policy.fail_on != "never" and policy.fail_on not in gates.new:
        gates = replace(gates, new=(*gates.new, policy.fail_on))
    (source,) = arguments.sources
    old, new = load_pair(arguments, base, source, err=streams.err, inspect=True)
    narrator = Narrator(streams.err)
    try:
        found = review(old, new, policy, narrator)
    finally:
        narrator.finish()
    judged = [*judge_size(gates, new, size), *judge_change(gates, found, change_of)]
    shown = Shown(found, (base, source), _command(arguments, base, gates), None)
    status = status_of(judged, allow_unknown=arguments.allow_unknown)
    try:
        write_change(shown, judged, arguments.format, streams.out)
    except BrokenPipeError:
        # a gate must not open because its reader has seen enough
        silence(streams.out)
    return status


def status_of(judged: list[Gate], *, allow_unknown: bool) -> int:
    """Return 1 when a limit is breached, 2 when one has no data, else 0; nothing fails who asks for nothing."""
    states = {one.state for one in judged}
    if "breached" in states:
        return 1
    return 2 if "no data" in states and not allow_unknown else 0


def write_change(shown: Shown, judged: list[Gate], form: str, out: IO[str]) -> None:
    """Write limits and the change itself."""
    from pyclosure.tui.output.answers.diff import gated_answer
    from pyclosure.tui.output.diff import write_text
    from pyclosure.tui.output.diff_markdown import write_markdown
    from pyclosure.tui.output.formats import FOR_ALL, write_answer
    from pyclosure.tui.words.diff import finding_words

    if form in FOR_ALL:
        write_answer(gated_answer(shown, judged), form, out)
    elif form == "markdown":
        write_markdown(shown, out, gates=judged)
    else:
        for one in judged:
            out.write(f"{SIGNS[one.state]} {gate_words(one)}\n")
            out.writelines(f"    {printable(finding_words(each), 400)}\n" for each in one.findings)
        out.write("" if judged else "no limit was asked for\n")
        out.write("\n")
        write_text(shown, out)


def gate_words(gate: Gate) -> str:
    """Return a limit and what was measured: ``max-increase 5%: breached: +23.8 MiB (+118.4 %)``."""
    limit = f" {gate.limit}" if not gate.name.startswith("new:") else ""
    return printable(f"{gate.name}{limit}: {gate.state}: {gate.value}", 400)


def _command(arguments: argparse.Namespace, base: str, gates: Gates) -> str:
    words = ["pyclosure", "check", base, *arguments.sources]
    for option, value in (
        ("--max-increase", gates.max_increase),
        ("--max-size", gates.max_size),
        ("--max-paths", gates.max_paths),
    ):
        words += [option, str(value)] if value is not None else []
    for word in gates.new:
        words += ["--fail-on", f"new:{word}"]
    return shlex.join(words)
