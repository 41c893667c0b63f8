"""Caches, chroot stores and snapshots give the numbers of the store that they were made from."""

from __future__ import annotations

import functools
import http.server
import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pyclosure.queries.answers.rows import CONTRACT, ordered, row
from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.opened.snapshot import write_snapshot
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from tests.nix.conftest import Built
from tests.nix.opening import opened, refusal
from tests.support.closures import store_path
from tests.support.private_nix import PrivateNix
from tests.support.recorded import APP, PYTHON, RECORDED
from tests.support.sentences import assert_sentence
from tests.support.slow import slow_added_size

pytestmark = pytest.mark.nix


def numbers(knowledge: Knowledge) -> list[tuple[str, int, int | None, int, int]]:
    """Return all sizes and depths by path."""
    sizes = knowledge.sizes
    assert sizes.closure is not None
    return sorted(
        (knowledge.closure.path(index), sizes.nar[index], sizes.closure[index], sizes.added[index], sizes.depth[index])
        for index in range(len(knowledge.closure))
    )


# -- a binary cache, on disk and on the web --------------------------------------------------------------


@pytest.fixture(scope="module")
def cache(built: Built) -> Path:
    """A cache on disk with the closure of the environment."""
    folder = built.nix.folder / "cache"
    if not folder.exists():
        built.nix.run("nix", "copy", "--to", f"file://{folder}", built.env)
    return folder


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def web_cache(cache: Path) -> Iterator[str]:
    """The same cache, served on this machine."""
    handler = functools.partial(_Quiet, directory=str(cache))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_cache_on_disk_gives_the_numbers_of_the_store(private_store: Built, cache: Path) -> None:
    here = opened("result")

    by_url = opened("result", store=f"file://{cache}")
    by_folder = opened(private_store.env, store=str(cache))

    assert numbers(by_url) == numbers(by_folder) == numbers(here)
    assert by_url.closure.records.store_url == f"file://{cache}"
    said = private_store.nix.path_info(private_store.env, flags=("-r", "-S", "--store", f"file://{cache}"))
    assert {path: size for path, _, size, _, _ in numbers(by_url)} == {
        path: item["closureSize"] for path, item in said.items()
    }


def test_a_cache_on_the_web_gives_the_numbers_of_the_store(private_store: Built, web_cache: str) -> None:
    knowledge = opened(private_store.env, store=web_cache)

    assert numbers(knowledge) == numbers(opened("result"))
    assert all(info.download_size for info in knowledge.closure.infos)


def test_a_cache_has_no_files_and_no_derivations(private_store: Built, cache: Path) -> None:
    knowledge = opened("result", store=str(cache))

    assert knowledge.files == {} and knowledge.derivations == {}
    assert knowledge.files_state.state == knowledge.derivations_state.state == "absent"
    assert knowledge.files_state.reason and knowledge.derivations_state.reason


def test_a_path_that_a_cache_does_not_have_is_named(private_store: Built, cache: Path, web_cache: str) -> None:
    for store in (str(cache), web_cache):
        assert_sentence(refusal(private_store.orphan, store=store), private_store.orphan, kind=BadInput)


def test_a_collected_path_can_be_read_from_a_cache_that_has_it(private_store: Built, web_cache: str) -> None:
    # the link dangles, but the store that was named may have what it leads to
    error = refusal("result-collected", store=web_cache)

    assert_sentence(error, private_store.collected, kind=BadInput)
    assert "collected since" in str(error)


def test_an_incomplete_cache_names_what_it_lacks(private_store: Built, cache: Path, tmp_path: Path) -> None:
    for file in cache.glob("*"):
        if file.is_file() and file.stem != Path(private_store.zlib_lib).name[:32]:
            (tmp_path / file.name).write_bytes(file.read_bytes())

    error = refusal(private_store.env, store=str(tmp_path))

    assert_sentence(error, private_store.zlib_lib, kind=BadInput)


