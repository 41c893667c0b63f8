"""A derivation as text in the way of Nix, what concerns tests first."""

from __future__ import annotations

from collections.abc import Iterator

from pyclosure.queries.base.names import STORE_PATH
from pyclosure.queries.base.records import Derivation
from pyclosure.queries.base.text import printable

_FIRST = (
    *("name", "pname", "version", "doCheck", "doInstallCheck", "installCheckPhase", "checkPhase", "preInstallCheck"),
    *("postInstallCheck", "preCheck", "postCheck", "pythonImportsCheck", "enabledTestPaths", "enabledTests"),
    *("enabledTestMarks", "disabledTestPaths", "disabledTests", "disabledTestMarks", "pytestFlags", "pytestFlagsArray"),
    *("unittestFlags", "unittestFlagsArray", "testPaths", "dontUsePytestCheck", "dontUseUnittestCheck"),
    *("nativeBuildInputs", "buildInputs", "propagatedBuildInputs", "src", "outputs"),
)
_LONGEST = 20_000
"""Characters of an attribute that are shown."""


def derivation_text(drv: Derivation) -> str:
    """Return a derivation as attributes in the syntax of Nix: lists of store paths one a line, phases as they are."""
    given = {**drv.env, **{key: drv.attribute(key) for key in drv.structured_attrs or {}}}
    first = [key for key in _FIRST if key in given]
    rest = sorted(key for key in given if key not in _FIRST)
    lines = [f"# {printable(drv.path)}", "{"]
    for key in first:
        lines += _attribute(key, given[key])
    lines.append(f"  # builder {printable(' '.join((drv.builder, *drv.args)), 400)}")
    for key in rest:
        lines += _attribute(key, given[key])
    return "\n".join([*lines, "}"])


def _attribute(key: str, value: str) -> Iterator[str]:
    name = printable(key, 120)
    shown = value if len(value) <= _LONGEST else value[:_LONGEST] + "…"
    words = shown.split()
    if words and all(STORE_PATH.fullmatch(word) for word in words):
        if len(words) == 1:
            yield f"  {name} = {printable(words[0])};"
            return
        yield f"  {name} = ["
        yield from (f"    {printable(word)}" for word in words)
        yield "  ];"
    elif "\n" in shown:
        yield f"  {name} = ''"
        yield from (f"    {printable(line.expandtabs(4), 2000)}" for line in shown.rstrip("\n").split("\n"))
        yield "  '';"
    else:
        text = printable(shown, _LONGEST).replace("\\", "\\\\").replace('"', '\\"')
        yield f'  {name} = "{text}";'
