"""Programs that are missing, hang, flood, lie or do not want to die."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyclosure.queries.base.activity import Progress, Silent
from pyclosure.queries.base.errors import BadInput, Cancelled, NixFailed, QueryError
from pyclosure.queries.nix import process
from pyclosure.queries.nix.process import Command, Completed, SystemRunner, run, stop_all
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from tests.support.closures import store_path
from tests.support.programs import Programs, alive, wait_until
from tests.support.sentences import assert_sentence

A = store_path("a")
ANSWER = f'[{{"path":"{A}","narSize":7,"references":[],"valid":true}}]'
IGNORES_TERM = "trap '' TERM INT HUP"
HANGS = "while :; do sleep 0.05; done"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    return Programs(tmp_path / "bin", monkeypatch)


@pytest.fixture
def pids(tmp_path: Path) -> Iterator[Callable[[int], list[int]]]:
    """Read the process ids that stubs wrote into a file, waiting for as many as are wanted; kill what is left."""
    file = tmp_path / "pids"
    seen: list[int] = []

    def read(count: int) -> list[int]:
        assert wait_until(lambda: file.exists() and len(file.read_text().split()) >= count)
        seen.extend(int(word) for word in file.read_text().split())
        return seen

    yield read
    for pid in seen:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def completed(programs: Programs, script: str, *, python: bool = False, **command: object) -> Completed:
    programs.add("stub", script, python=python)
    return run(SystemRunner(), Command(("stub",), **command))  # type: ignore[arg-type]


class CancelSoon(Silent):
    """Is cancelled once the program runs, as escape does."""

    def __init__(self, when: Callable[[], object] = lambda: True) -> None:
        super().__init__()
        self.when = when
        self.told: list[Progress] = []

    def report(self, progress: Progress) -> None:
        self.told.append(progress)
        if self.when():
            self.cancelled.set()


# -- programs that behave --------------------------------------------------------------------------------


def test_output_and_status_come_back_apart(programs: Programs) -> None:
    done = completed(programs, "echo out; echo err >&2; exit 3")

    assert done == Completed(("stub",), 3, b"out\n", "err\n")


def test_arguments_are_no_shell_words(programs: Programs) -> None:
    programs.add("stub", 'printf "%s|" "$@"')

    done = run(SystemRunner(), Command(("stub", "a b", "$HOME", "*", "", "ö")))

    assert done.stdout.decode() == "a b|$HOME|*||ö|"


def test_there_is_no_input_no_terminal_and_no_pager(programs: Programs) -> None:
    done = completed(programs, 'cat; echo "$NIX_PAGER $PAGER $NO_COLOR $TERM"; test -t 0 || echo no terminal; pwd')

    assert done.stdout == b"cat cat 1 dumb\nno terminal\n/\n"


def test_input_and_folder_can_be_given(programs: Programs, tmp_path: Path) -> None:
    done = completed(programs, "pwd; cat", stdin=b"some\0bytes", cwd=str(tmp_path))

    assert done.stdout == str(tmp_path).encode() + b"\nsome\0bytes"


def test_a_program_has_a_session_of_its_own(programs: Programs) -> None:
    done = completed(programs, "import os; print(os.getsid(0) == os.getpid() == os.getpgrp())", python=True)

    assert done.stdout == b"True\n", "neither ctrl+c nor a password prompt reaches the screen"


def test_completion_of_the_shell_does_not_confuse_nix(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIX_GET_COMPLETIONS", "2")

    assert completed(programs, 'echo "${NIX_GET_COMPLETIONS-unset}"').stdout == b"unset\n"


def test_output_beyond_a_pipe_does_not_stop_a_program_that_nobody_waits_for(programs: Programs, tmp_path: Path) -> None:
    programs.add("stub", f"head -c 1000000 /dev/zero; touch {tmp_path}/done")

    running = SystemRunner().start(Command(("stub",)))

    assert wait_until((tmp_path / "done").exists), "a pipe would be full after 64 KiB"
    assert len(running.wait().stdout) == 1_000_000


def test_progress_tells_how_much_was_written(programs: Programs) -> None:
    programs.add("stub", "printf 0123456789; sleep 0.1")
    watcher = CancelSoon(lambda: False)

    SystemRunner().start(Command(("stub",), label="nix path-info")).wait(watcher)

    assert watcher.told[-1] == Progress("nix path-info", 10, None, "bytes")


def test_what_is_written_is_handed_over_before_the_end(programs: Programs, tmp_path: Path) -> None:
    programs.add("nix", f"echo one; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; echo two; sleep 0.2; echo three")
    parts: list[bytes] = []

    def take(data: bytes) -> None:
        parts.append(data)
        (tmp_path / "go").touch()

    running = SystemRunner().start(Command(("nix",)))
    running.follow(take, lambda: True)

    assert running.wait().stdout == b"one\ntwo\nthree\n"
    assert parts[0] == b"one\n"
    assert b"one\ntwo\nthree\n".startswith(b"".join(parts)), "each byte once, in order"


def test_what_is_written_is_kept_until_somebody_has_time(programs: Programs) -> None:
    programs.add("nix", "echo one; sleep 0.3; echo two")
    parts: list[bytes] = []
    running = SystemRunner().start(Command(("nix",)))
    running.follow(parts.append, lambda: False)

    assert running.wait().stdout == b"one\ntwo\n"
    assert parts == []


# -- programs that cannot be started ---------------------------------------------------------------------


def refusal(*argv: str, cwd: str = "/") -> NixFailed:
    with pytest.raises(NixFailed) as caught:
        SystemRunner().start(Command(argv, cwd=cwd))
    assert caught.value.command == argv
    return caught.value


def test_a_missing_program_says_what_can_be_done_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Programs(tmp_path / "bin", monkeypatch, system=False)

    error = refusal("nix", "--version")

    assert_sentence(error, "nix was not found on PATH", kind=NixFailed)
    assert "snapshot" in error.hint and "pyclosure demo" in error.hint


def test_a_program_that_is_not_executable_is_named(programs: Programs) -> None:
    programs.add("stub", ":", mode=0o644)

    assert_sentence(refusal("stub"), "cannot start stub: Permission denied", kind=NixFailed)


def test_a_program_that_is_no_program_is_named(programs: Programs) -> None:
    (programs.folder / "stub").write_bytes(b"\0\1\2garbage")
    (programs.folder / "stub").chmod(0o755)

    assert_sentence(refusal("stub"), "cannot start stub: Exec format error", kind=NixFailed)


def test_a_program_without_its_interpreter_is_missing(programs: Programs) -> None:
    (programs.folder / "stub").write_text("#!/no/such/interpreter\n")
    (programs.folder / "stub").chmod(0o755)

    assert_sentence(refusal("stub"), "stub was not found", kind=NixFailed)


def test_a_folder_that_is_gone_is_not_taken_for_a_missing_program(programs: Programs, tmp_path: Path) -> None:
    programs.add("stub", ":")

    error = refusal("stub", cwd=str(tmp_path / "gone"))

    assert_sentence(error, f"in {tmp_path}/gone, which does not exist", kind=NixFailed)


def test_a_file_in_the_place_of_the_folder_is_named(programs: Programs) -> None:
    place = programs.add("stub", ":")

    assert_sentence(refusal("stub", cwd=str(place)), "cannot start stub: Not a directory", kind=NixFailed)


# -- programs that end badly -----------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_killed_program_has_a_negative_status(programs: Programs, number: signal.Signals) -> None:
    done = completed(programs, f"ulimit -c 0; echo partial; kill -{int(number)} $$")

    assert done.status == -number
    assert done.stdout == b"partial\n"


def test_a_flood_on_stderr_is_kept_by_its_end(programs: Programs) -> None:
    done = completed(programs, "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo 'error: the end' >&2; exit 1")

    assert len(done.stderr) == 256 * 1024
    assert done.stderr.endswith("xxxerror: the end\n")


def test_bytes_that_are_no_text_do_not_hurt(programs: Programs) -> None:
    done = completed(programs, r"printf '\377\376\0out'; printf '\377\033[31merr' >&2")

    assert done.stdout == b"\xff\xfe\0out"
    assert done.stderr == "\ufffd\x1b[31merr", "escapes are removed where words are shown"


def test_more_output_than_any_closure_needs_is_stopped(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_STDOUT_LIMIT", 1_000_000)
    programs.add("stub", "exec cat /dev/zero")

    with pytest.raises(NixFailed) as caught:
        run(SystemRunner(), Command(("stub",)))

    assert_sentence(caught.value, "stub printed more than", kind=NixFailed, hint=False)


def test_more_output_that_came_at_once_is_refused_too(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_STDOUT_LIMIT", 1000)
    programs.add("stub", "head -c 2000 /dev/zero")

    with pytest.raises(NixFailed) as caught:
        run(SystemRunner(), Command(("stub",)))

    assert_sentence(caught.value, "stub printed more than", kind=NixFailed, hint=False)


# -- programs that hang ----------------------------------------------------------------------------------


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_hanging_program_is_stopped_after_its_time(
    programs: Programs, tmp_path: Path, pids: Callable[[int], list[int]], stubborn: bool
) -> None:
    trap = IGNORES_TERM if stubborn else ""
    programs.add("stub", f"{trap}\necho $$ > {tmp_path}/pids; printf '\\033[31mwaiting\\n' >&2; {HANGS}")

    with pytest.raises(NixFailed) as caught:
        run(SystemRunner(timeout=0.3), Command(("stub",)))

    assert_sentence(caught.value, "stub did not answer within 0.3 s", kind=NixFailed)
    assert caught.value.words == "waiting"
    assert not alive(pids(1)[0])


FAMILY = """
{parent}
sh -c '{child}
echo $$ >> {folder}/pids; while :; do sleep 0.05; done' &
echo $$ >> {folder}/pids
{wait}
"""


@pytest.mark.parametrize("parent", ["", IGNORES_TERM])
@pytest.mark.parametrize("child", ["", 'trap "" TERM INT HUP'])
@pytest.mark.parametrize("wait", ["wait", HANGS])
def test_cancelling_ends_a_program_and_its_children_within_a_second(
    programs: Programs, tmp_path: Path, pids: Callable[[int], list[int]], parent: str, child: str, wait: str
) -> None:
    programs.add("stub", FAMILY.format(parent=parent, child=child, folder=tmp_path, wait=wait))
    running = SystemRunner().start(Command(("stub",)))
    family = pids(2)
    assert all(map(alive, family))

    with pytest.raises(Cancelled):
        running.wait(CancelSoon())

    assert 2 * process._GRACE <= 1, "it is asked once and killed after that"
    assert wait_until(lambda: not any(map(alive, family))), "somebody survived"


def test_a_result_after_cancelling_is_not_believed(programs: Programs) -> None:
    # nix 2.8 exits with 0 and "valid": false when it is interrupted
    programs.add("stub", "trap 'echo []; exit 0' TERM; while :; do sleep 0.02; done")
    watcher = CancelSoon()

    with pytest.raises(Cancelled):
        SystemRunner().start(Command(("stub",))).wait(watcher)


def test_a_program_that_ended_while_it_was_cancelled_counts_as_cancelled(programs: Programs) -> None:
    programs.add("stub", "echo []")
    running = SystemRunner().start(Command(("stub",)))
    watcher = Silent()
    watcher.cancelled.set()

    with pytest.raises(Cancelled):
        running.wait(watcher)


def test_an_interrupt_from_the_keyboard_ends_the_program(
    programs: Programs, tmp_path: Path, pids: Callable[[int], list[int]]
) -> None:
    programs.add("stub", f"echo $$ > {tmp_path}/pids; {HANGS}")

    class CtrlC(Silent):
        def check(self) -> None:
            if pids(1):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(SystemRunner(), Command(("stub",)), CtrlC())

    assert not alive(pids(1)[0])


def test_stopping_everything_leaves_nothing_running(
    programs: Programs, tmp_path: Path, pids: Callable[[int], list[int]]
) -> None:
    programs.add("stub", f"echo $$ >> {tmp_path}/pids; {HANGS}")
    running = [SystemRunner().start(Command(("stub",))) for _ in range(3)]
    started = pids(3)

    stop_all()
    stop_all()
    running[0].stop()

    assert not any(map(alive, started))


def test_stopping_what_has_ended_does_nothing(programs: Programs) -> None:
    programs.add("stub", "echo out")
    running = SystemRunner().start(Command(("stub",)))

    done = running.wait()
    running.stop()

    assert done.stdout == b"out\n"


def test_many_programs_at_once_do_not_mix_their_words(programs: Programs) -> None:
    programs.add("stub", 'echo "$1"; echo "e$1" >&2')
    results: dict[int, Completed] = {}

    def one(number: int) -> None:
        results[number] = run(SystemRunner(), Command(("stub", str(number))))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert {n: (done.stdout, done.stderr) for n, done in results.items()} == {
        n: (f"{n}\n".encode(), f"e{n}\n") for n in range(8)
    }


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_no_file_handle_is_left_open(programs: Programs) -> None:
    programs.add("stub", "cat; echo err >&2")

    def once() -> None:
        run(SystemRunner(), Command(("stub",), stdin=b"x" * 1000))

    once()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        once()

    assert len(os.listdir("/proc/self/fd")) <= before


# -- a nix that lies -------------------------------------------------------------------------------------


def nix_says(programs: Programs, path_info: str, version: str = "nix (Nix) 2.18.1") -> None:
    """Put a nix on PATH that knows its version and answers everything else with shell commands."""
    programs.add("nix", f'case "$*" in --version) echo "{version}";; *) {path_info};; esac')


def opened(word: str = A, timeout: float | None = 20) -> int:
    records = read_source(resolve(Request((word,), cwd="/")), SystemRunner(timeout)).records
    return sum(info.nar_size for info in records.paths)


def failing(kind: type[QueryError], *facts: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        opened()
    assert_sentence(caught.value, *facts, kind=kind)
    return caught.value


def test_a_good_answer_is_read(programs: Programs) -> None:
    nix_says(programs, f"echo '{ANSWER}'")

    assert opened() == 7


def test_warnings_on_stderr_are_no_failure(programs: Programs) -> None:
    nix_says(programs, f"echo 'warning: error: something' >&2; echo '{ANSWER}'")

    assert opened() == 7


@pytest.mark.parametrize("answer", ["", "Killed", "[", ANSWER[:-9], "null", "\\033[31m", ANSWER.replace("7", '"x"')])
def test_a_garbled_answer_is_the_fault_of_nix(programs: Programs, answer: str) -> None:
    nix_says(programs, f"printf '{answer}'")

    failing(NixFailed, "the output of nix path-info")


def test_an_invalid_path_with_exit_status_0_is_found(programs: Programs) -> None:
    nix_says(programs, f"""echo '[{{"path":"{A}","valid":false}}]'""")

    failing(BadInput, A, "not a valid path of this store")


def test_another_program_called_nix_is_not_believed(programs: Programs) -> None:
    nix_says(programs, "echo []", version="NIX text adventure 1.0")

    failing(NixFailed, "does not answer like nix")


def test_a_nix_that_dies_of_a_signal_says_which(programs: Programs) -> None:
    nix_says(programs, "kill -9 $$")

    failing(NixFailed, "killed by signal 9", "read the closure of a")


def test_nix_words_travel_with_the_error(programs: Programs) -> None:
    nix_says(programs, "printf 'warning: x\\nerror: \\033[31mdisk\\033[0m on fire\\n' >&2; exit 1")

    error = failing(NixFailed, "exit status 1")

    assert error.words == "error: disk on fire"
    assert error.command[0] == "nix" and error.command[-1] == A


def test_a_hanging_nix_is_given_up(programs: Programs) -> None:
    nix_says(programs, "sleep 60")

    with pytest.raises(NixFailed) as caught:
        opened(timeout=0.3)

    assert_sentence(caught.value, "nix did not answer within 0.3 s", kind=NixFailed)


def test_without_nix_command_nix_store_is_asked(programs: Programs) -> None:
    nix_says(programs, "echo \"error: experimental Nix feature 'nix-command' is disabled\" >&2; exit 1")
    programs.add("nix-store", f'case "$*" in *--requisites*) echo {A};; *) printf "{A}\\n00\\n9\\n\\n0\\n";; esac')

    assert opened() == 9


def test_no_nix_at_all_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Programs(tmp_path / "bin", monkeypatch, system=False)

    failing(NixFailed, "nix was not found on PATH")
