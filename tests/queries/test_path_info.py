"""``nix path-info --json`` of every era gives the same records."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.records import PathInfo
from pyclosure.queries.parse.path_info import PathInfoDocument, PathInfoReader, parse_path_info
from tests.support.recorded import APP, NEVER, PYTHON, VERSIONS, ZLAB_LIB, recording

STORE = "/nix/store/"
PLAIN = STORE + "hh2dgx31904ag71w0yvsmwaa7107jr95-hello-plain.txt"
OLD = ("2.6.0", "2.8.0", "2.18.1")
"""Versions that leave absent fields out instead of writing null."""


def parsed(version: str, name: str) -> dict[str, PathInfo]:
    return {info.path: info for info in parse_path_info(recording(version, name).stdout).valid}


def without_absent(info: PathInfo) -> PathInfo:
    """Up to 2.22 ``ultimate`` is left out when false; everything else is the same in all versions."""
    return msgspec.structs.replace(info, ultimate=bool(info.ultimate))


@pytest.mark.parametrize("name", ["pi-json-r", "pi-json-r-many", "pi-json-many", "pi-json-r-drv", "pi-json-ca"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_gives_the_same_records(version: str, name: str) -> None:
    newest = {path: without_absent(info) for path, info in parsed("2.34.8", name).items()}

    records = {path: without_absent(info) for path, info in parsed(version, name).items()}

    assert records == newest
    assert len(records) >= 1


@pytest.mark.parametrize("version", VERSIONS)
def test_a_closure_holds_what_nix_said_field_by_field(version: str) -> None:
    records = parsed(version, "pi-json-r")

    assert records[APP] == PathInfo(
        path=APP,
        nar_size=1096,
        references=(
            STORE + "444hgiysr8qc7s8w8gzhvlsk11lm41q4-python3.11-requests-2.31.0",
            STORE + "445by0rx3a85xmgzizmbjv9fm4h23dlz-app.conf",
            STORE + "ggz660nnshmqb691w5n634xr6dmbppq6-python3.11-six-1.16.0",
            PYTHON,
        ),
        nar_hash="sha256-ULTBPp8QqSOd9btJHLmXyBc5s4jWDDFlMbSlMFQzVSA=",
        deriver=STORE + "l6h0airchsdbip05r5kkgrb15ndd9csy-demo-app-1.0.drv",
        registration_time=1700000000,
        ultimate=True,
    )
    assert sum(info.nar_size for info in records.values()) == 5264
    assert len(records) == 7


@pytest.mark.parametrize("version", VERSIONS)
def test_a_self_reference_is_kept_apart(version: str) -> None:
    records = parsed(version, "pi-json-selfref")

    assert records[PYTHON].self_reference
    assert records[PYTHON].references == (ZLAB_LIB,)
    assert not parsed(version, "pi-json")[APP].self_reference


@pytest.mark.parametrize("version", VERSIONS)
def test_absent_fields_are_unknown_and_content_addresses_are_kept(version: str) -> None:
    info = parsed(version, "pi-json-plainadd")[PLAIN]

    assert info.ca == "fixed:r:sha256:10mwsp14f197i31ggknh4sdbgkwy73s0dgrarvlq6rkkhyiym4bd"
    assert info.deriver is None
    assert info.signatures == ()
    assert info.download_size is None
    assert info.ultimate is (None if version in OLD else False)


@pytest.mark.parametrize("version", VERSIONS)
def test_invalid_paths_are_told_from_valid_ones(version: str) -> None:
    alone = parse_path_info(recording(version, "pi-json-never").stdout)
    mixed = parse_path_info(recording(version, "pi-json-never-mixed").stdout)

    assert (alone.valid, alone.invalid, alone.store_dir) == ((), (NEVER,), "/nix/store")
    assert [info.path for info in mixed.valid] == [APP]
    assert mixed.invalid == (NEVER,)


@pytest.mark.parametrize("name", ["file-pi-r", "file-pi", "http-pi"])
@pytest.mark.parametrize("version", VERSIONS)
def test_binary_caches_give_sizes_signatures_and_no_registration(version: str, name: str) -> None:
    local = parsed(version, "pi-json-r")

    records = parsed(version, name)

    assert records
    for path, info in records.items():
        assert info.nar_size == local[path].nar_size
        assert info.references == local[path].references
        assert info.registration_time is None
        assert info.download_size and info.download_size > 0
        assert len(info.signatures) == 1 and ":" in info.signatures[0]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_build_closure_holds_derivations_and_sources(version: str) -> None:
    records = parsed(version, "pi-json-r-drv")

    drvs = [path for path in records if path.endswith(".drv")]
    assert len(drvs) == 7 and len(records) == 8
    assert all((info.ca or "").startswith("text:sha256:") for info in records.values())


def without_ca(info: PathInfo) -> PathInfo:
    """Format 2 writes the same content address in another spelling."""
    return msgspec.structs.replace(info, ca=None)


@pytest.mark.parametrize(
    ("name", "twin", "count"),
    [("pi2-r", "pi-json-r", 7), ("pi2-json-many", "pi-json-many", 5), ("pi2-file", "file-pi-r", 1)],
)
def test_format_2_gives_the_records_of_format_1(name: str, twin: str, count: int) -> None:
    second, first = parsed("2.34.8", name), parsed("2.34.8", twin)
    both = second.keys() & first.keys()

    assert len(both) == count
    for path in both:
        assert without_ca(second[path]) == without_ca(first[path])
        assert (second[path].ca is None) == (first[path].ca is None)


def test_format_2_writes_content_addresses_as_method_and_hash() -> None:
    records = parsed("2.34.8", "pi2-json-many")

    assert records[PLAIN].ca == "nar:sha256-bZHqo4dzZoPpziq/BvQ4ns+3mibQzvfCiCcFR8LVvII="


def test_format_2_names_invalid_paths_by_their_base_name() -> None:
    document = parse_path_info(recording("2.34.8", "pi2-never").stdout)

    assert document.invalid == (NEVER,)
    assert [info.path for info in document.valid] == [APP]
    assert document.store_dir == "/nix/store"


def test_format_3_has_structured_signatures() -> None:
    document = {
        "version": 3,
        "storeDir": "/gnu/store",
        "info": {
            PLAIN[len(STORE) :]: {
                "narSize": 128,
                "narHash": {"algorithm": "sha256", "hash": "bZHqo4dzZoPpziq"},
                "references": [PLAIN[len(STORE) :]],
                "signatures": [{"keyName": "cache-1", "sig": "AAAA"}, "plain-1:BBBB"],
                "ca": {"method": "flat"},
            }
        },
    }

    info = parse_path_info(json.dumps(document).encode()).valid[0]

    assert info.path == "/gnu/store/" + PLAIN[len(STORE) :]
    assert info.signatures == ("cache-1:AAAA", "plain-1:BBBB")
    assert info.nar_hash == "sha256-bZHqo4dzZoPpziq"
    assert info.ca == "flat:"
    assert info.self_reference


def test_lix_stays_on_the_array_of_nix_2_18() -> None:
    # Lix 2.90 to 2.95: an array with `valid`, indented when a person reads it
    document = [
        {
            "deriver": STORE + "l6h0airchsdbip05r5kkgrb15ndd9csy-demo-app-1.0.drv",
            "narHash": "sha256-ULTBPp8QqSOd9btJHLmXyBc5s4jWDDFlMbSlMFQzVSA=",
            "narSize": 1096,
            "path": APP,
            "references": [PYTHON],
            "registrationTime": 1700000000,
            "ultimate": True,
            "valid": True,
        },
        {"path": NEVER, "valid": False},
    ]

    read = parse_path_info(json.dumps(document, indent=2).encode())

    assert [info.path for info in read.valid] == [APP]
    assert read.valid[0].references == (PYTHON,)
    assert read.invalid == (NEVER,)


def test_a_path_named_twice_is_one_path() -> None:
    item = {"path": APP, "narSize": 5, "references": [PYTHON, PYTHON, APP]}

    read = parse_path_info(json.dumps([item, item]).encode())

    assert [info.path for info in read.valid] == [APP]
    assert read.valid[0].references == (PYTHON,)


def test_records_are_sorted_whatever_order_nix_gave() -> None:
    items = [{"path": STORE + letter * 32 + "-x", "narSize": 1, "references": []} for letter in "dbca"]

    read = parse_path_info(json.dumps(items).encode())

    assert [info.path[11] for info in read.valid] == ["a", "b", "c", "d"]


def test_unknown_fields_of_newer_versions_are_passed_over() -> None:
    item = {"path": APP, "narSize": 5, "references": [], "someday": {"deep": [1, None]}}

    read = parse_path_info(json.dumps([item]).encode())

    assert read.valid[0].nar_size == 5


# -- while nix is still writing --------------------------------------------------------------------------


def outcome(read: Callable[[], PathInfoDocument]) -> PathInfoDocument | str:
    try:
        return read()
    except BadInput as error:
        return str(error)


def in_parts(document: bytes, cuts: list[int], taken: int) -> PathInfoDocument:
    """Read a document that came in parts, of which only so many bytes were taken before its end."""
    reader = PathInfoReader()
    places = sorted({0, *(cut % (taken + 1) for cut in cuts), taken})
    for start, end in pairwise(places):
        reader.feed(document[start:end])
    return reader.finish(document)


RECORDED = [
    recording(version, name).stdout
    for version in VERSIONS
    for name in ("pi-json-r", "pi-json-r-many", "pi-json-ca", "pi-json-r-never")
]
PLACES = st.lists(st.integers(0, 1 << 20), max_size=8)


@given(st.sampled_from(RECORDED), PLACES, st.integers(0, 1 << 20))
def test_what_is_read_while_nix_writes_is_what_the_whole_says(document: bytes, cuts: list[int], taken: int) -> None:
    document = document or b"[]"
    expected = outcome(lambda: parse_path_info(document))

    assert outcome(lambda: in_parts(document, cuts, taken % (len(document) + 1))) == expected


@given(st.sampled_from(RECORDED), PLACES, st.integers(0, 1 << 20), st.binary(max_size=12), st.data())
def test_a_damaged_document_is_refused_as_a_whole_one_is(
    document: bytes, cuts: list[int], taken: int, damage: bytes, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(document)))
    length = data.draw(st.integers(0, 40))
    document = document[:index] + damage + document[index + length :]
    expected = outcome(lambda: parse_path_info(document))

    assert outcome(lambda: in_parts(document, cuts, taken % (len(document) + 1))) == expected


def test_most_of_a_document_is_read_before_its_end() -> None:
    items = [
        {"path": f"{STORE}{number:032d}-p", "narSize": 1, "references": [f"{STORE}{0:032d}-p"]} for number in range(50)
    ]
    document = json.dumps(items, separators=(",", ":")).encode()
    reader = PathInfoReader()

    reader.feed(document[:-40])

    assert len(reader._records) >= 48
    assert reader.finish(document) == parse_path_info(document)


def test_another_document_than_the_one_that_was_taken_is_read_whole() -> None:
    first, second = recording("2.8.0", "pi-json-r").stdout, recording("2.8.0", "pi-json-r-many").stdout
    reader = PathInfoReader()

    reader.feed(first)

    assert reader.finish(second) == parse_path_info(second)
