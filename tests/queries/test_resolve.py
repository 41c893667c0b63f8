"""What each word of the user is, told from the file system alone; nix is not started for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import (
    Demo,
    DerivationOutputs,
    Installables,
    SavedFile,
    Source,
    StorePaths,
    label_of,
    resolve,
)
from tests.support.closures import store_path
from tests.support.sentences import assert_sentence

Resolve = Callable[..., Source]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store directory with one directory, one file and one derivation in it."""
    folder = tmp_path / "nix" / "store"
    folder.mkdir(parents=True)
    monkeypatch.setenv("NIX_STORE_DIR", str(folder))
    for name in ("app", "lib"):
        (Path(store_path(name, str(folder))) / "bin").mkdir(parents=True)
        (Path(store_path(name, str(folder))) / "bin" / name).touch()
    Path(store_path("source.tar.gz", str(folder))).write_bytes(b"\x1f\x8b")
    Path(store_path("app.drv", str(folder))).write_text("Derive([])")
    return folder


@pytest.fixture
def here(tmp_path: Path, store: Path) -> Path:
    """The user's folder."""
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


@pytest.fixture
def resolved(here: Path) -> Resolve:
    def resolve_words(*words: str, **flags: object) -> Source:
        return resolve(Request(words, cwd=str(here), **flags))  # type: ignore[arg-type]

    return resolve_words


def paths(source: Source) -> tuple[str, ...]:
    assert isinstance(source, StorePaths)
    return source.paths


# -- store paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["result", "./result", "{0}/result", "../project/result", "result/", "result/bin/app"])
def test_a_result_link_is_its_store_path(here: Path, store: Path, resolved: Resolve, word: str) -> None:
    app = store_path("app", str(store))
    (here / "result").symlink_to(app)

    assert paths(resolved(word.format(here))) == (app,)


def test_a_chain_of_links_is_followed_to_its_end(here: Path, store: Path, resolved: Resolve) -> None:
    app = store_path("app", str(store))
    (here / "profile-1-link").symlink_to(app)
    (here / "profile").symlink_to("profile-1-link")
    (here / "result").symlink_to(here / "profile")

    assert paths(resolved("result")) == (app,)


def test_a_link_to_a_file_inside_a_store_path_means_the_path(here: Path, store: Path, resolved: Resolve) -> None:
    app = store_path("app", str(store))
    (here / "tool").symlink_to(f"{app}/bin/app")

    assert paths(resolved("tool")) == (app,)


def test_a_link_through_a_folder_of_links_is_found(here: Path, store: Path, resolved: Resolve) -> None:
    app = store_path("app", str(store))
    (here / "links").symlink_to(store.parent)

    assert paths(resolved(f"links/store/{app.rsplit('/', 1)[1]}")) == (app,)


def test_a_link_between_store_paths_means_where_it_ends(store: Path, resolved: Resolve) -> None:
    app, env = store_path("app", str(store)), store_path("env", str(store))
    (Path(env) / "bin").mkdir(parents=True)
    (Path(env) / "bin" / "app").symlink_to(f"{app}/bin/app")

    assert paths(resolved(f"{env}/bin/app")) == (app,)


@pytest.mark.parametrize("below", ["", "/", "/bin", "/bin/app", "/no/such/file"])
def test_a_store_path_stands_for_itself_with_anything_below_it(store: Path, resolved: Resolve, below: str) -> None:
    app = store_path("app", str(store))

    assert paths(resolved(app + below)) == (app,)


def test_a_path_that_is_not_here_is_left_to_nix(store: Path, resolved: Resolve) -> None:
    gone = store_path("gone", str(store))

    assert paths(resolved(gone)) == (gone,)
    assert paths(resolved(gone + "/bin/x")) == (gone,)


def test_a_path_of_another_store_is_known_by_its_shape(resolved: Resolve) -> None:
    assert paths(resolved(store_path("app", "/gnu/store"))) == (store_path("app", "/gnu/store"),)


