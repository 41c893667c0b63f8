"""The command line itself: help, versions, exit statuses, pipes."""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pyclosure import __version__
from pyclosure.queries.base.errors import BadInput, Cancelled, NixFailed
from pyclosure.tui.cli import commands
from pyclosure.tui.cli.parsing import parse, parser_for
from tests.tui.closures import dump_of
from tests.tui.commanding import ROOT, Cli, Done

HEAVY = ("textual", "networkx", "msgspec", "rich", "humanize", "asyncio")


# -- before anything is imported -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [["--version"], ["-V"], ["--help"], ["-h"], ["help"], ["list", "--help"], ["demo", "--help"], []]
)
def test_what_needs_no_closure_loads_nothing_heavy(program: Cli, words: list[str]) -> None:
    code = (
        "import sys\nfrom pyclosure.tui.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        f"print('loaded:', [name for name in {HEAVY} if name in sys.modules])"
    )
    done = program(*words, code=code)

    assert done.out.rstrip().endswith("loaded: []"), done.out[-200:]


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_the_version_is_one_line(cli: Cli, word: str) -> None:
    assert cli(word) == Done(0, f"pyclosure {__version__}\n", "")


def test_the_version_is_told_by_other_words_on_the_line_as_well(cli: Cli) -> None:
    assert cli("demo:", "--version") == Done(0, f"pyclosure {__version__}\n", "")


@pytest.mark.parametrize("name", commands.names())
def test_help_of_every_command_shows_examples_that_it_would_take(cli: Cli, name: str) -> None:
    done = cli(name, "--help")
    command = commands.find(name)

    assert done.status == 0 and done.err == ""
    assert "\nexamples\n" in done.out
    assert len(command.examples) >= 2
    for line, what in command.examples:
        assert f"  {line}\n" in done.out
        assert f"      {what}\n" in done.out
        assert line.startswith("pyclosure ")
        # each example is of this command
        assert name == commands.__dict__.get("", "view") or f"pyclosure {name}" in line or name in ("snapshot", "demo")
    assert command.summary
    assert not re.search(r"%\(|%%", done.out)


def test_help_lists_every_command_with_its_summary(cli: Cli) -> None:
    for word in ("--help", "-h", "help"):
        out = cli(word).out
        for name in commands.names():
            if name != "view":
                assert re.search(rf"^  {name} +{re.escape(commands.find(name).summary)}$", out, re.MULTILINE), name
        assert "exit status" in out


@pytest.mark.parametrize("name", commands.names())
def test_every_option_has_a_word_of_help(name: str) -> None:
    for action in parser_for(name, commands.find(name))._actions:
        assert action.help, f"{name} {action.option_strings or action.dest}"


# -- options between positional words ---------------------------------------------------------------------

LEAVES = {"--help", "--version", "--list-rules", "--explain", "--list-columns"}
"""Options that answer by themselves."""


def takes_many(parser: argparse.ArgumentParser) -> bool:
    return any(not action.option_strings and action.nargs in ("+", "*") for action in parser._actions)


WITH_SOURCES = [name for name in commands.names() if takes_many(parser_for(name, commands.find(name)))]


def options_with_values(parser: argparse.ArgumentParser) -> list[list[str]]:
    """Return every option of a command, with values that it takes."""
    found = []
    for action in parser._actions:
        if action.option_strings and not LEAVES & set(action.option_strings):
            count = action.nargs if isinstance(action.nargs, int) else 1
            found.append([action.option_strings[-1], *[str(next(iter(action.choices or ()), 1))] * count])
    return found


@pytest.mark.parametrize("name", WITH_SOURCES)
def test_options_may_stand_between_the_sources(name: str) -> None:
    def parser() -> argparse.ArgumentParser:
        return parser_for(name, commands.find(name))

    required = ["--output", "file"] if name == "snapshot" else []
    options = options_with_values(parser())
    assert len(options) >= 7
    for option in options:
        expected = parse(parser(), [*required, *option, "A", "B", "-"])
        assert expected.sources == ["A", "B", "-"]
        assert parse(parser(), [*required, "A", *option, "B", "-"]) == expected, option
        assert parse(parser(), [*required, "A", "B", *option, "-"]) == expected, option


