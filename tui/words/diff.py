"""How a change of a closure is said: its causes, classes, findings and gaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pyclosure.queries.base.names import name_label, name_of
from pyclosure.queries.base.text import first_of, printable
from pyclosure.queries.base.verdicts import Finding
from pyclosure.queries.diff.causes import Cause
from pyclosure.queries.diff.match import CLASSES, Change, ChangeClass, ClosureDiff
from pyclosure.queries.diff.review import Review
from pyclosure.queries.opened.evidence import EdgeEvidence
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.words.findings import SIGNS, cost_words
from pyclosure.tui.words.units import count, size

CLASS_WORDS: dict[ChangeClass, tuple[str, str]] = {
    "added": ("path added", "paths added"),
    "removed": ("path removed", "paths removed"),
    "duplicated": ("duplicate: one more beside what was there", "duplicates: one more of each beside what was there"),
    "de-duplicated": ("duplicate less", "duplicates less"),
    "version": ("other version", "other versions"),
    "output-changed": ("other output", "other outputs"),
    "interpreter-only": ("path with another interpreter only", "paths with another interpreter only"),
    "resized": ("path of the same version, with another size", "paths of the same version, with another size"),
    "rebuilt": ("path rebuilt: same version, other hash", "paths rebuilt: same version, other hash"),
    "unchanged": ("path unchanged", "paths unchanged"),
}
"""Titles of sections."""


@dataclass(frozen=True)
class Shown:
    """A review with what its reader asked to see."""

    review: Review
    labels: tuple[str, str]
    """What the user calls both sides."""
    command: str
    top: int | None = 20
    """Entries of a list; None for all."""


def change_of(value: int) -> str:
    """Return bytes with their sign: ``+19.5 MiB``, ``−398.0 KiB``, ``±0``."""
    return f"+{size(value)}" if value > 0 else f"−{size(-value)}" if value < 0 else "±0"


def percent(change: int, base: int, digits: int = 1) -> str:
    """Return a change as a signed percentage; ``n/a`` of nothing."""
    if not base:
        return "n/a"
    return f"{100 * change / base:+.{digits}f} %".replace("-", "−")


def label(knowledge: Knowledge, index: int) -> str:
    """Return what a path is called: ``numpy 1.26.4``."""
    return name_label(knowledge.closure.name(index))


def totals(review: Review) -> list[tuple[str, str, str, str]]:
    """Return what a summary compares: word, before, after, change."""
    old, new = review.diff.old, review.diff.new
    before, after = old.real_sizes.total, new.real_sizes.total
    came, went = review.came_and_went
    distributions = [sum(one.identity(index).distributions for index in range(len(one.closure))) for one in (old, new)]
    change = review.diff.size_change
    return [
        ("Closure size (NAR)", size(before), size(after), f"{change_of(change)} ({percent(change, before)})"),
        ("Store paths", f"{len(old.closure):,}", f"{len(new.closure):,}", f"+{came:,} −{went:,}"),
        (
            "Python distributions",
            f"{distributions[0]:,}",
            f"{distributions[1]:,}",
            f"{distributions[1] - distributions[0]:+,}".replace("-", "−") if len(set(distributions)) > 1 else "±0",
        ),
    ]


def class_counts(review: Review) -> str:
    """Return how many paths are in which class, on one line; classes without any are left out."""
    counts = review.diff.counts
    return " · ".join(f"{kind} {counts[kind]:,}" for kind in CLASSES if counts[kind]) or "nothing"


def cause_words(diff: ClosureDiff, cause: Cause) -> str:
    """Return a cause on one line: ``numpy 1.26.4 → gcc 13.2.0``."""
    side = diff.old if cause.kind == "drops" else diff.new
    name = label(side, cause.target)
    if cause.change is not None:
        return versions(diff, cause.change)
    gone = "no longer " if cause.kind == "drops" else ""
    users = list(dict.fromkeys(label(side, user) for user, _ in cause.edges))
    if cause.direct:
        return f"({gone}direct) {name}"
    if not users and not cause.via:
        return f"({gone}root) {name}"
    if not users:
        users = [label(side, index) for index in cause.via]
    named = first_of(users)
    shared = "" if cause.edges else ", shared"
    return f"{named} {'↛' if cause.kind == 'drops' else '→'} {name}{shared}"


def versions(diff: ClosureDiff, change: Change) -> str:
    """Return what changed in itself: ``numpy 1.26.1 → 1.26.4``."""
    old, new = diff.old, diff.new
    if change.old is None or change.new is None:
        side, index = (new, change.new) if change.new is not None else (old, change.old)
        return label(side, index if index is not None else 0)
    one, other = old.identity(change.old), new.identity(change.new)
    before, after = label(old, change.old), label(new, change.new)
    down = " (older)" if change.direction == "down" else ""
    if before == after:
        abis = [fact.value for fact in (one.interpreter, other.interpreter) if fact is not None]
        return f"{after}, {abis[0]} → {abis[1]}" if len(set(abis)) == 2 else after
    if one.pname == other.pname and one.output.value == other.output.value and one.version and other.version:
        shown = before.removesuffix(one.version) if before.endswith(one.version) else f"{one.pname} "
        return f"{shown}{one.version} → {other.version}{down}"
    return f"{before} → {after}{down}"


def reason_words(review: Review, new: int | None) -> str:
    """Return why the path at a position of the new closure was rebuilt; empty when it was not."""
    reason = review.reasons.by_path.get(new) if new is not None else None
    if reason is None:
        return ""
    sure = "" if reason.certainty == "certain" else f" ({reason.certainty})"
    comparison = review.reasons.comparison
    if reason.derivation is not None and comparison is not None:
        name = name_label(name_of(comparison.head.paths[reason.derivation]).removesuffix(".drv"))
        keys = first_of([one.attribute for one in review.reasons.differing[reason.derivation]])
        if new is not None and review.reasons.own.get(new) == reason.derivation:
            return f"because its own inputs changed: {keys}"
        return f"because of {name} ({keys})"
    if reason.path is not None:
        return f"because of {versions(review.diff, review.diff.by_new[reason.path])}{sure}"
    if reason.lost is not None:
        return f"because it no longer has {label(review.diff.old, reason.lost)}{sure}"
    return "why is unknown: no reference changed; derivations of both sides would tell"


def evidence_words(found: EdgeEvidence | None) -> str:
    """Return the first file that holds a reference: ``share/flags:1``; empty when none is known."""
    if found is None or not found.found:
        return ""
    first = found.found[0]
    line = f":{first.lines[0]}" if first.lines else ""
    more = f" and {len(found.found) - 1:,} more" if len(found.found) > 1 else ""
    return printable(f"{first.file or 'the path itself'}{line}{more}", 160)


def greatest(diff: ClosureDiff, causes: Iterable[Cause]) -> Cause | None:
    """Return the cause of most bytes among those that go the way of the whole change; None when there is none."""
    same = (one for one in causes if one.size_change * diff.size_change > 0)
    return max(same, key=lambda one: abs(one.size_change), default=None)


def brings(review: Review, cause: Cause) -> str:
    """Return how many paths a cause brings, and the largest of them; empty for what changed in itself."""
    if cause.kind == "changes":
        return ""
    side = review.diff.old if cause.kind == "drops" else review.diff.new
    heaviest = max(cause.paths, key=side.closure.nar_sizes.__getitem__)
    largest = f", {size(side.closure.nar_sizes[heaviest])} of it {label(side, heaviest)}"
    return count(len(cause.paths), "path") + (largest if heaviest != cause.target else "")


def first_evidence(review: Review, cause: Cause) -> str:
    """Return the first file that holds a reference of a cause; empty when none is known."""
    return next((words for edge in cause.edges if (words := evidence_words(review.evidence.get(edge)))), "")


def rebuilt_groups(review: Review, kinds: Iterable[ChangeClass]) -> list[tuple[str, list[Change]]]:
    """Return what only followed, by reason, the reason of most first."""
    groups: dict[str, list[Change]] = {}
    for kind in kinds:
        for change in review.diff.of_class(kind):
            groups.setdefault(reason_words(review, change.new), []).append(change)
    return sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))


def finding_words(finding: Finding) -> str:
    """Return a finding on one line."""
    cost = cost_words(finding)
    sure = "" if finding.certainty == "certain" else f" ({finding.certainty})"
    return f"{SIGNS[finding.severity]} {finding.rule} {finding.title}{sure}{f'   {cost}' if cost else ''}"


def requirement_lines(added: Sequence[str], removed: Sequence[str], python: tuple[str, str] | None) -> Iterator[str]:
    """Yield what a distribution requires now and no longer."""
    yield from (f"+ {printable(text, 300)}" for text in added)
    yield from (f"− {printable(text, 300)}" for text in removed)
    if python is not None:
        before, after = (printable(text, 100) or "any" for text in python)
        yield f"Python {before} → {after}"


def findings_line(review: Review) -> str:
    """Return how findings compare, on one line."""
    found = review.findings
    if found is None:
        return "findings: not asked for"
    blind = f"; not judged everywhere: {', '.join(found.unjudged)}" if found.unjudged else ""
    unsure = f", {len(found.unsure):,} that may be new" if found.unsure else ""
    return f"findings: {len(found.new):,} new{unsure}, {len(found.gone):,} gone, {len(found.kept):,} as before{blind}"


def gap_lines(review: Review) -> Iterator[str]:
    """Yield which gaps of tests are new, and which are gone."""
    if review.gaps is None:
        return
    for title, some in (("new", review.gaps.new), ("possibly new", review.gaps.unsure), ("gone", review.gaps.gone)):
        concerns: dict[str, list[str]] = {}
        for one in some:
            missing = f" (lacks {', '.join(one.gap.missing[:4])})" if one.gap.missing else ""
            concerns.setdefault(one.concern, []).append(printable(f"{one.label}{missing}", 200))
        for concern, names in concerns.items():
            yield f"{count(len(names), f'{title} test gap')}, {concern}: {first_of(names, 20)}"