def test_a_folder_of_the_web_that_is_no_cache_says_so(private_store: Built, web_cache: str) -> None:
    error = refusal(private_store.env, store=f"{web_cache}/nar")

    assert_sentence(error, f"{web_cache}/nar", "not a binary cache", kind=BadInput)


def test_a_cache_of_another_store_directory_says_so(private_store: Built, tmp_path: Path) -> None:
    (tmp_path / "nix-cache-info").write_text("StoreDir: /other/store\n")

    error = refusal(private_store.env, store=str(tmp_path))

    assert_sentence(error, "/other/store", str(private_store.nix.store), kind=BadInput)


def test_looking_at_a_cache_that_is_not_there_does_not_make_one(private_store: Built, tmp_path: Path) -> None:
    for store in (f"file://{tmp_path}/none", str(tmp_path / "none")):
        assert_sentence(refusal(private_store.env, store=store), f"{tmp_path}/none", kind=BadInput)

    assert list(tmp_path.iterdir()) == []


# -- snapshots -------------------------------------------------------------------------------------------


def test_a_snapshot_of_a_store_tells_everything_without_it(
    private_store: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = opened("result")
    write_snapshot(here.snapshot(), str(tmp_path / "env.pyclosure"), datetime(2026, 11, 22, tzinfo=UTC))

    monkeypatch.setenv("PATH", str(tmp_path))
    there = opened(str(tmp_path / "env.pyclosure"))

    assert numbers(there) == numbers(here)
    assert there.files == here.files and there.files != {}
    assert there.derivations == here.derivations and there.derivations != {}
    assert [row(there, index, CONTRACT) for index in ordered(there, range(len(there.closure)))] == [
        row(here, index, CONTRACT) for index in ordered(here, range(len(here.closure)))
    ]
    assert there.nix is None
    assert there.closure.records.origin.startswith("snapshot of 2026-11-22 · nix ")


def test_a_dump_of_nix_gives_the_numbers_of_the_store(private_store: Built, tmp_path: Path) -> None:
    version = private_store.nix.run("nix", "--version").split()[-1]
    form = ("--json-format", "2") if tuple(map(int, version.split(".")[:2])) >= (2, 33) else ()
    text = private_store.nix.run("nix", "path-info", "--json", *form, "-r", private_store.env)
    (tmp_path / "closure.json").write_text(text)

    knowledge = opened(str(tmp_path / "closure.json"))

    assert numbers(knowledge) == numbers(opened("result"))
    assert knowledge.closure.records.roots == (private_store.env,)
    assert knowledge.files_state.state == "complete", "the files are on this machine"


# -- chroot stores, with paths in /nix/store -------------------------------------------------------------


@pytest.fixture(scope="module")
def chroot(nix_env: PrivateNix) -> Path:
    """A chroot store with the recorded fixture in it."""
    root = nix_env.folder / "root"
    if not root.exists():
        root.mkdir()
        export = (RECORDED / "fixture" / "fixture.export").read_bytes()
        nix_env.run("nix-store", "--store", str(root), "--import", stdin=export, logical=True)
    return root


@pytest.mark.parametrize("where", ["{root}", "local?root={root}"])
def test_a_chroot_store_is_read_with_its_files(logical_store: PrivateNix, chroot: Path, where: str) -> None:
    store = where.format(root=chroot)

    knowledge = opened(APP, store=store)

    said = logical_store.path_info(APP, flags=("-r", "-S", "--store", store), logical=True)
    assert {path: size for path, _, size, _, _ in numbers(knowledge)} == {
        path: item["closureSize"] for path, item in said.items()
    }
    assert knowledge.sizes.total == 5264
    assert knowledge.closure.records.files_root == str(chroot)
    assert knowledge.files_state.state == "complete"
    python = knowledge.closure.position[PYTHON]
    assert knowledge.files[PYTHON].only == ("bin", "lib")
    assert knowledge.closure.self_references == {python}


def test_a_physical_path_below_a_chroot_store_means_the_logical_one(logical_store: PrivateNix, chroot: Path) -> None:
    (logical_store.work / "result-chroot").unlink(missing_ok=True)
    (logical_store.work / "result-chroot").symlink_to(f"{chroot}{APP}")

    for word in (f"{chroot}{APP}", "result-chroot", f"{chroot}{APP}/bin/app"):
        assert opened(word, store=str(chroot)).closure.records.roots == (APP,)


def test_a_physical_path_without_its_store_is_refused_in_one_sentence(logical_store: PrivateNix, chroot: Path) -> None:
    error = refusal(f"{chroot}{APP}")

    assert_sentence(error, f"{chroot}{APP} is not in the store directory of this nix", kind=BadInput)
    assert "--store" in error.hint


def test_a_path_of_another_store_directory_is_refused_in_one_sentence(private_store: Built) -> None:
    assert_sentence(refusal(APP), f"{APP} is not in the store directory", kind=BadInput)


def test_a_path_that_a_chroot_store_does_not_have_is_named(logical_store: PrivateNix, chroot: Path) -> None:
    never = "/nix/store/" + "0" * 32 + "-never"

    assert_sentence(refusal(never, store=str(chroot)), never, kind=BadInput)


# -- large synthetic closures ----------------------------------------------------------------------------


def database(count: int, seed: int) -> tuple[str, list[str]]:
    """Return the text of a store database with random references, and its paths, the top one last."""
    rng = random.Random(seed)
    paths: list[str] = []
    blocks: list[str] = []
    for index in range(count):
        path = store_path(f"p{index}-1.0")
        below = {paths[rng.randrange(index)] for _ in range(rng.randrange(1, 7))} if index else set()
        below |= {paths[rng.randrange(min(index, 15))] for _ in range(rng.randrange(3))} if index else set()
        if rng.random() < 0.2:
            below.add(path)
        if index == count - 1:
            below |= set(paths)
        size = rng.choice((0, rng.randrange(1000), rng.randrange(10**9)))
        paths.append(path)
        blocks.append("\n".join([path, f"{index:064x}", str(size), "", str(len(below)), *sorted(below)]) + "\n")
    return "".join(blocks), paths


@pytest.mark.parametrize("seed", [1, 2])
def test_every_closure_size_of_five_hundred_paths_is_that_of_nix(
    logical_store: PrivateNix, seed: int, tmp_path: Path
) -> None:
    root = logical_store.folder / f"synthetic-{seed}"
    (root / "nix").mkdir(parents=True, exist_ok=True)
    text, paths = database(500, seed)
    logical_store.run("nix-store", "--store", str(root), "--load-db", stdin=text.encode(), logical=True)

    knowledge = opened(paths[-1], store=str(root))

    said = logical_store.path_info(paths[-1], flags=("-r", "-S", "--store", str(root)), logical=True)
    assert len(said) == 500
    assert {path: size for path, _, size, _, _ in numbers(knowledge)} == {
        path: item["closureSize"] for path, item in said.items()
    }
    closure = knowledge.closure
    for index in range(0, 500, 25):
        wanted = slow_added_size(closure.graph, closure.records.roots, closure.path(index))
        assert knowledge.sizes.added[index] == wanted
    assert knowledge.files_state.state == "absent", "a database without files is a store all the same"


def test_more_roots_than_one_command_takes_are_opened(logical_store: PrivateNix) -> None:
    root = logical_store.folder / "many-roots"
    (root / "nix").mkdir(parents=True, exist_ok=True)
    text, paths = database(2500, 3)
    logical_store.run("nix-store", "--store", str(root), "--load-db", stdin=text.encode(), logical=True)

    knowledge = know(read_source(resolve(Request(tuple(paths[:-1]), store=str(root))), SystemRunner(timeout=60)))

    assert len(knowledge.closure) == len(knowledge.closure.roots) == 2499
