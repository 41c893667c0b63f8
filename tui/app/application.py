"""The application: how it starts, which screen is up, what works in the background; nothing else."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import constants, work
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.driver import Driver
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen

from pyclosure.queries.base.errors import Cancelled, QueryError
from pyclosure.tui import screens
from pyclosure.tui.app import theming
from pyclosure.tui.app.navigation import NavigatingApp, import_ahead
from pyclosure.tui.app.settings import Settings, remember_theme, remembered_theme
from pyclosure.tui.session.session import News, Session
from pyclosure.tui.widgets.workarounds import PatientStylesheet
from pyclosure.tui.windows.loading import LoadingScreen

if TYPE_CHECKING:
    from pyclosure.queries.base.activity import Activity
    from pyclosure.queries.sources.graphs import OpenSide
    from pyclosure.queries.sources.opening import Opening
    from pyclosure.tui.app.background import Background
    from pyclosure.tui.app.palette import Entry
    from pyclosure.tui.session.plan import Mark, Plan

_TICK = 0.2
_SOON = 0.15
"""Seconds after the first frame within which a closure of usual size is there."""


def _collect_again() -> None:
    """Collect garbage, which the start does not; what there is by now lives as long as the program.

    Looking for garbage among all that is known of 20,000 paths takes 150 ms in which no key is answered, so that
    is done rarely, and what the work in the background leaves is not looked at again.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        gc.enable()


class Opened(Message):
    """The source was read, or could not be."""


class Learned(Message):
    """More is known."""

    def __init__(self, news: News) -> None:
        super().__init__()
        self.news = news

    def can_replace(self, message: Message) -> bool:
        """A burst of news is one piece of news, unless something would be lost."""
        return isinstance(message, Learned) and message.news.covers(self.news)


