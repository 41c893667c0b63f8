"""Tests of Python packages as text, markdown and JSON; the screen shows the same rows in the same order."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from pyclosure.queries.knowledge import Knowledge
from pyclosure.queries.names import name_label, name_of
from pyclosure.queries.records import TIER_WORDS
from pyclosure.queries.testing.words import RAN_WORDS, VERDICT_WORDS, Concern, Ran
from pyclosure.queries.text import printable
from pyclosure.tui.output.formats import (
    cells,
    markdown_code,
    markdown_table,
    markdown_text,
    text_console,
    text_table,
)
from pyclosure.tui.units import UNKNOWN, count

if TYPE_CHECKING:
    from pyclosure.queries.findings.finding import Finding
    from pyclosure.queries.testing.cost import Amplified, TestCost
    from pyclosure.queries.testing.cycles import Cycle, NeedEdge
    from pyclosure.queries.testing.inputs import CheckInputs, Input
    from pyclosure.queries.testing.survey import PackageTests, Survey

SIGNS: dict[Concern, str] = {
    "real": "▲",
    "vacuous": "▲",
    "not-run": "·",
    "imports-only": "·",
    "explained": "·",
    "unknown": "?",
    "fine": " ",
}
_NAMES = 2
"""Missing distributions that a row names."""
_INDENT = 14
_LISTED = 12
"""Cycles, check inputs and packages that text lists of the rest."""


@dataclass(frozen=True)
class Shown:
    """A survey with what its reader asked to see of it."""

    knowledge: Knowledge
    survey: Survey
    filter: str = ""
    """Words that all must be in a row: of its name, verdict, what ran, certainty, missing distributions."""
    reverse: tuple[Finding, ...] = ()
    """Findings about test tools where no test needs them."""
    notes: tuple[str, ...] = ()
    """What the reader should know of how this was worked out, in sentences."""

    @property
    def packages(self) -> list[PackageTests]:
        """The packages that match the filter."""
        words = self.filter.lower().split()
        return [one for one in self.survey.packages if all(word in searched(one) for word in words)]


def searched(one: PackageTests) -> str:
    """Return the text that a filter looks in."""
    parts = (one.label, one.name, one.verdict, VERDICT_WORDS[one.verdict], one.ran, RAN_WORDS[one.ran])
    rest = (one.concern, one.gap.certainty, one.run.runner or "", *one.gap.missing)
    return " ".join((*parts, *rest)).lower()


def headline(survey: Survey) -> str:
    """Return how many there are of what: ``19 packages · 11 ran · 2 real gaps · 1 vacuous · 5 unknown``."""
    ran = sum(one.run.happened for one in survey.packages)
    parts = [count(len(survey.packages), "package"), f"{ran:,} ran"]
    gaps, vacuous = survey.count("real"), survey.count("vacuous")
    off = survey.count("not-run") + survey.count("imports-only")
    unknown = sum(one.ran == "unknown" for one in survey.packages)
    undeclared = sum(one.run.happened and one.verdict == "unknown" for one in survey.packages)
    parts += [count(gaps, "real gap")] if gaps else []
    parts += [f"{vacuous:,} vacuous"] if vacuous else []
    parts += [f"{off:,} not run"] if off else []
    parts += [f"{undeclared:,} declare nothing"] if undeclared else []
    parts += [f"{unknown:,} unknown"] if unknown else []
    return " · ".join(parts)


# -- one row ---------------------------------------------------------------------------------------------


def ran_words(one: PackageTests) -> str:
    """Return what became of the tests, in a word or two; what is bad in capitals."""
    return "NOTHING RAN" if one.ran == "vacuous" else RAN_WORDS[one.ran]


def declared_words(one: PackageTests) -> str:
    """Return how many requirements are declared; a dash when that is not known."""
    return f"{len(one.declared.requirements):,}" if one.declared.known else UNKNOWN


def provided_words(one: PackageTests) -> str:
    """Return how many of the declared ones were there, or of check inputs where none are declared."""
    if one.inputs is None:
        return UNKNOWN
    if one.declared.known:
        return f"{len(one.gap.called('provided')):,}"
    return f"{len(one.inputs.inputs):,}"


def missing_words(one: PackageTests) -> str:
    """Return in a few words what is missing, or why that does not matter or is not known."""
    gap = one.gap
    if one.ran == "unknown":
        return one.run.reason
    if one.ran == "vacuous":
        return one.run.reason
    if gap.verdict == "moot":
        return one.run.reason
    if gap.missing:
        return _some(gap.missing, _NAMES)
    if gap.verdict == "unknown":
        return "nothing declares what its tests need"
    if gap.verdict == "explained":
        names = (*gap.called("explained"), *gap.called("accidental"))
        return f"{_some(names, _NAMES)}: {gap.reason}"
    left = gap.called("convention")
    return f"by convention: {_some(left, _NAMES)}" if left else ""


def sure_words(one: PackageTests) -> str:
    """Return how sure that is."""
    certainty = (
        one.run.certainty if one.gap.verdict in ("moot", "unknown") and one.ran != "unknown" else one.gap.certainty
    )
    return certainty


def _some(names: Sequence[str], most: int) -> str:
    more = f" +{len(names) - most}" if len(names) > most else ""
    return ", ".join(names[:most]) + more


# -- one package -----------------------------------------------------------------------------------------


def detail(one: PackageTests, survey: Survey) -> Iterator[tuple[str, str]]:
    """Yield what is known of one package as pairs of a heading, empty where the last one goes on, and a line."""
    gap, run = one.gap, one.run
    yield "verdict", f"{VERDICT_WORDS[gap.verdict]}, {gap.certainty}: {gap.reason}"
    runner = f" by {run.runner}" if run.runner else ""
    yield "ran", f"{RAN_WORDS[run.ran]}{runner}: {run.reason}"
    for limit in run.limits:
        words = "only" if limit.only else "not"
        yield "", f"{words} {' '.join(limit.values[:6])}{' …' if len(limit.values) > 6 else ''}   ({limit.attribute})"
    if run.imports:
        yield "", f"imports tried: {_some(run.imports, 6)}"
    yield from _declared_lines(one)
    yield from _asked_lines(one)
    yield from _input_lines(one)
    if gap.undeclared:
        yield "undeclared", f"{', '.join(gap.undeclared)}   (given to tests, declared by nobody: harmless)"
    yield from _cost_lines(one)
    for cycle in survey.cycles_of(one.name)[:_LISTED]:
        yield "circle", cycle_words(cycle)
    for proof in run.evidence:
        yield "evidence", f"{name_of(proof.path)}: {proof.detail}"
    yield from _tells(one)


def _declared_lines(one: PackageTests) -> Iterator[tuple[str, str]]:
    stated = one.declared
    if not stated.known:
        yield "declared", f"unknown: {stated.reason}"
        return
    yield (
        "declared",
        f"{count(len(stated.requirements), 'requirement')}"
        + (f": {'; '.join(stated.origins)}" if stated.origins else ""),
    )
    source = one.subject.source
    # a wheel says what is installed
    if source is not None and (source.kind in ("tree", "archive") or stated.other_version):
        yield "", f"source read: {one.subject.source_path}"
    if stated.other_version:
        yield "", f"the source is of version {stated.other_version}, so this is weak"


def _asked_lines(one: PackageTests) -> Iterator[tuple[str, str]]:
    headings = {
        "missing": "missing",
        "accidental": "accidental",
        "explained": "explained",
        "convention": "convention",
        "provided": "provided",
        "unknown": "asked for",
    }
    for standing, heading in headings.items():
        first = True
        for asked in one.gap.asked:
            if asked.standing == standing:
                yield heading if first else "", f"{asked.requirement.text}   {asked.reason}"
                first = False


def _input_lines(one: PackageTests) -> Iterator[tuple[str, str]]:
    inputs = one.inputs
    if inputs is None:
        return
    names = ", ".join(_input_name(some) for some in inputs.inputs) or "none"
    yield "check inputs", f"{names}   ({inputs.certainty}, by {TIER_WORDS[inputs.tier]}: {inputs.reason})"
    if inputs.planned:
        yield "", f"if tests ran: {', '.join(_input_name(some) for some in inputs.planned)}"
    if one.tester is not None:
        yield "", f"of {name_of(one.tester.path)}"


def _input_name(one: Input) -> str:
    return name_label(one.name) if one.name else "an output that is not built yet"


def _cost_lines(one: PackageTests) -> Iterator[tuple[str, str]]:
    cost = one.cost
    if cost is not None:
        only = count(cost.only_for_tests, "derivation")
        yield "costs", f"{only} built or fetched for its tests alone; {cost.dependants:,} rebuilt with it"
        yield (
            "",
            (
                f"touching its check inputs rebuilds {cost.touched:,}; "
                f"{cost.saved:,} fewer if its tests moved to passthru.tests"
            ),
        )


def _tells(one: PackageTests) -> Iterator[tuple[str, str]]:
    """Yield what would make the answer surer."""
    if one.ran == "unknown" and one.subject.derivation is None:
        yield "to know", f"bring its derivation by evaluating the expression: {bring_command(one)}"
    if not one.declared.known:
        yield "to know", f"show its source: pyclosure tests SOURCE --source {one.name}=FOLDER-OR-SDIST"
        src = one.subject.derivation.attribute("src") if one.subject.derivation is not None else ""
        fetcher = next((drv for drv in _inputs(one) if src and name_of(src) == name_of(drv).removesuffix(".drv")), "")
        if fetcher and one.subject.source is None:
            yield "", f"or fetch it, then ask again: nix-store --realise {fetcher}"
    if one.inputs is not None and one.inputs.tier == "D" and one.inputs.certainty == "probable":
        yield "to know", "evaluate the expression: pyclosure tests SOURCE --from FILE-OR-FLAKE --attr ATTRIBUTE"


def _inputs(one: PackageTests) -> Iterable[str]:
    return one.subject.derivation.input_derivations if one.subject.derivation is not None else ()


def bring_command(one: PackageTests) -> str:
    """Return the command that brings a package's derivation into the store."""
    return "nix path-info --derivation .#ATTRIBUTE   (or: nix-instantiate FILE -A ATTRIBUTE)"


