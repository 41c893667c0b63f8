"""Which texts can an expression be? Constants are followed through names, loops, parameters and joins.

What is not known stays unknown: a text with an unknown part is no text. The number of steps is bounded,
so that cycles and deep nesting end as unknown.
"""

from __future__ import annotations

import ast
import posixpath
from dataclasses import replace

from pyclosure.queries.facts.calls.guards import known_present
from pyclosure.queries.facts.calls.meanings import Code, given_to
from pyclosure.queries.facts.calls.platform_sets import EVERYWHERE, SUBJECTS, any_of, equal
from pyclosure.queries.facts.calls.platforms import Branches
from pyclosure.queries.facts.calls.scopes import ANY, EACH, VALUES, Binding, Function, Path, Step, default_of
from pyclosure.queries.facts.calls.texts import (
    HERE,
    MOST_TEXTS,
    NOTHING,
    UNKNOWN,
    Value,
    absolute,
    add,
    constant,
    each,
    either,
    filled,
    folder_of,
    join_paths,
    joined,
    known,
    limited,
)

_MOST_DEPTH = 60
_MOST_PARTS = 6
"""Steps of a path: items of items of items."""

_SAME = {
    *("str", "bytes", "os.fspath", "os.fsencode", "os.fsdecode", "os.path.normpath", "os.path.expanduser"),
    *("list", "tuple", "iter", "dict"),
}
"""Functions whose result is, for a name, their first argument."""
_ABSOLUTE = {"os.path.abspath", "os.path.realpath"}
_SAME_METHODS = {"encode", "decode", "strip", "lstrip", "rstrip", "as_posix", "expanduser", "__str__"}
_ABSOLUTE_METHODS = {"resolve", "absolute"}
_PATHS = {f"pathlib.{kind}" for kind in ("Path", "PurePath", "PosixPath", "PurePosixPath")}
_VARIABLES = {"os.environ.get", "os.getenv", "os.environ.pop", "os.environ.setdefault"}


class _SpentError(Exception):
    """A file has had all the steps that it is worth."""