def test_a_base_name_alone_is_looked_for_in_the_store(store: Path, resolved: Resolve) -> None:
    app = store_path("app", str(store))

    assert paths(resolved(app.rsplit("/", 1)[1])) == (app,)


def test_a_file_of_the_store_is_a_store_path_and_no_saved_file(here: Path, store: Path, resolved: Resolve) -> None:
    source = store_path("source.tar.gz", str(store))
    (here / "link").symlink_to(source)

    assert paths(resolved(source)) == (source,)
    assert paths(resolved("link")) == (source,)


def test_several_roots_keep_their_order_and_count_once(store: Path, resolved: Resolve) -> None:
    app, lib = store_path("app", str(store)), store_path("lib", str(store))

    assert paths(resolved(lib, app, lib + "/bin")) == (lib, app)


def test_a_home_folder_is_expanded(here: Path, store: Path, resolved: Resolve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here))
    (here / "result").symlink_to(store_path("app", str(store)))

    assert paths(resolved("~/result")) == (store_path("app", str(store)),)


def test_a_dangling_link_into_a_store_that_was_named_is_left_to_it(here: Path, store: Path, resolved: Resolve) -> None:
    gone = store_path("gone", str(store))
    (here / "result").symlink_to(gone)

    source = resolved("result", store="https://cache.example.org")

    assert paths(source) == (gone,)
    assert isinstance(source, StorePaths) and source.store.online


def test_a_link_into_a_chroot_store_means_the_logical_path(here: Path, resolved: Resolve, tmp_path: Path) -> None:
    real = Path(store_path("app", str(tmp_path / "root/nix/store")))
    real.mkdir(parents=True)
    (here / "result").symlink_to(real)

    for word in ("result", str(real), store_path("app")):
        source = resolved(word, store=str(tmp_path / "root"))
        assert paths(source) == (store_path("app"),)
        assert isinstance(source, StorePaths) and source.store.files_root == str(tmp_path / "root")


# -- derivations -----------------------------------------------------------------------------------------


def test_a_derivation_stands_for_all_its_outputs(store: Path, resolved: Resolve) -> None:
    drv = store_path("app.drv", str(store))

    source = resolved(drv)

    assert isinstance(source, DerivationOutputs)
    assert (source.outputs, source.paths) == (((drv, ()),), ())


@pytest.mark.parametrize(
    ("suffix", "outputs"), [("^out", ("out",)), ("^out,dev", ("out", "dev")), ("^*", ()), ("^dev", ("dev",))]
)
def test_outputs_of_a_derivation_can_be_chosen(
    store: Path, resolved: Resolve, suffix: str, outputs: tuple[str, ...]
) -> None:
    drv = store_path("app.drv", str(store))

    source = resolved(drv + suffix)

    assert isinstance(source, DerivationOutputs)
    assert source.outputs == ((drv, outputs),)


def test_a_link_to_a_derivation_can_choose_outputs_too(here: Path, store: Path, resolved: Resolve) -> None:
    drv = store_path("app.drv", str(store))
    (here / "app.drv").symlink_to(drv)

    source = resolved("app.drv^dev")

    assert isinstance(source, DerivationOutputs)
    assert source.outputs == ((drv, ("dev",)),)


def test_paths_come_along_with_derivations(store: Path, resolved: Resolve) -> None:
    drv, lib = store_path("app.drv", str(store)), store_path("lib", str(store))

    source = resolved(lib, drv)

    assert isinstance(source, DerivationOutputs)
    assert (source.outputs, source.paths) == (((drv, ()),), (lib,))


@pytest.mark.parametrize("suffix", ["", "^out", "^*"])
def test_the_build_closure_of_a_derivation_is_its_own(store: Path, resolved: Resolve, suffix: str) -> None:
    drv = store_path("app.drv", str(store))

    source = resolved(drv + suffix, derivation=True)

    assert paths(source) == (drv,)
    assert isinstance(source, StorePaths) and source.build_closure


