"""The Python distributions of the closure, and the paths that hold them."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from pyclosure.queries.kinds.identity import Fact
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.frames.mode_screen import NumberedScreen
from pyclosure.tui.frames.path_screen import PathScreen
from pyclosure.tui.session.browse import Browser
from pyclosure.tui.session.session import Session
from pyclosure.tui.words.units import count, size

_KINDS = frozenset({"python-package", "python-app", "python-env", "interpreter", "python-bootstrap"})


class PythonScreen(PathScreen):
    """Interpreters, environments, packages and applications."""

    MODE = "python"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.summary = Static("", id="summary", markup=False)

    def above_rows(self) -> list[Widget]:
        return [self.summary]

    def make_browser(self, knowledge: Knowledge) -> Browser:
        def is_python(index: int) -> bool:
            identity = knowledge.identity(index)
            return identity.kind.value in _KINDS or identity.distributions > 0

        return Browser(knowledge, only=is_python)

    def facts_changed(self, knowledge: Knowledge) -> None:
        browser = self.table.browser
        if browser is None:
            return
        answer = self.session.overview
        if answer is None:
            return
        producers = sorted({fact.value for row in range(browser.count()) if (fact := self._producer(browser, row))})
        python = next((part for part in answer.by_group if part.key == "python"), None)
        about = "" if answer.distributions_sure else "~"
        parts = [
            about + count(answer.distributions, "distribution"),
            size(python.nar_size if python else None),
            count(len(answer.interpreters), "interpreter"),
            "made by " + ", ".join(producers) if producers else "",
        ]
        self.summary.update(Text("  " + "   ".join(part for part in parts if part), no_wrap=True, overflow="ellipsis"))

    def _producer(self, browser: Browser, row: int) -> Fact | None:
        index = browser.index(row)
        return browser.knowledge.identity(index).producer if index is not None else None


SCREEN = NumberedScreen(PythonScreen, key="3")
