"""The types of all answers as a JSON schema, and as the page that documents them."""

from __future__ import annotations

import ast
import inspect
import json
import pkgutil
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

import msgspec
from msgspec import inspect as shapes

from pyclosure.tui.output import answers

_INTRODUCTION = """\
# What commands print as JSON

<!-- made of the types in tui/output/answers by `make json-docs` -->

Sizes are integers in bytes, sums of NAR sizes. Paths are full store paths. `null` means not known. Keys may be added in
later versions; those below stay. [answers.schema.json](answers.schema.json) says the same as a JSON schema.
"""
_SNAPSHOTS = """\
## Snapshots

A snapshot is gzip-compressed JSON: `{format: "pyclosure-snapshot", version: 1, made_by, made_at, store_dir, label,
origin, roots, paths, build_closure, nix_version, derivations, files, notes, evidence, inspections, build, sources}`;
the last four with `--evidence`, for `why`, `check` and `tests`. `paths` holds names below `store_dir`; `roots` and
`references` are positions in `paths`. Snapshots of a newer version are refused with a sentence.
"""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN: dict[type, str] = {
    shapes.StrType: "text",
    shapes.IntType: "number",
    shapes.BoolType: "true or false",
    shapes.NoneType: "null",
}


def printed() -> dict[str, Any]:
    """Return command line → the type that it prints, by command."""
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(answers.__path__):
        found |= import_module(f"{answers.__name__}.{module.name}").PRINTED
    return dict(sorted(found.items()))


@cache
def meanings(answer: type) -> dict[str, str]:
    """Return field → what its docstring says, those of the types that it is based on included."""
    found: dict[str, str] = {}
    for base in reversed(answer.__mro__):
        if issubclass(base, answers.Answer) and base is not answers.Answer:
            found |= _docstrings(textwrap.dedent(inspect.getsource(base)))
    return found


def _docstrings(source: str) -> Iterator[tuple[str, str]]:
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.ClassDef)
    for before, after in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(before, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            assert isinstance(before.target, ast.Name)
            yield before.target.id, " ".join(str(after.value.value).split())


def schema() -> dict[str, Any]:
    """Return a JSON schema of all answers, by command line; fields are described by their docstrings."""
    kinds = printed()
    roots, parts = msgspec.json.schema_components(kinds.values(), ref_template="#/$defs/{name}")
    for shape in structs(*kinds.values()):
        part = parts[shape.cls.__name__]
        part["description"] = inspect.getdoc(shape.cls)
        for field in shape.fields:
            words = meanings(shape.cls).get(field.name)
            if words:
                part["properties"][field.encode_name]["description"] = words
    return {"$schema": _DIALECT, "commands": dict(zip(kinds, roots, strict=True)), "$defs": parts}


def structs(*kinds: Any) -> Iterator[shapes.StructType]:
    """Yield the structs that types are made of, each once, the outer ones first."""
    seen: set[type] = set()
    waiting = [shapes.type_info(kind) for kind in kinds]
    while waiting:
        shape = waiting.pop(0)
        if isinstance(shape, shapes.StructType):
            if shape.cls not in seen:
                seen.add(shape.cls)
                yield shape
                waiting = [field.type for field in shape.fields] + waiting
        else:
            waiting = list(_inside(shape)) + waiting


def _inside(shape: shapes.Type) -> Iterator[shapes.Type]:
    if isinstance(shape, shapes.UnionType):
        yield from shape.types
    elif isinstance(shape, shapes.CollectionType):
        yield shape.item_type
    elif isinstance(shape, shapes.DictType):
        yield shape.value_type


def _words(shape: shapes.Type) -> str:
    """Return a type in words: ``list of text``, ``number or null``."""
    if isinstance(shape, shapes.StructType):
        return f"[{shape.cls.__name__}](#{shape.cls.__name__.lower()})"
    if isinstance(shape, shapes.UnionType):
        return " or ".join(_words(one) for one in shape.types)
    if isinstance(shape, shapes.CollectionType):
        return f"list of {_words(shape.item_type)}"
    if isinstance(shape, shapes.DictType):
        return f"object of {_words(shape.value_type)}"
    return _PLAIN[type(shape)]


def json_page() -> str:
    """Return the page that documents what commands print, as markdown."""
    parts = [_INTRODUCTION]
    told: set[type] = set()
    for command, kind in printed().items():
        parts.append(f"## `{command}`\n")
        shape = shapes.type_info(kind)
        parts.append(f"{'A ' if isinstance(shape, shapes.CollectionType) else ''}{_words(shape)}.\n")
        for one in structs(kind):
            if one.cls not in told:
                told.add(one.cls)
                parts += _section(one)
    return "\n".join([*parts, _SNAPSHOTS])


def _section(shape: shapes.StructType) -> Iterator[str]:
    yield f"### {shape.cls.__name__}\n"
    yield f"{inspect.getdoc(shape.cls)}\n"
    yield "| key | value | meaning |"
    yield "|---|---|---|"
    for field in shape.fields:
        yield f"| `{field.encode_name}` | {_words(field.type)} | {meanings(shape.cls).get(field.name, '')} |"
    yield ""


def schema_text() -> str:
    """Return the schema as it is written."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text() if "--schema" in sys.argv[1:] else json_page())
