"""On which platforms does a place in Python code run? Branches on ``sys.platform`` and its kin are followed."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import reduce
from itertools import islice

from pyclosure.queries.facts.calls.guards import leaves, operands_before
from pyclosure.queries.facts.calls.meanings import Code
from pyclosure.queries.facts.calls.platform_sets import (
    EVERYWHERE,
    WINDOWS,
    Platforms,
    Subject,
    any_of,
    containing,
    equal,
    starting,
)
from pyclosure.queries.facts.calls.scopes import Function

_WINDOWS_MODULES = {
    *("winreg", "_winreg", "msvcrt", "_winapi", "nt", "winsound"),
    *(f"ctypes.{name}" for name in ("windll", "oledll", "WinDLL", "OleDLL", "WINFUNCTYPE", "WinError")),
}
"""What only Windows has to import."""
_UNIX_MODULES = {"fcntl", "pwd", "grp", "termios", "resource", "posix"}
_MOST_NARROWING = 100
_CASES = {"lower", "upper", "casefold", "strip"}

Outcome = tuple[Platforms, Platforms]
"""Where a test can be true, and where it can be false."""
_UNDECIDED: Outcome = (EVERYWHERE, EVERYWHERE)


class Branches:
    """The platforms of places in one file."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._narrowing: dict[tuple[ast.AST, str], list[tuple[int, Platforms]]] = {}
        self._by_callers: dict[ast.AST, Platforms] = {}
        self._known: dict[ast.AST, Platforms] = {}
        self._depth = 0

    def platforms(self, node: ast.AST) -> Platforms:
        """Return the platforms that branches around and before a node leave to it."""
        if node not in self._known:
            self._known[node] = self._platforms(node)
        return self._known[node]

    def chosen(self, part: ast.expr) -> Platforms:
        """Return where ``... if ... else ...``, ``and`` or ``or`` come to one of their parts."""
        return self._branch(part, *self._code.parent[part])

    def _platforms(self, node: ast.AST) -> Platforms:
        found = EVERYWHERE
        for child, owner, field in self._code.above(node):
            for limit in (self._branch(child, owner, field), self._earlier(child, owner, field)):
                narrower = found.both(limit)
                # no platform is left where tests contradict each other: the inner one is believed
                found = found if narrower.none else narrower
        return found

    def _branch(self, child: ast.AST, owner: ast.AST, field: str) -> Platforms:
        match owner:
            case ast.If(test=test) | ast.IfExp(test=test) if field in ("body", "orelse"):
                return self._outcome(test)[field == "orelse"]
            case ast.While(test=test) if field == "body":
                return self._outcome(test)[0]
            case ast.BoolOp(op=op, values=values):
                before = operands_before(values, child)
                return reduce(
                    Platforms.both, (self._outcome(one)[isinstance(op, ast.Or)] for one in before), EVERYWHERE
                )
            case ast.FunctionDef() | ast.AsyncFunctionDef() if field == "body":
                return self._callers(owner)
        return EVERYWHERE

    # -- what has happened before ------------------------------------------------------------------------

    def _earlier(self, child: ast.AST, owner: ast.AST, field: str) -> Platforms:
        """Return what the statements before one in its block leave: early returns, imports that work there alone."""
        if not isinstance(child, ast.stmt):
            return EVERYWHERE
        key = (owner, field)
        if key not in self._narrowing:
            found = ((self._code.order[one], self._after(one)) for one in getattr(owner, field))
            self._narrowing[key] = list(islice((one for one in found if one[1] != EVERYWHERE), _MOST_NARROWING))
        before = self._code.order[child]
        return reduce(Platforms.both, (after for index, after in self._narrowing[key] if index < before), EVERYWHERE)

    def _after(self, statement: ast.stmt) -> Platforms:
        match statement:
            case ast.If(test=test, body=body, orelse=orelse):
                true, false = self._outcome(test)
                if len(orelse) == 1 and isinstance(orelse[0], ast.If):
                    false = false.both(self._after(orelse[0]))
                ways = [(true, body), (false, orelse)]
                left = [way for way, block in ways if not leaves(self._code, block)]
                return any_of(left) if left else EVERYWHERE
            case ast.Import(names=names):
                return _needed_by({one.name for one in names})
            case ast.ImportFrom(module=str() as module, level=0, names=names):
                return _needed_by({module, *(f"{module}.{one.name}" for one in names)})
        return EVERYWHERE

    def _callers(self, owner: Function) -> Platforms:
        """Return the platforms of the calls of a function that only its file calls."""
        if owner not in self._by_callers:
            self._by_callers[owner] = EVERYWHERE  # where it calls itself
            calls = self._code.own_callers(owner) if self._depth < 8 else []
            self._depth += 1
            self._by_callers[owner] = any_of(map(self.platforms, calls)) if calls else EVERYWHERE
            self._depth -= 1
        return self._by_callers[owner]

    # -- tests -------------------------------------------------------------------------------------------

    def _outcome(self, test: ast.expr) -> Outcome:
        if self._depth > 40 or not self._code.spend():
            return _UNDECIDED
        self._depth += 1
        try:
            return self._decide(test)
        finally:
            self._depth -= 1

    def _decide(self, test: ast.expr) -> Outcome:
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                true, false = self._outcome(operand)
                return false, true
            case ast.BoolOp(op=op, values=values):
                outcomes = [self._outcome(one) for one in values]
                every = isinstance(op, ast.And)
                all_of = reduce(Platforms.both, (one[not every] for one in outcomes))
                some_of = reduce(Platforms.beside, (one[every] for one in outcomes))
                return (all_of, some_of) if every else (some_of, all_of)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._compare(left, op, right)
            case ast.Call(func=ast.Attribute(value=value, attr="startswith"), args=[texts]):
                return _decided(self._matching(self.subject(value), self._texts(texts), starting))
            case ast.NamedExpr(value=value):
                return self._outcome(value)
            case ast.Name() | ast.Attribute():
                value_of = self._only_value(test)
                return self._outcome(value_of) if value_of is not None else _UNDECIDED
        return _UNDECIDED

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Outcome:
        found = None
        if isinstance(op, (ast.Eq, ast.NotEq)):
            found = self._equal(left, right) or self._equal(right, left)
        elif isinstance(op, (ast.In, ast.NotIn)):
            # a name in a list of them, or a part of a name
            found = self._matching(self.subject(left), self._texts(right), equal)
            found = found or self._matching(self.subject(right), self._texts(left), containing)
        true, false = _decided(found)
        return (false, true) if isinstance(op, (ast.NotEq, ast.NotIn)) else (true, false)

    def _equal(self, subject: ast.expr, text: ast.expr) -> Platforms | None:
        match subject:
            case ast.Subscript(value=value, slice=ast.Slice(lower=None | ast.Constant(value=0), step=None)):
                return self._matching(self.subject(value), self._texts(text), starting)
        return self._matching(self.subject(subject), self._texts(text), equal)

    def _matching(
        self, subject: Subject | None, texts: list[str], match: Callable[[Subject, str], Platforms]
    ) -> Platforms | None:
        return any_of(match(subject, text) for text in texts) if subject and texts else None

    def where(self, subject: Subject | None, text: ast.expr) -> Platforms:
        """Return where what tells the platform is a text."""
        return self._matching(subject, self._texts(text), equal) or EVERYWHERE

    # -- what is tested ----------------------------------------------------------------------------------

    def subject(self, node: ast.expr, hops: int = 5) -> Subject | None:
        """Return what tells the platform, where an expression is it."""
        if not hops:
            return None
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in _CASES:
                return self.subject(value, hops - 1)
            case ast.Call(func=func):
                return "system" if "platform.system" in self._code.meanings(func) else None
        meant = self._code.meanings(node)
        if "sys.platform" in meant:
            return "platform"
        if "os.name" in meant:
            return "name"
        value_of = self._only_value(node)
        return self.subject(value_of, hops - 1) if value_of is not None else None

    def _texts(self, node: ast.expr) -> list[str]:
        """Return the texts that a constant or a collection of them holds; empty when any is not known."""
        match node:
            case ast.Constant(value=str() as text):
                return [text]
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
                texts = [one.value for one in items if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                return texts if len(texts) == len(items) <= 50 else []
        return []

    def _only_value(self, node: ast.expr) -> ast.expr | None:
        """Return the only value that a variable gets; None when it gets several, or other things."""
        found = self._code.bindings(node) if isinstance(node, ast.Name) else []
        return found[0].value if len(found) == 1 and not found[0].path else None


def _decided(where: Platforms | None) -> Outcome:
    return (where, ~where) if where is not None else _UNDECIDED


def _needed_by(modules: set[str]) -> Platforms:
    if modules & _WINDOWS_MODULES:
        return WINDOWS
    return ~WINDOWS if modules & _UNIX_MODULES else EVERYWHERE