def cycle_words(cycle: Cycle) -> str:
    """Return a circle on one line: ``pytest –test→ hypothesis –test→ pytest, cut: …``."""
    text = cycle.edges[0].by
    for edge in cycle.edges:
        text += f" {_arrow(edge)} {edge.needs}"
    return f"{text}; cut: {cycle.how}"


def _arrow(edge: NeedEdge) -> str:
    name = "test" if edge.kind == "test" else ""
    return f"–{name}→" if edge.realised else f"–{name}✂→"


def amplified_words(one: Amplified) -> str:
    """Return what touching a check input rebuilds: ``220 instead of 40, ×5.5``."""
    factor = f", ×{one.factor:.1f}" if one.factor is not None else ""
    return f"{one.rebuilds:,} instead of {one.without_tests:,}{factor}"


# -- text ------------------------------------------------------------------------------------------------


def write_tests(shown: Shown, form: str, out: IO[str]) -> None:
    """Write all of it as text or markdown."""
    if form == "markdown":
        _write_markdown(shown, out)
    else:
        _write_text(shown, out)


def _write_text(shown: Shown, out: IO[str]) -> None:
    survey = shown.survey
    out.write(f"{printable(shown.knowledge.closure.records.label)}: {headline(survey)}\n")
    for note in shown.notes:
        out.write(f"  {printable(note, 600)}\n")
    table = text_table(
        (
            ("", "left"),
            ("package", "name"),
            ("ran", "left"),
            ("declared", "right"),
            ("provided", "right"),
            ("missing", "left"),
            ("sure", "left"),
        )
    )
    for one in shown.packages:
        table.add_row(*cells(_row(one)))
    if shown.packages:
        text_console(out).print(table)
    elif shown.filter:
        out.write(f"nothing matches {shown.filter!r}\n")
    for title, lines in sections(shown):
        out.write(f"\n{title}\n")
        for line in lines:
            out.write(f"  {printable(line, 2000)}\n")