class ClosureApp(NavigatingApp):
    """pyclosure's screen.

    Args:
        opening: the source that is being read.
        reopen: starts reading it again, after a failure.
        theme: a theme for this session; the remembered one by default.
        screen: name of the screen to open on.
        settings: the user's settings.
        read_files: whether files are looked into.
        read_derivations: whether derivations are read.
        open_base: reads what to compare with; None for no comparison.
        base: what the user calls that; both sides mostly have one name.
    """

    TITLE = "pyclosure"
    CSS_PATH: ClassVar = ["../styles/app.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", id="help", tooltip="All keys and words", priority=False),
        Binding("q", "quit", "quit", show=False, id="quit"),
        Binding("ctrl+c", "interrupt", "stop", show=False, id="interrupt", priority=True, system=True),
        Binding("ctrl+z", "suspend_process", "suspend", show=False, id="suspend"),
        *(
            Binding(spec.key, f"go('{spec.name}')", spec.title, show=False, id=f"screen.{spec.name}")
            for spec in screens.find_all()
        ),
    ]

    def __init__(
        self,
        opening: Opening,
        reopen: Callable[[], Opening] | None = None,
        *,
        theme: str | None = None,
        screen: str | None = None,
        settings: Settings | None = None,
        read_files: bool = True,
        read_derivations: bool = True,
        open_base: Callable[[Activity], OpenSide] | None = None,
        base: str = "",
    ) -> None:
        super().__init__(Session(opening, base=base))
        self._error: BaseException | None = None
        self.specs = [spec for spec in screens.find_all() if open_base is not None or not spec.needs_base]
        self.session.tabs = [(spec.key, spec.title, spec.name) for spec in self.specs]
        self.session.plan_later = self._work_out_plan
        self._reopen = reopen
        self._wanted_theme = theme
        self._wanted_screen = screen or self.specs[0].name
        """Name of the screen that comes after the first frame."""
        self._settings = settings or Settings()
        self._background: Background | None = None
        self._at_rest = False
        self._looks_at = {"read_files": read_files, "read_derivations": read_derivations}
        self._open_base = open_base
        self._theme_problems: list[str] = []
        self._set_up_theme()
        for spec in self.specs:
            self.add_mode(spec.name, partial(spec.make, self.session))

    # -- start -------------------------------------------------------------------------------------------

    def get_default_screen(self) -> LoadingScreen:
        """Return the first frame."""
        return LoadingScreen(self.session, self._wanted_screen)

    def get_driver_class(self) -> type[Driver]:
        """Return what draws on the terminal; another one that Textual's own variable names goes first."""
        from pyclosure.tui.app.driver import TerminalDriver

        return super().get_driver_class() if constants.DRIVER is not None else TerminalDriver

    def on_mount(self) -> None:
        self.set_interval(_TICK, self._tick)
        self.app_resume_signal.subscribe(self, lambda _: self._paint_again())
        self.call_after_refresh(self._first_frame_stands)

    def _first_frame_stands(self) -> None:
        """Import and set up what can show a closure, now that nobody looks at an empty terminal any more."""
        # the theme was there before anybody watched it
        self.mutate_reactive(ClosureApp.theme)
        if len(self.available_themes) == 1:
            self._register_themes()
        problems = [*self._theme_problems, *self._settings.problems]
        if self._settings.keys:
            from pyclosure.tui.app import keys

            problems += keys.problems(self._settings.keys, self._listeners())
            self.set_keymap(self._settings.keys)
        names = [spec.name for spec in self.specs]
        if self._wanted_screen not in names:
            problems.append(f"there is no screen {self._wanted_screen!r}; there are {', '.join(names)}")
            self._wanted_screen = names[0]
        for problem in problems:
            self.notify(problem, severity="warning", markup=False)
        self._background = self.session.work = self._make_background()
        next(spec for spec in self.specs if spec.name == self._wanted_screen).load()
        self._follow(self.session.opening)
        self.session.opening.go_on()
        # an answer that is there by now comes with the screen; one that takes longer is waited for on it
        self.set_timer(_SOON, self._show_screens)

    def _make_background(self) -> Background:
        from pyclosure.tui.app.background import Background

        def tell(news: News) -> None:
            self.post_message(Learned(news))

        return Background(self.session, tell, import_ahead, open_base=self._open_base, **self._looks_at)

    async def _show_screens(self) -> None:
        """Go from the first frame to the screen that was asked for; does nothing when that was done."""
        if self.current_mode not in [spec.name for spec in self.specs]:
            await self.switch_mode(self._wanted_screen)

    def _listeners(self) -> tuple[type[DOMNode], ...]:
        from pyclosure.tui.widgets.path_table import PathTable

        return (type(self), PathTable, *(spec.load() for spec in self.specs))

    def _paint_again(self) -> None:
        """Paint everything after the program was suspended: the terminal has forgotten it."""
        self.screen.refresh(layout=True)
        for widget in self.screen.walk_children():
            widget.refresh()

    def _set_up_theme(self) -> None:
        """Take the theme that the first frame has, before any style is worked out; the others are read behind it."""
        for built_in in tuple(self.available_themes):
            self.unregister_theme(built_in)
        name = self._themes_in_order()[0]
        theme = theming.shipped_theme(name)
        if theme is not None:
            self.register_theme(theme)
        else:
            # one of the user's own, or none at all: all of them have to be read to tell
            self._register_themes()
            name = next(one for one in self._themes_in_order() if one in self.available_themes)
        self.set_reactive(ClosureApp.theme, name)
        self.stylesheet = PatientStylesheet(variables=self.get_css_variables())

    def _themes_in_order(self) -> list[str]:
        wanted = (self._wanted_theme, remembered_theme(), self._settings.theme, theming.DEFAULT)
        return [name for name in wanted if name is not None]

    def _register_themes(self) -> None:
        own, problems = theming.users_own()
        for theme in (*theming.shipped(), *own):
            self.register_theme(theme)
        if self._wanted_theme is not None and self._wanted_theme not in self.available_themes:
            problems.append(f"there is no theme {self._wanted_theme!r}; there are {', '.join(self.theme_names())}")
        self._theme_problems = problems

    def theme_names(self) -> list[str]:
        """Return the names of all themes."""
        return sorted(self.available_themes)

    def choose_theme(self, name: str) -> None:
        """Use a theme, and remember it."""
        self.theme = name
        remember_theme(name)
        self.session.changed()

    # -- opening -----------------------------------------------------------------------------------------

    def _follow(self, opening: Opening) -> None:
        self.session.opening = opening

        def done() -> None:
            self.post_message(Opened())

        opening.when_done(done)

    def _tick(self) -> None:
        session = self.session
        if session.knowledge is None:
            session.changed()
            return
        if not self._at_rest and session.quiet:
            self._at_rest = True
            gc.freeze()
        text = session.work.text if session.work is not None else ""
        if text != session.task_text:
            session.task_text = text
            session.changed()

    async def on_opened(self) -> None:
        """Take in what was read, and look further in the background."""
        session = self.session
        if not session.opening.done:
            return
        try:
            knowledge = session.opening.result()
        except BaseException as error:
            await self._show_trouble(error)
            return
        session.open(knowledge)
        for note in knowledge.notes:
            self.notify(note, markup=False)
        assert self._background is not None
        # what it finds first, the overview, is shown together with the closure
        self._background.start(knowledge)
        session.task_text = self._background.text

    async def on_learned(self, event: Learned) -> None:
        """Take in that more is known."""
        self.session.learn(event.news)
        await self._show_screens()
        _collect_again()
        if self._background is not None:
            self.call_after_refresh(self._background.go_on)
        self.session.task_text = self._background.text if self._background is not None else ""
        self.session.changed()

    async def _show_trouble(self, error: BaseException) -> None:
        """Say what went wrong."""
        await self._show_screens()
        _collect_again()
        self.session.trouble = error if isinstance(error, QueryError) else None
        from pyclosure.tui.windows.dialogs import TroubleScreen

        self._error = error
        self.push_screen(TroubleScreen(error))

    async def on_open_again(self) -> None:
        """Read the same source again after a failure."""
        if self._reopen is None:
            self.notify("this source cannot be read again", markup=False)
            return
        try:
            opening = self._reopen()
        except QueryError as error:
            self.pop_screen()
            await self._show_trouble(error)
            return
        self.pop_screen()
        self._follow(opening)

    # -- cuts in a large closure -------------------------------------------------------------------------

    def _work_out_plan(self) -> None:
        """Show marks at once, and work out in a thread what they save."""
        for rows in self.screen.query("RowView"):
            rows.refresh()
        self._work_out(self.session.plan, tuple(self.session.plan.marks))

    @work(thread=True, exclusive=True, group="plan", exit_on_error=False)
    def _work_out(self, plan: Plan, marks: tuple[Mark, ...]) -> None:
        from pyclosure.queries.answers.overview import overview

        session = self.session
        try:
            if not self.call_from_thread(session.take_outcome, plan, plan.work_out(marks)):
                return  # the marks are others by now
            assert session.knowledge is not None
            answer = overview(session.knowledge)
        except Exception as error:
            words = f"what the cuts save could not be worked out: {type(error).__name__}"
            self.call_from_thread(self.notify, words, severity="error", markup=False)
            return
        self.call_from_thread(session.take_overview, answer)

    # -- keys --------------------------------------------------------------------------------------------

    async def action_go(self, mode: str) -> None:
        """Show a screen; the next key goes to it."""
        names = [spec.name for spec in self.specs]
        if mode not in names:
            self.notify("nothing to compare with: name it with --base OLD", markup=False, timeout=3)
        elif self.current_mode not in names:
            self._wanted_screen = mode
        elif self.current_mode != mode and len(self.screen_stack) == 1:
            await self.switch_mode(mode)

    def action_command_palette(self) -> None:
        """Find a screen, a key, a theme or a path by typing."""
        from pyclosure.tui.app.palette import Palette, providers

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(providers(self.session, self._palette_entries), id="--command-palette"))

    def _palette_entries(self, screen: Screen[object]) -> list[Entry]:
        from pyclosure.tui.app.keys import palette_actions
        from pyclosure.tui.app.palette import screen_entries, theme_entries

        return [
            *screen_entries(self.session.tabs, self.action_go),
            *palette_actions(self, screen),
            *theme_entries(self.theme_names(), self.theme, self.choose_theme),
        ]

    def action_help(self) -> None:
        """Show all keys that work here."""
        from pyclosure.tui.app.keys import help_rows
        from pyclosure.tui.windows.dialogs import HelpDialog

        if isinstance(self.screen, HelpDialog):
            return
        spec = next((spec for spec in self.specs if spec.name == self.current_mode), None)
        self.push_screen(HelpDialog(f"pyclosure · {spec.title if spec else ''}", help_rows(self, self.screen)))

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Say something in passing; news replaces older news, so that nothing piles up over the rows."""
        if severity == "information":
            self.clear_notifications()
        super().notify(message, title=title, severity=severity, timeout=timeout or 4, markup=markup)

    async def action_quit(self) -> None:
        """Leave, stopping whatever runs."""
        self._leave(self._failure())

    def action_interrupt(self) -> None:
        """Leave at once."""
        self._leave(Cancelled.exit_code if self.session.knowledge is None else 0)

    def _failure(self) -> int:
        if self.session.knowledge is not None:
            return 0
        return int(getattr(self._error or Cancelled(), "exit_code", 70))

    def _leave(self, status: int) -> None:
        self.session.cancel_opening()
        self.session.cancel_tasks()
        self.exit(status, return_code=status)
