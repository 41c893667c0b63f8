"""Everything known of one path, as lines of label, value and evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pyclosure.queries.answers.rows import heaviest
from pyclosure.queries.base.names import base_name, name_of
from pyclosure.queries.base.records import TIER_WORDS
from pyclosure.queries.base.text import printable
from pyclosure.queries.kinds.identity import Fact, Identity, kind_words
from pyclosure.queries.nix.version import parse_version
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.words.units import Labels, count, share, size

_NAMED = 12
"""Referrers and references that are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the details."""

    label: str
    value: str
    note: str = ""
    """Evidence or explanation, in a quieter style."""


def summary(knowledge: Knowledge, index: int) -> list[str]:
    """Return the three lines that fit below a narrow table."""
    identity = knowledge.identity(index)
    closure = knowledge.closure
    what = [kind_words(identity.kind.value)]
    what += [f"output {line.value}" for line in _output(identity)]
    if identity.interpreter:
        what.append(identity.interpreter.value)
    if identity.producer:
        what.append(identity.producer.value)
    refs = f"{count(len(closure.referrers[index]), 'referrer')}, {count(len(closure.references[index]), 'reference')}"
    return [
        closure.path(index),
        " · ".join([*what, f"by {TIER_WORDS[identity.kind.tier]}"]),
        " · ".join([refs, *(f"deriver {line.value}" for line in _deriver(knowledge, index))]),
    ]


def deriver_words(knowledge: Knowledge, index: int) -> str:
    """Say which derivation built a path, and whether it is here."""
    deriver = knowledge.deriver(index)
    if deriver is None:
        return "not recorded"
    return f"{name_of(deriver)} ({_deriver_state(knowledge, deriver)})"


def _deriver_state(knowledge: Knowledge, deriver: str) -> str:
    if deriver in knowledge.derivations:
        return "here"
    state = knowledge.derivations_state.state
    if state in ("waiting", "reading"):
        return "looking…"
    return "not here" if state in ("complete", "partial") else "not looked at"


def details(knowledge: Knowledge, index: int, label: Labels, added_title: str, added: int | None) -> list[Line]:
    """Return the full details of the path at a position."""
    identity = knowledge.identity(index)
    closure, sizes = knowledge.closure, knowledge.sizes
    info = closure.infos[index]
    closure_size = sizes.closure[index] if sizes.closure else None
    lines = [
        Line("", info.path),
        Line("kind", kind_words(identity.kind.value), _evidence(identity.kind)),
        *_output(identity),
        Line("package", identity.naming.value or "–", _evidence(identity.naming)),
        *_python(knowledge, index, identity),
        Line("NAR size", size(info.nar_size), f"{share(info.nar_size, sizes.total)} of the closure"),
        Line("closure size", size(closure_size), "with all it needs"),
        Line("added size", size(added), added_title),
        *_gone(knowledge, index),
        Line("depth", str(knowledge.real_sizes.depth[index]), "fewest references from a root"),
        *_deriver(knowledge, index),
        *_outputs(knowledge, index),
        *_origin(knowledge, index),
        *_named("referrers", closure.referrers[index], label, knowledge),
        *_named("references", closure.references[index], label, knowledge),
    ]
    if index in closure.self_references:
        lines.append(Line("", "references itself", "not counted anywhere"))
    facts = knowledge.files.get(info.path)
    if facts is not None:
        lines += [Line("not read", printable(problem, 200)) for problem in facts.problems]
    elif knowledge.files_state.reason:
        lines.append(Line("files", "not read", knowledge.files_state.reason))
    return lines


def _evidence(fact: Fact) -> str:
    return f"{fact.certainty}, by {TIER_WORDS[fact.tier]}: {printable(fact.evidence, 160)}"


def _python(knowledge: Knowledge, index: int, identity: Identity) -> list[Line]:
    lines = []
    if identity.interpreter:
        lines.append(Line("interpreter", identity.interpreter.value, _evidence(identity.interpreter)))
    if identity.producer:
        lines.append(Line("made by", identity.producer.value, _evidence(identity.producer)))
    facts = knowledge.files.get(knowledge.closure.path(index))
    for one in facts.distributions[:4] if facts else ():
        wheel = f", {one.wheel_tags[0]}" if one.wheel_tags else ""
        needs = count(len(one.requires_dist), "requirement")
        lines.append(Line("distribution", f"{one.name} {one.version}", f"{needs}{wheel}"))
    if facts and len(facts.distributions) > 4:
        lines.append(Line("", f"… {len(facts.distributions) - 4} more distributions"))
    if facts and facts.linked_distributions:
        lines.append(Line("members", count(facts.linked_distributions, "linked distribution")))
    return lines


def _gone(knowledge: Knowledge, index: int) -> list[Line]:
    """Return what a path weighs that the marked cuts would drop."""
    if index not in knowledge.gone:
        return []
    return [
        Line(
            "what if",
            "removed in this what-if",
            f"normally adds {size(knowledge.real_sizes.added[index])}; X shows the cuts",
        )
    ]


def _output(identity: Identity) -> list[Line]:
    if identity.kind.value == "derivation":
        return []
    return [Line("output", identity.output.value, _evidence(identity.output))]


def _deriver(knowledge: Knowledge, index: int) -> list[Line]:
    deriver = knowledge.closure.infos[index].deriver
    if knowledge.identity(index).kind.value == "derivation":
        return []
    return [Line("deriver", deriver_words(knowledge, index), base_name(deriver) if deriver else "")]


def _outputs(knowledge: Knowledge, index: int) -> list[Line]:
    """Return what a derivation builds, for the paths of a build closure."""
    derivation = knowledge.derivation_of(index)
    if derivation is None or derivation.path != knowledge.closure.path(index):
        return []
    lines = [Line("system", printable(derivation.system, 40))]
    for name, output in sorted(derivation.outputs.items()):
        where = output.path or "not known before it is built"
        lines.append(Line("builds", printable(name, 40), printable(where, 300)))
    return lines


def _origin(knowledge: Knowledge, index: int) -> list[Line]:
    info = knowledge.closure.infos[index]
    lines = []
    if info.registration_time:
        try:
            when = datetime.fromtimestamp(info.registration_time, UTC).strftime("%Y-%m-%d %H:%M UTC")
        except (OverflowError, OSError, ValueError):
            when = "–"
        built = {True: "built here", False: "copied or substituted", None: ""}[info.ultimate]
        lines.append(Line("registered", when, built))
    if info.download_size is not None:
        lines.append(Line("download", size(info.download_size), "compressed, in the cache"))
    if info.signatures:
        keys = ", ".join(printable(one.split(":", 1)[0], 60) for one in info.signatures[:4])
        lines.append(Line("signed by", keys))
    if info.ca:
        lines.append(Line("addressed by", printable(info.ca, 80), "content"))
    return lines


def _named(title: str, positions: Sequence[int], label: Labels, knowledge: Knowledge) -> list[Line]:
    if not positions:
        return [Line(title, "none")]
    added = knowledge.sizes.added
    lines = [Line(f"{title}", count(len(positions), title[:-1]))]
    lines += [Line("", label[one], size(added[one]) + " added") for one in heaviest(knowledge, positions, _NAMED)]
    if len(positions) > _NAMED:
        lines.append(Line("", f"… {len(positions) - _NAMED} more"))
    return lines


def nix_commands(knowledge: Knowledge, index: int) -> list[tuple[str, str]]:
    """Return the nix commands that tell the same of a path: pairs of what it answers and the command."""
    closure = knowledge.closure
    path = closure.path(index)
    store = closure.records.store_url
    option = f" --store {store}" if store else ""
    root = closure.path(closure.roots[0])
    commands = [
        ("its sizes and references", f"nix path-info --json{option} {path}"),
        ("its closure size", f"nix path-info -Sh{option} {path}"),
        ("everything it needs", f"nix path-info -rsh{option} {path}"),
    ]
    if index not in closure.roots:
        commands.append(("why it is in the closure", f"nix why-depends --precise{option} {root} {path}"))
    cache = store is not None and store.startswith(("file:", "http", "s3:"))
    if not cache:
        commands.append(("what references it, in the whole store", f"nix-store{option} --query --referrers {path}"))
    deriver = knowledge.deriver(index)
    if deriver is not None and deriver in knowledge.derivations:
        words = "show-derivation" if _is_old(closure.records.nix_version) else "derivation show"
        commands.append(("what built it", f"nix {words}{option} {deriver}"))
    return commands


def _is_old(nix_version: str | None) -> bool:
    """Say whether a nix has ``show-derivation`` only."""
    return nix_version is not None and not parse_version(f"nix (Nix) {nix_version.split()[-1]}").has_derivation_show
