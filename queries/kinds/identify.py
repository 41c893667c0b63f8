"""Join the tiers: derivation, then files, then name."""

from __future__ import annotations

import re

import msgspec

from pyclosure.queries.base.names import NameParts, name_of, parse_name
from pyclosure.queries.base.records import Derivation, Distribution, FileFacts
from pyclosure.queries.base.text import printable
from pyclosure.queries.kinds.by_derivation import interpreter_of, kind_by_derivation, output_by_derivation
from pyclosure.queries.kinds.by_files import kind_by_content, kind_by_files
from pyclosure.queries.kinds.by_name import kind_by_known_name, kind_by_name, known_name_kind, name_kind
from pyclosure.queries.kinds.identity import Fact, Identity
from pyclosure.queries.kinds.producer import producer_of

_PYTHON = frozenset({"python-package", "python-app", "python-dev", "python-bootstrap", "extra-output"})
_RUNS = re.compile(r"[-_.]+")
_MINOR = re.compile(r"^(\d+\.\d+)")


def identify(path: str, derivation: Derivation | None, files: FileFacts | None) -> Identity:
    """Say what a store path is.

    Args:
        path: the store path.
        derivation: what built it; None when it is not known here.
        files: what a look at its files found; None when they were not read.
    """
    name = name_of(path)
    parts = parse_name(name)
    output = output_by_derivation(path, derivation) if derivation else None
    if output is None:
        output = Fact(parts.output, "N", "certain" if parts.output == "out" else "probable", "suffix of the name")
        if parts.output == "out":
            output = Fact("out", "N", "probable", "no output suffix in the name")
    kind = _kind(path, output.value, parts, derivation, files)
    naming, pname, version = _naming(parts, kind.value, derivation, files)
    distribution = _distribution(kind.value, pname, files)
    return Identity(
        kind=kind,
        output=output,
        pname=pname,
        version=version,
        naming=naming,
        distribution=distribution,
        distributions=len(files.distributions) if files else int(distribution is not None),
        interpreter=_interpreter(kind.value, parts, version, derivation, files),
        producer=producer_of(kind.value, derivation, files),
    )


def kind_by_name_alone(path: str) -> str:
    """Return what :func:`identify` says of the kind of a path of which nothing but the name is known, and no more."""
    name = name_of(path)
    if name.endswith(".drv"):
        return "derivation"
    return name_kind(name) or known_name_kind(name) or "unknown"


def as_application(identity: Identity, files: FileFacts) -> Identity:
    """Return the identity of a path that offers nothing but links to programs of a Python environment."""
    evidence = f"its {files.linked_programs} programs are links into {name_of(files.links_to[0])}"
    return msgspec.structs.replace(identity, kind=Fact("python-app", "F", "probable", evidence))


def as_input_source(identity: Identity) -> Identity:
    """Return the identity of a path in a build closure that is no derivation."""
    evidence = "in a build closure, what is no derivation is one's input source"
    return msgspec.structs.replace(identity, kind=Fact("source", "R", "certain", evidence))


def _kind(path: str, output: str, parts: NameParts, derivation: Derivation | None, files: FileFacts | None) -> Fact:
    name = name_of(path)
    if name.endswith(".drv"):
        return Fact("derivation", "N", "certain", "the name ends in .drv")
    by_name = kind_by_name(name, parts)
    # systems hold environments and programs, so their name says more than their files
    system = by_name if by_name is not None and by_name.value == "system" else None
    found = (
        (kind_by_derivation(path, output, parts, derivation) if derivation else None)
        or system
        or (kind_by_files(files, parts) if files else None)
        or by_name
        or (kind_by_content(files, parts) if files else None)
        or kind_by_known_name(name)
    )
    if found:
        return found
    lacking = " and ".join(word for word, have in (("derivation", derivation), ("files", files)) if have is None)
    reason = f"its {lacking} would tell" if lacking else "nothing here is of a known kind"
    return Fact("unknown", "N", "unknown", reason)


def _own_distribution(pname: str, files: FileFacts | None) -> Distribution | None:
    """Return the distribution that a path is about: the one named like it, else the only or first one."""
    if not files or not files.distributions:
        return None
    wanted = _normal(pname)
    return next((one for one in files.distributions if one.normalized == wanted), files.distributions[0])


def _normal(name: str) -> str:
    return _RUNS.sub("-", name).lower()


def _naming(
    parts: NameParts, kind: str, derivation: Derivation | None, files: FileFacts | None
) -> tuple[Fact, str, str]:
    if derivation and derivation.attribute("pname") and derivation.attribute("version"):
        pname, version = (printable(derivation.attribute(key), 200) for key in ("pname", "version"))
        return Fact(f"{pname} {version}", "D", "certain", "pname and version of the derivation"), pname, version
    own = _own_distribution(parts.pname, files) if kind in _PYTHON else None
    if own is not None:
        return Fact(f"{own.name} {own.version}", "F", "certain", f"METADATA in {own.folder}"), own.name, own.version
    text = f"{parts.pname} {parts.version}".strip()
    return Fact(text, "N", "probable" if parts.version else "weak", "parsed from the name"), parts.pname, parts.version


def _distribution(kind: str, pname: str, files: FileFacts | None) -> str | None:
    own = _own_distribution(pname, files)
    if own is not None and kind in ("python-package", "python-app", "python-bootstrap"):
        return own.normalized
    return _normal(pname) if files is None and kind == "python-package" else None


def _interpreter(
    kind: str, parts: NameParts, version: str, derivation: Derivation | None, files: FileFacts | None
) -> Fact | None:
    if kind not in _PYTHON and kind not in ("python-env", "interpreter"):
        return None
    if files and kind == "interpreter" and files.standard_library:
        return Fact(_abi_of_folder(files.standard_library, version), "F", "certain", files.standard_library)
    if files and files.interpreters:
        return Fact(files.interpreters[0], "F", "certain", f"{files.interpreters[0]}/site-packages")
    if parts.interpreter:
        return Fact(parts.interpreter, "N", "probable", "prefix of the name")
    if derivation and (path := interpreter_of(derivation)):
        inside = parse_name(name_of(path))
        return _from_version(inside.pname, inside.version, "D", f"propagates {name_of(path)}")
    if kind in ("interpreter", "python-env"):
        return _from_version(parts.pname, version, "N", "version in the name; a free-threaded build looks the same")
    return None


def _abi_of_folder(folder: str, version: str) -> str:
    name = folder.rsplit("/", 1)[-1]
    return name if name.startswith(("python", "pypy")) else f"pypy{name}"


def _from_version(pname: str, version: str, tier: str, evidence: str) -> Fact | None:
    if pname.startswith("pypy") and pname[4:5].isdigit():
        return Fact(pname.removesuffix("-env"), "N", "probable", evidence)
    minor = _MINOR.match(version)
    if not minor or pname.startswith("pypy"):
        return None
    return Fact(f"python{minor[1]}", "D" if tier == "D" else "N", "probable", evidence)
