"""Nix's words become one sentence of ours, with the right exit status, whatever version said them."""

from __future__ import annotations

import pytest

from pyclosure.queries.base.errors import BadInput, NixFailed, QueryError
from pyclosure.queries.nix.failures import failure, nix_words
from pyclosure.queries.nix.process import Completed
from tests.support.recorded import APP, NEVER, VERSIONS, ZLAB_LIB, recording
from tests.support.sentences import assert_sentence
from tests.support.work import at_most

PLAIN = "/nix/store/hh2dgx31904ag71w0yvsmwaa7107jr95-hello-plain.txt"
WHAT = "read the closure of demo-app-1.0"


def failed(stderr: str, status: int = 1, argv: tuple[str, ...] = ("nix", "path-info")) -> QueryError:
    return failure(Completed(argv, status, b"", stderr), WHAT)


@pytest.mark.parametrize(
    ("name", "kind", "facts"),
    [
        ("pi-json-r-never", BadInput, (NEVER, "never built here, or collected")),
        ("q-never", BadInput, (NEVER,)),
        ("dump-db-never", BadInput, (NEVER,)),
        ("file-broken-r", BadInput, (ZLAB_LIB,)),
        ("sd-never-drv", BadInput, (NEVER + ".drv", "not in this store")),
        ("sd-nodrv", BadInput, ("nodrv-1.0", "derivation")),
        ("sd-plain", BadInput, (PLAIN,)),
        ("sd-mixed", BadInput, (PLAIN,)),
        ("sd-never", BadInput, (NEVER,)),
        ("file-sd", BadInput, (APP,)),
        ("pi-feature-off", NixFailed, ("nix-command", "disabled")),
        ("pi-feature-off-flakes", NixFailed, ("flakes", "disabled")),
        ("sd-ca-featoff", NixFailed, ("ca-derivations", "disabled")),
        ("http-dead", NixFailed, ("http://127.0.0.1:9/nix-cache-info", "downloaded")),
        ("http-notacache", BadInput, ("http://127.0.0.1:8080/nar", "not a binary cache")),
        ("file-wrong-prefix", BadInput, ("/other/store", "/nix/store")),
        ("store-bad-scheme", BadInput, ("foo", "does not know how to open")),
        ("pi-flake-noattr", BadInput, ("path:/home/user/proj/flake", "nope")),
        ("pi-noargs", BadInput, ("no flake.nix", "demo-app-1.0")),
        ("pi-json-outside", BadInput, ("no flake.nix", "demo-app-1.0")),
        ("pi-json-nofile", BadInput, ("/no/such/file",)),
        ("pi-unknown-flag", NixFailed, ("exit status 1",)),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_recorded_failures_of_every_version_are_understood(
    version: str, name: str, kind: type[QueryError], facts: tuple[str, ...]
) -> None:
    recorded = recording(version, name)
    assert recorded.status == 1

    error = failure(recorded.completed, WHAT)

    assert_sentence(error, *facts, kind=kind)
    assert error.exit_code == (2 if kind is BadInput else 3)
    assert error.command == recorded.argv
    assert "error:" in error.words
    assert "warning:" not in error.words
    assert "\x1b" not in error.words


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_a_missing_attribute_is_named(version: str) -> None:
    error = failure(recording(version, "eval-noattr").completed, "evaluate nope")

    assert_sentence(error, "no attribute nope", kind=BadInput)


@pytest.mark.parametrize(
    ("stderr", "kind", "facts"),
    [
        # words of versions and situations that were seen, but not recorded as cassettes
        (
            "error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket': Connection refused\n",
            NixFailed,
            ("/nix/var/nix/daemon-socket/socket", "daemon does not answer"),
        ),
        (
            "error: opening lock file '/nix/var/nix/db/big-lock': Permission denied\n",
            NixFailed,
            ("may not open the store database", "/nix/var/nix/db/big-lock"),
        ),
        (
            "error:\n       … This command may have been run as non-root in a single-user Nix installation,\n"
            "       or the Nix daemon may have crashed.\n\n"
            '       error: opening lock file "/nix/var/nix/db/big-lock": Permission denied\n',
            NixFailed,
            ("may not open the store database", "/nix/var/nix/db/big-lock"),
        ),
        (
            "error: could not set permissions on '/nix/var/nix/profiles/per-user' to 755: Operation not permitted\n",
            NixFailed,
            ("may not open the store database", "/nix/var/nix/profiles/per-user"),
        ),
        ("error: unrecognised flag '--extra-experimental-features'\n", NixFailed, ("older than 2.4",)),
        (
            "error: cannot find flake 'flake:nixpkgz' in the flake registries\n",
            BadInput,
            ("flake:nixpkgz", "neither a file nor a flake"),
        ),
        (
            "error: unable to download 'https://channels.example.org/flake-registry.json': no host\n",
            NixFailed,
            ("https://channels.example.org/flake-registry.json",),
        ),
        (
            f"error: path '{NEVER}.drv' does not exist and cannot be created\n",
            BadInput,
            (NEVER + ".drv", "not in this store"),
        ),
        (
            f"error: path '{NEVER}.drv' is required, but there is no substituter that can build it\n",
            BadInput,
            (NEVER + ".drv", "not in this store"),
        ),
        ("error: path '/x-source/flake.nix' does not exist\n", BadInput, ("/x-source/flake.nix",)),
        (
            "error:\n    … while fetching the input 'path:/no/dir'\n\n    error: path '//no/dir' does not exist\n",
            BadInput,
            ("//no/dir",),
        ),
        ("", NixFailed, ("exit status 1", WHAT)),
        ("warning: nothing but this\n", NixFailed, ("exit status 1", WHAT)),
        ("error: out of disk\n", NixFailed, ("exit status 1", WHAT)),
        ("\x1b[31;1merror:\x1b[0m path '\x1b[35;1m" + NEVER + "\x1b[0m' is not valid\n", BadInput, (NEVER,)),
        ("error: path '/nix/store/\u202e\x07{0}{what}%s' is not valid\n", BadInput, ("{0}{what}%s",)),
    ],
)
def test_other_failures_are_understood_too(stderr: str, kind: type[QueryError], facts: tuple[str, ...]) -> None:
    assert_sentence(failed(stderr), *facts, kind=kind)


OLD_TRACE = """error: attribute 'c' missing

       at /home/user/proj/bad.nix:1:12:

            1| let f = a: a.b.c; in { x = f { b = {}; }; }
             |            ^
(use '--show-trace' to show detailed location information)
"""
NEW_TRACE = """warning: Git tree is dirty
error:
       … while calling the 'derivationStrict' builtin
         at <nix/derivation-internal.nix>:37:12:

       … while evaluating attribute 'builder' of derivation 'x'
         at /home/user/proj/bad.nix:1:78:

       error: attribute 'c' missing
       at /home/user/proj/bad.nix:1:12:
"""
THROWN = """error:
       … while calling the 'throw' builtin
         at /home/user/proj/bad.nix:1:110:

       error: no such luck
"""
SYNTAX = """error: syntax error, unexpected end of file
       at /home/user/proj/syn.nix:2:1:
"""


@pytest.mark.parametrize("stderr", [OLD_TRACE, NEW_TRACE, THROWN, SYNTAX])
def test_an_expression_that_does_not_evaluate_is_the_users_and_its_place_is_kept(stderr: str) -> None:
    error = failed(stderr)

    assert_sentence(error, "does not evaluate", kind=BadInput)
    assert "/home/user/proj/" in error.words, "the hint says that the words tell where"
    assert error.words.startswith("error:")
    assert "warning" not in error.words


def test_a_signal_is_named_unless_nix_says_that_it_was_interrupted() -> None:
    killed = failed("", status=-9)
    interrupted = failed("error: interrupted by the user\n", status=-15)

    assert_sentence(killed, "killed by signal 9", WHAT, kind=NixFailed)
    assert_sentence(interrupted, "interrupted", kind=NixFailed)


def test_words_without_error_are_all_but_warnings() -> None:
    text = "warning: unknown setting 'x'\nsomething broke\nwarning: another\nbadly\n"

    assert nix_words(text) == "something broke\nbadly"


@pytest.mark.parametrize(
    "stderr",
    ["x" + "\n" * 600_000 + "y", "error: x" + "\n " * 300_000 + "y", "path '" * 100_000, "at " + "1:" * 300_000 + "x"],
)
def test_long_words_are_looked_through_at_once(stderr: str) -> None:
    with at_most(3_000_000):
        failure(Completed(("nix",), 1, b"", stderr), "do it")


def test_of_several_errors_the_last_one_counts() -> None:
    stderr = f"error: first\nwarning: error: unable to download 'http://a'\nerror: path '{NEVER}' is not valid\n"

    assert nix_words(stderr) == f"error: path '{NEVER}' is not valid"


def test_an_error_inside_a_line_is_found() -> None:
    assert nix_words("nix: error: badly\n") == "nix: error: badly"
