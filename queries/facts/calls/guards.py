"""Does Python code survive a missing library? Handlers of ``try``, ``suppress``, and tests for None."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator
from typing import Literal

from pyclosure.queries.facts.calls.meanings import Code
from pyclosure.queries.facts.calls.scopes import FUNCTIONS, Function, parameters

_MOST_HOPS = 50
"""Functions and variables that are followed."""
_ANY = {"Exception", "BaseException"}
OPENING = _ANY | {"OSError", "EnvironmentError", "IOError", "WindowsError", "os.error", "socket.error", "select.error"}
"""Handlers that catch what opening a missing library raises."""
ABSENT = OPENING | {"AttributeError", "TypeError"}
"""The same where the name can be None: then the program itself is opened, and lacks the symbols."""
ELSEWHERE = OPENING | {"AttributeError", "ImportError", "NameError"}
"""The same for functions that exist on one platform only."""
FINDING = ABSENT | {"ImportError", "ModuleNotFoundError", "RuntimeError", "ValueError", "NameError", "LookupError"}
"""Handlers around a search, which itself raises nothing."""
_Fate = Literal["tested", "rescued", "raised"]
"""Of nothing that is tested for: nothing more is known, something else is done, the code fails."""
_MOST_LOADS = 100
_TRIES = (ast.Try, getattr(ast, "TryStar", ast.Try))
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_EXITS = {"sys.exit", "exit", "quit", "os._exit", "pytest.skip", "SystemExit"}
_TESTING = {"bool", "any", "all", "os.path.exists", "os.path.isfile"}
_PASSING = {"list", "tuple", "set", "sorted", "iter", "next", "reversed", "enumerate", "itertools.chain", "filter"}
_HOLDING = (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Starred, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.IfExp)


def caught(code: Code, node: ast.AST, kinds: set[str]) -> bool:
    """Say whether an exception that a node raises is handled where it, or all that call it, stand.

    Args:
        code: the file.
        node: a call.
        kinds: names of exceptions whose handlers catch it.
    """
    return _caught(code, node, kinds, set())


def _caught(code: Code, node: ast.AST, kinds: set[str], seen: set[ast.AST]) -> bool:
    for _, owner, field in code.above(node):
        if field != "body":
            continue
        if isinstance(owner, _TRIES) and any(_survives(code, one, kinds) for one in owner.handlers):
            return True
        if isinstance(owner, (ast.With, ast.AsyncWith)) and any(_suppresses(code, one, kinds) for one in owner.items):
            return True
        if isinstance(owner, FUNCTIONS):
            calls = [] if owner in seen or len(seen) > _MOST_HOPS else code.own_callers(owner)
            seen.add(owner)
            return bool(calls) and all(_caught(code, call, kinds, seen) for call in calls)
    return False


def _survives(code: Code, handler: ast.ExceptHandler, kinds: set[str]) -> bool:
    covers = handler.type is None or _names(code, handler.type) & kinds
    return bool(covers) and not leaves(code, handler.body, (ast.Raise,))


def _suppresses(code: Code, item: ast.withitem, kinds: set[str]) -> bool:
    call = item.context_expr
    if not isinstance(call, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name == "suppress" and any(_names(code, one) & kinds for one in call.args)


def _names(code: Code, kind: ast.expr) -> set[str]:
    """Return the exceptions that an expression names, in tuples and variables too."""
    found, waiting = set[str](), [kind]
    while waiting and code.spend():
        node = waiting.pop()
        if isinstance(node, (ast.Tuple, ast.List)):
            waiting += node.elts
        elif isinstance(node, ast.Name) and code.home(node.id, node):
            waiting += [one.value for one in code.bindings(node) if isinstance(one.value, (ast.Tuple, ast.Name))]
        found.update(one.removeprefix("builtins.") for one in code.meanings(node))
    return found


def leaves(code: Code, block: list[ast.stmt], ways: tuple[type[ast.stmt], ...] = _LEAVING) -> bool:
    """Say whether statements never reach what follows them: they return, raise, or leave the loop.

    Args:
        code: the file.
        block: the statements.
        ways: what of that counts; to end the program always does.
    """
    if not block or not code.spend():
        return False
    last = block[-1]
    match last:
        case ast.If(body=body, orelse=orelse):
            return leaves(code, body, ways) and leaves(code, orelse, ways)
        case ast.With(body=body):
            return leaves(code, body, ways)
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            handled = all(leaves(code, one.body, ways) for one in handlers)
            done = leaves(code, body, ways) or leaves(code, orelse, ways)
            return (handled and done) or leaves(code, final, ways)
    return isinstance(last, ways) or _exits(code, last)


def _exits(code: Code, statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and bool(_EXITS & {*code.meanings(call.func)})


# -- tests for None ------------------------------------------------------------------------------------------


def tested(code: Code, node: ast.expr) -> bool:
    """Say whether the file tests what an expression gives, and survives nothing: ``if x``, ``x or ...``.

    The value is followed through variables, loops, containers, and functions of the file. A test that raises
    where there is nothing is no help, unless something else is tried before.
    """
    fates = set(_Fates(code).of(node))
    return "rescued" in fates or ("tested" in fates and "raised" not in fates)


class _Fates:
    """What becomes of nothing, where a library was expected."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._seen: set[ast.AST] = set()

    def of(self, node: ast.AST, truth: bool | None = None) -> Iterator[_Fate]:
        """Return all fates of an expression; ``truth`` is what a test of the value gives, None for itself."""
        if node in self._seen or len(self._seen) > _MOST_HOPS:
            return
        self._seen.add(node)
        for child, owner, field in self._code.above(node):
            match owner:
                case ast.If() | ast.While() | ast.IfExp() | ast.Assert() if field == "test":
                    yield self._after_test(owner, bool(truth))
                    return
                case ast.BoolOp(values=values) if truth is None and values[-1] is child:
                    continue
                case ast.BoolOp(op=op) if bool(truth) is not isinstance(op, ast.Or):
                    yield "rescued"  # the others decide
                    return
                case ast.BoolOp() | ast.UnaryOp(op=ast.Not()) | ast.Compare() | ast.Match():
                    truth = _outcome(owner, bool(truth))
                    yield "tested"
                case ast.Call() if _TESTING & {*self._code.meanings(owner.func)}:
                    truth = False
                    yield "tested"
                case ast.NamedExpr(target=target):
                    yield from self._read([target], owner.value, truth)
                case ast.Call(func=func, args=arguments) if passing := _PASSING & {*self._code.meanings(func)}:
                    if "next" in passing and len(arguments) > 1:
                        yield "rescued"
                    elif "filter" in passing:
                        yield "tested"
                case _ if not isinstance(owner, _HOLDING):
                    yield from self._beyond(owner, child, field, truth)
                    return

    def _beyond(self, owner: ast.AST, child: ast.AST, field: str, truth: bool | None) -> Iterator[_Fate]:
        """Return the fates of a value that a statement or call passes on."""
        match owner:
            case ast.comprehension() if field == "ifs":
                yield "tested"
            case ast.Assign(targets=targets, value=value):
                yield from self._read(targets, value, truth)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield from self._read([target], value, truth)
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                yield from self._read([target], value, truth)
            case ast.Return() | ast.Yield():
                function = self._code.frame(self._code.scope[owner])
                calls = self._code.calls(function)[0] if isinstance(function, FUNCTIONS) else []
                yield from self._each(calls, truth)
            case ast.Call(func=ast.Attribute(value=value, attr="append" | "add" | "insert")):
                yield from self._read([value], None, truth)
            case ast.Call():
                loads = (load for one in self._code.called(owner) for load in self._given(one, owner, child))
                yield from self._each(loads, truth)

    def _each(self, nodes: Iterable[ast.AST], truth: bool | None) -> Iterator[_Fate]:
        for node in nodes:
            yield from self.of(node, truth)

    def _given(self, function: Function, call: ast.Call, argument: ast.AST) -> Iterator[ast.AST]:
        """Return where a function reads what a call gives to it."""
        for name in [one.arg for one in parameters(function)]:
            given = self._code.argument(call, function, name)
            if given is not None and given[0] is argument:
                yield from (one for one in self._code.loads.get(name, ()) if self._code.home(name, one) is function)

    def _read(self, targets: list[ast.expr], value: ast.expr | None, truth: bool | None) -> Iterator[_Fate]:
        """Return the fates of names and attributes that a value is assigned to; None is a part of what they are."""
        waiting = list(targets)
        while waiting:
            target = waiting.pop()
            if isinstance(target, (ast.Tuple, ast.List)):
                waiting += target.elts
            elif isinstance(target, ast.Name):
                yield from self._each(self._loads(target, value), truth)
            elif isinstance(target, ast.Attribute):
                loads = self._code.loads.get(target.attr, ())
                yield from self._each((one for one in loads if isinstance(one, ast.Attribute)), truth)

    def _loads(self, target: ast.Name, value: ast.expr | None) -> Iterator[ast.AST]:
        home = self._code.home(target.id, target)
        for load in self._code.loads.get(target.id, ())[:_MOST_LOADS]:
            if isinstance(load, ast.Attribute):
                if isinstance(home, ast.ClassDef):
                    yield load
            elif self._code.home(target.id, load) is home and (
                value is None or any(one.value is value for one in self._code.bindings(load))
            ):
                yield load

    # -- what a test leads to ----------------------------------------------------------------------------

    def _after_test(self, owner: ast.If | ast.While | ast.IfExp | ast.Assert, truth: bool) -> _Fate:
        if isinstance(owner, ast.IfExp):
            return "rescued"
        if isinstance(owner, ast.Assert):
            return "tested" if truth else self._raised(owner)
        if isinstance(owner, ast.While):
            return "tested"
        block = owner.body if truth else owner.orelse
        if block:
            return self._raised(block[-1]) if leaves(self._code, block, (ast.Raise,)) else "rescued"
        following = self._following(owner) if leaves(self._code, owner.body) else None
        return self._raised(following) if isinstance(following, ast.Raise) else "tested"

    def _raised(self, statement: ast.stmt) -> _Fate:
        kind = statement.exc if isinstance(statement, ast.Raise) else None
        kind = kind.func if isinstance(kind, ast.Call) else kind
        kinds = FINDING | (_names(self._code, kind) if kind is not None else set())
        return "rescued" if caught(self._code, statement, kinds) else "raised"

    def _following(self, statement: ast.stmt) -> ast.stmt | None:
        """Return what comes next when a statement does nothing, at the end of a loop what ends it."""
        for child, owner, field in self._code.above(statement):
            block: list[ast.stmt] = getattr(owner, field)
            if block[-1] is not child:
                return next(two for one, two in itertools.pairwise(block) if one is child)
            if isinstance(owner, (ast.For, ast.While)) and field == "body" and owner.orelse:
                return owner.orelse[0]
            if isinstance(owner, FUNCTIONS):
                return None
        return None


