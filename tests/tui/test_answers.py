"""Answers are what their types say: the documents that describe them, and what commands print."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from io import StringIO
from types import ModuleType
from typing import Any

import msgspec
import pytest

from pyclosure.tui.cli import commands
from pyclosure.tui.output import formats
from pyclosure.tui.output.answers import Answer
from pyclosure.tui.output.schema import json_page, meanings, printed, schema, schema_text, structs
from tests.tui.commanding import ROOT, Cli

OLD, NEW = (str(ROOT / "tests" / "data" / f"pr-{side}.snapshot") for side in ("base", "head"))
COMMANDS = {
    "pyclosure check OLD NEW": ["check", OLD, NEW, "--max-size", "1GiB", "--no-config", "--allow-unknown"],
    "pyclosure check SOURCE…": ["check", "demo:", "--no-config", "--fail-on", "never"],
    "pyclosure contents SOURCE --all": None,  # these two read files of a store
    "pyclosure contents SOURCE PATH": None,
    "pyclosure cuts SOURCE --cut REFERRER:REFERENCE": ["cuts", "demo:", "--cut", "msgpack:gcc-wrapper"],
    "pyclosure cuts SOURCE --edges": ["cuts", "demo:", "--edges"],
    "pyclosure cuts SOURCE [PATH…]": ["cuts", "demo:"],
    "pyclosure diff OLD NEW": ["diff", OLD, NEW, "--no-config"],
    "pyclosure history SOURCE…": ["history", OLD, NEW, "--path", "zlib"],
    "pyclosure list SOURCE…": ["list", "demo:"],
    "pyclosure rebuild --base OLD --head NEW": ["rebuild", "--base", OLD, "--head", NEW],
    "pyclosure rebuild SOURCE": ["rebuild", "demo:"],
    "pyclosure rebuild SOURCE X…": ["rebuild", "demo:", "zlib"],
    "pyclosure rebuild SOURCE X… --amplifiers": ["rebuild", "demo:", "pytest", "--amplifiers"],
    "pyclosure report SOURCE…": ["report", "demo:"],
    "pyclosure review FOLDER": None,  # what nixpkgs-review left; test_history_and_review.py has one
    "pyclosure tests SOURCE…": ["tests", "demo:", "--no-config"],
    "pyclosure tests SOURCE… --package NAME": ["tests", "demo:", "--package", "msgpack", "--no-config"],
    "pyclosure why SOURCE PATH": ["why", "demo:", "zlib", "--chains", "3"],
}


@pytest.mark.parametrize(("name", "made"), [("json.md", json_page), ("answers.schema.json", schema_text)])
def test_the_documents_of_json_are_those_of_the_types(name: str, made: Any) -> None:
    assert (ROOT / "docs" / name).read_text("utf-8") == made(), "run: make json-docs"


def test_every_command_that_prints_json_is_known_here() -> None:
    assert {f"{command} --format json" for command in COMMANDS} == set(printed())


@pytest.mark.parametrize("command", [command for command, words in COMMANDS.items() if words is not None])
def test_a_command_prints_what_its_type_says(cli: Cli, command: str) -> None:
    document = cli(*COMMANDS[command], "--format", "json").json

    decoded = msgspec.convert(document, printed()[f"{command} --format json"])

    # what the type does not know would be lost on the way
    assert document and msgspec.to_builtins(decoded) == document


def test_the_schema_has_the_keys_and_the_words_of_the_docstrings() -> None:
    class_of_a_change = schema()["$defs"]["ChangeAnswer"]["properties"]
    report = schema()["$defs"]["Report"]["properties"]

    assert "class" in class_of_a_change and "kind" not in class_of_a_change
    assert report["interpreters"]["description"] == "paths of interpreters, largest first"


def test_no_two_answers_have_one_name() -> None:
    names = [one.cls.__name__ for one in structs(*printed().values())]

    assert len(names) == len(set(names)) > 40


def test_a_field_of_a_base_keeps_its_meaning() -> None:
    class Base(Answer, frozen=True):
        size: int
        """bytes"""

    class More(Base, frozen=True):
        files: int
        """how many"""

    assert meanings(More) == {"size": "bytes", "files": "how many"}


def test_a_format_of_any_answer_is_offered_by_every_command_that_prints_one() -> None:
    lacking = set()
    for name in commands.names():
        parser = ArgumentParser()
        commands.find(name).arguments(parser)
        choices = [set(action.choices or ()) for action in parser._actions if "--format" in action.option_strings]
        lacking |= {name} if choices and not choices[0] >= set(formats.FOR_ALL) else set()

    assert formats.FOR_ALL == ("json",)
    assert lacking == {"graph"}


def test_a_format_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType(f"{formats.__name__}.as_lines")
    module.write = lambda answer, out: out.write(f"{answer}\n")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    out = StringIO()

    formats.write_answer("whatever it is", "lines", out)

    assert out.getvalue() == "whatever it is\n"
