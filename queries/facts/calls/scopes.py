"""What is bound to which name, where in a Python file? Its tree with parents, scopes and assignments."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SHARED = (ast.expr_context, ast.operator, ast.boolop, ast.unaryop, ast.cmpop)
"""The parser makes one object of each, so that they have no place."""

EACH, ANY, VALUES = "each", "any", "values"
Step = int | str | tuple[str]
"""One step into a value: the item with a number, EACH item, ANY item, the VALUES of a dict, the one of a (key,)."""
Path = tuple[Step, ...]
Block = tuple[ast.AST, str]
"""A list of statements: its owner, and in which field."""

_MOST_STEPS = 100_000
_STEPS_PER_NODE = 3
_MOST_BINDINGS = 60
"""With more bindings of a name, all of them count."""
_ADDING = {"append": False, "add": False, "insert": False, "appendleft": False, "extend": True, "update": True}
"""Methods that add to a collection: whether their argument is a collection itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """One way in which a name gets its value."""

    index: int
    """It has happened where the order of nodes is higher."""
    block: Block | None = None
    """The statements that all run after it; None for one that adds to what the name had."""
    value: ast.expr | None = None
    """What is assigned; None when the file does not tell."""
    path: Path = ()
    """Which part of ``value``."""
    imported: str = ""
    """Dotted name of what is imported."""
    function: Function | None = None
    """The function that is defined or assigned."""
    parameter: Function | None = None
    """The function whose parameter it is."""