def _row(one: PackageTests) -> tuple[str, ...]:
    return (
        SIGNS[one.concern],
        one.label,
        ran_words(one),
        declared_words(one),
        provided_words(one),
        missing_words(one),
        sure_words(one),
    )


def write_detail(one: PackageTests, survey: Survey, out: IO[str]) -> None:
    """Write what is known of one package."""
    out.write(f"{printable(one.label)}   {one.path}\n")
    width = shutil.get_terminal_size().columns if out.isatty() else 10_000
    for heading, line in detail(one, survey):
        wrapped = textwrap.wrap(printable(line, 4000), max(20, width - _INDENT - 2)) or [""]
        out.write(f"  {heading:<{_INDENT - 1}}{wrapped[0]}\n")
        for rest in wrapped[1:]:
            out.write(f"  {'':<{_INDENT - 1}}{rest}\n")


def sections(shown: Shown) -> Iterator[tuple[str, list[str]]]:
    """Yield what concerns all tests together: a title, and lines."""
    survey = shown.survey
    if shown.reverse:
        yield "Test tools where no test needs them", [f"{one.rule} {one.title}" for one in shown.reverse]
    if survey.cycles:
        lines = [cycle_words(one) for one in survey.cycles[:_LISTED]]
        yield f"Circles that tests close ({len(survey.cycles)})", _more(lines, len(survey.cycles))
    if survey.cost is None:
        yield "What tests cost", [f"unknown: {survey.why_no_cost}"]
    elif survey.cost.edges:
        yield "What tests cost", list(cost_lines(survey.cost))


