"""Store paths as lines: a tree, or a flat table, with sizes and bars."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from pyclosure.queries.answers.matching import Filter
from pyclosure.queries.answers.outline import Node
from pyclosure.tui.session.browse import Browser
from pyclosure.tui.widgets.rows import Cell, RowView, ViewColumn
from pyclosure.tui.words.units import Labels, bar, kind_short, labels, share, size

_BAR = 6
_COLUMNS = (
    ViewColumn("name", "name", 26, flexible=True),
    ViewColumn("kind", "kind", 6, rank=2),
    ViewColumn("interpreter", "python", 11, rank=9),
    ViewColumn("producer", "made by", 13, rank=11),
    ViewColumn("output", "output", 7, rank=10),
    ViewColumn("nar_size", "NAR", 10, "right", rank=1),
    ViewColumn("closure_size", "closure", 10, "right", rank=3),
    ViewColumn("added_size", "added", 10, "right"),
    ViewColumn("share", "share", 7, "right", rank=6, sortable=False),
    ViewColumn("bar", "", _BAR, rank=4, sortable=False, grow=18),
    ViewColumn("references", "refs", 6, "right", rank=5),
    ViewColumn("referrers", "referrers", 9, "right", rank=7),
    ViewColumn("depth", "depth", 7, "right", rank=8),
)
_SIZE_COLUMNS = frozenset({"nar_size", "closure_size", "added_size"})
_DEEPEST = 12
"""Levels that are indented at most; deeper ones show their level as a number."""
_LEGIBLE = 16
"""Cells that a name keeps, however deep it hangs."""


class PathTable(RowView):
    """The rows of a :class:`Browser`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "open", id="path.open", tooltip="Go in: show the path in the tree"),
        Binding("space", "toggle_row", "unfold, fold", show=False, id="tree.toggle"),
        Binding("right,l", "unfold", "unfold", show=False, id="tree.unfold"),
        Binding("left,h", "fold", "fold, or go to the referrer", show=False, id="tree.fold"),
        Binding("e", "unfold_all", "unfold all", show=False, id="tree.unfold-all"),
        Binding("E", "fold_all", "fold all", show=False, id="tree.fold-all"),
    ]

    class Jumped(Message):
        """The row was a repetition; the cursor went to where the path is unfolded."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.browser: Browser | None = None
        self.follow: RowFollower | None = None
        self.marked: Filter | None = None
        self.is_cut: Callable[[int | None, int], bool] | None = None
        """Says whether a reference (or, with None, a path) is marked as cut."""
        self._labels: Labels | None = None

    def show(self, browser: Browser) -> None:
        """Show the rows of a browser from the top."""
        self.browser = browser
        self._labels = labels(browser.knowledge)
        self.rows_changed(top=True)

    @property
    def index(self) -> int | None:
        """Position of the path under the cursor; None when the table is empty."""
        return self.browser.index(self.cursor) if self.browser else None

    def label(self, index: int) -> str:
        """Return what a path is called here."""
        return self._labels[index] if self._labels is not None else ""

    # -- RowView -----------------------------------------------------------------------------------------

    def columns(self) -> tuple[ViewColumn, ...]:
        return _COLUMNS

    def row_count(self) -> int:
        return self.browser.count() if self.browser else 0

    def sorted_by(self) -> tuple[str, bool]:
        return (self.browser.sort, self.browser.reverse) if self.browser else ("", False)

    def empty_text(self) -> str:
        if self.browser and self.browser.filter.text:
            return f"nothing matches {self.browser.filter.text!r}; escape shows all again"
        return ""

    def moved(self) -> None:
        if self.follow is not None:
            self.follow.row_moved()

    def cell(self, row: int, column: ViewColumn, width: int) -> Cell:
        browser = self.browser
        index = browser.index(row) if browser else None
        if browser is None or index is None:
            return Cell("")
        knowledge = browser.knowledge
        key = column.key
        if key == "name":
            return self._name_cell(browser, row, index, width)
        if index in knowledge.gone and key in (*_SIZE_COLUMNS, "share", "bar"):
            return Cell("gone" if key == "added_size" else "", "muted")
        if key == "kind":
            return Cell(kind_short(knowledge.identity(index).kind.value), "muted")
        if key in _SIZE_COLUMNS:
            return Cell(size(self._bytes(browser, key, index)), "number")
        if key == "share":
            return Cell(share(self._bytes(browser, self._weighed(browser), index), knowledge.sizes.total), "muted")
        if key == "bar":
            return Cell(bar(self._bytes(browser, self._weighed(browser), index), knowledge.sizes.total, width), "bar")
        if key == "references":
            return Cell(str(len(knowledge.closure.references[index])), "muted")
        if key == "referrers":
            return Cell(str(len(knowledge.closure.referrers[index])), "muted")
        if key == "depth":
            return Cell(str(knowledge.sizes.depth[index]), "muted")
        if key == "output":
            return Cell(knowledge.identity(index).output.value, "muted")
        identity = knowledge.identity(index)
        fact = identity.producer if key == "producer" else identity.interpreter
        return Cell(fact.value if fact else "", "muted")

    def _weighed(self, browser: Browser) -> str:
        return browser.sort if browser.sort in _SIZE_COLUMNS else "added_size"

    def _bytes(self, browser: Browser, key: str, index: int) -> int | None:
        sizes = browser.knowledge.sizes
        if key == "added_size":
            return browser.added(index)
        if key == "nar_size":
            return sizes.nar[index]
        return sizes.closure[index] if sizes.closure else None

    def _name_cell(self, browser: Browser, row: int, index: int, width: int) -> Cell:
        node = browser.node(row)
        hit = bool(browser.filter.text) or (self.marked is not None and browser.matches(index, self.marked))
        role = "muted" if index in browser.knowledge.gone else "match" if hit else "text"
        referrer = node.parent.index if node is not None and node.parent is not None else None
        if browser.place.direction == "referrers" and referrer is not None:
            cut = self.is_cut(index, referrer) if self.is_cut else False
        else:
            cut = self.is_cut(referrer, index) if self.is_cut else False
        if node is None:
            return Cell(self.label(index), role, note="✂ cut" if cut else "")
        if cut:
            return Cell(self.label(index), role, _lead(browser, node, width), "✂ cut")
        return Cell(self.label(index), role, _lead(browser, node, width), _note(browser, node))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to open a row only once there is one."""
        return None if self.browser is None and action == "choose" else True

    # -- tree keys ---------------------------------------------------------------------------------------

    def action_toggle_row(self) -> None:
        """Unfold or fold; on a repetition, jump to where the path is unfolded."""
        if self.browser is None:
            return
        if self.browser.listing:
            return
        to = self.browser.toggle(self.cursor)
        if to is not None:
            self.cursor = to
            self.post_message(self.Jumped())
        else:
            self.rows_changed()

    def action_unfold(self) -> None:
        """Unfold; when it is unfolded already, go to the first row below."""
        node = self.browser.node(self.cursor) if self.browser else None
        if node is None:
            return
        if node.children:
            self.cursor += 1
        else:
            self.action_toggle_row()

    def action_fold(self) -> None:
        """Fold; when it is folded already, go to the row it hangs from."""
        node = self.browser.node(self.cursor) if self.browser else None
        if node is None:
            return
        if node.children is not None:
            self.action_toggle_row()
        elif node.parent is not None:
            self.cursor = node.parent.row

    def action_unfold_all(self) -> None:
        """Unfold every path once."""
        if self.browser and not self.browser.listing:
            node = self.browser.node(self.cursor)
            whole = self.browser.unfold_all()
            self.rows_changed(cursor=None if node is None else node.row)
            if not whole:
                self.notify("too many rows to unfold all; the first levels are shown", markup=False)

    def action_fold_all(self) -> None:
        """Fold all but the top."""
        if self.browser and not self.browser.listing:
            self.browser.fold_all()
            self.rows_changed(top=True)

    def clicked(self, row: int, x: int) -> None:
        node = self.browser.node(row) if self.browser else None
        if node is not None and self.browser is not None:
            width = next(width for column, width in self._fit() if column.flexible)
            lead = len(_lead(self.browser, node, width))
            if lead - 2 <= x - 1 < lead:
                self.action_toggle_row()


class RowFollower:
    """Something that follows the cursor of a table at once."""

    def row_moved(self) -> None:
        """Take in that the cursor stands elsewhere."""


def _lead(browser: Browser, node: Node, width: int) -> str:
    deepest = max(2, min(_DEEPEST, (width - _LEGIBLE) // 2 - 1))
    indent = "  " * min(node.level, deepest)
    if node.level > deepest:
        number = f"{node.level}›"
        indent = indent[: -len(number)] + number
    if browser.place.outline.leaf(node):
        return f"{indent}  "
    return f"{indent}{'▾' if node.children is not None else '▸'} "


def _note(browser: Browser, node: Node) -> str:
    if node.children is not None:
        return ""
    other = browser.place.outline.elsewhere(node)
    if other is None:
        return ""
    return "↑ shown above" if other.row < node.row else "↓ shown below"


def added_title(browser: Browser) -> str:
    """Say what the added column is relative to."""
    if browser.within is None:
        roots = browser.knowledge.closure.roots
        return "on top of the root" if len(roots) == 1 else f"on top of all {len(roots)} roots"
    return f"within {labels(browser.knowledge)[browser.within]}"
