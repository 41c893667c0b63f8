"""Values of Python expressions that stand there as literals; nothing is evaluated."""

from __future__ import annotations

import ast
from collections.abc import Mapping

_MOST_STEPS = 5000

Names = Mapping[str, ast.expr]


def module_names(tree: ast.Module) -> Names:
    """Return names that a module binds once, at its top, to an expression."""
    found: dict[str, ast.expr] = {}
    twice: set[str] = set()
    for node in tree.body:
        single = [node.target] if isinstance(node, (ast.AnnAssign, ast.AugAssign)) else []
        targets = node.targets if isinstance(node, ast.Assign) else single
        for target in targets:
            if isinstance(target, ast.Name):
                twice |= {target.id} & found.keys()
                value = getattr(node, "value", None)
                if isinstance(value, ast.expr) and not isinstance(node, ast.AugAssign):
                    found[target.id] = value
                else:
                    twice.add(target.id)
    return {name: value for name, value in found.items() if name not in twice}


def text(node: ast.expr | None, names: Names) -> str | None:
    """Return a text; None when the expression is no literal text."""
    if isinstance(node, ast.Name):
        node = names.get(node.id)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def texts(node: ast.expr, names: Names) -> list[str] | None:
    """Return a list of texts, or the lines of one; None when not all of it is literal.

    Lists, tuples, sets, names of them, their sums, and starred ones among others are understood.
    """
    found: list[str] = []
    stack = [node]
    for _ in range(_MOST_STEPS):
        if not stack:
            return found
        one = stack.pop()
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            found += one.value.splitlines()
        elif isinstance(one, ast.Name) and one.id in names:
            stack.append(names[one.id])
        elif isinstance(one, (ast.List, ast.Tuple, ast.Set)):
            stack += [each.value if isinstance(each, ast.Starred) else each for each in reversed(one.elts)]
        elif isinstance(one, ast.BinOp) and isinstance(one.op, ast.Add):
            stack += [one.right, one.left]
        else:
            return None
    return None


def items(node: ast.expr, names: Names) -> list[tuple[str | None, ast.expr]] | None:
    """Return keys and expressions of a dictionary, a key None where it is computed; None when it is no literal."""
    if isinstance(node, ast.Name):
        node = names.get(node.id, node)
    if isinstance(node, ast.Dict):
        return [(text(key, names), value) for key, value in zip(node.keys, node.values, strict=True)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
        return [(keyword.arg, keyword.value) for keyword in node.keywords]
    return None