def cost_lines(cost: TestCost) -> Iterator[str]:
    """Yield what tests cost together, then the inputs that they multiply most."""
    bound = f"; {cost.missing:,} more could not be read, so these are lower bounds" if cost.missing else ""
    inputs = count(cost.edges, "input")
    packages = count(len(cost.packages), "package")
    yield f"{inputs} of {packages} for tests alone, among {count(cost.derivations, 'derivation')}{bound}"
    yield (
        f"touching all of these inputs rebuilds {cost.touched:,} derivations, {cost.touched_without:,} without tests "
        f"in builds: {cost.touched - cost.touched_without:,} only because of tests"
    )
    greatest = [one for one in cost.amplified if one.rebuilds > one.without_tests]
    for one in greatest[:_LISTED]:
        yield f"touching {name_label(name_of(one.derivation).removesuffix('.drv'))} rebuilds {amplified_words(one)}"
    if len(greatest) > _LISTED:
        yield f"… {len(greatest) - _LISTED} more in --format json"
    dearest = sorted(cost.packages.items(), key=lambda item: (-item[1].saved, item[0]))
    for path, one_cost in dearest[:5]:
        if one_cost.saved:
            name = name_label(name_of(path).removesuffix(".drv"))
            yield f"moving the tests of {name} out saves {one_cost.saved:,} of {one_cost.touched:,} rebuilds"


def _more(lines: list[str], total: int) -> list[str]:
    return [*lines, f"… {total - len(lines)} more in --format json"] if total > len(lines) else lines


# -- markdown --------------------------------------------------------------------------------------------

_HEADER = (
    ("package", "name"),
    ("ran", "left"),
    ("declared", "right"),
    ("provided", "right"),
    ("missing", "left"),
    ("sure", "left"),
)
_OPEN: tuple[Concern, ...] = ("real", "vacuous")


def _write_markdown(shown: Shown, out: IO[str]) -> None:
    records = shown.knowledge.closure.records
    out.write("<!-- pyclosure tests -->\n## `pyclosure` tests\n\n")
    out.write(f"{markdown_code(records.label)}: {headline(shown.survey)}\n\n")
    for note in shown.notes:
        out.write(f"- {markdown_text(note)}\n")
    matters = [one for one in shown.packages if one.concern in _OPEN]
    others = [one for one in shown.packages if one.concern not in _OPEN]
    if matters:
        markdown_table(_HEADER, map(_markdown_row, matters), out)
        out.write("\n")
    if others:
        out.write(f"<details><summary>{count(len(others), 'other package')}</summary>\n\n")
        markdown_table(_HEADER, map(_markdown_row, others), out)
        out.write("\n</details>\n\n")
    for title, lines in sections(shown):
        out.write(f"<details><summary>{title}</summary>\n\n")
        out.writelines(f"- {markdown_text(line)}\n" for line in lines)
        out.write("\n</details>\n\n")
    roots = " ".join(records.roots[:3]) + (" …" if len(records.roots) > 3 else "")
    out.write(f"Command: `pyclosure tests {roots}`\n")


def _markdown_row(one: PackageTests) -> Sequence[str]:
    sign, *rest = _row(one)
    texts = [markdown_text(text) for text in rest]
    return [f"{sign} {texts[0]}".strip(), *texts[1:]]


# -- JSON ------------------------------------------------------------------------------------------------