# -- saved files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["closure.json", "./closure.json", "{0}/closure.json"])
def test_a_file_outside_the_store_is_a_saved_one(here: Path, resolved: Resolve, word: str) -> None:
    (here / "closure.json").touch()

    source = resolved(word.format(here))

    assert isinstance(source, SavedFile)
    assert source.path is not None and Path(source.path).samefile(here / "closure.json")


def test_a_dash_is_standard_input(resolved: Resolve) -> None:
    assert resolved("-") == SavedFile(None)


@pytest.mark.parametrize("others", [("result",), ("-",), ("nixpkgs#hello",)])
def test_a_saved_file_is_opened_alone(here: Path, resolved: Resolve, others: tuple[str, ...]) -> None:
    (here / "closure.json").touch()

    with pytest.raises(BadInput) as caught:
        resolved("closure.json", *others)

    assert_sentence(caught.value, "closure.json", "cannot be opened together", kind=BadInput)


@pytest.mark.parametrize(("flags", "fact"), [({"derivation": True}, "--derivation"), ({"store": "daemon"}, "--store")])
def test_switches_that_ask_nix_do_not_fit_a_saved_file(
    here: Path, resolved: Resolve, flags: dict[str, object], fact: str
) -> None:
    (here / "closure.json").touch()

    with pytest.raises(BadInput) as caught:
        resolved("closure.json", **flags)

    assert_sentence(caught.value, fact, "closure.json is a saved file", kind=BadInput)


# -- the demo --------------------------------------------------------------------------------------------


def test_the_demo_is_a_word_of_its_own(resolved: Resolve) -> None:
    assert resolved("demo:") == Demo()


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        (("demo:", "result"), {}),
        (("demo:", "demo:"), {}),
        (("demo:",), {"store": "daemon"}),
        (("demo:",), {"derivation": True}),
        (("demo:",), {"file": "x.nix"}),
    ],
)
def test_the_demo_stands_alone(resolved: Resolve, words: tuple[str, ...], flags: dict[str, object]) -> None:
    assert_sentence(refusal(resolved, *words, **flags), "demo: stands alone", kind=BadInput)


# -- what has to be evaluated ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word", [".#hello", "nixpkgs#python3", "github:NixOS/nixpkgs#hello", "path:/x#y", "./sub#x^dev"]
)
def test_an_installable_is_left_to_nix_in_the_users_folder(here: Path, resolved: Resolve, word: str) -> None:
    source = resolved(word, impure=True)

    assert isinstance(source, Installables)
    assert (source.words, source.cwd, source.impure, source.file) == ((word,), str(here), True, None)


@pytest.mark.parametrize("word", [".", "./", "{0}", "../project"])
def test_a_folder_with_a_flake_is_an_installable(here: Path, resolved: Resolve, word: str) -> None:
    (here / "flake.nix").write_text("{ }")

    source = resolved(word.format(here))

    assert isinstance(source, Installables)
    assert source.words == (word.format(here),)


def test_store_paths_go_along_with_installables(store: Path, resolved: Resolve) -> None:
    lib = store_path("lib", str(store))

    source = resolved(lib, ".#hello")

    assert isinstance(source, Installables)
    assert source.words == (".#hello",)
    assert source.others is not None
    assert source.others.paths == (lib,)


def test_attributes_of_a_file_are_not_looked_for_on_disk(here: Path, resolved: Resolve) -> None:
    (here / "default.nix").write_text("{ }")
    (here / "python").mkdir()

    source = resolved("python", "-", file="default.nix")

    assert isinstance(source, Installables)
    assert (source.words, source.file) == (("python", "-"), str(here / "default.nix"))


def test_a_folder_may_be_the_file_of_an_expression(here: Path, resolved: Resolve) -> None:
    source = resolved("x", file=".")

    assert isinstance(source, Installables)
    assert source.file == str(here)


# -- what is none of these -------------------------------------------------------------------------------


def refusal(resolved: Resolve, *words: str, **flags: object) -> BadInput:
    with pytest.raises(BadInput) as caught:
        resolved(*words, **flags)
    return caught.value


