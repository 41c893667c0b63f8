"""Why is this path here? Chains, and the files that hold each reference, with a look into them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice, pairwise
from typing import ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import Static
from textual.worker import get_current_worker

from pyclosure.queries.answers.chains import Edge, Why, chains_in_order, why
from pyclosure.queries.answers.cuts import saved_by_edge
from pyclosure.queries.answers.outline import Outline, outline_of
from pyclosure.queries.base.errors import Cancelled, QueryError
from pyclosure.queries.base.text import plain_lines
from pyclosure.queries.facts.carriers import carrier
from pyclosure.queries.opened.evidence import EdgeEvidence, EvidenceStore
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.frames.evidence_preview import evidence_preview
from pyclosure.tui.frames.navigation import ShowCommands, ShowPath, ShowText
from pyclosure.tui.frames.watching import WatchedScreen, WorkerWatch
from pyclosure.tui.frames.why_rows import WhyRow, WhyRows
from pyclosure.tui.session.plan import Plan
from pyclosure.tui.session.session import Session
from pyclosure.tui.widgets.bars import KeyBar, TitleBar
from pyclosure.tui.widgets.rows import Cell
from pyclosure.tui.words.details import nix_commands
from pyclosure.tui.words.evidence import spot_words
from pyclosure.tui.words.units import Labels, count, size

_MOST_WORDS = 1024 * 1024
"""Characters of nix's words that are shown."""
_FILES = 12
"""Files of one reference that a row each is given; more are counted."""


