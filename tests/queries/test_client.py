"""The commands that are given to nix: their switches by version, their batches, their second tries."""

from __future__ import annotations

import pytest

from pyclosure.queries.base.activity import Progress
from pyclosure.queries.base.errors import BadInput, Cancelled, NixFailed
from pyclosure.queries.nix.client import Nix, batches
from tests.support.closures import store_path
from tests.support.recorded import APP, NEVER, VERSIONS, RecordedRunner
from tests.support.sentences import assert_sentence

SWITCH = "--extra-experimental-features"
ONLINE = ("--option", "narinfo-cache-negative-ttl", "0")


class Watcher:
    """Remembers what it was told, and cancels after some of it."""

    def __init__(self, cancel_after: int | None = None) -> None:
        self.told: list[Progress] = []
        self.cancel_after = cancel_after

    def report(self, progress: Progress) -> None:
        self.told.append(progress)

    def check(self) -> None:
        if self.cancel_after is not None and len(self.told) >= self.cancel_after:
            raise Cancelled


@pytest.mark.parametrize("version", VERSIONS)
def test_the_closure_is_asked_for_offline_and_never_with_sizes(nix: RecordedRunner, version: str) -> None:
    nix.play(version, "version", "pi-json-r")

    done = Nix(nix).path_info((APP,), "-r", what="read it")

    argv = nix.commands[-1].argv
    form = ("--json-format", "1") if version == "2.34.8" else ()
    assert argv == ("nix", SWITCH, "nix-command flakes", "--offline", "path-info", "--json", *form, "-r", APP)
    assert nix.commands[-1].cwd == "/", "nix searches parent folders for a flake"
    assert nix.commands[-1].stdin is None
    assert done.stdout.lstrip()[:1] in (b"[", b"{")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_named_store_comes_after_the_subcommand_and_may_use_the_network(nix: RecordedRunner, version: str) -> None:
    nix.play(version, "version", "http-pi")

    Nix(nix, "http://127.0.0.1:8080", online=True).path_info((APP,), what="read it")

    argv = nix.commands[-1].argv
    assert "--offline" not in argv
    assert argv[3:6] == ONLINE
    assert argv[argv.index("path-info") :][-3:] == ("--store", "http://127.0.0.1:8080", APP)


@pytest.mark.parametrize(
    ("version", "words"),
    [("2.6.0", ("show-derivation",)), ("2.8.0", ("show-derivation",)), ("2.18.1", ("derivation", "show"))],
)
def test_derivations_are_shown_by_the_command_of_the_version(
    nix: RecordedRunner, version: str, words: tuple[str, ...]
) -> None:
    drv = "/nix/store/xijas8v9qjwvcbvg0853brmjd8ciq8sn-notbuilt-2.0.drv"
    nix.play(version, "version", "sd-unbuilt")

    documents = list(Nix(nix).derivation_show((drv,)))

    assert len(documents) == 1
    # a derivation with content-addressed outputs cannot be shown without its feature
    assert nix.commands[-1].argv == ("nix", SWITCH, "nix-command ca-derivations", "--offline", *words, drv)


def test_lix_is_asked_like_nix_2_18(nix: RecordedRunner) -> None:
    nix.expect(("nix", "--version"), "nix (Lix, like Nix) 2.91.1\n")
    nix.expect(("nix", "path-info", "--json", APP), "[]").expect(("nix", "derivation", "show", APP), "{}")
    client = Nix(nix)

    client.path_info((APP,), what="read it")

    assert list(client.derivation_show((APP,))) == [b"{}"]


def test_the_version_is_asked_once_and_ahead_of_time(nix: RecordedRunner) -> None:
    nix.expect(("nix", "--version"), "nix (Nix) 2.26.3\n")
    client = Nix(nix)

    client.start_version()
    client.start_version()

    assert client.version().number == (2, 26, 3)
    assert client.version() is client.version()
    client.start_version()
    assert len(nix.commands) == 1


def test_an_unreadable_version_of_a_nix_is_no_error(nix: RecordedRunner) -> None:
    nix.expect(("nix", "--version"), "nix (Nix) newest\n")

    assert not Nix(nix).version().known


@pytest.mark.parametrize("text", ["", "bash 5.2\n", "\x1b[31m"])
def test_a_program_that_does_not_answer_like_nix_is_no_nix(nix: RecordedRunner, text: str) -> None:
    nix.expect(("nix", "--version"), text)

    with pytest.raises(NixFailed) as caught:
        Nix(nix).version()

    assert_sentence(caught.value, "does not answer like nix", kind=NixFailed)


def test_a_failing_version_is_an_error(nix: RecordedRunner) -> None:
    nix.expect(("nix", "--version"), status=127, stderr="error: broken\n")

    with pytest.raises(NixFailed) as caught:
        Nix(nix).version()

    assert_sentence(caught.value, "exit status 127", "ask nix for its version", kind=NixFailed)


# -- the JSON format -------------------------------------------------------------------------------------

UNKNOWN_FLAG = "error: unrecognised flag '--json-format'\nTry 'nix --help' for more information.\n"
UNKNOWN_FORMAT = "error: unsupported path info JSON format version 1; supported versions are 2 and 3\n"
NEEDS_FORMAT = "error: '--json' without '--json-format' is deprecated\n"