def test_nothing_at_all_is_refused(resolved: Resolve) -> None:
    assert_sentence(refusal(resolved), "nothing to open", kind=BadInput)


@pytest.mark.parametrize("word", ["./missing", "/no/such/file", "sub/missing", "../missing", "~nobody/x"])
def test_a_file_that_is_not_there_is_named(resolved: Resolve, word: str) -> None:
    assert_sentence(refusal(resolved, word), f"there is no file {word}", kind=BadInput)


def test_a_word_that_could_be_anything_says_how_each_is_written(resolved: Resolve) -> None:
    error = refusal(resolved, "reslut")

    assert_sentence(error, "no file called reslut", "not an installable", kind=BadInput)
    assert "reslut#ATTRIBUTE" in error.hint and "--file FILE reslut" in error.hint


def test_a_link_to_a_collected_path_says_so(here: Path, store: Path, resolved: Resolve) -> None:
    gone = store_path("gone", str(store))
    (here / "result").symlink_to(gone)

    error = refusal(resolved, "result")

    assert_sentence(error, f"result points to {gone}", "no longer in the store", kind=BadInput)
    assert "--store" in error.hint


def test_a_dangling_link_elsewhere_says_where_it_leads(here: Path, resolved: Resolve) -> None:
    (here / "result").symlink_to("/no/such/place")

    assert_sentence(refusal(resolved, "result"), "dangling link", "/no/such/place", kind=BadInput)


def test_a_loop_of_links_is_dangling(here: Path, resolved: Resolve) -> None:
    (here / "a").symlink_to("b")
    (here / "b").symlink_to("a")

    assert_sentence(refusal(resolved, "a"), "a is a dangling link", kind=BadInput)


def test_a_folder_without_a_flake_is_refused(here: Path, resolved: Resolve) -> None:
    assert_sentence(refusal(resolved, "."), ". lies outside the Nix store and is not a flake", kind=BadInput)


def test_a_folder_with_an_expression_says_how_to_open_it(here: Path, resolved: Resolve) -> None:
    (here / "sub").mkdir()
    (here / "sub" / "default.nix").write_text("{ }")

    error = refusal(resolved, "sub")

    assert_sentence(error, "sub lies outside the Nix store", kind=BadInput)
    assert error.hint == "for the expression in it: pyclosure --file sub ATTRIBUTE"


def test_the_store_itself_is_refused(store: Path, resolved: Resolve) -> None:
    assert_sentence(refusal(resolved, str(store)), f"{store} is the store itself", kind=BadInput)


def test_outputs_of_something_that_is_no_derivation_in_the_store_are_refused(here: Path, resolved: Resolve) -> None:
    (here / "my.drv").touch()

    for word in ("missing.drv^out", "./x.drv^*"):
        assert_sentence(refusal(resolved, word), word.split("^")[0], "not a derivation", kind=BadInput)


def test_a_missing_expression_is_named(resolved: Resolve) -> None:
    error = refusal(resolved, "x", file="missing.nix")

    assert_sentence(error, "no Nix expression at", "missing.nix", kind=BadInput)


@pytest.mark.parametrize(
    "word", ["\x1b[31mred", "a\0b", "x\ny", "[red]\u202ex", "x" * 5000, "./" + "y" * 300, "\udcff"]
)
def test_hostile_words_are_shown_harmlessly(resolved: Resolve, word: str) -> None:
    assert_sentence(refusal(resolved, word), "there is no file", kind=BadInput)


def test_an_empty_word_is_refused(resolved: Resolve) -> None:
    assert_sentence(refusal(resolved, "", "x"), "empty", kind=BadInput)


def test_a_pipe_is_read_like_a_saved_file(here: Path, resolved: Resolve) -> None:
    os.mkfifo(here / "pipe")

    assert resolved("pipe") == SavedFile(str(here / "pipe"))


def test_a_title_is_the_root_or_their_number() -> None:
    assert label_of((store_path("app-1.0"),)) == "app-1.0"
    assert label_of((store_path("app-1.0"), store_path("lib"))) == "2 roots"
