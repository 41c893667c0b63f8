"""``nix derivation show`` of every era gives the same derivations."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.records import Derivation, Output
from pyclosure.queries.parse.derivation import parse_derivations
from tests.support.recorded import APP, PYTHON, VERSIONS, ZLAB_LIB, recording
from tests.support.sentences import assert_sentence

STORE = "/nix/store"
ZLAB_DRV = f"{STORE}/lwib46l8brfkv32wr29nkqs9j2mw3g4m-zlab-1.3.drv"
PYTHON_DRV = f"{STORE}/qbqca88qyqfpqpwfrcpqyy7mf2zyws8r-python3-3.11.9.drv"
FETCHED = ("sd-fod", "sd-fodr")


def shown(version: str, name: str) -> dict[str, Derivation]:
    return parse_derivations(recording(version, name).stdout, STORE)


def only(derivations: dict[str, Derivation]) -> Derivation:
    assert len(derivations) == 1
    return next(iter(derivations.values()))


@pytest.mark.parametrize("name", ["sd-out", "sd-multi", "sd-r", "sd-unbuilt", "sd-ca", "sd-structured", "sd-oldname"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_gives_the_same_derivations(version: str, name: str) -> None:
    assert shown(version, name) == shown("2.18.1", name)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_derivation_holds_what_nix_said_field_by_field(version: str) -> None:
    derivation = shown(version, "sd-r")[PYTHON_DRV]

    assert derivation.path == PYTHON_DRV
    assert derivation.name == "python3-3.11.9"
    assert derivation.system == "x86_64-linux"
    assert (derivation.builder, derivation.args) == ("/bin/sh", ("-euc", 'eval "$script"'))
    assert derivation.env["out"] == PYTHON
    assert derivation.outputs == {"out": Output(PYTHON)}
    assert derivation.input_derivations == {ZLAB_DRV: ("lib",)}
    assert derivation.input_sources == ()
    assert not derivation.fixed


@pytest.mark.parametrize("version", VERSIONS)
def test_all_outputs_of_a_derivation_have_full_paths(version: str) -> None:
    derivation = only(shown(version, "sd-multi"))

    assert sorted(derivation.outputs) == ["dev", "lib", "out"]
    assert derivation.outputs["lib"].path == ZLAB_LIB
    assert all((output.path or "").startswith(STORE + "/") for output in derivation.outputs.values())


@pytest.mark.parametrize(
    ("name", "method", "path"),
    [
        ("sd-fod", "flat", f"{STORE}/rlnf1hsxqfgqg08wh58g92zai5jiw50q-demo-src.txt"),
        ("sd-fodr", "nar", f"{STORE}/gnvdp3knk9309s8ysvwfrijcqcqrdrbs-demo-srcdir"),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_fixed_output_has_a_path_a_hash_and_a_method(version: str, name: str, method: str, path: str) -> None:
    derivation = only(shown(version, name))

    assert derivation.fixed
    output = derivation.outputs["out"]
    assert output.path == path
    assert output.method == method
    assert output.hash


@pytest.mark.parametrize("version", VERSIONS)
def test_a_floating_content_addressed_output_has_no_path_yet(version: str) -> None:
    derivation = only(shown(version, "sd-ca"))

    assert derivation.outputs == {"out": Output(None, "sha256", None, "nar")}
    assert derivation.env["out"].startswith("/1rz4g4zn"), "a placeholder is no path"
    assert not derivation.fixed
    assert derivation.input_sources == (f"{STORE}/mbq6pi18ii6k5hxxdz6ajd46cxw9mx97-ca-base-1.0",)


@pytest.mark.parametrize("version", VERSIONS)
def test_structured_attributes_are_read_wherever_they_stand(version: str) -> None:
    derivation = only(shown(version, "sd-structured"))

    assert derivation.structured_attrs is not None
    assert derivation.structured_attrs["nested"] == {"a": True}
    assert "__json" not in derivation.env
    assert derivation.attribute("list") == "1 2"
    assert derivation.attribute("name") == "structured-1.0"
    assert derivation.attribute("absent") == ""
    assert derivation.has("list") and not derivation.has("absent")


def test_attributes_become_text_as_nix_makes_it() -> None:
    structured: dict[str, object] = {"yes": True, "no": False, "nothing": None, "many": ["a", 1], "n": 3}
    derivation = Derivation("p", "n", "s", "b", (), {"env": "e"}, {}, (), {}, structured)

    assert [derivation.attribute(key) for key in ("env", "yes", "no", "nothing", "many", "n")] == [
        "e",
        "1",
        "",
        "",
        "a 1",
        "3",
    ]


ITEM: dict[str, Any] = {
    "system": "x86_64-linux",
    "builder": "/bin/sh",
    "args": [],
    "env": {},
    "outputs": {"out": {"path": APP}},
}


def document(**changes: Any) -> bytes:
    return json.dumps({PYTHON_DRV: ITEM | changes}).encode()


def test_base_names_of_newer_versions_get_the_store_directory() -> None:
    base = PYTHON_DRV[len(STORE) + 1 :]
    item = ITEM | {"outputs": {"out": {"path": APP[len(STORE) + 1 :]}}, "inputs": {"srcs": [], "drvs": {}}}
    envelope = {"version": 4, "derivations": {base: item}}

    derivation = only(parse_derivations(json.dumps(envelope).encode(), "/gnu/store"))

    assert derivation.path == f"/gnu/store/{base}"
    assert derivation.outputs["out"].path == "/gnu/store/" + APP[len(STORE) + 1 :]


def test_damaged_structured_attributes_are_unknown_and_no_error() -> None:
    for text in ("{", "[]", "null", "\udc80"):
        derivation = only(parse_derivations(document(env={"__json": text.replace("\udc80", "")}), STORE))
        assert derivation.structured_attrs is None


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"null", "known shape"),
        (b"[]", "known shape"),
        (b'{"x": 1}', "known shape"),
        (b"\xff", "not valid JSON"),
        (b'{"a":' * 100_000, "not valid JSON"),
        (json.dumps({"version": 5, "derivations": {}}).encode(), "derivation format 5"),
        (json.dumps({"version": 4, "derivations": []}).encode(), "known shape"),
        (json.dumps({"/etc/passwd": ITEM}).encode(), "/etc/passwd"),
        (document(env={"a": 1}), "known shape"),
        (document(outputs={"out": {"path": "/tmp/\x1b[31mx"}}), "not a store path"),
        (document(inputSrcs=["../../etc"]), "not a store path"),
        (document(inputDrvs={"[red]": []}), "[red]"),
    ],
)
def test_what_is_no_derivation_is_refused_in_one_sentence(text: bytes, fact: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_derivations(text, STORE)

    assert_sentence(caught.value, fact, kind=BadInput, hint=False)
