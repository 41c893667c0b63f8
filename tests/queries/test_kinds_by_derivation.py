"""What a path is by its derivation: attributes as real builders set them."""

from __future__ import annotations

from typing import Any

import pytest

from pyclosure.queries.base.records import Derivation, Output
from pyclosure.queries.kinds.identify import identify
from pyclosure.queries.kinds.identity import Identity
from tests.support.closures import derivation_of, store_path
from tests.support.sentences import assert_plain

PYTHON = store_path("python3-3.13.9")
PYPY = store_path("pypy3.10-7.3.19")
HOOKS = " ".join(store_path(name) for name in ("wrap-python-hook", "python-imports-check-hook.sh", "pypa-install-hook"))
NIXPKGS = {"nativeBuildInputs": HOOKS, "propagatedBuildInputs": f"{store_path('python3.13-six-1.16.0')} {PYTHON}"}
UV = {"nativeBuildInputs": f"{store_path('pyproject-hook')} {store_path('pyproject-install-hook')}"}


def identified(name: str, env: dict[str, str], output: str = "out", **rest: Any) -> Identity:
    derivation = derivation_of(name, env, **rest)
    return identify(derivation.outputs[output].path or "", derivation, None)


@pytest.mark.parametrize(
    ("name", "env", "kind"),
    [
        ("python3-3.13.9", {"pname": "python3", "version": "3.13.9"}, "interpreter"),
        ("python3-minimal-3.13.9", {"pname": "python3-minimal"}, "interpreter"),
        ("pypy3.10-7.3.19", {"pname": "pypy3.10"}, "interpreter"),
        ("gcc-14.3.0", {"pname": "gcc"}, "toolchain"),
        ("gcc-wrapper-14.3.0", {"pname": "gcc-wrapper"}, "toolchain"),
        ("rustc-1.80.0", {"pname": "rustc"}, "toolchain"),
        ("python3.13-requests-2.34.2", {"pname": "requests", **NIXPKGS}, "python-package"),
        ("httpie-3.2.2", {"pname": "httpie", **NIXPKGS}, "python-app"),
        ("python3.13-bootstrap-flit-core-3.9", {"pname": "bootstrap-flit-core", **NIXPKGS}, "python-bootstrap"),
        ("requests-2.32.3", {"pname": "requests", **UV}, "python-package"),
        ("python3-3.13.9-env", {"postBuild": "... NIX_PYTHONPREFIX ..."}, "python-env"),
        ("anything", {"buildCommand": "makeWrapper --set NIX_PYTHONPREFIX $out"}, "python-env"),
        ("project-env", {"NIX_PYPROJECT_DEPS": "a:b", "mkVirtualenvFlags": ""}, "python-env"),
        ("python3-3.13.9-env", {"ignoreCollisions": "", "pkgs": "[]"}, "python-env"),
        ("python3-3.13.9-env", {"ignoreCollisions": "1", "pkgsPath": "/x"}, "python-env"),
        ("my-hook", {"buildCommand": "cp x $out/nix-support/setup-hook"}, "hook"),
    ],
)
def test_a_derivation_proves_a_kind(name: str, env: dict[str, str], kind: str) -> None:
    identity = identified(name, env)

    assert (identity.kind.value, identity.kind.tier, identity.kind.certainty) == (kind, "D", "certain")
    assert identity.kind.evidence


@pytest.mark.parametrize(
    ("name", "kind"),
    [("source", "source"), ("requests-2.31.0.tar.gz", "source"), ("odd-name", "source"), ("fix.patch", "patch")],
)
def test_a_fixed_output_was_fetched(name: str, kind: str) -> None:
    identity = identified(name, {"pname": "gcc"}, fixed=True)

    assert (identity.kind.value, identity.kind.tier) == (kind, "D")
    assert "fixed-output" in identity.kind.evidence


@pytest.mark.parametrize(
    ("name", "env", "output", "kind"),
    [
        ("python3.13-pyopenssl-25.3.0", NIXPKGS, "dev", "python-dev"),
        ("python3.13-pyopenssl-25.3.0", NIXPKGS, "dist", "extra-output"),
        ("python3.13-pyopenssl-25.3.0", NIXPKGS, "doc", "docs"),
        ("python3.13-pyopenssl-25.3.0", NIXPKGS, "test_src", "extra-output"),
        ("python3.13-pyopenssl-25.3.0", NIXPKGS, "out", "python-package"),
        ("openssl-3.6.0", {}, "dev", "dev"),
        ("openssl-3.6.0", {}, "man", "docs"),
        ("openssl-3.6.0", {}, "debug", "extra-output"),
        ("zlib-1.3", {}, "static", "dev"),
        ("python3-3.13.9", {"pname": "python3"}, "debug", "extra-output"),
        ("gcc-14.3.0", {"pname": "gcc"}, "man", "docs"),
    ],
)
def test_outputs_of_one_derivation_are_of_different_kinds(
    name: str, env: dict[str, str], output: str, kind: str
) -> None:
    identity = identified(name, dict(env), output, outputs=("out", output))

    assert (identity.kind.value, identity.kind.tier) == (kind, "D")
    assert (identity.output.value, identity.output.tier, identity.output.certainty) == (output, "D", "certain")


@pytest.mark.parametrize("output", ["lib", "libgcc"])
def test_libraries_of_a_compiler_are_no_compiler(output: str) -> None:
    identity = identified("gcc-14.3.0", {"pname": "gcc"}, output, outputs=("out", output))

    assert (identity.kind.value, identity.output.value) == ("native-library", output)


