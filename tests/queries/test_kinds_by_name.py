"""What a path is where only its name is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyclosure.queries.base.records import FileFacts
from pyclosure.queries.data import load
from pyclosure.queries.kinds.identify import identify, kind_by_name_alone
from pyclosure.queries.kinds.identity import KINDS, group_of, kind_short, kind_words
from tests.support.closures import knowledge_of, records_of, store_path


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("source", "source"),
        ("requests-2.34.2-github-source", "source"),
        ("requests-2.31.0.tar.gz", "source"),
        ("six-1.16.0-py2.py3-none-any.whl", "source"),
        ("ripgrep-14.1.0-vendor.tar.gz", "source"),
        ("cryptography-46.0.6-vendor", "source"),
        ("serde-1.0.crate", "source"),
        ("fix-tests.patch", "patch"),
        ("0001-x.diff", "patch"),
        ("fix.patch?full_index=1", "patch"),
        ("nixos-system-host-24.05", "system"),
        ("system-path", "system"),
        ("docker-image-app.tar.gz", "source"),
        ("docker-layer-app", "system"),
        ("nix-shell", "system"),
        ("python3-3.13.9-env", "python-env"),
        ("python-2.7.18.12-env", "python-env"),
        ("pypy3.10-7.3.19-env", "python-env"),
        ("python3-3.13.9", "interpreter"),
        ("python3-3.15.0a2", "interpreter"),
        ("python3-minimal-3.13.9", "interpreter"),
        ("python-2.7.18.12", "interpreter"),
        ("pypy3.10-7.3.19", "interpreter"),
        ("pypy-7.3.19", "interpreter"),
        ("gcc-14.3.0", "toolchain"),
        ("xgcc-14.3.0", "toolchain"),
        ("binutils-2.44", "toolchain"),
        ("stdenv-linux", "toolchain"),
        ("bootstrap-stage0", "toolchain"),
        ("rustc-1.80.0", "toolchain"),
        ("cargo-1.80.0", "toolchain"),
        ("gcc-14.3.0-lib", "native-library"),
        ("gcc-14.3.0-libgcc", "native-library"),
        ("gcc-14.3.0-man", "docs"),
        ("python3.13-sphinx-hook", "hook"),
        ("wrap-python-hook", "hook"),
        ("auto-patchelf-hook", "hook"),
        ("cc-wrapper-14", "hook"),
        ("python3.13-bootstrap-flit-core-3.9", "python-bootstrap"),
        ("python3.13-pyopenssl-25.3.0-dev", "python-dev"),
        ("python3.13-requests-2.34.2-dist", "extra-output"),
        ("python3.13-requests-2.34.2-test_src", "extra-output"),
        ("openssl-3.6.0-debug", "extra-output"),
        ("openssl-3.6.0-man", "docs"),
        ("glib-2.80-devdoc", "docs"),
        ("openssl-3.6.0-dev", "dev"),
        ("zlib-1.3-static", "dev"),
        ("python3.13-requests-2.34.2", "python-package"),
        ("python3.13t-numpy-2.3.4", "python-package"),
        ("pypy3.10-requests-2.32.3", "python-package"),
        ("python3.13-2to3-1.0", "python-package"),
        ("glibc-2.40-66", "native-library"),
        ("openssl-3.6.0", "native-library"),
        ("libffi-3.4.6", "native-library"),
        ("zstd-1.5.6-bin", "native-tool"),
        ("bash-5.3p3", "native-tool"),
        ("tzdata-2026a", "data"),
        ("nss-cacert-3.115", "data"),
        ("iso-codes-data-4", "data"),
        ("app-1.0.drv", "derivation"),
        ("source.drv", "derivation"),
        # an application looks like any tool
        ("httpie-3.2.2", "unknown"),
        ("requests-2.32.3", "unknown"),
        ("demo-env", "unknown"),
    ],
)
def test_a_name_suggests_a_kind(name: str, kind: str) -> None:
    identity = identify(store_path(name), None, None)

    assert identity.kind.value == kind
    assert identity.kind.tier == "N"
    if kind == "unknown":
        assert identity.kind.certainty == "unknown"
        assert identity.kind.evidence == "its derivation and files would tell"
    elif kind != "derivation":
        assert identity.kind.certainty in ("probable", "weak")


def test_the_evidence_of_a_name_shows_what_matched() -> None:
    def evidence(name: str) -> str:
        return identify(store_path(name), None, None).kind.evidence

    assert evidence("python3.13-requests-2.34.2") == "the name begins with python3.13-r"
    assert evidence("openssl-3.6.0-dev") == "the name ends in -dev"
    assert evidence("source") == "the name is source"
    assert evidence("zlib-1.3") == "a well-known name: zlib-1.3"


@pytest.mark.parametrize(
    ("name", "distribution", "interpreter", "version"),
    [
        ("python3.13-Zope.Interface-7.2", "zope-interface", "python3.13", "7.2"),
        ("pypy3.10-requests-2.32.3", "requests", "pypy3.10", "2.32.3"),
        ("python3.13t-numpy-2.3.4", "numpy", "python3.13t", "2.3.4"),
        ("python3.13-pyopenssl-25.3.0-dev", None, "python3.13", "25.3.0"),
        ("python3-3.13.9", None, "python3.13", "3.13.9"),
        ("python3-3.13.9-env", None, "python3.13", "3.13.9"),
        ("pypy3.10-7.3.19", None, "pypy3.10", "7.3.19"),
        ("pypy3.10-7.3.19-env", None, "pypy3.10", "7.3.19"),
        ("pypy-7.3.19", None, None, "7.3.19"),
        ("openssl-3.6.0", None, None, "3.6.0"),
        ("httpie-3.2.2", None, None, "3.2.2"),
    ],
)
def test_a_name_tells_distribution_interpreter_and_version(
    name: str, distribution: str | None, interpreter: str | None, version: str
) -> None:
    identity = identify(store_path(name), None, None)

    assert identity.distribution == distribution
    assert (identity.interpreter.value if identity.interpreter else None) == interpreter
    assert identity.version == version
    assert identity.distributions == (1 if distribution else 0)
    assert identity.producer is None


@given(
    st.sampled_from(["python3.13-", "pypy3.10-", "", "python3-", "gcc-", "lib", "x86_64-unknown-linux-gnu-"]),
    st.text("abcdefgz0123456789.-_+", max_size=12),
    st.sampled_from(["", "-dev", "-lib", "-hook", "-wrapper-1", "-3.13.9", "-env", ".drv", ".patch", "-dist", "-data"]),
)
def test_the_kind_alone_is_the_one_that_comes_with_evidence(start: str, middle: str, end: str) -> None:
    path = f"/nix/store/{'0' * 32}-{start}{middle}{end}"

    assert kind_by_name_alone(path) == identify(path, None, None).kind.value


def test_a_kind_is_asked_for_alone_until_more_than_the_name_is_known() -> None:
    name = "python3.13-six-1.16.0"
    knowledge = knowledge_of(records_of({name: []}))
    assert knowledge.kind(0) == ("python-package", 1)

    knowledge.learn_files({store_path(name): FileFacts(shape="directory", programs=("six",))})

    identity = knowledge.identity(0)
    assert knowledge.kind(0) == (identity.kind.value, identity.distributions) == (identity.kind.value, 0)


def test_every_kind_has_words_a_short_form_and_a_group() -> None:
    data = load("kinds")

    assert set(KINDS) == set(data["short"])
    for kind in KINDS:
        assert kind_words(kind)
        assert 1 <= len(kind_short(kind)) <= 6
        assert group_of(kind) in ("interpreter", "python", "native", "other")
    named = [kind for kinds in data["groups"].values() for kind in kinds]
    assert len(named) == len(set(named)), "a kind is in one group at most"
    assert set(named) | set(data["names"]) | set(data["weak-names"]) <= set(KINDS)
    assert group_of("docs") == "other"


def test_short_forms_differ() -> None:
    shorts = [kind_short(kind) for kind in KINDS]

    assert len(set(shorts)) == len(shorts)