def _outcome(test: ast.AST, truth: bool) -> bool:
    """Return what a test of a value gives, when it is nothing; of ``and`` and ``or`` those that it decides."""
    match test:
        case ast.UnaryOp():
            return not truth
        case ast.Compare(ops=[ast.Is() | ast.Eq()]):
            return True
    return truth and isinstance(test, ast.BoolOp)


def known_present(code: Code, name: ast.Name) -> bool:
    """Say whether tests around a name, or before it, tell that it is not None."""
    for child, owner, field in code.above(name):
        match owner:
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) if field in ("body", "orelse"):
                if _implies(test, name.id, field == "body"):
                    return True
            case ast.BoolOp(op=op, values=values):
                if any(_implies(one, name.id, isinstance(op, ast.And)) for one in operands_before(values, child)):
                    return True
        if isinstance(child, ast.stmt) and any(
            _rules_out(code, one, name.id) for one in _before(code, owner, field, child)
        ):
            return True
        if isinstance(owner, FUNCTIONS):
            return False
    return False


def operands_before(values: list[ast.expr], child: ast.AST) -> Iterator[ast.expr]:
    """Return the operands of ``and`` or ``or`` that are evaluated before one; not more than anybody writes."""
    return itertools.takewhile(lambda one: one is not child, values[:50])


