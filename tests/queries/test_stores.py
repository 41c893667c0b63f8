"""What followed ``--store``: which store, whether it means the network, where its files lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.sources.stores import Store, local_store_dir, parse_store
from tests.support.sentences import assert_sentence


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A folder that looks like a binary cache."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "nix-cache-info").write_text("StoreDir: /nix/store\n")
    return tmp_path / "cache"


@pytest.fixture
def chroot(tmp_path: Path) -> Path:
    """A folder that holds a nix/store."""
    (tmp_path / "root" / "nix" / "store").mkdir(parents=True)
    return tmp_path / "root"


def test_no_store_is_the_local_one_with_its_files_here() -> None:
    assert parse_store(None, "/") == Store(None, "", False, "local store")


def test_files_of_a_remote_default_store_are_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIX_REMOTE", "ssh-ng://builder")

    assert parse_store(None, "/").files_root is None


@pytest.mark.parametrize(
    ("url", "files_root", "online"),
    [
        ("daemon", "", False),
        ("auto", "", False),
        ("local", "", False),
        ("unix:///run/nix.sock", "", False),
        ("local?root=/mnt", "/mnt", False),
        ("local?root=/mnt/", "/mnt", False),
        ("local?read-only=true", "", False),
        ("local?store=/x/store&real=/y/store", None, False),
        ("https://cache.example.org", None, True),
        ("http://127.0.0.1:8080", None, True),
        ("s3://bucket?region=eu", None, True),
        ("ssh://host", None, True),
        ("ssh-ng://host", None, True),
        ("foo://bar", None, True),
    ],
)
def test_a_url_is_passed_to_nix_as_it_is(url: str, files_root: str | None, online: bool) -> None:
    store = parse_store(url, "/")

    assert (store.url, store.words) == (url, url)
    assert store.files_root == files_root
    assert store.online is online


def test_a_password_is_not_shown() -> None:
    store = parse_store("https://me:secret@cache.example.org/x", "/")

    assert store.url == "https://me:secret@cache.example.org/x"
    assert store.words == "https://cache.example.org/x"


def test_escape_sequences_in_a_url_are_not_shown() -> None:
    assert parse_store("https://\x1b;31mx", "/").words == "https://\ufffd;31mx"


def test_what_is_no_url_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        parse_store("http://[::1\x1b[0m", "/")

    assert_sentence(caught.value, "http://[::1\ufffd[0m is not a store URL", kind=BadInput)


def test_a_cache_on_disk_may_be_a_url_or_a_plain_path(cache: Path) -> None:
    by_url = parse_store(f"file://{cache}", "/")
    by_path = parse_store(str(cache), "/")
    relative = parse_store("cache", str(cache.parent))

    assert by_url == by_path == relative
    assert by_url == Store(f"file://{cache}", None, False, f"file://{cache}")


@pytest.mark.parametrize("name", ["with space", "per%20cent", "q?x", "ha#sh", "größe", "\x1b[31m"])
def test_a_folder_that_no_url_can_name_is_refused(tmp_path: Path, name: str) -> None:
    # up to 2.18 nix does not unquote a URL, and would make an empty cache with the quoted name
    (tmp_path / name).mkdir()
    (tmp_path / name / "nix-cache-info").touch()

    with pytest.raises(BadInput) as caught:
        parse_store(name, str(tmp_path))

    assert_sentence(caught.value, "no store with such characters", kind=BadInput)


def test_a_quoted_url_is_found_by_its_folder(tmp_path: Path) -> None:
    (tmp_path / "with space").mkdir()
    (tmp_path / "with space" / "nix-cache-info").touch()

    url = f"file://{tmp_path}/with%20space"

    assert parse_store(url, "/") == Store(url, None, False, url)


def test_a_chroot_store_may_have_any_name_but_one_that_ends_a_path(tmp_path: Path) -> None:
    for name in ("ro ot", "per%20cent", "größe", "what?"):
        (tmp_path / name / "nix").mkdir(parents=True)

    for name in ("ro ot", "per%20cent", "größe"):
        assert parse_store(name, str(tmp_path)).files_root == str(tmp_path / name)
    with pytest.raises(BadInput) as caught:
        parse_store("what?", str(tmp_path))
    assert_sentence(caught.value, "no store with such characters", kind=BadInput)


def test_options_of_a_cache_do_not_hide_its_folder(cache: Path) -> None:
    assert parse_store(f"file://{cache}?compression=zstd", "/").url == f"file://{cache}?compression=zstd"


def test_a_folder_with_a_store_in_it_is_a_chroot_store(chroot: Path) -> None:
    absolute = parse_store(str(chroot), "/")
    relative = parse_store("./root/", str(chroot.parent))

    assert absolute == relative == Store(str(chroot), str(chroot), False, str(chroot))


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("{0}/missing", "there is no store at {0}/missing"),
        ("missing", "there is no store at {0}/missing"),
        ("file", "there is no store at {0}/file"),
        ("empty", "{0}/empty is neither a binary cache"),
        ("file://{0}/empty", "there is no binary cache at {0}/empty"),
        ("file://{0}/missing", "there is no binary cache at {0}/missing"),
        ("file://relative/path", "there is no binary cache at relative/path"),
        ("file://", "there is no binary cache at an empty path"),
        ("bad\x1b[31m", "bad\ufffd[31m"),
    ],
)
def test_a_store_that_nix_would_silently_create_is_refused(tmp_path: Path, text: str, fact: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()

    with pytest.raises(BadInput) as caught:
        parse_store(text.format(tmp_path), str(tmp_path))

    assert_sentence(caught.value, fact.format(tmp_path), kind=BadInput)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file"]


def test_the_local_store_directory_is_what_nix_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert local_store_dir() == "/nix/store"

    monkeypatch.setenv("NIX_STORE", "/old/store")
    assert local_store_dir() == "/old/store"

    monkeypatch.setenv("NIX_STORE_DIR", "/gnu/store")
    assert local_store_dir() == "/gnu/store"
