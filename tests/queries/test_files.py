"""Reading below one store path: bounded, and no link is ever followed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pyclosure.queries.facts import files as bounds
from pyclosure.queries.facts.files import Entry, StoreFiles
from tests.support.sentences import assert_plain
from tests.support.trees import Link, Program, plant

SECRET = "the secret of another folder"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A store path beside a folder that nobody may look into."""
    plant(tmp_path / "outside", {"secret": SECRET, "folder/secret": SECRET})
    return plant(
        tmp_path / "path",
        {
            "plain": "0123456789",
            "sub/deep/file": "deep",
            "sub/program": Program(),
            "empty": None,
            "to-secret": Link(str(tmp_path / "outside" / "secret")),
            "to-folder": Link(str(tmp_path / "outside" / "folder")),
            "to-parent": Link(".."),
            "to-etc": Link("/etc"),
            "to-passwd": Link("/etc/passwd"),
            "to-plain": Link("plain"),
            "loop": Link("loop"),
            "ring-a": Link("ring-b"),
            "ring-b": Link("ring-a"),
            "dangling": Link("/no/such/place"),
            "sub/to-self": Link("../sub"),
        },
    )


@pytest.fixture
def store_files(tree: Path) -> StoreFiles:
    return StoreFiles(str(tree))


def test_entries_are_sorted_and_say_what_they_are(store_files: StoreFiles) -> None:
    assert store_files.entries("sub") == (
        Entry("deep", "directory", True),
        Entry("program", "file", True),
        Entry("to-self", "link", True),
    )
    kinds = {entry.name: entry.kind for entry in store_files.entries()}
    assert [name for name, kind in kinds.items() if kind == "link"] == [
        "dangling",
        "loop",
        "ring-a",
        "ring-b",
        "to-etc",
        "to-folder",
        "to-parent",
        "to-passwd",
        "to-plain",
        "to-secret",
    ]
    assert kinds["plain"] == "file" and kinds["empty"] == "directory"


@pytest.mark.parametrize(
    "name",
    [
        "to-secret",
        "to-passwd",
        "to-plain",
        "loop",
        "ring-a",
        "dangling",
        "to-folder/secret",
        "to-etc/passwd",
        "to-parent/outside/secret",
        "sub/to-self/program",
        "sub/to-self/deep/file",
        "loop/x",
        "../outside/secret",
        "sub/../../outside/secret",
        "sub/../plain",
    ],
)
def test_no_link_is_followed_when_reading(store_files: StoreFiles, name: str) -> None:
    assert store_files.read(name, 1000) is None
    assert store_files.problems == [], "a link is nothing wrong"


@pytest.mark.parametrize("name", ["to-folder", "to-etc", "to-parent", "loop", "ring-a", "dangling", "sub/to-self"])
def test_no_link_is_followed_when_listing(store_files: StoreFiles, name: str) -> None:
    assert store_files.entries(name) == ()
    assert store_files.entries(name + "/deeper") == ()
    assert store_files.problems == []


def test_a_link_says_where_it_leads_and_no_more(store_files: StoreFiles) -> None:
    assert store_files.link_target("to-etc") == "/etc"
    assert store_files.link_target("loop") == "loop"
    assert store_files.link_target("plain") is None
    assert store_files.link_target("missing") is None
    assert store_files.link_target("to-etc/mtab") is None


