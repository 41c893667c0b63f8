"""Everything that can be named in a real store gives the numbers that nix gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyclosure.queries.answers.overview import overview
from pyclosure.queries.base.errors import BadInput, NixFailed
from pyclosure.queries.base.names import name_of
from pyclosure.queries.graph.sizes import added_within
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from tests.nix.conftest import Built
from tests.nix.opening import opened, refusal
from tests.support.private_nix import ENVIRONMENT
from tests.support.sentences import assert_sentence
from tests.support.slow import slow_added_size, slow_closure_size

pytestmark = pytest.mark.nix


def assert_sizes_of_nix(built: Built, knowledge: Knowledge, roots: list[str], *flags: str) -> None:
    """Compare every size with nix's own, and added sizes with removing and traversing again."""
    closure, sizes = knowledge.closure, knowledge.sizes
    assert sizes.closure is not None
    said = built.nix.path_info(*roots, flags=("-r", "-S", *flags))
    assert {path: sizes.closure[index] for path, index in closure.position.items()} == {
        path: item["closureSize"] for path, item in said.items()
    }
    assert {path: sizes.nar[index] for path, index in closure.position.items()} == {
        path: item["narSize"] for path, item in said.items()
    }
    assert sizes.total == sum(item["narSize"] for item in said.values())
    for path, index in closure.position.items():
        assert sizes.added[index] == slow_added_size(closure.graph, closure.records.roots, path)


@pytest.mark.parametrize("word", ["result", "./result", "{env}", "result/bin", "{base}", "{work}/result"])
def test_every_name_of_a_path_opens_it(private_store: Built, word: str) -> None:
    env = private_store.env
    text = word.format(env=env, base=Path(env).name, work=private_store.nix.work)

    knowledge = opened(text)

    assert knowledge.closure.records.roots == (env,)
    assert knowledge.sizes.total == private_store.nix.path_info(env, flags=("-S",))[env]["closureSize"]


def test_a_program_of_an_environment_means_the_path_that_it_links_to(private_store: Built) -> None:
    assert opened("result/bin/http").closure.records.roots == (private_store.app,)


def test_every_size_of_an_environment_is_that_of_nix(private_store: Built) -> None:
    knowledge = opened("result")

    assert_sizes_of_nix(private_store, knowledge, [private_store.env])
    assert len(knowledge.closure) == 8
    python = knowledge.closure.position[private_store.python3]
    assert knowledge.closure.self_references == {python}


def test_sizes_within_one_referrer_are_those_of_it_alone(private_store: Built) -> None:
    whole, alone = opened("result"), opened("result-app")

    within = added_within(whole.closure, whole.closure.position[private_store.app])

    assert {whole.closure.path(index): size for index, size in within.items()} == {
        alone.closure.path(index): size for index, size in enumerate(alone.sizes.added)
    }


def test_several_roots_are_one_closure(private_store: Built) -> None:
    roots = [private_store.orphan, private_store.zlib_dev, private_store.python3]

    knowledge = opened("result-orphan", *roots[1:])

    assert knowledge.closure.records.roots == tuple(roots)
    assert_sizes_of_nix(private_store, knowledge, roots)
    assert knowledge.sizes.dominators[knowledge.closure.position[private_store.python3]] == -1


def test_kinds_outputs_and_distributions_come_from_derivations_and_files(private_store: Built) -> None:
    knowledge = opened("result", private_store.zlib_dev)

    found = {
        name_of(knowledge.closure.path(index)): (
            knowledge.identity(index).kind.value,
            knowledge.identity(index).output.value,
            knowledge.identity(index).distribution,
        )
        for index in range(len(knowledge.closure))
    }

    assert found == {
        "python3-3.11.9-env": ("python-env", "out", None),
        "python3-3.11.9": ("interpreter", "out", None),
        "httpie-3.2.2": ("python-app", "out", "httpie"),
        "python3.11-six-1.16.0": ("python-package", "out", "six"),
        "python3.11-pyopenssl-25.3.0": ("python-package", "out", "pyopenssl"),
        "python3.11-pyopenssl-25.3.0-dev": ("python-dev", "dev", None),
        "zlib-1.3": ("native-tool", "out", None),
        "zlib-1.3-dev": ("dev", "dev", None),
        "zlib-1.3-lib": ("native-library", "lib", None),
        "settings.conf": ("data", "out", None),
    }
    assert knowledge.files_state.state == "complete"
    summary = overview(knowledge)
    assert (summary.distributions, summary.distributions_sure) == (3, True)
    env = knowledge.identity(knowledge.closure.position[private_store.env])
    assert env.producer is not None and (env.producer.value, env.producer.tier) == ("nixpkgs", "D")


def test_a_derivation_opens_all_that_is_built_of_it(private_store: Built) -> None:
    knowledge = opened(private_store.zlib_drv)

    assert set(knowledge.closure.records.roots) == {private_store.zlib, private_store.zlib_lib, private_store.zlib_dev}
    assert_sizes_of_nix(private_store, knowledge, list(knowledge.closure.records.roots))