class Values:
    """Values of the expressions of one file.

    Args:
        code: its tree.
        file: its name below the store path; tells which package it is in.
        branches: where its parts run.
    """

    def __init__(self, code: Code, file: str, branches: Branches) -> None:
        self._code = code
        self._branches = branches
        self._file = file
        self._open: set[tuple[ast.AST, Path]] = set()
        self._known: dict[tuple[ast.AST, Path], Value] = {}
        """Found for the question that is asked now."""

    def of(self, node: ast.AST, path: Path = ()) -> Value:
        """Return what an expression, or the part of it that a path leads to, can be."""
        if self._open:
            return self._part_of(node, path)
        self._known.clear()
        try:
            return self._part_of(node, path)
        except _SpentError:
            return UNKNOWN

    def _part_of(self, node: ast.AST, path: Path) -> Value:
        key = (node, path)
        if not self._code.spend():
            raise _SpentError
        if key in self._open:
            return NOTHING
        if key in self._known:
            return self._known[key]
        if len(self._open) >= _MOST_DEPTH or len(path) > _MOST_PARTS:
            return UNKNOWN
        self._open.add(key)
        try:
            self._known[key] = self._of(node, path)
            return self._known[key]
        finally:
            self._open.discard(key)

    def _of(self, node: ast.AST, path: Path) -> Value:
        match node:
            case ast.Constant(value=value):
                # there is nothing in None
                return constant(value) if not path else NOTHING if value is None else UNKNOWN
            case ast.List() | ast.Tuple() | ast.Set():
                return self._items(node.elts, path)
            case ast.Dict():
                return self._dict(node, path)
            case ast.Name():
                return self._name(node, path)
            case ast.Attribute():
                return self._attribute(node, path)
            case ast.Subscript():
                return self._subscript(node, path)
            case ast.Call():
                return self._call(node, path)
            case ast.BinOp():
                return self._operation(node, path)
            case ast.JoinedStr(values=parts):
                return joined(map(self._part, parts), add)
            case ast.IfExp(body=body, orelse=orelse):
                return either([self._chosen(body, path), self._chosen(orelse, path)])
            case ast.BoolOp(op=op, values=values):
                tried = [replace(self._chosen(one, path), none=False) for one in values[:-1]] * isinstance(op, ast.Or)
                return either([*tried, self._chosen(values[-1], path)])
            case ast.ListComp(elt=one) | ast.SetComp(elt=one) | ast.GeneratorExp(elt=one) if path:
                return self.of(one, path[1:])
        return UNKNOWN

    def _chosen(self, part: ast.expr, path: Path) -> Value:
        return limited(self.of(part, path), self._branches.chosen(part))

    def _placed(self, node: ast.expr, path: Path) -> Value:
        """Return what an expression is where its statement runs."""
        return limited(self.of(node, path), self._branches.platforms(node))

    # -- collections -------------------------------------------------------------------------------------

    def _items(self, items: list[ast.expr], path: Path) -> Value:
        if not path or path[0] == VALUES:
            return UNKNOWN
        step, below = path[0], path[1:]
        starred = any(isinstance(one, ast.Starred) for one in items)
        if isinstance(step, int) and not starred:
            return self.of(items[step], below) if -len(items) <= step < len(items) else NOTHING
        return either(self._item(one, below) for one in items)

    def _item(self, item: ast.expr, path: Path) -> Value:
        return self.of(item.value, (EACH, *path)) if isinstance(item, ast.Starred) else self.of(item, path)

    def _dict(self, node: ast.Dict, path: Path) -> Value:
        if not path:
            return UNKNOWN
        step, below = path[0], path[1:]
        pairs = list(zip(node.keys, node.values, strict=True))
        if isinstance(step, tuple):
            exact = [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == step[0]]
            if exact:
                return self.of(exact[-1], below)
        if step == EACH:
            return either(self.of(key, below) if key else self.of(value, path) for key, value in pairs)
        asked = next((one for one in SUBJECTS if one == step), None)
        return either(
            limited(self.of(value, below), self._branches.where(asked, key)) if key else self.of(value, path)
            for key, value in pairs
        )

    def _subscript(self, node: ast.Subscript, path: Path) -> Value:
        if "os.environ" in self._code.meanings(node.value):
            return self._variable([node.slice])
        match node.slice:
            case ast.Slice():
                # of a list; a part of a text is not known
                return self.of(node.value, path) if path else UNKNOWN
            case ast.Constant(value=int() as number) if not isinstance(number, bool):
                return self._numbered(node, number, path)
            case ast.Constant(value=str() as key):
                return self.of(node.value, ((key,), *path))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as number)):
                return self._numbered(node, -number, path)
        return self.of(node.value, (self._branches.subject(node.slice) or ANY, *path))

    def _numbered(self, node: ast.Subscript, number: int, path: Path) -> Value:
        if isinstance(node.value, ast.Attribute) and node.value.attr == "parents" and 0 <= number < 20:
            value = self.of(node.value.value)
            for _ in range(number + 1):
                value = folder_of(value)
            return value
        return self.of(node.value, (number, *path))

    # -- names -------------------------------------------------------------------------------------------

    def _name(self, node: ast.Name, path: Path) -> Value:
        found = self._code.bindings(node)
        if not found:
            return self._special(node.id, path)
        value = either(self._bound(one, node.id, path) for one in found)
        return replace(value, none=False) if value.none and known_present(self._code, node) else value

    def _special(self, name: str, path: Path) -> Value:
        if name == "__file__" and not path:
            return known(f"{HERE}/{posixpath.basename(self._file)}")
        return known(HERE) if name == "__path__" and len(path) == 1 else UNKNOWN

    def _bound(self, binding: Binding, name: str, path: Path) -> Value:
        if binding.parameter is not None:
            return self._parameter(binding.parameter, name, path)
        if binding.value is None or binding.function is not None:
            return UNKNOWN
        return self._placed(binding.value, (*binding.path, *path))

    def _attribute(self, node: ast.Attribute, path: Path) -> Value:
        found = self._code.attribute(node)
        if found:
            return either(self._bound(one, "", path) for one in found)
        if node.attr == "parent" and not path:
            return folder_of(self.of(node.value))
        meant = self._code.meanings(node)
        return known("/") if "os.sep" in meant or "os.path.sep" in meant else UNKNOWN

    def _parameter(self, function: Function, name: str, path: Path) -> Value:
        calls, complete = self._code.calls(function)
        default = default_of(function, name)
        usual = self.of(default, path) if default is not None else None
        values = []
        for call in calls:
            value = self._argument(call, function, name, path)
            values.append(limited(usual or UNKNOWN if value is None else value, self._branches.platforms(call)))
        if not calls or not complete:
            values.append(replace(usual, dynamic=True) if usual else UNKNOWN)
        return either(values)

    def _argument(self, call: ast.Call, function: Function, name: str, path: Path) -> Value | None:
        """Return what a call gives to a parameter; None for its default."""
        spec = function.args
        if spec.kwarg is not None and name == spec.kwarg.arg:
            return UNKNOWN
        names = self._code.positional(function)
        if spec.vararg is not None and name == spec.vararg.arg:
            # after *others, nobody knows how many are taken by the parameters before
            starred = next((place for place, one in enumerate(call.args) if isinstance(one, ast.Starred)), len(names))
            return self._items(call.args[min(starred, len(names)) :], path)
        given = self._code.argument(call, function, name)
        if given is not None:
            return self.of(given[0], (*given[1], *path))
        return UNKNOWN if any(keyword.arg is None for keyword in call.keywords) else None

    def given(self, call: ast.Call, number: int, name: str) -> Value:
        """Return what a call gives to the parameter with a number and a name."""
        given = given_to(call, number, name)
        return self.of(*given) if given is not None else UNKNOWN

    def _result(self, function: Function, path: Path) -> Value:
        returned = self._code.returned.get(function, ())
        return either(self._placed(value, path[1:] if yielded else path) for value, yielded in returned)

    # -- texts -------------------------------------------------------------------------------------------

    def _operation(self, node: ast.BinOp, path: Path) -> Value:
        if isinstance(node.op, (ast.Add, ast.BitOr)) and path:
            below = (EACH if isinstance(path[0], int) else path[0], *path[1:])
            return either([self.of(node.left, below), self.of(node.right, below)])
        if path:
            return UNKNOWN
        if isinstance(node.op, ast.Add):
            return joined([self._part(node.left), self._part(node.right)], add)
        if isinstance(node.op, ast.Div):
            return joined([self.of(node.left), self.of(node.right)], join_paths)
        return self._percent(node) if isinstance(node.op, ast.Mod) else UNKNOWN

    def _part(self, node: ast.AST) -> Value:
        """Return what an expression is as a part of a longer text."""
        if isinstance(node, ast.FormattedValue):
            return self._part(node.value) if node.conversion in (-1, 115) and node.format_spec is None else UNKNOWN
        if isinstance(node, ast.Constant) and isinstance(node.value, int) and 0 <= node.value < 10**9:
            return known(str(node.value))
        return self.of(node)

    def _percent(self, node: ast.BinOp) -> Value:
        """Return what ``"lib%s.so" % name`` makes."""
        template = self.of(node.left)
        given = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        arguments = [self._part(one) for one in given]
        if not template.plain:
            return UNKNOWN
        return either(limited(filled(text, arguments), where) for text, where in template.texts.items())

    # -- calls -------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call, path: Path) -> Value:
        meant = {*self._code.meanings(node.func)}
        if "ctypes.util.find_library" in meant:
            return Value(found=(node.lineno,)) if not path else UNKNOWN
        if meant & _VARIABLES:
            return self._variable(node.args)
        functions = self._code.called(node)
        if functions:
            return either(self._result(one, path) for one in functions)
        value = self._known_function(node, meant, path)
        if value is None and isinstance(node.func, ast.Attribute):
            value = self._method(node, node.func, path)
        return value or UNKNOWN

    def _known_function(self, node: ast.Call, meant: set[str], path: Path) -> Value | None:
        """Return the result of a function of Python's own; None for others."""
        arguments = node.args
        if not arguments:
            # an empty collection, or something unknown
            return NOTHING if path and meant & _SAME else None
        if meant & {"os.path.join", *_PATHS}:
            return joined(map(self.of, arguments), join_paths) if not path else UNKNOWN
        if "os.path.dirname" in meant or ("os.path.split" in meant and path == (0,)):
            return folder_of(self.of(arguments[0]))
        if meant & _ABSOLUTE:
            return each(self.of(arguments[0]), absolute)
        return self.of(arguments[0], path) if meant & _SAME else None

    def _method(self, node: ast.Call, called: ast.Attribute, path: Path) -> Value | None:
        subject, name = called.value, called.attr
        match name:
            case "values" if path:
                return self.of(subject, (VALUES, *path[1:]))
            case "items" if len(path) > 1:
                return self.of(subject, (EACH if path[1] == 0 else VALUES, *path[2:]))
            case "get" | "pop" if node.args:
                return self._get(subject, node.args[0], node.args[1:], path)
            case "split" if path and isinstance(subject, ast.Constant) and isinstance(subject.value, str):
                separator = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
                words = subject.value.split(separator if isinstance(separator, str) and separator else None)
                return self._items([ast.Constant(word) for word in words[: MOST_TEXTS + 1]], path)
            case "joinpath" if not path:
                return joined([self.of(subject), *map(self.of, node.args)], join_paths)
        if name in _ABSOLUTE_METHODS and not path:
            return each(self.of(subject), absolute)
        return self.of(subject, path) if name in _SAME_METHODS else None

    def _get(self, mapping: ast.expr, key: ast.expr, defaults: list[ast.expr], path: Path) -> Value:
        """Return what ``mapping.get(key, default)`` gives."""
        asked = self._branches.subject(key)
        literal = key.value if isinstance(key, ast.Constant) else None
        step: Step = (literal,) if isinstance(literal, str) else asked or ANY
        keys = self.of(mapping, (EACH,)) if asked else UNKNOWN
        missing = ~any_of(equal(asked, text) for text in keys.texts) if asked and keys.plain else EVERYWHERE
        default = (limited(replace(self.of(one, path), none=False), missing) for one in defaults)
        return either([self.of(mapping, (step, *path)), *default])

    def _variable(self, arguments: list[ast.expr]) -> Value:
        """Return what an environment variable gives; without it the default, or nothing."""
        name = self.of(arguments[0]) if arguments else UNKNOWN
        default = replace(self.of(arguments[1]), none=False) if len(arguments) > 1 else NOTHING
        return either([Value(dynamic=not name.plain, variables=tuple(name.texts)), default])