def test_a_store_path_that_is_a_link_is_not_followed_either(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(tree)
    files = StoreFiles(str(tmp_path / "linked"))

    assert files.shape() == "link"
    assert files.entries() == ()
    assert files.read("plain", 100) is None
    assert files.read("", 100) is None


def test_files_are_read_up_to_a_limit(store_files: StoreFiles) -> None:
    assert store_files.read("plain", 10) == b"0123456789"
    assert store_files.read("sub/deep/file", 10) == b"deep"
    assert store_files.problems == []

    assert store_files.read("plain", 9) is None
    assert store_files.problems == ["plain: larger than 9 bytes; not read"]


def test_the_start_of_a_larger_file_can_be_asked_for(store_files: StoreFiles) -> None:
    assert store_files.read("plain", 4, start_only=True) == b"0123"
    assert store_files.read("plain", 100, start_only=True) == b"0123456789"
    assert store_files.problems == []


def test_what_is_not_there_is_no_problem(store_files: StoreFiles) -> None:
    assert store_files.read("missing", 10) is None
    assert store_files.read("plain/below", 10) is None
    assert store_files.read("empty", 10) is None
    assert store_files.entries("missing") == ()
    assert store_files.entries("plain") == ()
    assert store_files.problems == []


def test_a_path_that_is_gone_is_no_shape_and_noted(tmp_path: Path) -> None:
    files = StoreFiles(str(tmp_path / "gone"))

    assert files.shape() is None
    assert files.problems == ["the path: No such file or directory"]
    assert files.entries() == ()


def test_a_store_path_that_is_one_file_is_read_by_the_empty_name(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("content")
    files = StoreFiles("/one", str(tmp_path))

    assert files.shape() == "file"
    assert files.read("", 100) == b"content"
    assert files.read("", 3, start_only=True) == b"con"
    assert files.entries() == ()


def test_pipes_and_sockets_are_neither_opened_for_long_nor_read(tree: Path, store_files: StoreFiles) -> None:
    os.mkfifo(tree / "pipe")

    assert store_files.read("pipe", 10) is None, "a pipe without a writer would block for ever"
    assert next(entry for entry in store_files.entries() if entry.name == "pipe").kind == "other"


def test_a_pipe_in_the_place_of_a_store_path_is_other(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    files = StoreFiles(str(tmp_path / "pipe"))

    assert files.shape() == "other"
    assert files.read("", 10) is None


def test_a_huge_directory_is_cut_and_the_cut_noted(
    tree: Path, store_files: StoreFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        (tree / "empty" / str(number)).touch()
    monkeypatch.setattr(bounds, "MOST_ENTRIES", 20)

    assert len(store_files.entries("empty")) == 20
    assert store_files.problems == ["empty: more than 20 entries; the rest was not looked at"]


def test_a_directory_of_just_the_limit_is_whole(
    tree: Path, store_files: StoreFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        (tree / "empty" / str(number)).touch()
    monkeypatch.setattr(bounds, "MOST_ENTRIES", 20)

    assert len(store_files.entries("empty")) == 20
    assert store_files.problems == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_noted(tree: Path, store_files: StoreFiles) -> None:
    (tree / "plain").chmod(0)
    (tree / "empty").chmod(0)

    assert store_files.read("plain", 10) is None
    assert store_files.entries("empty") == ()
    assert store_files.problems == ["plain: Permission denied", "empty: Permission denied"]


def test_what_the_system_refuses_is_noted(store_files: StoreFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refuse(path: str, flags: int, **rest: int) -> int:
        if path in ("plain", "empty"):
            raise PermissionError(13, "Permission denied")
        return real(path, flags, **rest)

    monkeypatch.setattr(os, "open", refuse)

    assert store_files.read("plain", 10) is None
    assert store_files.entries("empty") == ()
    assert store_files.problems == ["plain: Permission denied", "empty: Permission denied"]


def test_problems_are_few_and_cannot_colour_the_screen(tree: Path, store_files: StoreFiles) -> None:
    (tree / "\x1b[31mred\n").write_text("x" * 100)
    for limit in range(1, 41):
        store_files.read("\x1b[31mred\n", limit)
        store_files.read("\x1b[31mred\n", limit)

    assert len({*store_files.problems}) == len(store_files.problems) == 16
    assert_plain(store_files.problems[0])
    assert store_files.problems[0].startswith("\ufffd[31mred\ufffd: larger than 1 bytes")


def test_no_file_handle_is_left_open(tree: Path, store_files: StoreFiles) -> None:
    def handles() -> int:
        return len(os.listdir("/proc/self/fd"))

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc")
    before = handles()

    for name in ("plain", "to-etc/passwd", "missing/x", "sub/deep/file", "plain/x", "empty", "loop/x"):
        store_files.read(name, 2)
        store_files.entries(name)
        store_files.link_target(name)

    assert handles() == before


def test_files_of_a_chroot_store_lie_below_its_root(tmp_path: Path) -> None:
    plant(tmp_path / "mnt" / "nix" / "store" / "x", {"file": "inside"})

    files = StoreFiles("/nix/store/x", str(tmp_path / "mnt"))

    assert files.shape() == "directory"
    assert files.read("file", 100) == b"inside"
    assert files.path == "/nix/store/x"
