"""The application: what is open, which screen is up, what works in the background; nothing else."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import constants, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.driver import Driver
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.signal import Signal

from pyclosure.queries.base.errors import Cancelled, QueryError
from pyclosure.tui import screens
from pyclosure.tui.app import theming
from pyclosure.tui.app.settings import Settings, remember_theme, remembered_theme
from pyclosure.tui.widgets.workarounds import PatientStylesheet
from pyclosure.tui.windows.loading import LoadingScreen
from pyclosure.tui.words.progress import progress_text

if TYPE_CHECKING:
    from textual.command import Provider

    from pyclosure.queries.answers.overview import Overview
    from pyclosure.queries.base.activity import Activity
    from pyclosure.queries.base.verdicts import Finding
    from pyclosure.queries.diff.review import Review
    from pyclosure.queries.opened.evidence import EvidenceStore
    from pyclosure.queries.opened.knowledge import Knowledge
    from pyclosure.queries.rebuild.compare import Compared
    from pyclosure.queries.rebuild.outlook import Outlook
    from pyclosure.queries.sources.graphs import OpenSide
    from pyclosure.queries.sources.opening import Opening
    from pyclosure.queries.testing.evaluation import Expression
    from pyclosure.queries.testing.survey import Survey
    from pyclosure.tui.app.background import Background, Learned
    from pyclosure.tui.session.judging import Judgement
    from pyclosure.tui.session.plan import Mark, Outcome, Plan
    from pyclosure.tui.words.units import Labels

_TICK = 0.2
_SOON = 0.15
"""Seconds after the first frame within which a closure of usual size is there."""


def _actions() -> type[Provider]:
    from pyclosure.tui.app.palette import ActionProvider

    return ActionProvider


def _paths() -> type[Provider]:
    from pyclosure.tui.app.palette import PathProvider

    return PathProvider


def _background(app: ClosureApp, **options: Any) -> Background:
    from pyclosure.tui.app.background import Background

    return Background(app, **options)


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


class ClosureApp(App[int]):
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
    COMMANDS: ClassVar = {_actions, _paths}
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
        super().__init__()
        self.opening = opening
        self.knowledge: Knowledge | None = None
        self.overview: Overview | None = None
        self.judgement: Judgement | None = None
        """What is wrong, as far as it was looked; None before anything was judged."""
        self.survey: Survey | None = None
        """Tests of all packages; None while nothing is known of them."""
        self.outlook: Outlook | None = None
        """The build graph with its ranking; None while it is not known."""
        self.compared: Compared | None = None
        """What changed since another build graph; None while it is not known, and when none was named."""
        self.base = base
        """What the user calls the other side; empty when none was named."""
        self.base_trouble = ""
        """Why nothing can be compared; empty while it can."""
        self.review: Review | None = None
        """What changed since another closure; None while it is not known, and when none was named."""
        self._came_from: list[str] = []
        self._error: BaseException | None = None
        self.trouble: QueryError | None = None
        """What kept the source from being opened; None when nothing did."""
        self.labels: Labels
        self._other_labels: tuple[Knowledge, Labels] | None = None
        self.plan: Plan
        self.evidence: EvidenceStore
        self.task_text = ""
        self.knowledge_signal: Signal[None] = Signal(self, "knowledge")
        self.specs = [spec for spec in screens.find_all() if open_base is not None or not spec.needs_base]
        self.tabs = [(spec.key, spec.title, spec.name) for spec in self.specs]
        self._reopen = reopen
        self._wanted_theme = theme
        self._wanted_screen = screen or self.specs[0].name
        """Name of the screen that comes after the first frame."""
        self._settings = settings or Settings()
        self._background: Background | None = None
        self._at_rest = False
        self._make_background = partial(
            _background, self, read_files=read_files, read_derivations=read_derivations, open_base=open_base, base=base
        )
        self._theme_problems: list[str] = []
        self._set_up_theme()
        for spec in self.specs:
            self.add_mode(spec.name, spec.make)

    # -- start -------------------------------------------------------------------------------------------

    def get_default_screen(self) -> LoadingScreen:
        """Return the first frame."""
        return LoadingScreen(self._wanted_screen)

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
        self._background = self._make_background()
        spec = next(spec for spec in self.specs if spec.name == self._wanted_screen)
        spec.load()
        self._follow(self.opening)
        self.opening.go_on()
        # an answer that is there by now comes with the screen; one that takes longer is waited for on it
        self.set_timer(_SOON, self._show_screens)

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
        self.knowledge_signal.publish(None)

    # -- opening -----------------------------------------------------------------------------------------

    def _follow(self, opening: Opening) -> None:
        self.opening = opening

        def done() -> None:
            self.post_message(Opened())

        opening.when_done(done)

    @property
    def loading_text(self) -> str:
        """What the screens show while nothing is known yet."""
        seconds = int(time.monotonic() - self.opening.began)
        waited = f"   {seconds} s" if seconds else ""
        return f"{progress_text(self.opening.progress)}{waited}\n\nesc cancels"

    def _tick(self) -> None:
        if self.knowledge is None:
            self.knowledge_signal.publish(None)
            return
        if not self._at_rest and self.quiet:
            self._at_rest = True
            gc.freeze()
        text = self._background.text if self._background is not None else ""
        if text != self.task_text:
            self.task_text = text
            self.knowledge_signal.publish(None)

    async def on_opened(self) -> None:
        """Take in what was read, and look further in the background."""
        if not self.opening.done:
            return
        try:
            self.knowledge = self.opening.result()
        except BaseException as error:
            await self.show_trouble(error)
            return
        from pyclosure.queries.opened.evidence import EvidenceStore
        from pyclosure.tui.session.plan import Plan
        from pyclosure.tui.words.units import Labels

        self.labels = Labels(self.knowledge)
        self.plan = Plan(self.knowledge)
        self.evidence = EvidenceStore(self.knowledge)
        self.judgement = self.survey = self.outlook = self.compared = self.review = None
        for note in self.knowledge.notes:
            self.notify(note, markup=False)
        assert self._background is not None
        # what it finds first, the overview, is shown together with the closure
        self._background.start(self.knowledge)
        self.task_text = self._background.text

    async def on_learned(self, event: Learned) -> None:
        """Take in that more is known."""
        if event.overview is not None:
            self.overview = event.overview
            if self.knowledge is not None:
                self.knowledge.touch()
        if event.judgement is not None:
            self.take_judgement(event.judgement)
        if event.outlook is not None:
            self.outlook = event.outlook
        if event.compared is not None:
            self.compared = event.compared
        if event.trouble and self.review is None:
            self.base_trouble = event.trouble
        if event.review is not None:
            self.review, self.base_trouble = event.review, ""
        await self._show_screens()
        _collect_again()
        if self._background is not None:
            self.call_after_refresh(self._background.go_on)
        # after evaluating, what was worked out before is out of date
        if event.survey is not None and (self.judgement is None or event.revision >= self.judgement.revision):
            self.survey = event.survey
        self.task_text = self._background.text if self._background is not None else ""
        self.knowledge_signal.publish(None)

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The expressions that the closure was evaluated from; none when it was opened otherwise."""
        from pyclosure.queries.testing.evaluated import expressions_opened

        return expressions_opened(self.opening.source)

    def labels_of(self, knowledge: Knowledge) -> Labels:
        """Return what paths are called in the open closure, or in the one that it is compared with."""
        if knowledge is self.knowledge:
            return self.labels
        if self._other_labels is None or self._other_labels[0] is not knowledge:
            from pyclosure.tui.words.units import Labels

            self._other_labels = knowledge, Labels(knowledge)
        return self._other_labels[1]

    def take_judgement(self, judgement: Judgement) -> None:
        """Take in findings and tests, unless newer ones are known."""
        if self.judgement is not None and judgement.revision < self.judgement.revision:
            return
        self.judgement = judgement
        if judgement.survey is not None:
            self.survey = judgement.survey
        self.knowledge_signal.publish(None)

    async def show_rebuild(self, at: int) -> None:
        """Show what touching the derivation of a path rebuilds."""
        from pyclosure.tui.screens.rebuild import RebuildScreen

        knowledge, outlook = self.knowledge, self.outlook
        if knowledge is None:
            return
        if outlook is None:
            state = knowledge.build_state
            waiting = state.state in ("waiting", "reading")
            words = "the build graph is still being read" if waiting else f"no build graph: {state.reason}"
            self.notify(words, markup=False, timeout=4)
            return
        path = knowledge.closure.path(at)
        graph = outlook.graph
        drv = graph.position.get(path, graph.position.get(knowledge.deriver(at) or ""))
        if drv is None and path in graph.by_output:
            drv = graph.by_output[path][0]
        if drv is None:
            self.notify("its derivation is not in the build graph", markup=False, timeout=3)
            return
        await self.switch_mode("rebuild")
        if isinstance(self.screen, RebuildScreen):
            self.screen.refresh_knowledge()
            self.screen.go_to(drv)

    async def show_finding(self, finding: Finding) -> None:
        """Show a finding on its screen."""
        from pyclosure.tui.screens.findings import FindingsScreen

        await self.switch_mode("findings")
        if isinstance(self.screen, FindingsScreen):
            self.screen.refresh_knowledge()
            self.screen.go_to(finding)

    async def show_trouble(self, error: BaseException) -> None:
        """Say what went wrong."""
        await self._show_screens()
        _collect_again()
        self.trouble = error if isinstance(error, QueryError) else None
        from pyclosure.tui.windows.dialogs import TroubleScreen

        self._error = error
        self.push_screen(TroubleScreen(error))

    async def open_again(self) -> None:
        """Read the same source again after a failure."""
        if self._reopen is None:
            self.notify("this source cannot be read again", markup=False)
            return
        try:
            opening = self._reopen()
        except QueryError as error:
            self.pop_screen()
            await self.show_trouble(error)
            return
        self.pop_screen()
        self._follow(opening)

    def cancel_opening(self) -> None:
        """Stop reading; nix is stopped as well."""
        self.opening.cancel()

    @property
    def quiet(self) -> bool:
        """Whether nothing works in the background and all it found is shown."""
        return self._background is not None and self._background.finished and not self._background.text

    @property
    def stopped(self) -> str:
        """Why no more will become known; empty while it will, and when all is."""
        return self._background.stopped if self._background is not None else ""

    def cancel_tasks(self) -> bool:
        """Stop the work in the background; False when there was none."""
        return self._background is not None and self._background.cancel()

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

    def show_path(self, at: int, *, referrers: bool = False) -> None:
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
                screen.show_position(at, referrers=referrers)

        self.call_later(show)

    def go_back(self) -> None:
        """Show the screen that led to the closure screen; does nothing when none did."""
        if self._came_from:
            self.switch_mode(self._came_from.pop())

    async def show_why(self, at: int) -> None:
        """Say why a path is in the closure; returns when keys reach the new screen."""
        from pyclosure.tui.windows.why import WhyScreen

        if self.knowledge is not None:
            await self.push_screen(WhyScreen(self.knowledge, at, self.evidence))

    async def show_contents(self, at: int) -> None:
        """Show what a path contains; returns when keys reach the new screen."""
        from pyclosure.tui.windows.contents import ContentsScreen

        if self.knowledge is not None:
            await self.push_screen(ContentsScreen(self.knowledge, at))

    async def show_plan(self) -> None:
        """Show the marked cuts and what they save."""
        from pyclosure.tui.windows.plan import PlanDialog

        if self.knowledge is not None:
            await self.push_screen(PlanDialog(self.knowledge, self.plan))

    def toggle_cut(self, mark: Mark) -> None:
        """Mark a cut or take its mark away; every size follows."""
        marked = self.plan.toggle(mark)
        self.cuts_changed()
        words = self.plan.mark_words(mark, self.labels)
        saves = f"; {self.plan.words()}" if self.plan.marks else ""
        self.notify(f"{'cut' if marked else 'kept'}: {words}{saves}", markup=False, timeout=4)

    def undo_cut(self) -> None:
        """Take the last mark away."""
        if not self.plan.undo():
            self.notify("nothing is marked as cut", markup=False, timeout=2)
        self.cuts_changed()

    def cuts_changed(self) -> None:
        """Let all screens follow the plan: marks at once, sizes as soon as they are worked out."""
        plan = self.plan
        if plan.behind and plan.quick:
            from pyclosure.queries.answers.overview import overview

            plan.take(plan.work_out(plan.marks))
            assert self.knowledge is not None
            self.overview = overview(self.knowledge)
        elif plan.behind:
            for rows in self.screen.query("RowView"):
                rows.refresh()
            self._work_out(plan, tuple(plan.marks))
        self.knowledge_signal.publish(None)

    @work(thread=True, exclusive=True, group="plan", exit_on_error=False)
    def _work_out(self, plan: Plan, marks: tuple[Mark, ...]) -> None:
        from pyclosure.queries.answers.overview import overview

        try:
            if not self.call_from_thread(self._take, plan, plan.work_out(marks)):
                return  # the marks are others by now
            assert self.knowledge is not None
            answer = overview(self.knowledge)
        except Exception as error:
            words = f"what the cuts save could not be worked out: {type(error).__name__}"
            self.call_from_thread(self.notify, words, severity="error", markup=False)
            return
        self.call_from_thread(self._sum_up, answer)

    def _take(self, plan: Plan, outcome: Outcome) -> bool:
        # nothing is painted yet: the sum follows in a moment, and sorting 20,000 rows twice would be felt
        return plan is self.plan and plan.take(outcome)

    def _sum_up(self, answer: Overview) -> None:
        self.overview = answer
        self.knowledge_signal.publish(None)

    @property
    def status(self) -> str:
        """What stands at the right of the key line."""
        plan = self.plan.words() if self.knowledge is not None else ""
        return " · ".join(part for part in (plan, self.task_text) if part)

    @property
    def theme_dark(self) -> bool:
        """Whether the theme is a dark one."""
        return self.current_theme.dark

    def action_command_palette(self) -> None:
        """Find a screen, a key, a theme or a path by typing."""
        from pyclosure.tui.app.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def action_help(self) -> None:
        """Show all keys that work here."""
        from pyclosure.tui.windows.dialogs import HelpDialog

        if isinstance(self.screen, HelpDialog):
            return
        spec = next((spec for spec in self.specs if spec.name == self.current_mode), None)
        self.push_screen(HelpDialog(f"pyclosure · {spec.title if spec else ''}", self._keys(self.screen)))

    def _keys(self, screen: Screen[object]) -> list[tuple[str, str, str]]:
        rows: dict[str, tuple[list[str], str, str]] = {}
        for key, active in screen.active_bindings.items():
            binding = active.binding
            if not binding.description or not (binding.id or binding.action == "app.command_palette"):
                continue  # inherited from Textual, and of no use here
            words = binding.tooltip or binding.description
            keys, _, _ = rows.setdefault(binding.action, ([], words, binding.id or ""))
            keys.append(self.get_key_display(binding.with_key(key)))
        return [(" ".join(keys), words, name) for keys, words, name in rows.values()]

    def palette_actions(self, screen: Screen[object]) -> list[tuple[str, str, Callable[[], object]]]:
        """Return what keys of a screen do, for the palette: key, words, action."""
        entries: list[tuple[str, str, Callable[[], object]]] = []
        seen: set[str] = set()
        for key, active in screen.active_bindings.items():
            binding, node = active.binding, active.node
            if not binding.description or binding.action in seen or not active.enabled or binding.system:
                continue
            if binding.action.startswith(("move", "page", "edge", "go(", "command_palette")):
                continue
            seen.add(binding.action)

            def act(action: str = binding.action, where: object = node) -> None:
                self.call_later(self.run_action, action, where)

            words = binding.tooltip or binding.description
            entries.append((key, words[:1].upper() + words[1:], act))
        return entries

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
        self._leave(Cancelled.exit_code if self.knowledge is None else 0)

    def _failure(self) -> int:
        if self.knowledge is not None:
            return 0
        return int(getattr(self._error or Cancelled(), "exit_code", 70))

    def _leave(self, status: int) -> None:
        self.opening.cancel()
        self.cancel_tasks()
        self.exit(status, return_code=status)
