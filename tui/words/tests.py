"""How tests of Python packages are said: a row each, all that is known of one, and what concerns all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from pyclosure.queries.base.names import name_label, name_of
from pyclosure.queries.base.records import TIER_WORDS
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.queries.testing.words import CONCERN_WORDS, RAN_WORDS, VERDICT_WORDS, Concern
from pyclosure.tui.words.units import UNKNOWN, count

if TYPE_CHECKING:
    from pyclosure.queries.base.check_inputs import Input
    from pyclosure.queries.base.verdicts import Finding
    from pyclosure.queries.testing.cost import Amplified, TestCost
    from pyclosure.queries.testing.cycles import Cycle, NeedEdge
    from pyclosure.queries.testing.survey import PackageTests, Survey


SIGNS: dict[Concern, str] = {
    "real": "▲",
    "vacuous": "▲",
    "not-run": "·",
    "explained": "·",
    "unknown": "?",
    "fine": " ",
}
_NAMES = 2
"""Missing distributions that a row names."""
_DEAREST = 8
_LISTED = 12
"""Cycles, check inputs and packages that text lists of the rest."""


@dataclass(frozen=True)
class Shown:
    """A survey with what its reader asked to see of it."""

    knowledge: Knowledge
    survey: Survey
    filter: str = ""
    """Words that all must be in a row: of its name, verdict, what ran, certainty, missing distributions."""
    sort: str = "concern"
    """What comes first: ``concern``, ``name``, ``missing`` or ``saved``."""
    findings: tuple[Finding, ...] = ()
    """What rules say of tests and test tools."""
    notes: tuple[str, ...] = ()
    """What the reader should know of how this was worked out, in sentences."""
    command: str = ""
    """What asks the same again."""
    texts: Sequence[str] = ()
    """What :func:`search_texts` gave, for who filters often; empty to make them when they are needed."""

    @property
    def packages(self) -> list[PackageTests]:
        """The packages that match the filter, in the chosen order."""
        words = self.filter.lower().split()
        found = list(self.survey.packages)
        if words:
            texts = self.texts or search_texts(self.survey)
            found = [one for one, text in zip(found, texts, strict=True) if all(word in text for word in words)]
        return ordered(found, self.sort)

    @property
    def reverse(self) -> list[Finding]:
        """Test tools where no test needs them."""
        return [one for one in self.findings if one.rule in ("P10", "P11")]

    def findings_of(self, one: PackageTests) -> list[Finding]:
        """Return what rules say of one package."""
        return [finding for finding in self.findings if one.path in finding.paths]


def ordered(packages: Sequence[PackageTests], by: str) -> list[PackageTests]:
    """Return packages with what matters most first, or by name, missing requirements, or rebuilds saved."""
    if by == "name":
        return sorted(packages, key=attrgetter("name", "path"))
    if by == "missing":
        return sorted(packages, key=lambda one: (-len(one.gap.missing) if one.verdict == "real" else 1, one.name))
    if by == "saved":
        return sorted(packages, key=lambda one: (-(one.cost.saved if one.cost is not None else -1), one.name))
    return list(packages)


def search_texts(survey: Survey) -> list[str]:
    """Return the texts that a filter looks in, in the order of the survey's packages."""
    return [_searched(one) for one in survey.packages]


def _searched(one: PackageTests) -> str:
    parts = (one.label, one.name, one.verdict, VERDICT_WORDS[one.verdict], one.ran, RAN_WORDS[one.ran])
    rest = (one.concern, CONCERN_WORDS[one.concern], one.gap.certainty, one.run.runner or "", *one.gap.missing)
    return " ".join((*parts, *rest)).lower()


def headline(survey: Survey) -> str:
    """Return how many there are of what: ``19 packages · 11 ran · 2 real gaps · 1 vacuous · 5 unknown``."""
    weak, undeclared = survey.weak, survey.undeclared
    gaps = survey.count("real") - weak
    counted = (
        (count(gaps, "real gap"), gaps),
        (count(weak, "weak gap"), weak),
        (f"{survey.count('vacuous'):,} nothing ran", survey.count("vacuous")),
        (f"{survey.count('not-run'):,} not run", survey.count("not-run")),
        (f"{undeclared:,} undeclared", undeclared),
        (f"{survey.count('unknown'):,} unknown", survey.count("unknown")),
    )
    parts = [
        count(len(survey.packages), "package"),
        f"{survey.ran:,} ran",
        *(words for words, number in counted if number),
    ]
    return " · ".join(parts)


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
    if gap.verdict == "unknown" and not one.declared.known:
        known = one.subject.distribution is not None
        return "nothing declares what its tests need" if known else one.declared.reason
    if gap.verdict == "unknown":
        return gap.reason
    if gap.verdict == "explained":
        names = (*gap.called("explained"), *gap.called("accidental"), *gap.called("version"))
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


