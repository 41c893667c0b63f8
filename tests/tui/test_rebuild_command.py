"""``pyclosure rebuild``: what is touched, the ranking, two graphs, and what it says to bad input."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from pyclosure.queries.rebuild.ranking import SORTS
from tests.tui.commanding import Cli


def derivation(name: str, inputs: dict[str, list[str]], **env: str) -> dict[str, Any]:
    path = store(name)
    return {
        "outputs": {"out": {"path": path}},
        "inputSrcs": [],
        "inputDrvs": inputs,
        "system": "x86_64-linux",
        "builder": "/bin/sh",
        "args": [],
        "env": {"name": name, "out": path, **env},
    }


def store(name: str, digit: str = "0") -> str:
    return f"/nix/store/{digit * 32}-{name}"


def saved(folder: Path, name: str = "graph.json", flag: str = "") -> str:
    """Write a graph of three: app is built with lib, which is built with libc; with a flag, lib is another one."""
    digit = "1" if flag else "0"
    lib, app = store("lib-1.0", digit), store("app-1.0", digit)
    document = {
        store("libc-1.0") + ".drv": derivation("libc-1.0", {}),
        f"{lib}.drv": {
            **derivation("lib-1.0", {store("libc-1.0") + ".drv": ["out"]}, flag=flag, deps=store("libc-1.0")),
            "outputs": {"out": {"path": lib}},
        },
        f"{app}.drv": {
            **derivation("app-1.0", {f"{lib}.drv": ["out"]}, deps=lib, text="<b>\u001b[31m`x`"),
            "outputs": {"out": {"path": app}},
        },
    }
    file = folder / name
    file.write_bytes(gzip.compress(json.dumps(document).encode()))
    return str(file)


def test_the_demo_says_what_openssl_rebuilds(cli: Cli) -> None:
    found = cli("rebuild", "demo:", "openssl", "--every", "--format", "json").json

    assert found["counts"]["derivations"] == 67
    assert found["counts"]["runtime"] + found["counts"]["build"] + found["counts"]["test_only"] + 2 == 67
    assert found["closure"]["nar_size"] > 0
    assert len(found["seeds"]) == 2 and sum(found["by_depth"]) == 67
    assert found["policy"]["labels"] == ["10.rebuild-linux: 11-100"]
    assert found["policy"]["branch"] == "master"
    assert all(one["because"][-1]["input"] in found["seeds"] for one in found["rebuilt"])


def test_tests_are_told_apart(cli: Cli) -> None:
    found = cli("rebuild", "demo:", "pytest", "--top", "0", "--format", "json").json
    calm = cli("rebuild", "demo:", "pytest", "--no-tests", "--format", "json").json

    only = [one for one in found["rebuilt"] if one["reason"] == "test"]
    assert len(only) == found["counts"]["test_only"] > 0
    assert all(any(step["test"] for step in one["because"]) for one in only)
    assert (
        calm["counts"]["derivations"] == found["counts"]["without_tests"] == found["counts"]["derivations"] - len(only)
    )
    assert calm["counts"]["test_only"] == 0


def test_text_has_counts_reasons_and_the_rule(cli: Cli) -> None:
    out = cli("rebuild", "demo:", "pytest").out

    assert out.startswith("changing pytest 8.3.3 rebuilds 17 derivations of 225 (")
    assert "only tests" in out and "chain: the longest has " in out
    assert "branch: master, for a change goes there while it is below 500 rebuilds" in out
    assert "counted: derivations of this graph; nixpkgs counts attributes" in out
    assert "–test→" in out


def test_several_builds_of_one_name_are_named_once(cli: Cli, tmp_path: Path) -> None:
    made = {
        store(f"{name}-1.0", digit) + ".drv": derivation(f"{name}-1.0", {})
        for name, digit in (("tls", "1"), ("tls", "2"), ("tls", "3"), *((f"lib{index}", "1") for index in range(8)))
    }
    file = tmp_path / "builds.json"
    file.write_text(json.dumps(made), "utf-8")

    def first_line(*words: str) -> str:
        return cli("rebuild", str(file), *words, "--every").out.splitlines()[0]

    assert first_line("tls", "lib1").startswith("changing tls 1.0 (3 builds), lib1 1.0 rebuilds 4 derivations of 11 (")
    some = first_line("tls", *(f"lib{index}" for index in range(8)))
    assert some.startswith("changing tls 1.0 (3 builds), lib0 1.0, ") and ", lib4 1.0 and 3 more rebuilds 11 " in some


def test_markdown_is_safe_and_ends_with_the_command(cli: Cli, tmp_path: Path) -> None:
    file = saved(tmp_path)
    out = cli("rebuild", file, "libc", "--format", "markdown").out

    assert out.startswith("<!-- pyclosure rebuild -->\n## `pyclosure` rebuilds\n")
    assert "| app 1.0 | is built with it | app 1.0 → lib 1.0 → libc 1.0 |" in out
    assert out.rstrip().endswith(f"Command: `pyclosure rebuild {file} libc`")


def test_the_ranking_is_sorted_and_can_be_cut(cli: Cli, tmp_path: Path) -> None:
    file = saved(tmp_path)

    assert [(one["derivation"], one["rebuilds"]) for one in cli("rebuild", file, "--format", "json").json] == [
        (store("libc-1.0") + ".drv", 2),
        (store("lib-1.0") + ".drv", 1),
        (store("app-1.0") + ".drv", 0),
    ]
    assert "… 2 more: --top 0 lists all" in cli("rebuild", file, "--top", "1").out
    assert all(one["python"] for one in cli("rebuild", "demo:", "--python", "--format", "json").json)


def test_two_graphs_have_causes_with_what_differs(cli: Cli, tmp_path: Path) -> None:
    base, head = saved(tmp_path, "base.json"), saved(tmp_path, "head.json", flag="on")

    out = cli("rebuild", "--base", base, "--head", head).out

    assert "2 derivations of 3 built anew; 2 .drv paths are new, 0 of them without anything to build" in out
    assert "1 cause\n  lib 1.0 differs in flag; rebuilds 1 other\n    flag\n      - (empty)\n      + on\n" in out
    assert "\u001b" not in out


def test_a_graph_against_itself_has_no_cause(cli: Cli, tmp_path: Path) -> None:
    file = saved(tmp_path)

    found = cli("rebuild", file, "--base", file, "--format", "json").json

    assert found["counts"] == {
        "fetched": 0,
        "rebuilt": 0,
        "changed_drv_paths": 0,
        "churned": 0,
        "added": 0,
        "removed": 0,
    }
    assert found["root_causes"] == []


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "nothing to open was named"),
        (("--base", "{file}"), "one side is missing"),
        (("--head", "{file}"), "one side is missing"),
        (("{file}", "--base", "{file}", "--head", "{file}"), "the new side is named twice"),
        (("{file}", "nothing"), "no derivation of the build graph is called nothing"),
        (("demo:", "openssl"), "openssl is the name of 2 derivations"),
        (("{file}", "lib", "--profile", "nope"), "there is no profile nope"),
        (("/nowhere.json", "x"), "/nowhere.json"),
    ],
)
def test_bad_words_get_one_sentence_and_status_2(cli: Cli, tmp_path: Path, words: tuple[str, ...], part: str) -> None:
    file = saved(tmp_path)

    done = cli("rebuild", *(word.format(file=file) for word in words))

    assert done.status == 2
    assert part in done.err and "Traceback" not in done.err
    assert done.out == ""


def test_without_a_build_graph_there_is_no_data(cli: Cli, tmp_path: Path) -> None:
    snapshot = tmp_path / "plain.pyclosure"
    cli("snapshot", "demo:", "--no-derivations", "-o", str(snapshot))
    dump = tmp_path / "dump.json"
    dump.write_text(
        json.dumps({store("app-1.0"): {"narSize": 1, "narHash": "sha256:x", "references": [], "deriver": None}})
    )

    done = cli("rebuild", str(dump), "app")

    assert done.status == 2
    assert "there is no build graph of" in done.err


# -- amplifiers, attributes, profiles, several roots -----------------------------------------------------


def test_sets_of_tests_are_told_with_what_they_leave(cli: Cli) -> None:
    found = cli("rebuild", "demo:", "pytest", "--amplifiers", "--format", "json").json
    whole = cli("rebuild", "demo:", "pytest", "--format", "json").json

    assert (found["rebuilds"], found["without_tests"]) == (16, 7)
    assert [one["left"] for one in found["sets"]][-1] == 7
    assert sum(one["saves"] for one in found["sets"]) == 16 - 7
    assert all({edge["derivation"] for edge in one["edges"]} == set(one["packages"]) for one in found["sets"])
    assert whole["amplifiers"] == {key: found[key] for key in ("rebuilds", "without_tests", "packages", "sets")}

    out = cli("rebuild", "demo:", "pytest", "--amplifiers").out
    assert out.startswith("changing pytest 8.3.3 rebuilds 16 others, 7 if no package had its tests in its own")
    assert "six 1.17.0" in out
    page = cli("rebuild", "demo:", "--amplifiers", "--format", "markdown").out
    assert page.startswith("<!-- pyclosure amplifiers -->") and "| tests of | with | saves | left |" in page


def test_edges_of_ways_have_the_attributes_that_name_the_input(cli: Cli) -> None:
    found = cli("rebuild", "demo:", "openssl-3.0.20", "--top", "0", "--format", "json").json

    steps = [step for one in found["rebuilt"] for step in one["because"]]
    assert all(step["attributes"] for step in steps)
    assert {"nativeBuildInputs", "propagatedBuildInputs", "buildInputs"} <= {
        name for step in steps for name in step["attributes"]
    }
    runtime = next(one for one in found["rebuilt"] if one["reason"] == "runtime")
    assert runtime["references"][-1].endswith("openssl-3.0.20")


def test_attributes_are_counted_as_the_project_counts(cli: Cli, tmp_path: Path) -> None:
    file, jobs = saved(tmp_path), tmp_path / "jobs.json"
    lines = [{"attr": name, "drvPath": store(f"{name}-1.0") + ".drv"} for name in ("libc", "lib", "app")]
    jobs.write_text("\n".join(map(json.dumps, [*lines, {"attr": "alias", "drvPath": store("app-1.0") + ".drv"}])))

    found = cli("rebuild", file, "lib", "--attributes", str(jobs), "--format", "json").json
    out = cli("rebuild", file, "lib", "--attributes", str(jobs)).out

    assert found["attributes"] == {"changed": ["alias", "app", "lib"], "of": 4, "elsewhere": 0}
    assert found["policy"]["counted"] == found["policy"]["project_counts"] == "attributes"
    assert "attributes: 3 of 4: alias, app, lib\n" in out and "counted:" not in out
    for name, fact in ((str(tmp_path / "nope"), "No such file"), (file, "is not what nix-eval-jobs prints")):
        refused = cli("rebuild", file, "lib", "--attributes", name)
        assert refused.status == 2 and fact in refused.err


def test_a_profile_of_ones_own_weighs(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "pyclosure.toml"
    config.write_text(
        '[rebuild]\nprofile = "ours"\n[rebuild.profiles.ours]\ncounted = "derivations"\n'
        'branches = [{ from = 0, branch = "main", rule = "anything" }]\n'
    )

    ours = cli("rebuild", "demo:", "pytest", "--config", str(config)).out
    theirs = cli("rebuild", "demo:", "pytest", "--config", str(config), "--profile", "nixpkgs").out
    usual = cli("rebuild", "demo:", "pytest", "--no-config").out

    assert "branch: main, for anything\n" in ours and "labels:" not in ours and "counted:" not in ours
    assert "branch: master" in theirs and theirs == usual
    refused = cli("rebuild", "demo:", "pytest", "--config", str(config), "--profile", "theirs")
    assert refused.status == 2 and "there is no profile theirs" in refused.err and "ours" in refused.err


def test_also_is_for_one_graph(cli: Cli, tmp_path: Path) -> None:
    refused = cli("rebuild", "--base", "a", "--head", "b", "--also", "c")

    assert refused.status == 2 and "--also opens more beside SOURCE" in refused.err


@pytest.mark.parametrize("by", SORTS)
def test_every_order_of_the_ranking_is_one(cli: Cli, by: str) -> None:
    rows = cli("rebuild", "demo:", "--sort", by, "--top", "0", "--format", "json").json

    keys: dict[str, Any] = {
        "rebuilds": lambda one: -one["rebuilds"],
        "without-tests": lambda one: -one["without_tests"],
        "factor": lambda one: one["without_tests"] - one["rebuilds"],
        "name": lambda one: one["derivation"][44:].removesuffix(".drv").removeprefix("python3.11-").partition("-")[0],
    }
    assert len(rows) == 225
    assert [keys[by](one) for one in rows] == sorted(keys[by](one) for one in rows)


def test_a_filter_ranks_some(cli: Cli) -> None:
    rows = cli("rebuild", "demo:", "--filter", "PYTEST mock", "--format", "json").json

    assert [one["derivation"][44:] for one in rows] and all(
        "pytest-mock" in one["derivation"] or "pytest_mock" in one["derivation"] for one in rows
    )


def test_names_of_attributes_cannot_write_markdown(cli: Cli, tmp_path: Path) -> None:
    evil = "evil\n```\n<img src=x> @team \x1b[2J\n"
    files = []
    for number in (1, 2):
        path = store("lib-1.0", str(number))
        item = {**derivation("lib-1.0", {}), "outputs": {"out": {"path": path}}}
        item["env"] = {"name": "lib-1.0", evil: str(number)}
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps({f"{path}.drv": item}))
        files.append(str(file))

    page = cli("rebuild", "--base", files[0], "--head", files[1], "--format", "markdown").out

    assert page.count("```") == 2 and "\x1b" not in page and "\n<img" not in page


def test_names_of_packages_beside_two_graphs_are_refused(cli: Cli, tmp_path: Path) -> None:
    old, new = saved(tmp_path), saved(tmp_path, "new.json", "on")

    for words in ((new, "lib", "--base", old), ("lib", "app", "--base", old, "--head", new)):
        done = cli("rebuild", *words)
        assert done.status == 2 and "two graphs, not of packages" in done.err
    done = cli("rebuild", old, "lib", "--amplifiers", "--no-tests")
    assert done.status == 2 and "--amplifiers is about tests" in done.err
