"""Does Python code survive a missing library? Handlers of ``try``, ``suppress``, and tests for None."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator

from pyclosure.queries.facts.call_meanings import Code
from pyclosure.queries.facts.call_scopes import FUNCTIONS, Function, parameters

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
_TRIES = (ast.Try, getattr(ast, "TryStar", ast.Try))
_CATCHING = {"suppress", "raises", "assertRaises"}
_EXITS = {"sys.exit", "exit", "quit", "os._exit", "pytest.skip", "SystemExit"}
_TESTING = {"bool", "any", "all", "filter", "os.path.exists", "os.path.isfile"}
_PASSING = {"list", "tuple", "set", "sorted", "iter", "next", "reversed", "enumerate", "zip", "itertools.chain"}
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
    return bool(covers) and not any(isinstance(one, ast.Raise) or _exits(code, one) for one in handler.body)


def _suppresses(code: Code, item: ast.withitem, kinds: set[str]) -> bool:
    call = item.context_expr
    if not isinstance(call, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in _CATCHING and any(_names(code, one) & kinds for one in call.args)


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


def leaves(code: Code, block: list[ast.stmt]) -> bool:
    """Say whether statements never reach what follows them: they return, raise, or leave the loop."""
    if not block or not code.spend():
        return False
    last = block[-1]
    match last:
        case ast.If(body=body, orelse=orelse):
            return leaves(code, body) and leaves(code, orelse)
        case ast.With(body=body):
            return leaves(code, body)
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            handled = all(leaves(code, one.body) for one in handlers)
            return (handled and (leaves(code, body) or leaves(code, orelse))) or leaves(code, final)
    return isinstance(last, (ast.Return, ast.Raise, ast.Continue, ast.Break)) or _exits(code, last)


def _exits(code: Code, statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and bool(_EXITS & {*code.meanings(call.func)})


# -- tests for None ------------------------------------------------------------------------------------------


def tested(code: Code, node: ast.expr) -> bool:
    """Say whether the file tests what an expression gives: ``if x``, ``x is None``, ``x or ...``.

    The value is followed through variables, loops, containers, and functions of the file.
    """
    return _tested(code, node, set())


def _tested(code: Code, node: ast.AST, seen: set[ast.AST]) -> bool:
    if node in seen or len(seen) > _MOST_HOPS:
        return False
    seen.add(node)
    for child, owner, field in code.above(node):
        match owner:
            case ast.BoolOp(values=values) if values[-1] is not child:
                return True
            case ast.Compare() | ast.UnaryOp(op=ast.Not()) | ast.Match():
                return True
            case ast.If() | ast.While() | ast.IfExp() | ast.Assert() if field == "test":
                return True
            case ast.comprehension():
                return field == "ifs" or _any_tested(code, _targets(code, [owner.target]), seen)
            case ast.NamedExpr(target=target) if _any_tested(code, _targets(code, [target]), seen):
                return True
            case ast.Assign(targets=targets):
                return _any_tested(code, _targets(code, targets), seen)
            case ast.AnnAssign(target=target) | ast.For(target=target):
                return _any_tested(code, _targets(code, [target]), seen)
            case ast.Return() | ast.Yield():
                function = code.frame(code.scope[owner])
                return isinstance(function, FUNCTIONS) and _any_tested(code, code.calls(function)[0], seen)
            case ast.Call() if not _passes(code, owner):
                return _tested_by_call(code, owner, child, seen)
            case ast.BoolOp() | ast.NamedExpr() | ast.Call():
                continue
            case _ if not isinstance(owner, _HOLDING):
                return False
    return False


def _any_tested(code: Code, nodes: Iterable[ast.AST], seen: set[ast.AST]) -> bool:
    return any(_tested(code, one, seen) for one in nodes)


def _passes(code: Code, call: ast.Call) -> bool:
    return bool(_PASSING & {*code.meanings(call.func)})


def _tested_by_call(code: Code, call: ast.Call, argument: ast.AST, seen: set[ast.AST]) -> bool:
    """Say whether a call tests its argument: itself, in a function of the file, or as an item of a list."""
    if _TESTING & {*code.meanings(call.func)}:
        return True
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("append", "add", "insert"):
        return _any_tested(code, _targets(code, [call.func.value]), seen)
    loads = (load for function in code.called(call) for load in _parameter_loads(code, function, call, argument))
    return _any_tested(code, loads, seen)


def _parameter_loads(code: Code, function: Function, call: ast.Call, argument: ast.AST) -> Iterator[ast.AST]:
    for name in [one.arg for one in parameters(function)]:
        given = code.argument(call, function, name)
        if given is not None and given[0] is argument:
            yield from (load for load in code.loads.get(name, ()) if code.home(name, load) is function)


def _targets(code: Code, targets: Iterable[ast.expr]) -> Iterator[ast.AST]:
    """Return where the names and attributes that are assigned are read."""
    waiting = list(targets)
    while waiting:
        target = waiting.pop()
        if isinstance(target, (ast.Tuple, ast.List)):
            waiting += target.elts
        elif isinstance(target, ast.Name):
            home = code.home(target.id, target)
            if isinstance(home, ast.ClassDef):
                yield from (load for load in code.loads.get(target.id, ()) if isinstance(load, ast.Attribute))
            yield from (
                load
                for load in code.loads.get(target.id, ())
                if isinstance(load, ast.Name) and code.home(target.id, load) is home
            )
        elif isinstance(target, ast.Attribute):
            yield from (load for load in code.loads.get(target.attr, ()) if isinstance(load, ast.Attribute))


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