@pytest.mark.parametrize("stderr", [UNKNOWN_FLAG, UNKNOWN_FORMAT])
def test_a_format_that_nix_does_not_know_is_left_out_the_second_time(nix: RecordedRunner, stderr: str) -> None:
    nix.expect(("nix", "--version"), "nix (Nix) 2.33.0\n")
    nix.expect(("nix", "path-info", "--json", "--json-format", "1", "-r", APP), status=1, stderr=stderr)
    nix.expect(("nix", "path-info", "--json", "-r", APP), "{}")

    assert Nix(nix).path_info((APP,), "-r", what="read it").stdout == b"{}"


def test_a_format_that_nix_insists_on_is_given_the_second_time(nix: RecordedRunner) -> None:
    nix.expect(("nix", "--version"), "nix (Nix) unheard\n")
    nix.expect(("nix", "path-info", "--json", APP), status=1, stderr=NEEDS_FORMAT)
    nix.expect(("nix", "path-info", "--json", "--json-format", "1", APP), "{}")

    assert Nix(nix).path_info((APP,), what="read it").stdout == b"{}"


def test_there_is_no_third_try(nix: RecordedRunner) -> None:
    nix.expect(("nix", "--version"), "nix (Nix) 2.40.0\n")
    nix.expect(("nix", "path-info", "--json", "--json-format", "1", APP), status=1, stderr=UNKNOWN_FORMAT)
    nix.expect(("nix", "path-info", "--json", APP), status=1, stderr=NEEDS_FORMAT)

    with pytest.raises(NixFailed) as caught:
        Nix(nix).path_info((APP,), what="read it")

    assert_sentence(caught.value, "exit status 1", kind=NixFailed)


# -- nix-store -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_nix_store_answers_what_needs_no_feature(nix: RecordedRunner, version: str) -> None:
    drv = "/nix/store/lwib46l8brfkv32wr29nkqs9j2mw3g4m-zlab-1.3.drv"
    nix.play(version, "check-validity-inv", "q-outputs", "q-requisites", "dump-db")
    client = Nix(nix)

    assert client.invalid_paths((APP, NEVER)) == {NEVER}
    assert [path[44:] for path in client.outputs((drv,))] == ["zlab-1.3", "zlab-1.3-lib", "zlab-1.3-dev"]
    requisites = client.requisites((APP,))
    assert len(requisites) == 7 and requisites[-1] == APP
    plain = "/nix/store/hh2dgx31904ag71w0yvsmwaa7107jr95-hello-plain.txt"
    assert client.dump_db((plain, APP)).startswith(plain)
    for command in nix.commands:
        assert command.argv[:4] == ("nix-store", "--option", "substitute", "false"), "it has no --offline"


def test_nix_store_is_told_the_store_first(nix: RecordedRunner) -> None:
    nix.expect(("nix-store", "--store", "/mnt", "--check-validity", "--print-invalid", APP))

    assert Nix(nix, "/mnt").invalid_paths((APP,)) == frozenset()
    assert nix.commands[0].argv[:3] == ("nix-store", "--store", "/mnt")


def test_a_store_on_the_network_is_not_kept_from_it(nix: RecordedRunner) -> None:
    nix.expect(("nix-store", "--store", "https://x", "--check-validity", "--print-invalid", APP))

    Nix(nix, "https://x", online=True).invalid_paths((APP,))

    assert "--option" not in nix.commands[0].argv


@pytest.mark.parametrize("version", VERSIONS)
def test_a_path_that_is_not_valid_is_named(nix: RecordedRunner, version: str) -> None:
    nix.play(version, "dump-db-never").answer(("nix-store", "-q", "--requisites", NEVER), version, "q-never")
    client = Nix(nix)

    for ask in (lambda: client.dump_db((APP, NEVER)), lambda: client.requisites((NEVER,))):
        with pytest.raises(BadInput) as caught:
            ask()
        assert_sentence(caught.value, NEVER, kind=BadInput)


# -- batches ---------------------------------------------------------------------------------------------


def test_batches_keep_order_and_stay_short() -> None:
    paths = [store_path(str(number)) for number in range(5000)]

    split = list(batches(paths))

    assert [path for batch in split for path in batch] == paths
    assert len(split) == 3
    assert all(sum(len(path) + 1 for path in batch) <= 100_000 for batch in split)


def test_a_word_longer_than_a_batch_goes_alone() -> None:
    assert list(batches(["a", "x" * 200_000, "b"])) == [("a",), ("x" * 200_000,), ("b",)]
    assert list(batches([])) == []


def test_many_paths_are_asked_in_several_commands_and_the_answers_joined(nix: RecordedRunner) -> None:
    paths = [store_path(str(number)) for number in range(5000)]
    for batch in batches(paths):
        nix.expect(("nix-store", "--check-validity", "--print-invalid", *batch), batch[0] + "\n")

    invalid = Nix(nix).invalid_paths(paths)

    assert len(invalid) == 3 and paths[0] in invalid


def test_progress_is_told_batch_by_batch_and_cancelling_stops_between_them(nix: RecordedRunner) -> None:
    drvs = [store_path(f"{number}.drv") for number in range(5000)]
    first = next(batches(drvs))
    nix.expect(("nix", "--version"), "nix (Nix) 2.26.3\n")
    nix.expect(("nix", "derivation", "show", *first), "{}")
    watcher = Watcher()

    documents = Nix(nix).derivation_show(drvs, watcher)
    assert next(documents) == b"{}"
    watcher.cancel_after = 1

    with pytest.raises(Cancelled):
        next(documents)
    assert watcher.told == [Progress("nix derivation show", 0, 5000, "derivations")]
