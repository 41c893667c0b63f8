"""Tier D: what the derivation says. The strongest evidence short of evaluating the expression."""

from __future__ import annotations

import re

from pyclosure.queries.base.names import STORE_PATH, NameParts, name_of, parse_name
from pyclosure.queries.base.records import Derivation
from pyclosure.queries.base.text import printable
from pyclosure.queries.data import load
from pyclosure.queries.kinds.identity import Fact

_INTERPRETER = re.compile(r"^(python|python3|python3-minimal|pypy[\d.]*)-\d[\w.]*$")


def output_by_derivation(path: str, derivation: Derivation) -> Fact | None:
    """Return which output of its derivation a path is; None when the derivation does not name it."""
    for name, output in derivation.outputs.items():
        if output.path == path:
            return Fact(name, "D", "certain", f"outputs.{name} of {name_of(derivation.path)}")
    if len(derivation.outputs) == 1:
        # a content-addressed output has no path before it is built
        return Fact(next(iter(derivation.outputs)), "D", "certain", f"only output of {name_of(derivation.path)}")
    return None


def kind_by_derivation(path: str, output: str, parts: NameParts, derivation: Derivation) -> Fact | None:
    """Return the kind that the derivation proves; None for native packages, which it does not tell apart."""
    evidence = _evidence(path, output, parts, derivation)
    return None if evidence is None else Fact(evidence[0], "D", "certain", evidence[1])


def is_interpreter_name(name: str) -> bool:
    """Say whether a store name without digest is that of an interpreter."""
    return _INTERPRETER.match(name) is not None


def interpreter_of(derivation: Derivation) -> str | None:
    """Return the store path of the interpreter that a Python package propagates; None without one."""
    for word in derivation.attribute("propagatedBuildInputs").split():
        if STORE_PATH.fullmatch(word) and is_interpreter_name(name_of(word)):
            return word
    return None


def is_python_build(derivation: Derivation) -> bool:
    """Say whether a derivation builds a Python package or application as nixpkgs or pyproject.nix does."""
    hooks = uses_hook(derivation, "wrap-python-hook") or uses_hook(derivation, "python-imports-check-hook")
    return (hooks and interpreter_of(derivation) is not None) or uses_hook(derivation, "pyproject-hook")


def uses_hook(derivation: Derivation, hook: str) -> bool:
    """Say whether a hook of that name is among the native build inputs."""
    return any(hook in name_of(word) for word in derivation.attribute("nativeBuildInputs").split())


def _evidence(path: str, output: str, parts: NameParts, derivation: Derivation) -> tuple[str, str] | None:
    names = load("kinds")
    pname = printable(derivation.attribute("pname"), 200) or parse_name(derivation.name).pname
    name = name_of(path)
    if derivation.fixed:
        if re.search(names["names"]["patch"][0], name):
            return "patch", "a fixed-output derivation named like a patch"
        return "source", "a fixed-output derivation: fetched, not built"
    if "NIX_PYTHONPREFIX" in derivation.attribute("postBuild") + derivation.attribute("buildCommand"):
        return "python-env", "postBuild wraps programs with NIX_PYTHONPREFIX"
    if derivation.has("NIX_PYPROJECT_DEPS") and derivation.has("mkVirtualenvFlags"):
        return "python-env", "NIX_PYPROJECT_DEPS and mkVirtualenvFlags"
    farm = derivation.has("ignoreCollisions") and (derivation.has("pkgs") or derivation.has("pkgsPath"))
    if farm and re.search(names["names"]["python-env"][0], derivation.name):
        return "python-env", "a link farm (pkgs, ignoreCollisions) named after an interpreter"
    if pname in names["pnames"]["interpreter"] or re.fullmatch(r"pypy\d\.\d+", pname):
        if output == "out":
            return "interpreter", f"pname = {pname}"
        return _by_output(output, derivation, python=False)
    # a library split off as a derivation of its own (gcc-14-lib) is no compiler either
    if pname in names["pnames"]["toolchain"] and parts.output not in names["outputs"]["runtime"]:
        other = _by_output(output, derivation, python=False)
        return other or ("toolchain", f"pname = {pname}")
    if "nix-support/setup-hook" in derivation.attribute("buildCommand") and not derivation.attribute("src"):
        return "hook", "buildCommand installs nix-support/setup-hook"
    return _python(output, parts, pname, derivation)


def _python(output: str, parts: NameParts, pname: str, derivation: Derivation) -> tuple[str, str] | None:
    interpreter = interpreter_of(derivation)
    built = interpreter is not None and (
        uses_hook(derivation, "wrap-python-hook") or uses_hook(derivation, "python-imports-check-hook")
    )
    pyproject = uses_hook(derivation, "pyproject-hook") or uses_hook(derivation, "pyproject-wheel-dist-hook")
    if not built and not pyproject:
        return _by_output(output, derivation, python=False)
    if "bootstrap" in pname and parts.interpreter:
        return "python-bootstrap", f"pname = {pname}"
    other = _by_output(output, derivation, python=True)
    if other is not None:
        return other
    if pyproject and not built:
        return "python-package", "built with pyproject-hook"
    assert interpreter is not None
    evidence = f"propagates {name_of(interpreter)} and is built with the Python hooks"
    if parts.interpreter:
        return "python-package", evidence
    return "python-app", evidence + ", without an interpreter prefix"


def _by_output(output: str, derivation: Derivation, *, python: bool) -> tuple[str, str] | None:
    outputs = load("kinds")["outputs"]
    where = f"output {output} of {name_of(derivation.path)}"
    if output in outputs["extra"]:
        return "extra-output", where
    if output in outputs["docs"]:
        return "docs", where
    if output in outputs["dev"]:
        return ("python-dev" if python else "dev"), where
    return None


def source_place(drv: Derivation) -> tuple[str, str]:
    """Return the path of a derivation's source, and the folder below its top where the project lies."""
    folder = drv.attribute("sourceRoot").partition("/")[2].strip("/")
    return drv.attribute("src"), "" if ".." in folder.split("/") else folder
