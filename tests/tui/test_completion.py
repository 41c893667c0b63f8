"""Completion scripts: the shells understand them, and they know what the parsers know."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pyclosure.tui.cli import commands
from pyclosure.tui.cli.completion import options_of, script
from tests.tui.commanding import Cli, Done

SHELLS = ("bash", "zsh", "fish")
NAMES = [name for name in commands.names() if name != "view"]


def shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name} here")
    return found


def run(*argv: str, given: str = "", cwd: Path | None = None) -> str:
    done = subprocess.run(argv, input=given, capture_output=True, text=True, timeout=60, cwd=cwd)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("name", SHELLS)
def test_the_shell_takes_the_script(name: str, tmp_path: Path) -> None:
    file = tmp_path / "script"
    file.write_text(script(name))

    run(shell(name), "-n", str(file))


@pytest.mark.parametrize("name", SHELLS)
def test_every_command_and_every_option_is_in_the_script(name: str) -> None:
    text = script(name)

    for command in NAMES:
        assert command in text
        for option in options_of(command):
            for flag in option.flags:
                long = f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}"
                assert (long if name == "fish" else flag) in text, f"{command} {flag}"


@pytest.mark.parametrize("name", SHELLS)
def test_the_command_prints_the_script(cli: Cli, name: str) -> None:
    assert cli("completion", name) == Done(0, script(name), "")


def completed(line: str, folder: Path) -> list[str]:
    """Return what bash offers for the last word of a line."""
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    code = f"""{script("bash")}
COMP_WORDS=({quoted})
COMP_CWORD={len(words) - 1}
_pyclosure
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    return [word for word in run(shell("bash"), "--norc", "--noprofile", given=code, cwd=folder).splitlines() if word]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pyclosure list --so", ["--sort"]),
        ("pyclosure list --no", ["--no-files", "--no-derivations"]),
        ("pyclosure list --format ", ["text", "json", "csv"]),
        ("pyclosure report --format m", ["markdown"]),
        ("pyclosure graph demo: --format gr", ["graphml"]),
        ("pyclosure li", ["list"]),
        ("pyclosure de", ["demo", "demo:"]),
        ("pyclosure completion ", ["bash", "zsh", "fish"]),
        ("pyclosure ./result --th", ["--theme"]),
        ("pyclosure --scr", ["--screen"]),
        ("pyclosure list --nonsense", []),
    ],
)
def test_bash_completes(home: Path, line: str, expected: list[str]) -> None:
    assert sorted(completed(line, home)) == sorted(expected)


def test_bash_completes_all_commands(home: Path) -> None:
    assert sorted(completed("pyclosure ", home)) == sorted([*NAMES, "demo:"])


def test_bash_completes_files_with_spaces_and_signs_in_their_names(home: Path) -> None:
    for name in ("my env.pyclosure", "my$HOME"):
        (home / name).touch()

    assert sorted(completed("pyclosure my", home)) == ["my env.pyclosure", "my$HOME"]


def test_bash_completes_what_follows_an_option_with_a_file(home: Path) -> None:
    (home / "env.pyclosure").touch()

    assert completed("pyclosure snapshot demo: -o en", home) == ["env.pyclosure"]


def test_zsh_completes_a_command_and_an_option(home: Path) -> None:
    # what _arguments is given, without a terminal: its specification names every option of the command
    code = f"""
_arguments() {{ print -l -- "$@" }}
_describe() {{ print -l -- "${{(@P)2}}" }}
_files() {{ : }}
compdef() {{ : }}
{script("zsh")}
words=(pyclosure list ""); CURRENT=3; _pyclosure
print -- @@@@
words=(pyclosure ""); CURRENT=2; _pyclosure
"""
    options, commands_offered = run(shell("zsh"), "-f", given=code, cwd=home).split("@@@@\n")

    for option in options_of("list"):
        for flag in option.flags:
            assert any(line.startswith(f"{flag}[") for line in options.splitlines()), flag
    assert [line.split(":")[0] for line in commands_offered.splitlines()] == NAMES


def test_fish_completes_a_command_and_an_option(home: Path) -> None:
    file = home / "pyclosure.fish"
    file.write_text(script("fish"))

    def offered(line: str) -> set[str]:
        out = run(shell("fish"), "--no-config", "-c", f"source {file}; complete --do-complete '{line}'", cwd=home)
        return {entry.split("\t")[0] for entry in out.splitlines()}

    assert "--sort" in offered("pyclosure list --so")
    assert set(NAMES) <= offered("pyclosure ")
    assert offered("pyclosure list --format ") == {"text", "json", "csv"}
    assert offered("pyclosure completion ") >= set(SHELLS)