def test_every_command_with_sources_is_among_them() -> None:
    assert set(commands.names()) - set(WITH_SOURCES) == {"completion", "demo"}


@pytest.mark.parametrize("name", WITH_SOURCES)
def test_what_follows_two_dashes_is_a_source(name: str) -> None:
    required = ["--output", "file"] if name == "snapshot" else []
    words = [*required, "--", "--timeout", "A"]

    assert parse(parser_for(name, commands.find(name)), words).sources == [
        "--timeout",
        "A",
    ]


def test_an_unknown_option_between_sources_is_named(cli: Cli) -> None:
    done = cli("check", "demo:", "--nonsense", "demo:")

    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("pyclosure check: unrecognized arguments: --nonsense demo:\n")


# -- exit statuses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["list", "demo:", "--nonsense"],
        ["list"],
        ["list", "demo:", "--format", "xml"],
        ["list", "demo:", "--min-size", "5 bananas"],
        ["list", "demo:", "--top", "many"],
        ["demo:", "--timeout", "-1"],
        ["demo:", "--timeout", "soon"],
        ["report", "demo:", "--form", "json"],
        ["completion", "tcsh"],
        ["snapshot", "demo:"],
        ["--nonsense"],
    ],
)
def test_a_line_that_cannot_be_understood_exits_with_2_and_says_where_help_is(cli: Cli, words: list[str]) -> None:
    done = cli(*words)

    assert done.status == 2
    assert done.out == ""
    assert done.err.startswith("pyclosure")
    assert "--help" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["list", "demo:", "--sort", "weight"], "there is no column 'weight'"),
        (["list", "demo:", "--columns", "name,weight"], "there is no column 'weight'"),
        (["list", "demo:", "--kind", "fruit"], "there is no kind 'fruit'"),
        (["graph", "demo:", "--kind", "fruit"], "there is no kind 'fruit'"),
        (["tree", "demo:", "--sort", "weight"], "there is no column 'weight'"),
        (["tree", "demo:", "--referrers"], "--referrers needs --from PATH"),
        (["list", "demo:", "--needed-by", "no-such-thing"], "no-such-thing is not in this closure"),
        (["report", "no-such-file"], "there is no file called no-such-file here"),
        (["report", "./no-such-file"], "there is no file ./no-such-file"),
        (["report", "demo:", "demo:"], "demo:"),
        (["report", ""], "one of the names is empty"),
    ],
)
def test_what_cannot_be_used_exits_with_2_and_one_sentence(cli: Cli, words: list[str], said: str) -> None:
    done = cli(*words)

    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("pyclosure: ")
    assert said in done.err.splitlines()[0]
    assert len(done.err.splitlines()) >= 2, "no hint"


@pytest.mark.parametrize(
    ("words", "hint"), [(["--sort", "x"], "columns: path, name, kind"), (["--kind", "x"], "kinds: source, patch, ")]
)
def test_the_hint_lists_what_there_is(cli: Cli, words: list[str], hint: str) -> None:
    assert hint in cli("list", "demo:", *words).err


def test_without_arguments_and_without_a_result_link_usage_is_shown(cli: Cli) -> None:
    done = cli()

    assert done.status == 2
    assert done.out == ""
    assert done.err.startswith("usage: pyclosure")


def test_without_arguments_the_result_link_is_opened(cli: Cli, home: Path) -> None:
    (home / "result").symlink_to("/nix/store/00000000000000000000000000000000-gone")
    done = cli()

    # it was tried, and is not there any more
    assert done.status == 2
    assert "result" in done.err and "usage" not in done.err