def test_a_library_split_off_from_a_compiler_is_no_compiler() -> None:
    identity = identified("gcc-14.3.0-lib", {"pname": "gcc"})

    assert identity.kind.value == "native-library"


def test_a_native_package_is_not_proved_by_its_derivation() -> None:
    identity = identified("openssl-3.6.0", {"pname": "openssl", "version": "3.6.0"})

    assert (identity.kind.value, identity.kind.tier, identity.kind.certainty) == ("native-library", "N", "weak")


@pytest.mark.parametrize(
    "env",
    [
        {"propagatedBuildInputs": PYTHON},
        {"nativeBuildInputs": HOOKS},
        {"nativeBuildInputs": HOOKS, "propagatedBuildInputs": store_path("six-1.0")},
        {"nativeBuildInputs": store_path("wrap-gapps-hook"), "propagatedBuildInputs": PYTHON},
    ],
)
def test_half_the_evidence_is_no_proof(env: dict[str, str]) -> None:
    assert identified("httpie-3.2.2", env).kind.value == "unknown"


def test_pname_and_version_of_the_derivation_beat_the_name() -> None:
    identity = identified("python3.13-foo-1.0-unstable", {"pname": "foo", "version": "1.0-unstable-2024", **NIXPKGS})

    assert (identity.pname, identity.version, identity.naming.tier) == ("foo", "1.0-unstable-2024", "D")
    assert identity.distribution == "foo"


def test_pname_alone_is_not_enough_for_the_version() -> None:
    identity = identified("foo-2.0", {"pname": "bar"})

    assert (identity.pname, identity.version, identity.naming.tier) == ("foo", "2.0", "N")


@pytest.mark.parametrize(
    ("name", "env", "interpreter", "tier"),
    [
        ("python3.13-six-1.16.0", {"pname": "six", **NIXPKGS}, "python3.13", "N"),
        ("httpie-3.2.2", {"pname": "httpie", **NIXPKGS}, "python3.13", "D"),
        ("httpie-3.2.2", {**NIXPKGS, "propagatedBuildInputs": PYPY}, "pypy3.10", "N"),
        ("python3-3.13.9", {"pname": "python3"}, "python3.13", "N"),
    ],
)
def test_the_interpreter_is_the_one_that_is_propagated(
    name: str, env: dict[str, str], interpreter: str, tier: str
) -> None:
    found = identified(name, env).interpreter

    assert found is not None and (found.value, found.tier) == (interpreter, tier)


def test_structured_attributes_count_like_plain_ones() -> None:
    structured: dict[str, object] = {
        "pname": "six",
        "version": "1.16.0",
        "nativeBuildInputs": [store_path("wrap-python-hook")],
        "propagatedBuildInputs": [PYTHON],
    }

    identity = identified("python3.13-six-1.16.0", {}, structured=structured)

    assert (identity.kind.value, identity.kind.tier, identity.pname) == ("python-package", "D", "six")


def test_a_content_addressed_output_is_the_only_one() -> None:
    derivation = Derivation("/x.drv", "x", "s", "b", (), {}, {"out": Output(None, "sha256", None, "nar")}, (), {})

    output = identify(store_path("x"), derivation, None).output

    assert (output.value, output.tier) == ("out", "D")


def test_an_output_that_the_derivation_does_not_name_is_read_from_the_name() -> None:
    derivation = derivation_of("openssl-3.6.0", outputs=("out", "dev"))

    identity = identify(store_path("other-1.0-dev"), derivation, None)

    assert (identity.output.value, identity.output.tier) == ("dev", "N")


@pytest.mark.parametrize(
    ("name", "env", "producer"),
    [
        ("python3.13-six-1.16.0", NIXPKGS, "nixpkgs"),
        ("python3-3.13.9-env", {"postBuild": "NIX_PYTHONPREFIX"}, "nixpkgs"),
        ("six-1.16.0", UV, "pyproject.nix"),
        ("p-env", {"NIX_PYPROJECT_DEPS": "a", "mkVirtualenvFlags": ""}, "pyproject.nix"),
        (
            "python3.13-six-1.16.0",
            {**NIXPKGS, "nativeBuildInputs": HOOKS + " " + store_path("fixup-hook.sh")},
            "poetry2nix",
        ),
        (
            "python3.13-six-1.16.0",
            {**NIXPKGS, "nativeBuildInputs": HOOKS + " " + store_path("remove-path-dependencies.sh")},
            "poetry2nix",
        ),
        ("python3.13-six-1.16.0", {**NIXPKGS, "format": "poetry2nix"}, "poetry2nix"),
        (
            "python3.13-six-1.16.0",
            {**NIXPKGS, "preFixup": "addAutoPatchelfSearchPath $propagatedBuildInputs"},
            "dream2nix",
        ),
        ("openssl-3.6.0", {"pname": "openssl"}, None),
        ("python3-3.13.9", {"pname": "python3", **NIXPKGS}, None),
    ],
)
def test_the_producer_of_a_python_path_is_told_by_its_builder(
    name: str, env: dict[str, str], producer: str | None
) -> None:
    found = identified(name, env).producer

    assert (found.value if found else None) == producer
    assert found is None or (found.tier, found.certainty) == ("D", "certain")


def test_hostile_attributes_are_shown_harmlessly() -> None:
    hostile = "bootstrap\x1b[31m\n\u202e" + "x" * 5000
    identity = identified("python3.13-six-1.16.0", {**NIXPKGS, "pname": hostile, "version": hostile})

    for text in (identity.pname, identity.version, identity.naming.value, identity.kind.evidence):
        assert_plain(text)
        assert len(text) < 600