def detail(one: PackageTests, survey: Survey) -> Iterator[tuple[str, str]]:
    """Yield what is known of one package as pairs of a heading, empty where the last one goes on, and a line."""
    gap, run = one.gap, one.run
    sure = f", {gap.certainty}" if gap.verdict != "unknown" else ""
    yield "verdict", f"{VERDICT_WORDS[gap.verdict]}{sure}: {gap.reason}"
    if gap.verdict == "moot" and run.ran != "vacuous" and not one.subject.testers:
        yield "", "whether passthru.tests has any, only the expression tells"
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
    if gap.undeclared and one.declared.known:
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
        "version": "version",
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
                weak = "   (weak)" if asked.requirement.weak else ""
                yield heading if first else "", f"{asked.requirement.text}   {asked.reason}{weak}"
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
                f"changing its check inputs rebuilds {cost.touched:,}; "
                f"{cost.saved:,} fewer if its tests moved to passthru.tests"
            ),
        )


def _tells(one: PackageTests) -> Iterator[tuple[str, str]]:
    """Yield what would make the answer surer."""
    if one.ran == "unknown" and one.subject.derivation is None:
        yield "to know", _bring(one.run.reason)
    if not one.declared.known and one.subject.distribution is not None:
        yield "to know", f"show its source: pyclosure tests SOURCE --source {one.name}=FOLDER-OR-SDIST"
        src = one.subject.derivation.attribute("src") if one.subject.derivation is not None else ""
        fetcher = next((drv for drv in _inputs(one) if src and name_of(src) == name_of(drv).removesuffix(".drv")), "")
        if fetcher and one.subject.source is None:
            yield "", f"or fetch it, then ask again: nix-store --realise {fetcher}"
    if one.inputs is not None and one.inputs.tier == "D" and one.inputs.certainty == "probable":
        yield "to know", "evaluate the expression: pyclosure tests SOURCE --from FILE-OR-FLAKE --attr ATTRIBUTE"


def _bring(reason: str) -> str:
    if "not asked for" in reason:
        return "ask again without --no-derivations"
    return (
        "bring its derivation by evaluating the expression: nix path-info --derivation .#ATTRIBUTE, "
        "or nix-instantiate FILE -A ATTRIBUTE"
    )


def bring_words(knowledge: Knowledge) -> str:
    """Return what would tell whether tests ran, for a closure without derivations."""
    return _bring(knowledge.derivations_state.reason)


def _inputs(one: PackageTests) -> Iterable[str]:
    return one.subject.derivation.input_derivations if one.subject.derivation is not None else ()


def cycle_words(cycle: Cycle) -> str:
    """Return a circle on one line: ``pytest –test→ hypothesis –test→ pytest, cut: …``."""
    text = cycle.edges[0].by
    sure = "" if cycle.certain else ", as far as names tell"
    for edge in cycle.edges:
        text += f" {_arrow(edge)} {edge.needs}"
    return f"{text}; cut: {cycle.how}{sure}"


def _arrow(edge: NeedEdge) -> str:
    name = "test" if edge.kind == "test" else ""
    return f"–{name}→" if edge.realised else f"–{name}✂→"


def amplified_words(one: Amplified) -> str:
    """Return what touching a check input rebuilds: ``220 instead of 40, ×5.5``."""
    factor = f", ×{one.factor:.1f}" if one.factor is not None else ""
    return f"{one.rebuilds:,} instead of {one.without_tests:,}{factor}"


def lines_of(one: PackageTests, shown: Shown) -> Iterator[tuple[str, str]]:
    """Yield headings, told once, and lines of all that is known of a package, findings included."""
    before = ""
    for heading, line in detail(one, shown.survey):
        yield heading if heading != before else "", line
        before = heading or before
    for finding in shown.findings_of(one):
        yield "finding" if before != "finding" else "", f"{finding.rule} {finding.title}"
        before = "finding"


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
    inputs = count(cost.inputs, "input")
    packages = count(len(cost.packages), "package")
    graph = count(cost.derivations, "derivation")
    yield f"{inputs} for tests alone, of {packages} ({cost.edges:,} edges), among {graph}{bound}"
    yield (
        f"changing all of them rebuilds {cost.touched:,} derivations, {cost.touched_without:,} without tests "
        f"in builds: {cost.touched - cost.touched_without:,} only because of tests"
    )
    # what stands behind them counts as well: pytest behind its hook
    greatest = [one for one in cost.amplified if one.rebuilds > one.without_tests]
    for one in greatest[:_LISTED]:
        yield f"changing {name_label(name_of(one.derivation).removesuffix('.drv'))} rebuilds {amplified_words(one)}"
    if len(greatest) > _LISTED:
        yield f"… {len(greatest) - _LISTED} more in --format json"
    dearest = sorted(cost.packages.items(), key=lambda item: (-item[1].saved, item[0]))
    saving = [(path, one) for path, one in dearest if one.saved]
    for path, one_cost in saving[:_DEAREST]:
        name = name_label(name_of(path).removesuffix(".drv"))
        saves = f"{one_cost.saved:,} of the {one_cost.touched:,}"
        yield f"moving the tests of {name} out saves {saves} rebuilds that its inputs cause"
    if len(saving) > _DEAREST:
        yield f"… {len(saving) - _DEAREST} more that save something: --sort saved"


def _more(lines: list[str], total: int) -> list[str]:
    return [*lines, f"… {total - len(lines)} more in --format json"] if total > len(lines) else lines