def raising(error: BaseException) -> Callable[..., object]:
    def start(*_: object) -> object:
        raise error

    return start


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadInput("no", hint="look"), 2),
        (NixFailed("no", hint="look", words="error: one\nerror: two"), 3),
        (Cancelled(), 130),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("no"), 70),
    ],
)
def test_the_exit_status_is_that_of_the_failure(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int
) -> None:
    monkeypatch.setattr("pyclosure.tui.cli.opening.start", raising(error))
    done = cli("report", "demo:")

    assert (done.status, done.out) == (status, "")
    assert "Traceback" not in done.err


def test_words_of_nix_stand_between_the_sentence_and_the_hint(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    error = NixFailed("it failed", hint="try again", words="error: one \x1b[31m\nerror: two")
    monkeypatch.setattr("pyclosure.tui.cli.opening.start", raising(error))

    assert cli("report", "demo:").err == ("pyclosure: it failed\n  nix: error: one \n  nix: error: two\n  try again\n")


def test_a_fault_of_ours_says_so_and_how_to_see_more(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.tui.cli.opening.start", raising(ZeroDivisionError("division by zero")))
    done = cli("report", "demo:")

    assert done.err.startswith("pyclosure: a fault in pyclosure itself: ZeroDivisionError: division by zero\n")
    assert "PYCLOSURE_TRACEBACK=1" in done.err


def test_a_fault_of_ours_has_a_traceback_for_those_who_want_it(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.tui.cli.opening.start", raising(ZeroDivisionError("division by zero")))
    monkeypatch.setenv("PYCLOSURE_TRACEBACK", "1")

    with pytest.raises(ZeroDivisionError):
        cli("report", "demo:")


# -- as a program ----------------------------------------------------------------------------------------


def test_without_a_terminal_the_report_is_printed(program: Cli) -> None:
    plain = program("demo:")

    assert plain.status == 0
    assert plain.err == ""
    assert plain.out == program("report", "demo:").out
    assert "444.6 MiB   73 paths" in plain.out


def test_demo_without_a_terminal_prints_the_report(cli: Cli) -> None:
    assert cli("demo").out == cli("report", "demo:").out


@pytest.mark.parametrize("words", [["report", "demo:"], ["list", "demo:"], ["tree", "demo:"], ["demo:"]])
def test_what_goes_into_a_pipe_has_no_escape_sequences_and_is_never_cut(program: Cli, words: list[str]) -> None:
    done = program(*words, COLUMNS="20", FORCE_COLOR="1", TERM="xterm-256color")

    assert "\x1b" not in done.out
    assert "…" not in done.out.replace("… 62 more paths", "").replace("  …\n", "")


def on_terminal(words: list[str], **environment: str) -> str:
    """Run the program on a terminal of 80 columns and return all that it wrote."""
    import pty

    master, slave = pty.openpty()
    env = {"PATH": "/nonexistent", "HOME": os.environ["HOME"], "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
    argv = [sys.executable, "-m", "pyclosure", *words]
    streams = {"stdin": slave, "stdout": slave, "stderr": slave}
    with subprocess.Popen(argv, **streams, env=env | environment) as child:
        os.close(slave)
        written = b""
        while True:
            try:
                some = os.read(master, 65536)
            except OSError:
                break
            if not some:
                break
            written += some
        assert child.wait(30) == 0
    os.close(master)
    return written.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("width", [60, 80, 100])
def test_on_a_terminal_tables_fit_and_numbers_are_never_cut(width: int) -> None:
    text = on_terminal(["list", "demo:", "--top", "20"], COLUMNS=str(width), LINES="24")
    plain = re.sub(r"\x1b\[[\d;]*m", "", text).splitlines()

    assert "\x1b[1m" in text
    assert all(len(line.rstrip()) <= width for line in plain)
    assert [" ".join(line.split()[-6:] if width < 96 else line.split()[-8:-2]) for line in plain[1:4]] == [
        "296.4 KiB 444.6 MiB 444.6 MiB",
        "1.7 MiB 237.8 MiB 168.4 MiB",
        "3.5 KiB 189.7 MiB 166.7 MiB",
    ]
    assert plain[0].split()[-1] == ("added" if width < 96 else "depth")
    assert re.fullmatch(r"20 paths, NAR [\d.]+ MiB; added: on top of the root", plain[-1])


def test_columns_that_were_asked_for_are_all_shown_on_any_terminal() -> None:
    text = on_terminal(["list", "demo:", "--top", "1", "--columns", "name,referrers,depth"], COLUMNS="60", LINES="24")

    assert re.sub(r"\x1b\[[\d;]*m", "", text).split()[:3] == ["name", "referrers", "depth"]


def test_on_a_narrow_terminal_the_report_keeps_its_numbers() -> None:
    text = on_terminal(["report", "demo:"], COLUMNS="60", LINES="24")

    assert re.search(r"^msgpack 1\.2\.4 .* 1\.7 MiB  237\.8 MiB  168\.4 MiB$", text, re.MULTILINE)


def test_no_color_is_obeyed_on_a_terminal() -> None:
    text = on_terminal(["list", "demo:", "--top", "3"], NO_COLOR="1", COLUMNS="80", LINES="24")

    assert not re.search(r"\x1b\[[\d;]*(3[0-8]|4[0-8]|9[0-7])", text)


def test_on_a_dumb_terminal_the_report_is_printed() -> None:
    assert "Where the bytes are" in on_terminal(["demo:"], TERM="dumb")


def test_a_reader_that_goes_away_is_no_error(nix_stub: Path, home: Path) -> None:
    argv = [sys.executable, "-m", "pyclosure", "list", "demo:", "--format", "json", "--columns", "all"]
    env = os.environ | {"PYTHONPATH": str(ROOT), "PATH": str(nix_stub)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=home) as child:
        assert child.stdout is not None and child.stderr is not None
        child.stdout.read(10)
        child.stdout.close()
        err = child.stderr.read()
        assert child.wait(30) == 0
    assert err == b""


def test_a_dump_comes_in_through_a_pipe(program: Cli) -> None:
    dump = dump_of({"app-1.0": ("lib-1.0",), "lib-1.0": ()})
    done = program("list", "-", "--format", "json", stdin=dump)

    assert [row["name"] for row in done.json] == ["app-1.0", "lib-1.0"]


def test_rubbish_that_comes_in_through_a_pipe_is_named(program: Cli) -> None:
    done = program("list", "-", stdin=b"rubbish")

    assert done.status == 2
    assert "standard input is not in the Nix store" in done.err


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_without_a_word(nix_stub: Path, home: Path, number: signal.Signals, status: int) -> None:
    argv = [sys.executable, "-m", "pyclosure", "report", "-"]
    env = os.environ | {"PYTHONPATH": str(ROOT), "PATH": str(nix_stub)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(argv, **pipes, env=env, cwd=home) as child:
        # more than a pipe holds: when all of it is written, most of it was read, and it waits for more
        child.stdin.write(b" " * 1024 * 1024)
        child.stdin.flush()
        child.send_signal(number)
        assert child.wait(30) == status
        assert child.stderr.read() == b""


@pytest.mark.parametrize(
    "words", [["demo"], ["demo", "--theme", "paper", "--screen", "tests"], ["demo:"], ["view", "demo:"]]
)
def test_on_a_terminal_the_demo_opens_the_screen(cli: Cli, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    asked: list[dict[str, object]] = []

    def run_app(opening: object, reopen: object, **options: object) -> int:
        asked.append(options)
        return 0

    monkeypatch.setattr("pyclosure.tui.cli.commands.view.on_terminal", lambda: True)
    monkeypatch.setattr("pyclosure.tui.cli.commands.view._read_keys_from_terminal", lambda: None)
    monkeypatch.setattr("pyclosure.tui.app.startup.run_app", run_app)

    assert cli(*words).status == 0
    (options,) = asked
    assert options["theme"] == ("paper" if "--theme" in words else None)
    assert options["screen"] == ("tests" if "--screen" in words else None)
    assert options["open_base"] is None
