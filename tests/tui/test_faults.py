"""A nix that dies, hangs, floods and lies, below the program itself: on the screen and on the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.programs import wait_until
from tests.support.stub_nix import CRASHED, FAMILY, HANGS, KILLED, PROGRAM, StubNix
from tests.support.terminals import Terminal
from tests.tui.commanding import Done

MEMORY = 400 * 1024
"""KiB that the program may take at most, whatever nix does; it takes 60 to 120 MiB by itself."""


@pytest.fixture
def nix(tmp_path: Path) -> StubNix:
    return StubNix(tmp_path / "nix")


@pytest.fixture
def command(nix: StubNix, home: Path) -> Callable[..., Done]:
    """Runs the command line as a program of its own, with the stub as the only nix."""

    def run(*words: str, argv: tuple[str, ...] = PROGRAM, **more: str) -> Done:
        done = subprocess.run(
            [*argv, *words], capture_output=True, stdin=subprocess.DEVNULL, env=nix.environment(home, **more),
            cwd=home, timeout=60,
        )  # fmt: skip
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def terminal(nix: StubNix, home: Path) -> Callable[..., Terminal]:
    """Opens the screen in a terminal, with the stub as the only nix."""

    def start(*words: str, argv: tuple[str, ...] = PROGRAM, **more: str) -> Terminal:
        return Terminal([*argv, *(words or (nix.root,))], nix.environment(home, **more), cwd=home)

    return start


def finished(screen: Terminal) -> None:
    """Wait until nothing works behind the screen."""
    screen.shows("Where the bytes are")
    screen.until(lambda: "? help" in screen.screen.text and "[" not in last_line(screen), "the work to end")


def last_line(screen: Terminal) -> str:
    return screen.screen.text.rstrip().rsplit("\n", 1)[-1]


def no_trace(text: str) -> None:
    assert "Traceback" not in text and "fault in pyclosure" not in text, text


# -- the answer that everything hangs from ---------------------------------------------------------------

HALF = '/usr/bin/head -c 300 "$stub/document"'
WRONG = {
    "killed": (f'/bin/cat "$stub/document"; {KILLED}', "nix was killed by signal 9 before it could read the closure"),
    "crashed": (f"{HALF}; {CRASHED}", "nix was killed by signal 11 before it could read the closure"),
    "half a document": (HALF, "the output of nix path-info"),
    "nothing": (":", "the output of nix path-info"),
    "whole but failed": ('/bin/cat "$stub/document"; exit 7', "nix failed (exit status 7)"),
    "an error and status 0": ("echo 'error: the disk burns' >&2", "error: the disk burns"),
    "no bytes of text": (r"printf '\377\376\000\033[2J'", "the output of nix path-info"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_the_command_line_says_what_is_wrong_with_nix(nix: StubNix, command: Callable[..., Done], fault: str) -> None:
    script, sentence = WRONG[fault]
    nix.does("path-info", script)

    done = command("report", nix.root)

    assert (done.status, done.out) == (3, "")
    assert sentence in done.err
    no_trace(done.err)
    assert not nix.still_running()


@pytest.mark.parametrize("fault", WRONG)
def test_the_screen_says_what_is_wrong_with_nix_and_can_try_again(
    nix: StubNix, terminal: Callable[..., Terminal], fault: str
) -> None:
    script, sentence = WRONG[fault]
    nix.does("path-info", script)
    with terminal() as screen:
        screen.shows(sentence)
        no_trace(screen.screen.text)
        nix.does("path-info", '/bin/cat "$stub/document"')
        screen.keys("r")
        screen.shows("9.8 KiB 4 paths")
        screen.keys("q")

        assert screen.ended() == 0
    assert not nix.still_running()


VERSIONS = {
    "nonsense": ('echo "I am a teapot 7"', "does not answer like nix"),
    "nothing": (":", "does not answer like nix"),
    "killed": (KILLED, "killed by signal 9 before it could ask nix for its version"),
    "failed": ('echo "error: no configuration" >&2; exit 1', "error: no configuration"),
}


@pytest.mark.parametrize("fault", VERSIONS)
def test_a_version_that_cannot_be_believed_is_named(
    nix: StubNix, command: Callable[..., Done], terminal: Callable[..., Terminal], fault: str
) -> None:
    script, sentence = VERSIONS[fault]
    nix.does("version", script)

    done = command("report", nix.root)
    assert (done.status, done.out) == (3, "")
    assert sentence in done.err

    with terminal() as screen:
        screen.shows(sentence)
        screen.keys("q")
        assert screen.ended() == 3


def test_a_version_of_the_future_is_no_failure(nix: StubNix, command: Callable[..., Done]) -> None:
    nix.does("version", 'echo "nix (Nix) next-big-thing"')

    assert command("list", nix.root, "--format", "names").status in (0, 2)
    assert "4 paths" in command("report", nix.root).out


@pytest.mark.parametrize("how", ["not executable", "a folder", "missing", "no program"])
def test_a_nix_that_cannot_be_started_is_named(
    nix: StubNix, command: Callable[..., Done], terminal: Callable[..., Terminal], how: str
) -> None:
    place = nix.bin / "nix"
    if how == "not executable":
        place.chmod(0o644)
    else:
        place.unlink()
    if how == "a folder":
        place.mkdir()
    if how == "no program":
        place.write_bytes(b"\0\1\2")
        place.chmod(0o755)
    sentence = "nix was not found on PATH" if how == "missing" else "cannot start nix: "

    done = command("report", nix.root)
    assert (done.status, done.out) == (3, "")
    assert sentence in done.err
    no_trace(done.err)

    with terminal() as screen:
        screen.shows(sentence)
        screen.keys("q")
        assert screen.ended() == 3


# -- hanging ---------------------------------------------------------------------------------------------

STAGES_OF_NIX = ["version", "path-info", "validity", "derivation", "requisites"]


@pytest.mark.parametrize("stage", STAGES_OF_NIX)
def test_a_hanging_nix_is_given_up_after_its_time(nix: StubNix, command: Callable[..., Done], stage: str) -> None:
    nix.does(stage, f"{FAMILY} {HANGS}")

    done = command("tests", nix.root, "--timeout", "0.5")

    needed = stage in ("version", "path-info")
    assert done.status == (3 if needed else 2 if not done.out else done.status)
    assert "did not answer within 0.5 s" in done.out + done.err
    no_trace(done.err)
    assert wait_until(lambda: not nix.still_running())


@pytest.mark.parametrize("stage", ["version", "path-info"])
def test_the_screen_says_that_nix_did_not_answer_in_time(
    nix: StubNix, terminal: Callable[..., Terminal], stage: str
) -> None:
    nix.does(stage, HANGS)
    with terminal("--timeout", "0.5", nix.root) as screen:
        screen.shows("did not answer within 0.5 s")
        screen.keys("q")

        assert screen.ended() == 3
    assert wait_until(lambda: not nix.still_running())


LEAVING = {
    "q": (lambda screen: screen.keys("q"), 130),
    "ctrl+c": (lambda screen: screen.keys("\x03"), 130),
    "SIGTERM": (lambda screen: screen.child.terminate(), 143),
    "SIGHUP": (lambda screen: screen.child.send_signal(signal.SIGHUP), 129),
    "hanging up": (lambda screen: screen.hang_up(), 129),
}


@pytest.mark.parametrize("how", LEAVING)
def test_whoever_leaves_a_hanging_nix_leaves_nobody_behind(
    nix: StubNix, terminal: Callable[..., Terminal], how: str
) -> None:
    leave, status = LEAVING[how]
    nix.does("path-info", f"{FAMILY} {HANGS}")
    with terminal() as screen:
        screen.shows("nix path-info")
        assert wait_until(lambda: len(nix.family()) == 3), "version, path-info and its child"
        leave(screen)

        assert screen.ended() == status
    assert wait_until(lambda: not nix.still_running()), "somebody survived"


def test_escape_ends_a_hanging_nix_and_the_screen_stays(nix: StubNix, terminal: Callable[..., Terminal]) -> None:
    nix.does("path-info", f"{FAMILY} {HANGS}")
    with terminal() as screen:
        screen.shows("nix path-info")
        assert wait_until(lambda: len(nix.family()) == 3)
        screen.keys("\x1b")
        screen.shows("Cancelled: nothing was opened, and nix was stopped.")
        assert wait_until(lambda: not nix.still_running()), "somebody survived"
        screen.keys("q")

        assert screen.ended() == 130


@pytest.mark.parametrize(
    ("stage", "words", "running"),
    [
        ("version", (), 2),
        # an expression is evaluated by the path-info that also names its paths
        ("path-info", ("-f", "default.nix", "env"), 3),
        ("path-info", ("--derivation",), 3),
    ],
    ids=["asking for the version", "evaluating", "the build closure"],
)
def test_escape_ends_every_stage_of_opening(
    nix: StubNix, home: Path, terminal: Callable[..., Terminal], stage: str, words: tuple[str, ...], running: int
) -> None:
    (home / "default.nix").write_text("{ env = null; }")
    nix.does(stage, f"{FAMILY} {HANGS}")
    with terminal(*words, *(() if "-f" in words else (nix.root,))) as screen:
        assert wait_until(lambda: len(nix.family()) == running)
        screen.shows("esc cancels")
        screen.keys("\x1b")
        screen.shows("Cancelled: nothing was opened, and nix was stopped.")
        assert wait_until(lambda: not nix.still_running()), "somebody survived"
        # it can be tried again, and left while it tries
        screen.keys("r")
        assert wait_until(lambda: len(nix.family()) == 2 * running)
        screen.keys("q")

        assert screen.ended() == 130
    assert wait_until(lambda: not nix.still_running()), "somebody survived"


@pytest.mark.parametrize("stage", STAGES_OF_NIX[2:])
@pytest.mark.parametrize("how", ["q", "hanging up"])
def test_whoever_leaves_while_nix_hangs_behind_the_screen_leaves_nobody_behind(
    nix: StubNix, terminal: Callable[..., Terminal], stage: str, how: str
) -> None:
    nix.does(stage, f"{FAMILY} {HANGS}")
    with terminal() as screen:
        screen.shows("Where the bytes are")
        assert wait_until(lambda: stage in nix.asked())
        # every key is answered meanwhile
        screen.keys("2")
        screen.shows("▸ lib 1.0")
        LEAVING[how][0](screen)

        assert screen.ended() == (129 if how == "hanging up" else 0)
    assert wait_until(lambda: not nix.still_running()), "somebody survived"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_a_command_ends_a_hanging_nix(nix: StubNix, home: Path, number: signal.Signals) -> None:
    nix.does("path-info", f"{FAMILY} {HANGS}")
    argv = [*PROGRAM, "report", nix.root]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(argv, **pipes, env=nix.environment(home), cwd=home) as child:
        assert wait_until(lambda: len(nix.family()) == 3)
        child.send_signal(number)
        out, err = child.communicate(timeout=30)

    assert (child.returncode, out, err) == (128 + number, b"", b"")
    assert wait_until(lambda: not nix.still_running()), "somebody survived"


@pytest.mark.parametrize("stage", STAGES_OF_NIX)
def test_children_that_an_ended_nix_has_left_are_ended_too(
    nix: StubNix, command: Callable[..., Done], stage: str
) -> None:
    script = (nix.folder / stage).read_text()
    nix.does(stage, f"{FAMILY} {script}")

    assert "4 paths" in command("report", nix.root).out
    assert wait_until(lambda: not nix.still_running()), "somebody survived"


# -- slow ------------------------------------------------------------------------------------------------


def test_a_slow_nix_is_watched_and_keys_are_answered(nix: StubNix, terminal: Callable[..., Terminal]) -> None:
    go = nix.folder / "go"
    nix.does(
        "path-info",
        '/usr/bin/head -c 100000 /dev/zero | /usr/bin/tr "\\0" " "\n'
        f'while ! [ -e {go} ]; do /bin/sleep 0.05; done; /bin/cat "$stub/document"',
    )
    with terminal() as screen:
        screen.shows("nix path-info … 98 KiB")
        screen.shows("1 s")
        screen.keys("?")
        screen.shows("Keys")
        screen.keys("\x1b")
        screen.resize(100, 30)
        screen.shows("nix path-info … 98 KiB")
        go.touch()
        screen.shows("9.8 KiB 4 paths")
        screen.keys("q")

        assert screen.ended() == 0


# -- floods ----------------------------------------------------------------------------------------------

FLOOD = '/usr/bin/head -c 1048576 /dev/zero | /usr/bin/tr "\\0" x > "$stub/mib"\n'
WITH_LESS = (
    sys.executable,
    "-c",
    "import sys; from pyclosure.queries.nix import process; process._STDOUT_LIMIT = 50 * 1024**2; "
    "from pyclosure.tui.cli.main import main; sys.exit(main())",
)


def peak_of(child: int) -> int:
    """Return the most memory that a process had, in KiB."""
    text = Path(f"/proc/{child}/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0])


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs /proc")
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_flood_is_stopped_and_takes_no_memory(
    nix: StubNix, terminal: Callable[..., Terminal], command: Callable[..., Done], stream: str
) -> None:
    to = ">&2" if stream == "stderr" else ""
    nix.does(
        "path-info",
        f'{FLOOD}echo "error: it rains" >&2; while :; do /bin/cat "$stub/mib" {to}; echo >> "$stub/wrote"; done',
    )
    words = "nix printed more than 64 MiB of messages" if stream == "stderr" else "nix printed more than"

    done = command("report", nix.root, argv=WITH_LESS)
    assert (done.status, done.out) == (3, "")
    assert words in done.err
    assert len(done.err) < 300_000

    with terminal(argv=WITH_LESS) as screen:
        screen.shows(words)
        peak = peak_of(screen.child.pid)
        screen.keys("q")
        assert screen.ended() == 3
    assert peak < MEMORY
    assert (nix.folder / "wrote").stat().st_size < 2 * 1000, "it was stopped long before a GB"
    assert wait_until(lambda: not nix.still_running())


@pytest.mark.parametrize("status", [0, 1])
def test_many_messages_beside_an_answer_are_no_failure(
    nix: StubNix, terminal: Callable[..., Terminal], command: Callable[..., Done], status: int
) -> None:
    nix.does("path-info", f'{FLOOD}for _ in 1 2 3 4 5 6 7 8 9; do /bin/cat "$stub/mib" >&2; done; echo >&2\n'
             f'echo "error: it rains" >&2; /bin/cat "$stub/document"; exit {status}')  # fmt: skip

    done = command("report", nix.root)
    assert done.status == (3 if status else 0)
    assert ("4 paths" in done.out) == (not status)
    assert len(done.err) < 300_000

    with terminal() as screen:
        screen.shows("error: it rains" if status else "9.8 KiB 4 paths")
        screen.keys("q")
        assert screen.ended() == done.status


# -- what is asked behind the screen ---------------------------------------------------------------------

BEHIND = {
    ("validity", "killed"): (KILLED, "killed by signal 9"),
    ("validity", "failed"): ("echo 'error: the database burns' >&2; exit 1", "exit status 1"),
    ("derivation", "killed"): (KILLED, "killed by signal 9"),
    ("derivation", "half"): ('/usr/bin/head -c 300 "$stub/derivations"', "derivation"),
    ("derivation", "nothing"): (":", "derivation"),
    ("derivation", "nonsense"): ("echo '[1, 2]'", "derivation"),
    ("requisites", "killed"): (KILLED, "killed by signal 9"),
    ("requisites", "nonsense"): ("echo /etc/passwd; echo nonsense.drv", ""),
}


@pytest.mark.parametrize(("stage", "fault"), BEHIND)
def test_a_nix_that_fails_later_leaves_what_is_known_and_is_named(
    nix: StubNix, terminal: Callable[..., Terminal], command: Callable[..., Done], stage: str, fault: str
) -> None:
    script, words = BEHIND[stage, fault]
    nix.does(stage, script)

    done = command("report", nix.root)
    assert done.status == 0
    assert "4 paths" in done.out
    if stage != "requisites":
        assert words in done.out + done.err
    no_trace(done.out + done.err)

    with terminal() as screen:
        finished(screen)
        screen.shows("9.8 KiB 4 paths")
        screen.keys("6")
        screen.shows("no build graph" if words else "derivations")
        if words:
            screen.shows(words)
        no_trace(screen.screen.text)
        screen.keys("q")
        assert screen.ended() == 0
    assert not nix.still_running()


@pytest.mark.parametrize("script", [KILLED, "echo 'error: no' >&2; exit 1", ":", r"printf '\377\033[2J'"])
def test_nix_that_fails_when_it_is_asked_why_is_quoted(
    nix: StubNix, terminal: Callable[..., Terminal], script: str
) -> None:
    nix.does("why-depends", script)
    with terminal() as screen:
        finished(screen)
        screen.keys("w")
        screen.shows("one chain")
        screen.keys("N")
        screen.shows("nix why-depends: lib 1.0")
        if "exit 1" in script or script == KILLED:
            screen.shows("error: no" if "exit" in script else "killed by signal 9")
        screen.keys("\x1b")
        screen.until(lambda: "nix why-depends: lib 1.0" not in screen.words, "the words to go")
        screen.keys("\x1b")
        screen.shows("Where the bytes are")
        screen.keys("q")
        assert screen.ended() == 0


def test_leaving_while_nix_is_asked_why_leaves_nobody_behind(nix: StubNix, terminal: Callable[..., Terminal]) -> None:
    nix.does("why-depends", f"{FAMILY} {HANGS}")
    with terminal() as screen:
        finished(screen)
        screen.keys("w")
        screen.shows("one chain")
        screen.keys("N")
        assert wait_until(lambda: "why-depends" in nix.asked())
        screen.keys("\x1b")
        screen.shows("Where the bytes are")
        assert wait_until(lambda: not nix.still_running()), "leaving the screen stops it"
        screen.keys("q")
        assert screen.ended() == 0