class WhyScreen(WatchedScreen[None]):
    """Why one path is in the closure."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_chain", "next chain", id="why.next"),
        Binding("t", "ways", "all ways", id="why.ways", tooltip="All ways as a tree, or one chain"),
        Binding("enter", "follow", "follow", id="why.follow", tooltip="Show the path in the closure"),
        Binding("space", "fold", "unfold, fold", show=False, id="why.fold"),
        Binding("x", "cut", "cut", id="why.cut", tooltip="Mark the reference as cut"),
        Binding("y", "copy", "copy path", show=False, id="why.copy"),
        Binding("o", "nix_commands", "nix command", show=False, id="why.nix"),
        Binding(
            "N", "ask_nix", "ask nix", show=False, id="why.ask-nix", tooltip="The words of nix why-depends --precise"
        ),
        Binding("escape,backspace,q", "leave", "back", id="why.leave"),
    ]

    def __init__(self, session: Session, knowledge: Knowledge, target: int, evidence: EvidenceStore) -> None:
        super().__init__()
        self._session = session
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (140, "-wide")]
        self._knowledge, self._target, self._evidence = knowledge, target, evidence
        self.answer: Why = why(knowledge.closure, target)
        # the first of them is known; the others are looked for when they are asked for
        self._chains: Iterator[tuple[int, ...]] = islice(chains_in_order(knowledge.closure, target), 1, None)
        self._seen: list[tuple[int, ...]] = [self.answer.chain]
        self.number = 0
        """Which chain is shown, from 0."""
        self._tree: Outline | None = None
        self._head = Static("", id="why-head", markup=False)
        self._rows = WhyRows(self.cell, self.row_moved)
        self._preview = Static("", markup=False)
        self._bar = KeyBar()

    @cached_property
    def _plan(self) -> Plan:
        """The marked cuts; nothing is marked in another closure than the open one."""
        return self._session.plan if self._is_open else Plan(self._knowledge)

    @property
    def _is_open(self) -> bool:
        return self._knowledge is self._session.knowledge

    @property
    def _when(self) -> str:
        """Say that it is about the closure that is only compared with; empty for the open one."""
        return "" if self._is_open else " before:"

    def _refuses(self) -> bool:
        """Say whether the path is in the closure that is only compared with, and tell so."""
        if not self._is_open:
            self.notify("it is in the old closure, which is only compared with", markup=False, timeout=3)
        return not self._is_open

    # -- look --------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        title = TitleBar()
        title.tabs, title.label = self._session.tabs, self._knowledge.closure.records.label
        yield title
        yield self._head
        with Container(id="why-body"):
            yield self._rows
            with VerticalScroll(id="why-preview", can_focus=False):
                yield self._preview
        yield self._bar

    def on_mount(self) -> None:
        self._fill()
        self.set_focus(self._rows)
        self._read()

    @property
    def label(self) -> Labels:
        """What paths are called."""
        return self._session.labels_of(self._knowledge)

    @property
    def chain(self) -> tuple[int, ...]:
        """The chain that is shown."""
        return self._seen[self.number]

    def _fill(self, cursor: int | None = None) -> None:
        self._rows.rows = list(self._tree_rows() if self._tree is not None else self._chain_rows())
        self._rows.rows_changed(cursor)
        self._show_head()

    def _show_head(self) -> None:
        answer = self.answer
        text = Text(f"{self._when} why {self.label[self._target]}", "bold", no_wrap=True)
        if self._target in self._knowledge.closure.roots:
            text.append("   it is a root: it was asked for", "")
        shown = f"chain {self.number + 1:,} of {answer.chains:,}" if answer.chains > 1 else "one chain"
        text.append(f"   {shown}" if self._tree is None else f"   {count(answer.chains, 'way')}", "")
        always = [index for index in answer.must_pass if index not in self._knowledge.closure.roots]
        if always:
            text.append(f" · every one passes {', '.join(self.label[index] for index in always[:3])}", "")
        self._head.update(text)

    def _chain_rows(self) -> Iterator[WhyRow]:
        chain = self.chain
        yield WhyRow(0, chain[0])
        for depth, edge in enumerate(pairwise(chain), 1):
            yield WhyRow(depth, edge[1], edge)
            yield from self._file_rows(depth, edge)

    def _tree_rows(self) -> Iterator[WhyRow]:
        assert self._tree is not None
        for node in self._tree.rows:
            edge = (node.parent.index, node.index) if node.parent is not None else None
            yield WhyRow(node.level, node.index, edge, node=node)
            if edge is not None and edge in self._opened:
                yield from self._file_rows(node.level, edge)

    _failed = ""
    """Why files are not looked for any more; empty while they are."""
    _opened: frozenset[Edge] = frozenset()
    """References of the tree whose files are shown."""

    def _file_rows(self, depth: int, edge: Edge) -> Iterator[WhyRow]:
        if not self._evidence.known(edge[0]):
            words = f"files unknown: {self._failed}" if self._failed else "looking for the files that hold it …"
            yield WhyRow(depth, edge[1], edge, remark=words)
            return
        found = self._evidence.of(*edge)
        for one in found.found[:_FILES]:
            yield WhyRow(depth, edge[1], edge, one)
        if len(found.found) > _FILES:
            yield WhyRow(depth, edge[1], edge, remark=f"… {count(len(found.found) - _FILES, 'more file')}")
        if found.reason:
            yield WhyRow(depth, edge[1], edge, remark=f"files unknown: {found.reason}")
        for problem in found.problems[:2]:
            yield WhyRow(depth, edge[1], edge, remark=f"not read: {problem}")

    def cell(self, row: WhyRow, key: str) -> Cell:
        """Return what stands in one column of a row."""
        is_path = row.evidence is None and not row.remark
        if key == "size":
            return Cell(size(self._knowledge.real_sizes.added[row.index]) if is_path else "", "number")
        if key == "mark":
            return Cell(self._mark(row) if is_path else self._carrier(row), "heavy" if is_path else "muted")
        lead = "  " * min(row.depth, 20)
        if row.evidence is not None:
            return Cell(spot_words(row.evidence), "muted", lead + "     ")
        if row.remark:
            return Cell(row.remark, "muted", lead + "     ")
        role = "match" if row.index == self._target else "text"
        if row.node is not None and self._tree is not None:
            open_sign = "  " if self._tree.leaf(row.node) else "▾ " if row.node.children is not None else "▸ "
            other = self._tree.elsewhere(row.node)
            note = "" if other is None else "↑ shown above" if other.row < row.node.row else "↓ shown below"
            return Cell(self.label[row.index], role, lead + open_sign, note)
        return Cell(self.label[row.index], role, lead + ("└─ " if row.depth else ""))

    def _mark(self, row: WhyRow) -> str:
        if row.edge is None:
            return "root"
        if row.edge in self._plan.marks:
            return "✂ cut"
        if row.edge in self.answer.must_pass_edges:
            return "on every chain"
        if row.edge in self._plan.follows:
            return "follows"
        if self._tree is not None and self.answer.chains > 1:
            ways = self.answer.through(row.edge)
            return f"{100 * ways / self.answer.chains:.0f} % of ways" if ways else ""
        return ""

    def _carrier(self, row: WhyRow) -> str:
        return carrier(row.evidence.carrier).words if row.evidence is not None else ""

    # -- preview -----------------------------------------------------------------------------------------

    def row_moved(self) -> None:
        """Look into what the cursor stands on."""
        self._preview.update(self._look())

    def _current(self) -> WhyRow | None:
        rows = self._rows.rows
        return rows[self._rows.cursor] if rows else None

    def _look(self) -> RenderableType:
        row = self._current()
        if row is None or row.edge is None:
            return Text("A root: what was opened. Everything hangs from here.", "dim")
        if row.evidence is None:
            return self._edge_words(row.edge)
        closure = self._knowledge.closure
        return evidence_preview(
            closure.path(row.edge[0]), row.evidence, closure.records.files_root, self.app.current_theme.dark
        )

    def _edge_words(self, edge: Edge) -> Text:
        text = Text(overflow="fold")
        text.append(f"{self.label[edge[0]]} references {self.label[edge[1]]}\n")
        if edge in self._plan.follows:
            text.append("It follows from what others propagate, and vanishes when they stop.\n", "dim")
        found = self._evidence.of(*edge) if self._evidence.known(edge[0]) else EdgeEvidence(())
        if found.found:
            about = carrier(found.found[0].carrier)
            text.append(f"{about.words}: {about.meaning}\nremedy: {about.remedy}\n", "dim")
        saved = saved_by_edge(self._knowledge.closure, self._knowledge.real_sizes, edge)
        nothing = "nothing: others reference the path as well"
        text.append(f"Cut alone, it saves {size(saved) if saved else nothing}.\n", "" if saved else "dim")
        if edge in self.answer.must_pass_edges:
            text.append(f"Cutting it drops {self.label[self._target]}.\n")
        return text

    # -- evidence ----------------------------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="evidence", exit_on_error=False)
    def _read(self) -> None:
        watch = WorkerWatch(get_current_worker())
        wanted = [edge for edge in self._edges_in_sight() if not self._evidence.known(edge[0])]
        try:
            for referrer in dict.fromkeys(edge[0] for edge in wanted):
                self.app.call_from_thread(self._state, f"scanning {self.label[referrer]}")
                self._evidence.scan(referrer, watch)
                self.app.call_from_thread(self._refill)
        except Cancelled:
            return
        self.app.call_from_thread(self._state, "")

    def work_failed(self, group: str, words: str) -> None:
        self._failed = words
        self._state("")
        self._refill()

    def _edges_in_sight(self) -> list[Edge]:
        return list(pairwise(self.chain)) if self._tree is None else sorted(self._opened)

    def _state(self, words: str) -> None:
        self._bar.state = words or self._plan.words()
        self._bar.refresh()

    def _refill(self) -> None:
        row = self._current()
        self._fill()
        if row is not None:
            rows = enumerate(self._rows.rows)
            same = next((number for number, one in rows if (one.index, one.edge) == (row.index, row.edge)), None)
            if same is not None and row.evidence is None:
                self._rows.rows_changed(same)
        self.row_moved()

    # -- keys --------------------------------------------------------------------------------------------

    def _next(self) -> bool:
        found = next(self._chains, None)
        if found is not None:
            self._seen.append(found)
        return found is not None

    def action_next_chain(self) -> None:
        """Show the next chain, in the order of length; after the last one the first again."""
        if self._tree is not None:
            self.action_ways()
            return
        if self.number + 1 < len(self._seen) or self._next():
            self.number += 1
        elif self.number == 0:
            self.notify("there is only this chain", timeout=2, markup=False)
            return
        else:
            self.number = 0
        self._fill(0)
        self._read()

    def action_ways(self) -> None:
        """Show all ways as a tree that can be unfolded, or one chain."""
        if self._tree is not None:
            self._tree = None
        else:
            self._tree = outline_of(self._knowledge, self.answer.members)
            self._tree.reveal(self.chain)
        self._fill(0)
        self._read()

    def action_fold(self) -> None:
        """In the tree, unfold or fold a path; on its own row, its files as well."""
        row = self._current()
        if row is None or self._tree is None or row.node is None:
            return
        if row.edge is not None and self._tree.leaf(row.node):
            self._opened = self._opened ^ {row.edge}
            self._fill()
            self._read()
            return
        if not self._tree.fold(row.node):
            self._tree.unfold(row.node)
        self._fill()

    async def action_follow(self) -> None:
        """Show the path of the row in the closure."""
        row = self._current()
        if row is not None and not self._refuses():
            self.dismiss()
            await self.ask(ShowPath(row.index))

    def action_cut(self) -> None:
        """Mark the reference of the row as cut, or take the mark away."""
        row = self._current()
        if row is None or row.edge is None:
            self.notify("a root is no reference; go to a row below it", timeout=3, markup=False)
            return
        if self._refuses():
            return
        self.notify(self._session.toggle_cut(row.edge), markup=False, timeout=4)
        self._state("")
        self._rows.refresh()

    def action_copy(self) -> None:
        """Copy the path, or the file that holds the reference."""
        row = self._current()
        if row is None:
            return
        path = self._knowledge.closure.path(row.index)
        if row.evidence is not None and row.edge is not None:
            path = f"{self._knowledge.closure.path(row.edge[0])}/{row.evidence.file}".rstrip("/")
        self.app.copy_to_clipboard(path)
        self.notify(f"copied {path}", markup=False, timeout=3)

    async def action_nix_commands(self) -> None:
        """Show the nix commands that tell the same."""
        await self.ask(ShowCommands(nix_commands(self._knowledge, self._target)))

    def action_ask_nix(self) -> None:
        """Let nix say it in its own words; also the way for stores whose files we cannot read."""
        if self._knowledge.nix is None:
            self.notify("a saved closure has no nix to ask", markup=False, timeout=3)
        elif self._target in self._knowledge.closure.roots:
            self.notify("a root: nothing in this closure references it", markup=False, timeout=3)
        else:
            self._state("nix why-depends …")
            self._ask()

    @work(thread=True, exclusive=True, group="evidence", exit_on_error=False)
    def _ask(self) -> None:
        closure, nix = self._knowledge.closure, self._knowledge.nix
        assert nix is not None
        try:
            words = nix.why_depends(
                closure.path(self.chain[0]), closure.path(self._target), WorkerWatch(get_current_worker())
            )
        except Cancelled:
            return
        except QueryError as error:
            words = f"{error}\n{error.hint}\n\n{error.words}"
        self.app.call_from_thread(self._state, "")
        title = f"nix why-depends: {self.label[self._target]}"
        self.app.post_message(ShowText(title, plain_lines(words, _MOST_WORDS)))

    def action_leave(self) -> None:
        """Go back; a scan that goes on is stopped."""
        self.workers.cancel_group(self, "evidence")
        self.dismiss()
