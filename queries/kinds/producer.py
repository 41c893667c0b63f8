"""Which tool made a Python path: nixpkgs' builders, pyproject.nix (uv2nix), poetry2nix or dream2nix."""

from __future__ import annotations

from pyclosure.queries.base.records import Derivation, FileFacts
from pyclosure.queries.kinds.by_derivation import uses_hook
from pyclosure.queries.kinds.identity import Fact

_PYTHON_KINDS = frozenset({"python-env", "python-package", "python-app", "python-dev", "python-bootstrap"})


def producer_of(kind: str, derivation: Derivation | None, files: FileFacts | None) -> Fact | None:
    """Return the producer of a Python path with its evidence; None for other kinds, or when nothing says so."""
    if kind not in _PYTHON_KINDS:
        return None
    found = derivation and _by_derivation(derivation)
    if found:
        return Fact(found[0], "D", "certain", found[1])
    seen = files and _by_files(kind, files)
    return Fact(seen[0], "F", "probable", seen[1]) if seen else None


def _by_derivation(derivation: Derivation) -> tuple[str, str] | None:
    if derivation.has("NIX_PYPROJECT_DEPS"):
        return "pyproject.nix", "attribute NIX_PYPROJECT_DEPS"
    if uses_hook(derivation, "pyproject-hook"):
        return "pyproject.nix", "built with pyproject-hook"
    for mark in ("fixup-hook.sh", "remove-path-dependencies.sh"):
        if uses_hook(derivation, mark):
            return "poetry2nix", f"built with {mark}"
    if derivation.attribute("format") == "poetry2nix":
        return "poetry2nix", "format = poetry2nix"
    if "addAutoPatchelfSearchPath $propagatedBuildInputs" in derivation.attribute("preFixup"):
        return "dream2nix", "preFixup searches $propagatedBuildInputs"
    if uses_hook(derivation, "wrap-python-hook") or uses_hook(derivation, "pypa-install-hook"):
        return "nixpkgs", "built with nixpkgs' Python hooks"
    if "NIX_PYTHONPREFIX" in derivation.attribute("postBuild"):
        return "nixpkgs", "postBuild wraps programs with NIX_PYTHONPREFIX"
    return None


def _by_files(kind: str, files: FileFacts) -> tuple[str, str] | None:
    if files.pyvenv is not None:
        return "pyproject.nix", "pyvenv.cfg at the top"
    if files.site_hook == "_sitecustomize.py":
        return "dream2nix", "_sitecustomize.py in site-packages"
    if kind == "python-env" and files.linked_distributions:
        return "nixpkgs", "a farm of links with wrapped programs"
    installer = files.distributions[0].installer if files.distributions else None
    if installer == "uv":
        return "pyproject.nix", "INSTALLER says uv"
    if files.adds_sites or files.propagated:
        return "nixpkgs", "nix-support/propagated-build-inputs" if files.propagated else "wrapped with addsitedir"
    return None