def tests_json(shown: Shown) -> dict[str, Any]:
    """Return all of it."""
    survey = shown.survey
    return {
        "counts": _counts(survey),
        "packages": [package_json(one) for one in shown.packages],
        "reverse": [
            {"rule": one.rule, "title": one.title, "paths": list(one.paths), "subjects": list(one.subjects)}
            for one in shown.reverse
        ],
        "cycles": [_cycle_json(one) for one in survey.cycles],
        "cost": _cost_json(survey.cost),
        "cost_unknown": survey.why_no_cost or None,
        "notes": list(shown.notes),
    }


def _counts(survey: Survey) -> dict[str, Any]:
    ran: dict[Ran, int] = dict.fromkeys(RAN_WORDS, 0)
    verdicts = dict.fromkeys(VERDICT_WORDS, 0)
    for one in survey.packages:
        ran[one.ran] += 1
        verdicts[one.verdict] += 1
    return {"packages": len(survey.packages), "ran": ran, "verdict": verdicts}


def package_json(one: PackageTests) -> dict[str, Any]:
    """Return one package; what is not known is null."""
    drv, inputs, run, gap = one.subject.derivation, one.inputs, one.run, one.gap
    return {
        "path": one.path,
        "distribution": one.name or None,
        "version": one.subject.distribution.version if one.subject.distribution is not None else None,
        "derivation": drv.path if drv is not None else None,
        "verdict": gap.verdict,
        "certainty": gap.certainty,
        "reason": gap.reason,
        "declared": [_asked_json(asked) for asked in gap.asked] if one.declared.known else None,
        "declared_unknown": one.declared.reason or None,
        "source": one.subject.source_path if one.subject.source is not None else None,
        "provided": [_input_json(some) for some in inputs.inputs] if inputs is not None else None,
        "planned": [_input_json(some) for some in inputs.planned] if inputs is not None else [],
        "check_inputs": _inputs_json(inputs),
        "missing": list(gap.missing) if gap.verdict != "unknown" else None,
        "undeclared": list(gap.undeclared),
        "ran": run.ran,
        "ran_certainty": run.certainty,
        "ran_reason": run.reason,
        "runner": run.runner,
        "limits": [
            {"attribute": limit.attribute, "only": limit.only, "values": list(limit.values)} for limit in run.limits
        ],
        "imports": list(run.imports),
        "separate": list(run.separate),
        "evidence": [{"path": proof.path, "file": proof.file, "detail": proof.detail} for proof in run.evidence],
        "cost": (
            {
                "only_for_tests": one.cost.only_for_tests,
                "dependants": one.cost.dependants,
                "touched": one.cost.touched,
                "saved": one.cost.saved,
            }
            if one.cost is not None
            else None
        ),
    }


def _asked_json(asked: Any) -> dict[str, Any]:
    requirement = asked.requirement
    return {
        "name": requirement.name,
        "requirement": requirement.text,
        "origin": requirement.origin,
        "file": requirement.file,
        "line": requirement.line,
        "applies": requirement.applies,
        "standing": asked.standing,
        "reason": asked.reason,
    }


def _input_json(one: Input) -> dict[str, Any]:
    return {"path": one.path, "name": one.name, "attribute": one.attribute, "distribution": one.distribution}


def _inputs_json(inputs: CheckInputs | None) -> dict[str, Any] | None:
    if inputs is None:
        return None
    return {"certainty": inputs.certainty, "evidence": TIER_WORDS[inputs.tier], "reason": inputs.reason}


def _cycle_json(one: Cycle) -> dict[str, Any]:
    edges = [{"by": edge.by, "needs": edge.needs, "kind": edge.kind, "realised": edge.realised} for edge in one.edges]
    return {"members": list(one.members), "edges": edges, "cut": one.how}


def _cost_json(cost: TestCost | None) -> dict[str, Any] | None:
    if cost is None:
        return None
    return {
        "derivations": cost.derivations,
        "missing": cost.missing,
        "test_edges": cost.edges,
        "packages": len(cost.packages),
        "touched": cost.touched,
        "touched_without": cost.touched_without,
        "amplified": [
            {
                "derivation": one.derivation,
                "rebuilds": one.rebuilds,
                "without_tests": one.without_tests,
                "packages": list(one.packages),
            }
            for one in cost.amplified
            if one.rebuilds > one.without_tests
        ],
    }
