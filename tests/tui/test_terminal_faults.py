"""Terminals that shrink, are suspended, hang up or cannot show our signs; homes and folders that are gone."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.programs import wait_until
from tests.support.stub_nix import HANGS, PROGRAM, StubNix
from tests.support.terminals import Terminal
from tests.tui.commanding import ROOT, Done

DATA = ROOT / "tests" / "data"
SCREENS = ("overview", "closure", "python", "findings", "tests", "rebuild", "diff")
PROC = pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs /proc")


@pytest.fixture
def nix(tmp_path: Path) -> StubNix:
    return StubNix(tmp_path / "nix")


@pytest.fixture
def terminal(nix: StubNix, home: Path) -> Callable[..., Terminal]:
    """Opens the demo, or what is named, in a terminal."""

    def start(
        *words: str, before: tuple[str, ...] = (), handles: dict[str, int] | None = None, **more: str
    ) -> Terminal:
        argv = [*before, *PROGRAM, *(words or ("demo:",))]
        return Terminal(argv, nix.environment(home, **more), cwd=home, **(handles or {}))

    return start


@pytest.fixture
def shell(nix: StubNix, home: Path) -> Callable[..., Done]:
    """Runs a line of a shell in which ``"$@"`` is our program."""

    def run(line: str, cwd: Path = home, **more: str) -> Done:
        argv = ["/bin/sh", "-c", line, "sh", *PROGRAM]
        environment = nix.environment(home) | more
        done = subprocess.run(
            argv, capture_output=True, stdin=subprocess.DEVNULL, env=environment, cwd=cwd, timeout=60
        )  # fmt: skip
        return Done(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))

    return run


def rested(screen: Terminal, words: str = "") -> None:
    """Wait until the screen stands, nothing works behind it, and nothing more is painted."""
    screen.shows(words)
    screen.until(lambda: "? help" in screen.screen.text and "…]" not in screen.screen.text, "the work to end")
    while screen.read(0.3):
        pass


def restored(screen: Terminal) -> None:
    """Check that the terminal was given back: main buffer, cursor, wrapping, no mouse."""
    assert not screen.screen.alternate
    assert screen.screen.modes == {"7", "25"}


def leave_dialog(screen: Terminal) -> None:
    """Close a window, and leave; escape and a key that come together are another key."""
    screen.keys("\x1b")
    screen.until(
        lambda: "esc close" not in screen.screen.text and "? help" in screen.screen.text, "the window to close"
    )
    screen.keys("q")


# -- size ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCREENS)
def test_every_screen_survives_a_terminal_of_one_cell(terminal: Callable[..., Terminal], name: str) -> None:
    words = (str(DATA / "pr-head.snapshot"), "--base", str(DATA / "pr-base.snapshot"), "--screen", name)
    with terminal(*words) as screen:
        rested(screen, "0 new, 0 gone" if name == "diff" else "")
        screen.keys("g")  # the first row: others may be scrolled in a terminal of few lines
        rested(screen)
        before = screen.screen.text
        for size in ((1, 1), (2, 200), (500, 2), (1, 1), (80, 24)):
            screen.resize(*size)
            screen.read(0.3)
        screen.until(lambda: screen.screen.text == before, "the same as before")
        screen.keys("\x1b[B")
        screen.until(lambda: screen.screen.text != before, "the cursor to move")
        screen.keys("q")

        assert screen.ended() == 0
    restored(screen)


def test_a_terminal_of_no_size_at_all_is_no_failure(terminal: Callable[..., Terminal]) -> None:
    with terminal() as screen:
        screen.shows("Where the bytes are")
        screen._size(0, 0)
        screen.read(0.3)
        screen.resize(80, 24)
        screen.shows("Where the bytes are")
        screen.keys("q")

        assert screen.ended() == 0


# -- stopping and continuing -----------------------------------------------------------------------------

SUSPENDING = 'set -m; "$@"; echo "stopped with $?"; read answer; fg > /dev/null; echo "ended with $?"'


def suspended(terminal: Callable[..., Terminal], *words: str) -> Terminal:
    return terminal(*words, before=("/bin/bash", "-c", SUSPENDING, "bash"))


@pytest.mark.skipif(not os.path.exists("/bin/bash"), reason="needs a shell with job control")
@pytest.mark.parametrize("screen_name", ["overview", "rebuild"])
def test_suspending_gives_the_terminal_back_and_continuing_paints_all(
    terminal: Callable[..., Terminal], screen_name: str
) -> None:
    with suspended(terminal, "demo:", "--screen", screen_name) as screen:
        rested(screen)
        before = screen.screen.text
        screen.keys("\x1a")
        screen.shows("stopped with")
        assert not screen.screen.alternate and "1000" not in screen.screen.modes
        screen.keys("\n")
        screen.until(lambda: screen.screen.text == before, "the same as before")
        screen.keys("?")
        screen.shows("esc close")
        leave_dialog(screen)
        screen.shows("ended with 0")
        assert screen.ended() == 0


@pytest.mark.skipif(not os.path.exists("/bin/bash"), reason="needs a shell with job control")
def test_suspending_while_nix_works_loses_nothing(nix: StubNix, terminal: Callable[..., Terminal]) -> None:
    go = nix.folder / "go"
    nix.does("path-info", f'while ! [ -e {go} ]; do /bin/sleep 0.02; done; /bin/cat "$stub/document"')
    with suspended(terminal, nix.root) as screen:
        screen.shows("nix path-info")
        screen.keys("\x1a")
        screen.shows("stopped with")
        go.touch()
        time.sleep(0.2)
        screen.keys("\n")
        screen.shows("9.8 KiB 4 paths")
        screen.keys("q")
        screen.shows("ended with 0")


def threads_of(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


@PROC
def test_a_stop_from_outside_leaves_one_set_of_threads_and_a_whole_screen(terminal: Callable[..., Terminal]) -> None:
    with terminal() as screen:
        rested(screen)
        assert wait_until(lambda: threads_of(screen.child.pid) == 3)
        before = screen.screen.text
        for _ in range(3):
            screen.child.send_signal(signal.SIGSTOP)
            time.sleep(0.05)
            screen.screen.clear()
            screen.child.send_signal(signal.SIGCONT)
            screen.until(lambda: screen.screen.text == before, "the same as before")
        assert wait_until(lambda: threads_of(screen.child.pid) == 3), "threads pile up"
        screen.keys("q")

        assert screen.ended() == 0
    restored(screen)


# -- the end ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 0)])
@pytest.mark.parametrize("busy", [True, False])
def test_a_signal_ends_the_screen_and_restores_the_terminal(
    terminal: Callable[..., Terminal], number: signal.Signals, status: int, busy: bool
) -> None:
    with terminal() as screen:
        screen.shows("Where the bytes are")
        if not busy:
            rested(screen)
        screen.child.send_signal(number)

        assert screen.ended(10) == status
        assert "Traceback" not in screen.screen.text
    restored(screen)


@pytest.mark.parametrize("ignored", [False, True], ids=["SIGHUP ends", "SIGHUP ignored"])
@pytest.mark.parametrize("when", ["loading", "working", "at rest", "in a dialog"])
def test_the_program_ends_with_its_terminal(
    nix: StubNix, terminal: Callable[..., Terminal], ignored: bool, when: str
) -> None:
    if when == "loading":
        nix.does("path-info", HANGS)
    before = ("/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh") if ignored else ()
    with terminal(nix.root if when == "loading" else "demo:", before=before) as screen:
        screen.shows("nix path-info" if when == "loading" else "Where the bytes are")
        if when in ("at rest", "in a dialog"):
            rested(screen)
        if when == "in a dialog":
            screen.keys("?")
            screen.shows("Keys")
        screen.hang_up()

        assert screen.ended(10) == 129
    assert wait_until(lambda: not nix.still_running())


def test_a_terminal_that_takes_no_output_does_not_keep_the_program(terminal: Callable[..., Terminal]) -> None:
    """As with a stopped ssh, or after ctrl+s."""
    with terminal() as screen:
        screen.shows("Where the bytes are")
        for key in "123456" * 12:
            screen.keys(key + "\x1b[B" * 5)
            time.sleep(0.02)
        screen.child.terminate()

        assert screen.child.wait(20) == 143


# -- signs that cannot be shown --------------------------------------------------------------------------

ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
LOCALES = {
    "C": {"LC_ALL": "C", "LANG": "C"},
    "POSIX": {"LANG": "POSIX"},
    "none": {"LANG": ""},
    "unknown": {"LC_ALL": "xx_XX.NOTHING"},
    "ASCII": ASCII,
    "latin": {"PYTHONIOENCODING": "latin-1"},
}


@pytest.mark.parametrize("locale", LOCALES)
def test_the_screen_works_in_every_locale(terminal: Callable[..., Terminal], locale: str) -> None:
    with terminal(**LOCALES[locale]) as screen:
        rested(screen, "Where the bytes are")
        assert "\\u" not in screen.screen.text and "Traceback" not in screen.screen.text
        screen.keys("2")
        screen.shows("? msgpack 1.2.4" if locale in ("ASCII", "latin") else "▸ msgpack 1.2.4")
        screen.keys("?")
        screen.shows("esc close")
        leave_dialog(screen)

        assert screen.ended() == 0


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("words", ["report demo:", "tree demo:", "check demo:", "--help", "report /nö/such"])
def test_commands_work_in_every_locale(shell: Callable[..., Done], locale: str, words: str) -> None:
    done = shell(f'"$@" {words}', **LOCALES[locale])

    assert done.status in (0, 1, 2)
    assert "Traceback" not in done.err and "fault" not in done.err
    assert (done.out if words != "report /nö/such" else done.err).strip()


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_cannot_move_its_cursor_gets_the_report(terminal: Callable[..., Terminal], term: str) -> None:
    with terminal(TERM=term) as screen:
        assert screen.ended() == 0
        assert b"Where the bytes are" in screen.raw
        assert b"\x1b[?1049h" not in screen.raw


# -- streams that are closed or lead elsewhere -----------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ('"$@" report demo: >&-', 3),
        ('"$@" demo: >&-', 3),
        ('"$@" report demo: 2>&-', 3),
        ('"$@" report demo: <&-', 0),
        ('"$@" demo: <&-', 0),
        ('"$@" report - <&-', 2),
        ('"$@" report demo: <&- >&- 2>&-', 3),
        ('"$@" --help >&-', 0),
        ('"$@" --version >&-', 0),
        ('"$@" report demo: > /dev/full', 3),
        ('"$@" --version > /dev/full', 3),
        ('"$@" --help > /dev/full', 3),
        ('"$@" report /no/such 2> /dev/full', 2),
    ],
)
def test_closed_and_full_streams_are_no_faults(shell: Callable[..., Done], line: str, status: int) -> None:
    done = shell(line)

    assert "Traceback" not in done.err and "Exception" not in done.err and "a fault" not in done.err
    assert done.status == status


def test_a_store_is_read_with_all_streams_closed_but_the_answer(nix: StubNix, shell: Callable[..., Done]) -> None:
    """The lowest free numbers go to files of our own then, and must not be taken for streams."""
    assert "4 paths" in shell(f'"$@" report {nix.root} <&-').out


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_on_a_terminal_one_stream_may_be_closed(terminal: Callable[..., Terminal], stream: str) -> None:
    close = {"stdin": "<&-", "stdout": ">&-", "stderr": "2>&-"}[stream]
    with terminal(before=("/bin/sh", "-c", f'"$@" {close}', "sh")) as screen:
        # nothing can be asked, drawn or said: it ends at once, or prints the report
        assert screen.ended(20) == {"stdin": 0, "stdout": 3, "stderr": 3}[stream]
        assert b"Traceback" not in screen.raw


def test_the_screen_stands_where_stdout_leads_when_stderr_goes_into_a_file(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with terminal(before=("/bin/sh", "-c", f'"$@" 2> {log}', "sh")) as screen:
        screen.shows("Where the bytes are")
        screen.keys("q")
        assert screen.ended() == 0
    assert log.read_bytes() == b""


# -- folders ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["missing", "a file", "empty", "unset", "read-only"])
def test_a_home_that_cannot_be_used_keeps_no_answer_back(
    nix: StubNix, terminal: Callable[..., Terminal], shell: Callable[..., Done], tmp_path: Path, what: str
) -> None:
    place = tmp_path / "another"
    if what == "a file":
        place.touch()
    if what == "read-only":
        place.mkdir(mode=0o555)
    more = {"HOME": "" if what in ("empty", "unset") else str(place), "XDG_CONFIG_HOME": "", "XDG_STATE_HOME": ""}
    unset = "unset HOME;" if what == "unset" else ""

    done = shell(f'{unset} "$@" report {nix.root}', **more)
    assert (done.status, "4 paths" in done.out) == (0, True)
    assert shell(f'{unset} "$@" check demo:', **more).status in (0, 1)

    with terminal(nix.root, before=("/bin/sh", "-c", f'{unset} exec "$@"', "sh"), **more) as screen:
        screen.shows("Where the bytes are")
        # a theme is chosen in the palette, and cannot be remembered
        screen.keys("\x10")
        screen.shows("Search for commands")
        screen.keys("paper")
        screen.shows("Theme: paper")
        screen.keys("\x1b[B\r")
        screen.until(lambda: "Theme: paper" not in screen.words, "the palette to close")
        screen.keys("q")
        assert screen.ended() == 0
        assert b"Traceback" not in screen.raw


def test_temporary_files_are_not_needed(
    nix: StubNix, terminal: Callable[..., Terminal], shell: Callable[..., Done], tmp_path: Path
) -> None:
    more = {"TMPDIR": str(tmp_path / "no-such"), "TEMP": "/proc/no-such", "TMP": "/proc/no-such"}
    assert "4 paths" in shell(f'"$@" report {nix.root}', **more).out
    with terminal(nix.root, **more) as screen:
        screen.shows("9.8 KiB 4 paths")
        screen.keys("q")
        assert screen.ended() == 0


def test_a_system_without_room_for_the_answer_says_so(nix: StubNix, shell: Callable[..., Done]) -> None:
    """As on systems without anonymous files and with an unusable TMPDIR, or with too many open files."""
    code = (
        "import sys, tempfile; from pyclosure.queries.nix import process\n"
        "def full(name): raise OSError(28, 'No space left on device')\n"
        "process._anonymous_file = full\n"
        "from pyclosure.tui.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    done = shell(f'"$1" -c "{code}" report {nix.root}')

    assert done.status == 3
    assert "there is no place for the answer of nix: No space left on device" in done.err


GONE = 'cd "$PWD/gone" && /bin/rmdir "$PWD" && '


@pytest.mark.parametrize(
    "words", ["report {root}", "check demo:", "tests demo:", "rebuild demo:", "list ./relative", "report app-1.0", ""]
)
def test_a_deleted_folder_keeps_no_answer_back(
    nix: StubNix, shell: Callable[..., Done], tmp_path: Path, words: str
) -> None:
    (tmp_path / "gone").mkdir()

    done = shell(f'{GONE}"$@" {words.format(root=nix.root)}', cwd=tmp_path)

    assert "Traceback" not in done.err and "a fault" not in done.err
    assert done.status in ((0, 1) if "demo" in words else (0,) if "{root}" in words else (2,))


def test_the_screen_works_in_a_deleted_folder(nix: StubNix, terminal: Callable[..., Terminal], home: Path) -> None:
    (home / "gone").mkdir()
    with terminal("demo:", before=("/bin/sh", "-c", f'{GONE} exec "$@"', "sh")) as screen:
        rested(screen)
        assert "fault" not in screen.screen.text
        screen.keys("4")
        screen.shows("warnings")
        screen.keys("5")
        screen.shows("packages")
        assert "fault" not in screen.screen.text
        screen.keys("q")
        assert screen.ended() == 0


def test_a_snapshot_in_a_deleted_folder_says_so(shell: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    done = shell(f'{GONE}"$@" snapshot demo: -o x.snapshot', cwd=tmp_path)

    assert done.status == 2
    assert "cannot write the snapshot x.snapshot" in done.err
