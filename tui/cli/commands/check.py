"""What is wrong with this closure?"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.text import printable
from pyclosure.tui.cli.commands import Command, Streams
from pyclosure.tui.cli.opening import Narrator, add_source_arguments, load, whole_number
from pyclosure.tui.output.formats import FOR_ALL

if TYPE_CHECKING:
    from pyclosure.queries.findings.report import Report
    from pyclosure.queries.locks import Lock
    from pyclosure.queries.opened.knowledge import Knowledge
    from pyclosure.queries.policy.policy import Policy

_FORMATS = ("text", *FOR_ALL, "markdown", "sarif")
_STATUS = {"passed": 0, "failed": 1, "unknown": 2}


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--format", choices=_FORMATS, default="text", help="how to print it")
    parser.add_argument(
        "--fail-on",
        action="append",
        default=[],
        metavar="WHAT",
        help="what ends in status 1: error, warning (default), info or never for the mildest severity; of a change\n"
        "new:leak, new:any, new:error, new:warning, new:info or new:RULE; may be repeated",
    )
    group = parser.add_argument_group("a change")
    group.add_argument(
        "--base", metavar="OLD", help="what was before: judge what is new (or, with a limit: check OLD NEW)"
    )
    group.add_argument("--old-store", metavar="URL", help="OLD is in this store, SOURCE in that of --store")
    group.add_argument("--max-increase", metavar="LIMIT", help="how much larger it may get: 5%%, 20MiB")
    group.add_argument("--max-size", metavar="SIZE", help="how large it may be at all: 400MiB")
    group.add_argument("--max-paths", type=whole_number(0), metavar="N", help="how many store paths it may have")
    parser.add_argument(
        "--rule", action="append", default=[], metavar="RULE", help="ask this rule only; may be repeated"
    )
    parser.add_argument("--ignore", action="append", default=[], metavar="RULE", help="do not ask it; may be repeated")
    parser.add_argument("--filter", metavar="WORDS", help="print findings that mention all of the words")
    parser.add_argument(
        "--sort", choices=("severity", "cost", "rule"), default="severity", help="what comes first (default severity)"
    )
    parser.add_argument("--by", choices=("severity", "rule", "path"), help="print findings in groups")
    parser.add_argument("--lock", action="append", default=[], metavar="FILE", help="compare with this lock file")
    parser.add_argument("--group", action="append", default=[], metavar="NAME", help="dependency group of the lock")
    parser.add_argument("--extra", action="append", default=[], metavar="NAME", help="extra of the lock's project")
    parser.add_argument("--allow-unknown", action="store_true", help="pass although some rules could not judge")
    parser.add_argument("--fine", action="store_true", help="also list what was found in order")
    parser.add_argument("--config", metavar="FILE", help="decisions: a pyclosure.toml, or a pyproject.toml")
    parser.add_argument("--no-config", action="store_true", help="look for no such file")
    parser.add_argument("--list-rules", action=_ListRules, help="print all rules and leave")
    parser.add_argument("--explain", action=_Explain, metavar="RULE", help="print what a rule does and leave")


class _ListRules(argparse.Action):
    def __init__(self, **options: object) -> None:
        super().__init__(nargs=0, **options)  # type: ignore[arg-type]

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from pyclosure.tui.output.rules import rules_text

        sys.stdout.write(rules_text())
        parser.exit(0)


class _Explain(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, namespace: object, value: object, *_: object) -> None:
        from pyclosure.queries.findings import find_rule, known_rules
        from pyclosure.queries.policy.policy import rule_id
        from pyclosure.tui.output.rules import rule_text

        try:
            rule = find_rule(rule_id(value, "--explain", known_rules()))
        except BadInput as error:
            parser.error(f"{error}: {error.hint}")
        assert rule is not None
        sys.stdout.write(rule_text(rule))
        parser.exit(0)


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.diff.gates import judge_size
    from pyclosure.tui.cli.gating import SIGNS, gate_words
    from pyclosure.tui.cli.main import silence
    from pyclosure.tui.output.findings import write_findings
    from pyclosure.tui.words.findings import Findings
    from pyclosure.tui.words.units import size

    policy = _policy(arguments)
    base = _base(arguments, policy)
    if base is not None:
        from pyclosure.tui.cli.gating import check_change

        return check_change(arguments, base, policy, streams)
    if arguments.max_increase or any(word.startswith("new") for word in _words(arguments.fail_on)):
        raise BadInput("there is nothing to compare with", hint="pyclosure check OLD NEW, or --base OLD")
    if policy.gates.needs_base:
        streams.err.write("limits of a change are not asked: there is nothing to compare with (--base OLD)\n")
    report, knowledge = _report(arguments, policy, streams)
    shown = Findings(knowledge, report, arguments.sort, arguments.filter or "", arguments.allow_unknown, arguments.by)
    outcome = report.outcome(allow_unknown=arguments.allow_unknown)
    gates = list(judge_size(policy.gates, knowledge, size))
    if any(one.state == "breached" for one in gates):
        outcome = "failed"
    for one in gates:
        # stdout is the report, whatever its format
        streams.err.write(f"{SIGNS[one.state]} {gate_words(one)}\n")
    try:
        write_findings(shown, arguments.format, streams.out, fine=arguments.fine)
    except BrokenPipeError:
        # a gate must not open because its reader has seen enough
        silence(streams.out)
        return _STATUS[outcome]
    if outcome == "unknown":
        streams.out.flush()
        streams.err.write(f"pyclosure: not passed, because not everything could be judged: {_unjudged(report)}\n")
        streams.err.write("  bring the data, turn those rules off (--ignore), or pass all the same (--allow-unknown)\n")
    return _STATUS[outcome]


def _report(arguments: argparse.Namespace, policy: Policy, streams: Streams) -> tuple[Report, Knowledge]:
    from pyclosure.queries.findings.context import Context
    from pyclosure.queries.findings.judge import judge
    from pyclosure.queries.opened.evidence import EvidenceStore

    locks = _locks(arguments)
    # the build graph and sources are read for those who ask
    tests = any(policy.asks(one) for one in ("P12", "P13", "P14"))
    knowledge = load(arguments, streams.err, inspect=True, tests=tests)
    narrator = Narrator(streams.err)
    try:
        context = Context(
            knowledge, EvidenceStore(knowledge), policy, locks, narrator, groups=arguments.group, extras=arguments.extra
        )
        return judge(context), knowledge
    finally:
        narrator.finish()


def _locks(arguments: argparse.Namespace) -> list[Lock]:
    if not arguments.lock:
        if arguments.group or arguments.extra:
            raise BadInput("--group and --extra are of a lock, and there is none", hint="name it with --lock")
        return []
    from pyclosure.queries.findings.rules.p25_lock import refuse_unknown
    from pyclosure.queries.locks import read_lock

    locks = [read_lock(file) for file in arguments.lock]
    refuse_unknown(locks, arguments.group, arguments.extra)
    return locks


def _policy(arguments: argparse.Namespace) -> Policy:
    from pyclosure.queries.findings import known_rules
    from pyclosure.queries.policy.gates import Gates, checked
    from pyclosure.queries.policy.policy import Policy, rule_id
    from pyclosure.tui.session.policy_file import read_policy

    policy = Policy() if arguments.no_config else read_policy(arguments.config)
    rules = known_rules()
    off = {rule_id(word, "--ignore", rules): "off" for word in _words(arguments.ignore)}
    only = tuple(rule_id(word, "--rule", rules) for word in _words(arguments.rule))
    left = tuple(one for one in only if one not in off)
    if only and not left:
        raise BadInput(f"nothing is left to ask: {', '.join(only)} is asked for and ignored", hint="drop --ignore")
    words = _words(arguments.fail_on)
    plain = [word for word in words if not word.startswith("new")]
    if len(plain) > 1 or not set(plain) <= {"error", "warning", "info", "never"}:
        raise BadInput(
            f"--fail-on {printable(' '.join(plain), 60)}",
            hint="one of error, warning, info and never; new:… as often as you like",
        )
    new = tuple(word.removeprefix("new").removeprefix(":") or "any" for word in words if word.startswith("new"))
    gates = policy.gates
    changed = Gates(
        max_increase=gates.max_increase if arguments.max_increase is None else arguments.max_increase,
        max_size=gates.max_size if arguments.max_size is None else arguments.max_size,
        max_paths=gates.max_paths if arguments.max_paths is None else arguments.max_paths,
        new=new or gates.new,
    )
    fail_on = plain[0] if plain else policy.fail_on
    severities = {**policy.severities, **off}
    return replace(policy, fail_on=fail_on, severities=severities, only=left, gates=checked(changed, "check", rules))


def _base(arguments: argparse.Namespace, policy: Policy) -> str | None:
    """Return the old side of a comparison, and leave the new one as the only source; None when there is one side.

    Where there is a limit, named or in the policy, two sources are OLD and NEW; without one they are two roots.
    """
    if arguments.base is None and policy.gates.any and len(arguments.sources) == 2:
        arguments.base = arguments.sources.pop(0)
    elif arguments.base is None and policy.gates.needs_base and len(arguments.sources) > 2:
        raise BadInput(
            f"a change has two sides, and {len(arguments.sources)} were named", hint="pyclosure check OLD NEW"
        )
    if arguments.base is not None and len(arguments.sources) != 1:
        raise BadInput("a change has one new side", hint="pyclosure check NEW --base OLD")
    return str(arguments.base) if arguments.base is not None else None


def _words(options: list[str]) -> list[str]:
    """Return the values of an option that may be repeated, or given with commas."""
    return [word for option in options for word in option.split(",") if word]


def _unjudged(report: Report) -> str:
    from pyclosure.queries.findings import all_rules

    if not report.asked:
        locks = [one.id for one in all_rules() if "lock" in one.needs and one.id in report.policy.only]
        return f"{', '.join(locks)} needs --lock" if locks else "no rule was asked"
    rules = sorted({one.rule for one in report.unknown})
    return f"{', '.join(rules)} ({report.unknown[0].reason})"


COMMAND = Command(
    summary="what is wrong: leaks, conflicts, missing requirements, broken links",
    description=(
        "Look through all files of the closure and say what is wrong, where, how sure that is, what it costs\n"
        "and what to do. Nothing found there is executed. Status 0: nothing that counts; 1: something does;\n"
        "2: not everything could be judged, which is no pass.\n\n"
        "Of a change (--base OLD, or OLD NEW with a limit) only what is new counts, besides the limits of size.\n"
        "Two sources without a limit are two roots of one closure.\n\n"
        "Decisions are read from the nearest pyclosure.toml, or [tool.pyclosure] of a pyproject.toml: fail-on,\n"
        "wanted, [rules], [[accept]] and [gates]; see docs/rules.md."
    ),
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure check ./result", "everything that is wrong"),
        ("pyclosure check ./result --rule P18 --rule P10", "compilers and test tools only"),
        ("pyclosure check ./result --format markdown", "for a pull request"),
        ("pyclosure check ./result --lock uv.lock", "and how it differs from the lock"),
        ("pyclosure check ./result --format sarif > closure.sarif", "for code scanning"),
        ("pyclosure check ./before ./after --max-increase 5% --fail-on new:leak", "may this change pass?"),
        ("pyclosure check --explain P15", "what a rule does"),
    ),
)
