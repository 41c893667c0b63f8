"""What do names and calls mean in one Python file? Imports, aliases and the functions of the file are followed.

Nothing is executed: what another file decides is not known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from pyclosure.queries.facts.calls.scopes import FUNCTIONS, Binding, Function, Path, Scopes, default_of, is_self

_MOST_ALIASES = 30
_MOST_MEANINGS = 8
_STAR = {
    "ctypes": ["CDLL", "PyDLL", "WinDLL", "OleDLL", "cdll", "pydll", "windll", "oledll", "LibraryLoader"],
    "ctypes.util": ["find_library"],
    "numpy.ctypeslib": ["load_library"],
}
"""What ``import *`` gives."""


class Code(Scopes):
    """The tree of one file, with what its names mean."""

    def __init__(self, tree: ast.Module) -> None:
        super().__init__(tree)
        self._meant: dict[tuple[ast.AST, str], tuple[str, ...]] = {}
        self._aliases = 0

    def meanings(self, node: ast.AST) -> tuple[str, ...]:
        """Return dotted names that an expression can stand for: ``ctypes.CDLL``, ``ffi.dlopen``.

        Imports and assignments are followed; a name that nothing binds stands for itself. Empty when the
        file does not tell, or defines it.
        """
        if self._aliases > _MOST_ALIASES or not self.spend():
            return ()
        self._aliases += 1
        try:
            return tuple(dict.fromkeys(self._meanings(node)))[:_MOST_MEANINGS]
        finally:
            self._aliases -= 1

    def _meanings(self, node: ast.AST) -> Iterable[str]:
        match node:
            case ast.Name():
                return self._meant_by_name(node)
            case ast.Attribute(value=value, attr=attr):
                bases = self.meanings(value)
                if attr == "dlopen" and is_ffi(value, bases):
                    return ["ffi.dlopen"]
                return [f"{base}.{attr}" for base in bases]
            case ast.Call():
                return self._meant_by_call(node)
            case ast.IfExp(body=body, orelse=orelse):
                return [*self.meanings(body), *self.meanings(orelse)]
            case ast.BoolOp(values=values):
                return [one for value in values[:_MOST_MEANINGS] for one in self.meanings(value)]
            case ast.NamedExpr(value=value):
                return self.meanings(value)
        return ()

    def _meant_by_name(self, node: ast.Name) -> tuple[str, ...]:
        home = self.home(node.id, node)
        if home is None:
            star = next((star for star in self.stars if node.id in _STAR.get(star, ())), None)
            return (f"{star}.{node.id}",) if star else (node.id,)
        key = (home, node.id)
        if key not in self._meant:
            self._meant[key] = ()  # where a name leads to itself
            found = (meant for one in self.bound[home][node.id] for meant in self._meant_by_binding(one, node.id))
            self._meant[key] = tuple(dict.fromkeys(found))[:_MOST_MEANINGS]
        return self._meant[key]

    def _meant_by_binding(self, binding: Binding, name: str) -> tuple[str, ...]:
        if binding.imported:
            return (binding.imported,)
        if binding.parameter is not None:
            return self._meant_by_parameter(binding.parameter, name)
        return self.meanings(binding.value) if binding.value is not None and not binding.path else ()

    def _meant_by_parameter(self, function: Function, name: str) -> tuple[str, ...]:
        default = default_of(function, name)
        given = [self.argument(call, function, name) for call in self.calls(function)[0][:_MOST_ALIASES]]
        values = [default, *(one[0] for one in given if one is not None and not one[1])]
        return tuple(meant for value in values if value is not None for meant in self.meanings(value))

    def _meant_by_call(self, node: ast.Call) -> Iterable[str]:
        made = self.meanings(node.func)
        text = next((one.value for one in node.args if isinstance(one, ast.Constant)), None)
        if any(one.rpartition(".")[2] == "FFI" for one in made):
            return ["ffi"]
        if "ctypes.LibraryLoader" in made:
            return ["ctypes.LibraryLoader"]
        if isinstance(text, str) and {"__import__", "importlib.import_module"} & {*made}:
            return [text]
        if isinstance(text, str) and "getattr" in made:
            return [f"{base}.{text}" for base in self.meanings(node.args[0])]
        return []

    # -- functions of the file ---------------------------------------------------------------------------

    def called(self, node: ast.Call) -> list[Function]:
        """Return the functions of the file that a call can mean."""
        found = self.attribute(node.func) if isinstance(node.func, ast.Attribute) else []
        if isinstance(node.func, ast.Name):
            found = self.bindings(node.func)
        return [one.function for one in found if one.function is not None]

    def calls(self, function: Function) -> tuple[list[ast.Call], bool]:
        """Return the calls of a function in the file, and whether it is used in no other way there."""
        found, others = [], 0
        for load in self._mentions(function):
            owner, field = self.parent[load]
            if isinstance(owner, ast.Call) and field == "func":
                found.append(owner)
            else:
                others += field != "decorator_list"
        return found, not others

    def _mentions(self, function: Function) -> Iterator[ast.Name | ast.Attribute]:
        owner = self.parent[function][0]
        name = getattr(function, "name", "")
        if isinstance(owner, ast.Assign) and isinstance(owner.targets[0], ast.Name):
            name = owner.targets[0].id
        if isinstance(owner, ast.ClassDef) and name in ("__init__", "__new__", "__call__"):
            name, function_scope = owner.name, self.scope[owner]
        else:
            function_scope = self.frame(self.scope[function])
        for load in self.loads.get(name, ()):
            if not self.spend():
                return
            if (isinstance(load, ast.Name) and self.home(name, load) is function_scope) or (
                isinstance(load, ast.Attribute)
                and isinstance(function_scope, ast.ClassDef)
                and (is_self(load.value) or not any("." in one for one in self.meanings(load)))
            ):
                yield load

    def positional(self, function: Function) -> list[str]:
        """Return the parameters that a call can give by their place; for methods without the first."""
        names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
        static = any(
            isinstance(one, ast.Name) and one.id == "staticmethod" for one in getattr(function, "decorator_list", ())
        )
        return names[isinstance(self.scope[function], ast.ClassDef) and not static :]

    def argument(self, call: ast.Call, function: Function, name: str) -> tuple[ast.expr, Path] | None:
        """Return what a call gives to a parameter, as a part of an expression; None when it spells none."""
        names = self.positional(function)
        return given_to(call, names.index(name) if name in names else None, name)

    def own_callers(self, function: Function) -> list[ast.Call]:
        """Return all calls of a function that only its file can call; empty when others can."""
        name = getattr(function, "name", "")
        nested = isinstance(self.frame(self.scope[function]), FUNCTIONS)
        if not nested and (not name.startswith("_") or name.startswith("__")):
            return []
        found, complete = self.calls(function)
        return found if complete else []


def given_to(call: ast.Call, number: int | None, name: str) -> tuple[ast.expr, Path] | None:
    """Return the argument with a name or number, as a part of an expression; None when there is none."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value, ()
    if number is None:
        return None
    for place, one in enumerate(call.args[: number + 1]):
        if isinstance(one, ast.Starred):
            return one.value, (number - place,)
        if place == number:
            return one, ()
    return None


def is_ffi(node: ast.AST, meanings: Iterable[str]) -> bool:
    """Say whether an object of cffi is meant: its name says so, or what it is made of."""
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return any(one.lower().endswith("ffi") for one in (name, *meanings))