@pytest.mark.parametrize(("outputs", "names"), [("lib", ["zlib_lib"]), ("dev,lib", ["zlib_dev", "zlib_lib"])])
def test_outputs_can_be_chosen_with_every_version(private_store: Built, outputs: str, names: list[str]) -> None:
    knowledge = opened(f"{private_store.zlib_drv}^{outputs}")

    assert knowledge.closure.records.roots == tuple(getattr(private_store, name) for name in names)


def test_all_outputs_can_be_asked_for(private_store: Built) -> None:
    assert len(opened(f"{private_store.zlib_drv}^*").closure.records.roots) == 3


def test_an_output_that_does_not_exist_is_answered_with_those_that_do(private_store: Built) -> None:
    error = refusal(f"{private_store.zlib_drv}^man")

    assert_sentence(error, "no output called man", kind=BadInput)
    assert error.hint == "it has: dev, lib, out"


def test_what_is_not_built_is_not_built_now(private_store: Built) -> None:
    error = refusal(private_store.unbuilt_drv)

    assert_sentence(error, "unbuilt-2.0.drv is not built", kind=BadInput)
    assert not list(private_store.nix.store.glob("*-unbuilt-2.0"))


def test_a_build_closure_holds_derivations_and_sources(private_store: Built) -> None:
    drv = private_store.app_drv

    for word in (drv, private_store.app, "result-app"):
        knowledge = opened(word, derivation=True)
        assert knowledge.closure.records.roots == (drv,)
        assert_sizes_of_nix(private_store, knowledge, [drv], "--derivation")
    wanted = private_store.nix.run("nix-store", "--query", "--requisites", drv).split()
    assert set(knowledge.closure.position) == set(wanted)
    assert knowledge.derivations_state.state == "complete"
    index = knowledge.closure.position[private_store.zlib_drv]
    derivation = knowledge.derivation_of(index)
    assert derivation is not None and derivation.attribute("pname") == "zlib"


def test_the_build_closure_of_what_is_not_built_can_be_opened(private_store: Built) -> None:
    knowledge = opened(private_store.unbuilt_drv, derivation=True)

    assert knowledge.closure.records.roots == (private_store.unbuilt_drv,)
    assert private_store.app_drv in knowledge.closure.position


# -- expressions and flakes ------------------------------------------------------------------------------


def test_an_attribute_of_a_file_is_evaluated(private_store: Built) -> None:
    knowledge = opened("app", file=str(ENVIRONMENT))

    assert knowledge.closure.records.roots == (private_store.app,)
    assert_sizes_of_nix(private_store, knowledge, [private_store.app])


def test_several_attributes_of_a_file_are_roots(private_store: Built) -> None:
    knowledge = opened("app", "python3", file=str(ENVIRONMENT))

    assert set(knowledge.closure.records.roots) == {private_store.app, private_store.python3}


def test_an_output_of_an_attribute_is_opened(private_store: Built) -> None:
    knowledge = opened("zlib.lib", file=str(ENVIRONMENT))

    # since 2.18 nix takes all outputs of a plain derivation, whichever is named
    assert private_store.zlib_lib in knowledge.closure.records.roots
    assert_sizes_of_nix(private_store, knowledge, list(knowledge.closure.records.roots))


def test_an_attribute_that_is_not_built_is_named(private_store: Built) -> None:
    error = refusal("unbuilt", file=str(ENVIRONMENT))

    assert_sentence(error, "unbuilt is not built", "unbuilt-2.0", kind=BadInput)
    assert "nix build -f" in error.hint


def test_the_build_closure_of_an_attribute_can_be_opened_unbuilt(private_store: Built) -> None:
    knowledge = opened("unbuilt", file=str(ENVIRONMENT), derivation=True)

    assert knowledge.closure.records.roots == (private_store.unbuilt_drv,)


def test_an_attribute_that_does_not_exist_is_named(private_store: Built) -> None:
    assert_sentence(refusal("nope", file=str(ENVIRONMENT)), "no attribute nope", kind=BadInput)


@pytest.mark.parametrize("expression", ["{ x = ", "{ x = undefined; }", '{ x = 1 + "a"; }'])
def test_an_expression_that_does_not_evaluate_is_the_users(
    private_store: Built, tmp_path: Path, expression: str
) -> None:
    (tmp_path / "bad.nix").write_text(expression)

    error = refusal("x", file=str(tmp_path / "bad.nix"))

    assert_sentence(error, "does not evaluate", "x", kind=BadInput)
    assert "bad.nix" in error.words, "nix's words say where"


FLAKE = """
{
  outputs = { self }:
    let all = import ./environment.nix { system = "SYSTEM"; };
    in { packages.SYSTEM = builtins.removeAttrs all [ "broken" ] // { default = all.app; }; };
}
"""


