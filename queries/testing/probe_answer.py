"""What ``probe.nix`` prints, and the packages that it means."""

from __future__ import annotations

from typing import Literal

import msgspec

from pyclosure.queries.base.errors import NixFailed
from pyclosure.queries.base.names import STORE_PATH, name_of, parse_name
from pyclosure.queries.base.text import printable

Method = Literal["probe", "pair"]


class CheckInput(msgspec.Struct, frozen=True):
    """One input that a package has for its tests."""

    name: str
    """Name of its derivation, or of the store path, without digest."""
    pname: str | None
    path: str | None
    """The output that the build gets; None when it is not known before it is built (content-addressed)."""
    python: bool
    """Whether it is a Python package of the set."""


class CheckInputs(msgspec.Struct, frozen=True):
    """The inputs for tests, in the order of the derivation: those of ``nativeBuildInputs``, of ``buildInputs``."""

    method: Method
    native: tuple[CheckInput, ...]
    target: tuple[CheckInput, ...]


class OutsideTest(msgspec.Struct, frozen=True):
    """One attribute of ``passthru.tests``; all but the name is None unless the name is that of a small test."""

    name: str
    drv_path: str | None = None
    path: str | None = None
    do_check: bool | None = None
    inputs: CheckInputs | None = None


class EvaluatedPackage(msgspec.Struct, frozen=True):
    """What the expression says of a package of the closure."""

    drv_path: str
    outputs: dict[str, str | None]
    """Store path by output; None for content-addressed ones."""
    name: str
    pname: str
    version: str
    """Empty when it has none."""
    same: bool
    """Whether it is the build in the closure; if not, the expression was changed since, or has another one."""
    do_check: bool
    """Whether tests run in its build."""
    inputs: CheckInputs | None
    """What tests get, also when they are off; None when the package cannot be overridden."""
    tests: tuple[OutsideTest, ...]
    extras: tuple[str, ...]
    """Names in ``optional-dependencies``."""


class Evaluation(msgspec.Struct, frozen=True):
    """Answers by the store path in the closure; each wanted path is in one of the three."""

    packages: dict[str, EvaluatedPackage]
    failures: dict[str, str]
    """Nix's words on what could not be evaluated."""
    missing: tuple[str, ...]
    """Not in the expression, at least not under its name."""


class _Input(msgspec.Struct):
    path: str
    name: str | None
    pname: str | None
    python: bool


class _Test(msgspec.Struct):
    name: str
    drv_path: str | None = None
    path: str | None = None
    do_check: bool | None = None
    method: Method | None = None
    native_check_inputs: list[_Input] | None = None
    check_inputs: list[_Input] | None = None


class _Package(msgspec.Struct):
    drv_path: str
    outputs: dict[str, str]
    name: str
    pname: str | None
    version: str | None
    do_check: bool
    method: Method | None
    native_check_inputs: list[_Input] | None
    check_inputs: list[_Input] | None
    tests: list[_Test]
    extras: list[str]


class Document(msgspec.Struct):
    """What the probe printed, as it stands there."""

    kind: str
    packages: list[_Package]
    failed: list[str]


_DECODER = msgspec.json.Decoder(Document)


def decoded(text: bytes) -> Document:
    """Return what the probe printed.

    Raises:
        NixFailed: it is not that.
    """
    try:
        document = _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NixFailed(
            f"nix eval answered in a shape that pyclosure does not know: {printable(str(error), 200)}",
            hint="check what the nix on PATH is",
        ) from None
    for one in document.packages:
        if not STORE_PATH.fullmatch(one.drv_path):
            raise NixFailed(
                f"nix eval named a derivation that is no store path: {printable(one.drv_path, 200)}",
                hint="check what the nix on PATH is",
            )
    return document


def package_of(raw: _Package) -> EvaluatedPackage:
    """Return a package that the probe printed, with names that are safe to show."""
    name = printable(raw.name, 255)
    parts = parse_name(name)
    return EvaluatedPackage(
        drv_path=raw.drv_path,
        outputs={printable(output, 255): _store_path(path) for output, path in raw.outputs.items()},
        name=name,
        pname=parts.pname if raw.pname is None else printable(raw.pname, 255),
        version=parts.version if raw.version is None else printable(raw.version, 255),
        same=False,
        do_check=raw.do_check,
        inputs=_inputs(raw),
        tests=tuple(_test(one) for one in raw.tests),
        extras=tuple(printable(one, 255) for one in raw.extras),
    )


def _test(raw: _Test) -> OutsideTest:
    return OutsideTest(
        printable(raw.name, 255), _store_path(raw.drv_path), _store_path(raw.path), raw.do_check, _inputs(raw)
    )


def _inputs(raw: _Package | _Test) -> CheckInputs | None:
    if raw.method is None or raw.native_check_inputs is None or raw.check_inputs is None:
        return None
    native, target = raw.native_check_inputs, raw.check_inputs
    return CheckInputs(raw.method, tuple(_input(one) for one in native), tuple(_input(one) for one in target))


def _input(raw: _Input) -> CheckInput:
    path = _store_path(raw.path)
    name = raw.name if raw.name is not None else name_of(path) if path else raw.path
    pname = None if raw.pname is None else printable(raw.pname, 255)
    return CheckInput(printable(name, 255), pname, path, raw.python)


def _store_path(path: str | None) -> str | None:
    """Return a store path, but not the placeholder of an output that nobody knows yet."""
    return path if path and STORE_PATH.fullmatch(path) else None
