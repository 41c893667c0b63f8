"""The application goes where screens and windows ask to; the one place that knows them all.

Each is imported when it is first asked for: the first frame waits for none of them.
"""

from __future__ import annotations

from textual.app import App

from pyclosure.tui import screens
from pyclosure.tui.frames import navigation as wanted
from pyclosure.tui.session.session import Session


class NavigatingApp(App[int]):
    """What acts on the messages of :mod:`pyclosure.tui.frames.navigation`.

    Those that open a screen or a full window return when keys reach it.

    Args:
        session: what is open.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._came_from: list[str] = []
        """Screens that led to the closure screen, the last one last."""

    # -- screens -----------------------------------------------------------------------------------------

    def on_show_path(self, event: wanted.ShowPath) -> None:
        """Show a path in the tree of the closure screen."""
        from pyclosure.tui.screens.closure import ClosureScreen

        if self.current_mode != "closure":
            self._came_from.append(self.current_mode)

        async def show() -> None:
            # a screen that was never up has no styles before it is mounted
            await self.switch_mode("closure")
            screen = self.screen
            if isinstance(screen, ClosureScreen):
                screen.refresh_knowledge()
                screen.show_position(event.index, referrers=event.referrers)

        self.call_later(show)

    def on_go_back(self) -> None:
        """Show the screen that led to the closure screen; does nothing when none did."""
        if self._came_from:
            self.switch_mode(self._came_from.pop())

    async def on_show_rebuild(self, event: wanted.ShowRebuild) -> None:
        """Show what touching the derivation of a path rebuilds, or say why that is not known."""
        from pyclosure.tui.screens.rebuild import RebuildScreen

        drv, trouble = self.session.derivation_of(event.index)
        if drv is None:
            if trouble:
                self.notify(trouble, markup=False, timeout=4 if self.session.outlook is None else 3)
            return
        await self.switch_mode("rebuild")
        if isinstance(self.screen, RebuildScreen):
            self.screen.refresh_knowledge()
            self.screen.go_to(drv)

    async def on_show_finding(self, event: wanted.ShowFinding) -> None:
        """Show a finding on its screen."""
        from pyclosure.tui.screens.findings import FindingsScreen

        await self.switch_mode("findings")
        if isinstance(self.screen, FindingsScreen):
            self.screen.refresh_knowledge()
            self.screen.go_to(event.finding)

    # -- windows -----------------------------------------------------------------------------------------

    async def on_show_why(self, event: wanted.ShowWhy) -> None:
        """Say why a path is in the closure."""
        from pyclosure.tui.windows.why import WhyScreen

        session = self.session
        if session.knowledge is not None:
            knowledge, evidence = event.other or (session.knowledge, session.evidence)
            await self.push_screen(WhyScreen(session, knowledge, event.index, evidence))

    async def on_show_contents(self, event: wanted.ShowContents) -> None:
        """Show what a path contains."""
        from pyclosure.tui.windows.contents import ContentsScreen

        knowledge = event.other or self.session.knowledge
        if knowledge is not None:
            await self.push_screen(ContentsScreen(self.session, knowledge, event.index))

    async def on_show_plan(self) -> None:
        """Show the marked cuts and what they save."""
        from pyclosure.tui.windows.plan import PlanDialog

        if self.session.knowledge is not None:
            await self.push_screen(PlanDialog(self.session, self.session.knowledge))

    def on_show_details(self, event: wanted.ShowDetails) -> None:
        """Show the details of a path."""
        from pyclosure.tui.windows.dialogs import DetailDialog

        self.push_screen(DetailDialog(event.title, event.lines))

    def on_show_text(self, event: wanted.ShowText) -> None:
        """Show a text."""
        from pyclosure.tui.windows.dialogs import TextDialog

        self.push_screen(TextDialog(event.title, event.text))

    def on_show_document(self, event: wanted.ShowDocument) -> None:
        """Show a text in the colours of its language."""
        from pyclosure.tui.windows.document import DocumentDialog

        self.push_screen(DocumentDialog(event.title, event.text, event.language))

    def on_show_commands(self, event: wanted.ShowCommands) -> None:
        """Show nix commands."""
        from pyclosure.tui.windows.dialogs import CommandDialog

        self.push_screen(CommandDialog(event.commands))


def import_ahead() -> None:
    """Import what keys open, so that the first of them does not wait for it."""
    from pyclosure.tui.windows import contents, dialogs, plan, why

    assert contents and dialogs and plan and why
    for spec in screens.find_all():
        spec.load()