class Scopes:
    """The tree of one file, with everything in it found once."""

    def __init__(self, tree: ast.Module) -> None:
        self.nodes: list[ast.AST] = []
        """In the order of the source, parents first."""
        self.parent: dict[ast.AST, Block] = {}
        self.scope: dict[ast.AST, ast.AST] = {}
        """The module, class, function or comprehension whose names a node sees first."""
        self.order: dict[ast.AST, int] = {}
        self.last: dict[ast.AST, int] = {}
        """Order of the last node below."""
        self.bound: dict[ast.AST, dict[str, list[Binding]]] = defaultdict(lambda: defaultdict(list))
        """Scope → name → what it gets; a class also has the attributes that its methods set."""
        self.returned: dict[ast.AST, list[tuple[ast.expr, bool]]] = defaultdict(list)
        """Function → what it returns, or (True) yields."""
        self.classes: dict[str, list[ast.ClassDef]] = defaultdict(list)
        self.loads: dict[str, list[ast.Name | ast.Attribute]] = defaultdict(list)
        """Where a name or attribute is read."""
        self._declared: dict[tuple[ast.AST, str], ast.AST] = {}
        self.stars: list[str] = []
        """Modules of which everything is imported."""
        self._homes: dict[tuple[ast.AST, str], ast.AST | None] = {}
        self._steps = 0
        self._index(tree)
        self._worth = _MOST_STEPS + _STEPS_PER_NODE * len(self.nodes)
        self._bind()

    def spend(self) -> bool:
        """Take one step of those that a file is worth; False when it has had them all."""
        self._steps += 1
        return self._steps <= self._worth

    # -- places ------------------------------------------------------------------------------------------

    def _index(self, tree: ast.Module) -> None:
        waiting: list[tuple[ast.AST, ast.AST]] = [(tree, tree)]
        while waiting:
            node, scope = waiting.pop()
            self.order[node] = self.last[node] = len(self.nodes)
            self.nodes.append(node)
            self.scope[node] = scope
            below = list(_children(node))
            for field, child in reversed(below):
                self.parent[child] = (node, field)
                waiting.append((child, self._scope_below(node, field, scope)))
        for node in reversed(self.nodes[1:]):
            owner = self.parent[node][0]
            self.last[owner] = max(self.last[owner], self.last[node])

    def _scope_below(self, node: ast.AST, field: str, scope: ast.AST) -> ast.AST:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            return node if field == "body" else scope
        if isinstance(node, COMPREHENSIONS):
            return node
        if isinstance(node, ast.comprehension) and field == "iter":
            owner = self.parent[node][0]
            if isinstance(owner, COMPREHENSIONS) and owner.generators[0] is node:
                return self.scope[owner]
        return scope

    def above(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST, str]]:
        """Walk up: each node, the one that holds it, and in which field."""
        while node in self.parent and self.spend():
            owner, field = self.parent[node]
            yield node, owner, field
            node = owner

    def frame(self, scope: ast.AST) -> ast.AST:
        """Return the function, class or module in which a scope is evaluated."""
        while isinstance(scope, COMPREHENSIONS):
            scope = self.scope[scope]
        return scope

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        """Return the class whose method a node is in."""
        for _, owner, field in self.above(node):
            if isinstance(owner, ast.ClassDef) and field == "body":
                return owner
        return None

    # -- bindings ----------------------------------------------------------------------------------------

    def _bind(self) -> None:
        for node in self.nodes:
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                here = self.frame(self.scope[node])
                there = self.nodes[0] if isinstance(node, ast.Global) else self.frame(self.scope[here])
                self._declared.update(((here, name), there) for name in node.names)
            elif isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
                self.loads[node.id if isinstance(node, ast.Name) else node.attr].append(node)
        for node in self.nodes:
            self._bind_node(node)
        for node in self.nodes:
            if isinstance(node, ast.Call):
                self._bind_addition(node)

    def _bind_node(self, node: ast.AST) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self._bind_import(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self._bind_function(node)
            case ast.ClassDef(name=name):
                self.classes[name].append(node)
                self._add(name, node, Binding(self.order[node], self.parent[node]))
            case ast.Assign(targets=targets, value=value):
                self._assign(targets, node, Binding(self.last[node], self.parent[node], value))
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign([target], node, Binding(self.last[node], self.parent[node], value))
            case ast.AugAssign(target=ast.Name() as target):
                self._assign([target], node, Binding(self.last[node], self.parent[node], self._sum(node, target)))
            case ast.NamedExpr(target=target, value=value):
                self._add(target.id, node, Binding(self.last[node], None, value))
            case ast.For() | ast.AsyncFor():
                self._assign([node.target], node, Binding(self.last[node.iter], (node, "body"), node.iter, (EACH,)))
            case ast.comprehension(target=target, iter=each):
                self._assign([target], node, Binding(self.order[node], (node, "iter"), each, (EACH,)))
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                self._assign([target], node, Binding(self.last[node], (self.parent[node][0], "body"), value))
            case ast.ExceptHandler(name=str() as name):
                self._add(name, node, Binding(self.order[node], (node, "body")))
            case ast.MatchAs(name=str() as name) | ast.MatchStar(name=str() as name):
                self._add(name, node, Binding(self.order[node]))
            case ast.Return(value=ast.expr() as value) | ast.YieldFrom(value=value):
                self.returned[self.frame(self.scope[node])].append((value, False))
            case ast.Yield(value=ast.expr() as value):
                self.returned[self.frame(self.scope[node])].append((value, True))

    def _add(self, name: str, node: ast.AST, binding: Binding) -> None:
        scope = self.scope[node]
        if not isinstance(node, ast.comprehension):
            scope = self.frame(scope)
        self.bound[self._declared.get((scope, name), scope)][name].append(binding)

    def _assign(self, targets: Iterable[ast.expr], node: ast.AST, whole: Binding) -> None:
        for target, path in _unpacked(targets, whole.path):
            value = whole.value
            function = value if isinstance(value, ast.Lambda) and not path else None
            binding = Binding(whole.index, whole.block, value, path, function=function)
            if isinstance(target, ast.Name):
                self._add(target.id, node, binding)
            elif isinstance(target, ast.Attribute) and is_self(target.value):
                owner = self.class_of(node)
                if owner is not None:
                    self.bound[owner][target.attr].append(binding)

    def _bind_import(self, node: ast.Import | ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "") + "." if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(module[:-1])
                continue
            name = alias.asname or alias.name.split(".")[0]
            dotted = module + (alias.name if alias.asname or module else name)
            self._add(name, node, Binding(self.last[node], self.parent[node], imported=dotted))

    def _bind_function(self, node: Function) -> None:
        if not isinstance(node, ast.Lambda):
            self._add(node.name, node, Binding(self.order[node], self.parent[node], function=node))
        else:
            self.returned[node].append((node.body, False))
        for argument in parameters(node):
            self.bound[node][argument.arg].append(Binding(self.order[node], (node, "body"), parameter=node))

    def _sum(self, node: ast.AugAssign, target: ast.Name) -> ast.expr:
        return self._made(ast.BinOp(self._made(ast.Name(target.id, ast.Load()), node), node.op, node.value), node)

    def _bind_addition(self, node: ast.Call) -> None:
        """Bind what ``names.append(...)`` adds; the name is one that something else has bound."""
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in _ADDING or not node.args:
            return
        target, value = node.func.value, node.args[-1]
        if not _ADDING[node.func.attr]:
            value = self._made(ast.List([value], ast.Load()), node)
        binding = Binding(self.last[node], None, value)
        if isinstance(target, ast.Name) and (home := self.home(target.id, node)):
            self.bound[home][target.id].append(binding)
        elif isinstance(target, ast.Attribute):
            self._assign([target], node, binding)

    def _made(self, node: ast.expr, place: ast.AST) -> ast.expr:
        """Give a node that the source does not spell the place of one that it does."""
        self.order[node], self.scope[node], self.parent[node] = self.order[place], self.scope[place], (place, "value")
        return node

    def home(self, name: str, node: ast.AST) -> ast.AST | None:
        """Return the scope whose name a node reads; None when no scope of the file binds it."""
        key = (self.scope[node], name)
        if key not in self._homes:
            self._homes[key] = self._find_home(name, self.scope[node])
        return self._homes[key]

    def _find_home(self, name: str, first: ast.AST) -> ast.AST | None:
        scope = first
        while self.spend():
            scope = self._declared.get((scope, name), scope)
            # the names of a class are not seen from its methods
            if name in self.bound.get(scope, ()) and (not isinstance(scope, ast.ClassDef) or scope is first):
                return scope
            if isinstance(scope, ast.Module):
                break
            scope = self.scope[scope]
        return None

    def bindings(self, node: ast.Name) -> list[Binding]:
        """Return the bindings of a name that can reach the place where it is read."""
        home = self.home(node.id, node)
        if home is None:
            return []
        found = self.bound[home][node.id]
        same_frame = home is self.frame(self.scope[node])
        return self._reaching(found, node) if same_frame and 1 < len(found) <= _MOST_BINDINGS else found

    def _reaching(self, found: list[Binding], node: ast.AST) -> list[Binding]:
        """Leave out bindings that come later, or that a later one in the statements around them overwrites."""
        use = self.order[node]
        around = {(owner, field) for _, owner, field in self.above(node)}
        latest = max((one.index for one in found if one.block in around and one.index < use), default=-1)
        before = [one for one in found if latest <= one.index < use]
        last = {one.block: one.index for one in before if one.block is not None}
        return [one for one in before if one.block is None or one.index == last[one.block]]

    def attribute(self, node: ast.Attribute) -> list[Binding]:
        """Return the bindings of ``self.name``, ``cls.name`` or ``Class.name`` for classes of the file."""
        if not isinstance(node.value, ast.Name):
            return []
        if is_self(node.value):
            owner: ast.AST | None = self.class_of(node)
        else:
            home = self.home(node.value.id, node)
            named = self.classes.get(node.value.id, ())
            owner = next((one for one in named if self.frame(self.scope[one]) is home), None)
        return self.bound[owner].get(node.attr, []) if owner is not None and owner in self.bound else []


def parameters(function: Function) -> list[ast.arg]:
    """Return all parameters of a function: positional, ``*args``, keywords, ``**others``."""
    spec = function.args
    return [one for one in (*spec.posonlyargs, *spec.args, spec.vararg, *spec.kwonlyargs, spec.kwarg) if one]


def default_of(function: Function, name: str) -> ast.expr | None:
    """Return the default of a parameter; None without one."""
    spec = function.args
    positional = [*spec.posonlyargs, *spec.args]
    pairs = [
        *zip(reversed(positional), reversed(spec.defaults), strict=False),
        *zip(spec.kwonlyargs, spec.kw_defaults, strict=True),
    ]
    return next((default for one, default in pairs if one.arg == name), None)


def _children(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, ast.AST) and not isinstance(child, _SHARED):
                yield field, child


def _unpacked(targets: Iterable[ast.expr], path: Path) -> Iterator[tuple[ast.expr, Path]]:
    waiting = [(target, path) for target in targets]
    while waiting:
        target, path = waiting.pop()
        if isinstance(target, (ast.Tuple, ast.List)):
            for number, one in enumerate(target.elts):
                # a starred name is a list of some of the items
                waiting.append((one.value, path) if isinstance(one, ast.Starred) else (one, (*path, number)))
        else:
            yield target, path


def is_self(node: ast.AST) -> bool:
    """Say whether a name is that of a method's own object or class."""
    return isinstance(node, ast.Name) and node.id in ("self", "cls")