@pytest.fixture
def flake(private_store: Built) -> Path:
    """A flake of the same expression, without a lock file and without inputs."""
    folder = private_store.nix.work / "flake"
    folder.mkdir(exist_ok=True)
    (folder / "environment.nix").write_text(ENVIRONMENT.read_text())
    system = private_store.nix.run("nix-instantiate", "--eval", "-E", "builtins.currentSystem").strip().strip('"')
    (folder / "flake.nix").write_text(FLAKE.replace("SYSTEM", system))
    return folder


def test_an_attribute_of_a_flake_is_evaluated_without_a_network(private_store: Built, flake: Path) -> None:
    knowledge = opened(f"path:{flake}#env")

    assert knowledge.closure.records.roots == (private_store.env,)
    assert_sizes_of_nix(private_store, knowledge, [private_store.env])


def test_a_relative_flake_is_found_from_where_the_user_is(
    private_store: Built, flake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(flake)

    assert opened("path:.#python3").closure.records.roots == (private_store.python3,)
    assert opened(".").closure.records.roots == (private_store.app,)


def test_an_attribute_that_a_flake_does_not_have_is_named(private_store: Built, flake: Path) -> None:
    assert_sentence(refusal(f"path:{flake}#nope"), "nope", kind=BadInput)


def test_where_there_is_no_flake_that_is_said(private_store: Built, tmp_path: Path) -> None:
    assert_sentence(refusal(f"path:{tmp_path}#x"), kind=BadInput)


# -- what is gone ----------------------------------------------------------------------------------------


def test_a_link_to_a_collected_path_says_so(private_store: Built) -> None:
    error = refusal("result-collected")

    assert_sentence(error, "result-collected points to", private_store.collected, kind=BadInput)


def test_a_collected_path_says_so(private_store: Built) -> None:
    assert_sentence(refusal(private_store.collected), private_store.collected, "not a valid path", kind=BadInput)


def test_one_collected_path_among_others_is_named(private_store: Built) -> None:
    assert_sentence(refusal("result", private_store.collected), private_store.collected, kind=BadInput)


def test_a_path_that_nobody_built_is_not_valid(private_store: Built) -> None:
    never = f"{private_store.nix.store}/{'0' * 32}-never"

    assert_sentence(refusal(never), never, kind=BadInput)
    assert_sentence(refusal(never + ".drv"), never + ".drv", kind=BadInput)


def test_a_path_whose_derivation_is_gone_is_opened_all_the_same(private_store: Built) -> None:
    knowledge = opened(private_store.orphan)

    index = knowledge.closure.position[private_store.orphan]
    info = knowledge.closure.infos[index]
    assert info.deriver is not None and not Path(info.deriver).exists()
    assert knowledge.derivation_of(index) is None
    assert knowledge.derivations_state.state == "partial"
    assert "1 of 3 paths" in knowledge.derivations_state.reason
    assert knowledge.identity(index).pname == "orphan"


def test_the_build_closure_of_a_path_whose_derivation_is_gone_cannot_be_opened(private_store: Built) -> None:
    assert_sentence(refusal(private_store.orphan, derivation=True), kind=BadInput)


# -- Nix as it may be set up -----------------------------------------------------------------------------


def test_experimental_features_need_not_be_enabled(private_store: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIX_CONFIG", "substituters =\nsandbox = false\nbuild-users-group =\n")

    assert opened("result").closure.records.roots == (private_store.env,)


def test_the_fallback_to_nix_store_gives_the_same_numbers(
    private_store: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a nix that refuses the new command line, and the real nix-store
    refuses = "error: experimental Nix feature 'nix-command' is disabled; use '--extra-...' to override"
    (tmp_path / "nix").write_text(
        f'#!/bin/sh\ncase "$*" in --version) echo "nix (Nix) 2.3.16";; *) echo "{refuses}" >&2; exit 1;; esac\n'
    )
    (tmp_path / "nix").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{private_store.nix.env['PATH']}")

    knowledge = know(read_source(resolve(Request(("result",))), SystemRunner(timeout=60)))

    assert (
        knowledge.sizes.total
        == private_store.nix.path_info(private_store.env, flags=("-S",))[private_store.env]["closureSize"]
    )
    assert len(knowledge.closure.self_references) == 1


def test_a_store_that_does_not_answer_is_named(private_store: Built) -> None:
    error = refusal(private_store.env, store="http://127.0.0.1:9")

    assert_sentence(error, "http://127.0.0.1:9/nix-cache-info", kind=NixFailed)


def test_a_daemon_that_does_not_answer_is_named(private_store: Built, tmp_path: Path) -> None:
    error = refusal(private_store.env, store=f"unix://{tmp_path}/no-socket")

    assert_sentence(error, f"{tmp_path}/no-socket", kind=NixFailed)


def test_an_unknown_kind_of_store_is_named(private_store: Built) -> None:
    assert_sentence(refusal(private_store.env, store="foo://bar"), "foo", kind=BadInput)


def test_slow_twins_agree_with_nix_too(private_store: Built) -> None:
    graph = opened("result").closure.graph

    said = private_store.nix.path_info(private_store.env, flags=("-r", "-S"))

    assert {path: slow_closure_size(graph, path) for path in graph} == {
        path: item["closureSize"] for path, item in said.items()
    }