def _before(code: Code, owner: ast.AST, field: str, child: ast.AST) -> Iterator[ast.stmt]:
    for one in getattr(owner, field):
        if one is child or not code.spend():
            return
        yield one


def _rules_out(code: Code, statement: ast.stmt, name: str) -> bool:
    """Say whether None cannot pass a statement such as ``if x is None: raise``."""
    if isinstance(statement, ast.Assert):
        return _implies(statement.test, name, True)
    if not isinstance(statement, ast.If) or not _implies(statement.test, name, False):
        return False
    assigned = any(
        isinstance(target, ast.Name) and target.id == name
        for one in statement.body
        if isinstance(one, ast.Assign)
        for target in one.targets
    )
    return assigned or leaves(code, statement.body)


def _implies(test: ast.expr, name: str, truth: bool) -> bool:
    """Say whether a name is not None when a test has an outcome."""
    match test:
        case ast.Name(id=same) | ast.NamedExpr(target=ast.Name(id=same)):
            return truth and same == name
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _implies(operand, name, not truth)
        case ast.Compare(left=ast.Name(id=same), ops=[op], comparators=[ast.Constant(value=None)]) if same == name:
            return isinstance(op, (ast.IsNot, ast.NotEq)) if truth else isinstance(op, (ast.Is, ast.Eq))
        case ast.BoolOp(op=ast.And(), values=values) if truth:
            return any(_implies(one, name, truth) for one in values)
        case ast.BoolOp(op=ast.Or(), values=values) if not truth:
            return any(_implies(one, name, truth) for one in values)
    return False
