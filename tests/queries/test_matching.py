"""Filters and words: which paths does the user mean?"""

from __future__ import annotations

import warnings

import pytest

from pyclosure.queries.answers.matching import Searchable, matching, parse_filter
from pyclosure.queries.answers.select import candidates, select
from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import digest_of
from pyclosure.queries.opened.knowledge import Knowledge
from tests.support.closures import knowledge_of, names, records_of, store_path
from tests.support.sentences import assert_sentence

GRAPH = {
    "python3-3.11.9-env": [
        "python3.11-requests-2.31.0",
        "python3.11-requests_oauthlib-1.3.1",
        "python3.11-zope.interface-6.0",
        "openssl-3.0.13",
        "openssl-3.0.13-dev",
        "python3-3.11.9",
    ]
}


@pytest.fixture
def knowledge() -> Knowledge:
    return knowledge_of(records_of(GRAPH))


def named(name: str) -> Searchable:
    return Searchable((name,), "", "data")


def found(knowledge: Knowledge, text: str) -> list[str]:
    return sorted(names(knowledge.closure, matching(knowledge, list(range(len(knowledge.closure))), text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("openssl", ["openssl-3.0.13", "openssl-3.0.13-dev"]),
        ("OpenSSL", ["openssl-3.0.13", "openssl-3.0.13-dev"]),
        ("dev openssl", ["openssl-3.0.13-dev"]),
        ("requests 2.31", ["python3.11-requests-2.31.0"]),
        ("kind:env", ["python3-3.11.9-env"]),
        ("kind:library openssl", ["openssl-3.0.13"]),
        ("kind:dev", ["openssl-3.0.13-dev"]),
        ("kind:python-p zope", ["python3.11-zope.interface-6.0"]),
        ("zope-interface", ["python3.11-zope.interface-6.0"]),
        ("nothing of it", []),
        ("^openssl", ["openssl-3.0.13", "openssl-3.0.13-dev"]),
        ("requests[-_]o", ["python3.11-requests_oauthlib-1.3.1"]),
        ("(oauth|zope)", ["python3.11-requests_oauthlib-1.3.1", "python3.11-zope.interface-6.0"]),
        ("^PYTHON3-.*ENV", ["python3-3.11.9-env"]),
    ],
)
def test_a_filter_finds_words_kinds_and_expressions(knowledge: Knowledge, text: str, expected: list[str]) -> None:
    assert found(knowledge, text) == expected


def test_an_empty_filter_keeps_all_in_their_order(knowledge: Knowledge) -> None:
    assert matching(knowledge, [3, 1, 2], "  ") == [3, 1, 2]


def test_a_digest_is_found_too(knowledge: Knowledge) -> None:
    assert found(knowledge, digest_of(store_path("openssl-3.0.13"))[:8]) == ["openssl-3.0.13"]


@pytest.mark.parametrize(
    "text", ["(", "[", "a{99999999999999}", "(" * 500, "*", "\\", "(?<=a*)b", "a**", "x(?i)", "[[a", "(?P<x>a)(?P<x>b)"]
)
def test_a_half_typed_expression_is_taken_literally_and_without_noise(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wanted = parse_filter(text)

    if not wanted.regex:
        assert wanted.problem
        assert wanted.matches(named(f"a {text.lower()} b"))
        assert not wanted.matches(named("something else"))
    else:
        assert text == "[[a", "the only one of them that compiles"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "(a+)+$",
            "((a+))+$",
            "(a|aa)*$",
            "(a?){60}$",
            "(?:a*)*$",
            "(?P<x>a+?)+$",
            "(a+[)])*|(a+)+$",
            "a{1,9}" * 9 + "$",
        ),
        *("a*" * 30 + "$", "a?" * 200 + "$", "(a|a)" * 40 + "$", r"\\(a+)+$"),
    ],
)
def test_an_expression_that_might_never_end_is_taken_literally(text: str) -> None:
    wanted = parse_filter(text)

    assert not wanted.regex
    assert "never end" in wanted.problem
    assert not wanted.matches(named("a" * 200 + "!")), "it would outlive whoever waits for it"
    assert wanted.matches(named(f"a {text.lower()} b"))


@pytest.mark.parametrize(
    "text",
    [
        *(r"python3\.\d+-[a-z]+-\d+\.\d+\.\d+", "^(lib|py).*-(dev|out)$", "(?:foo|bar)-dev", r"\(a+\)+", "[(a+]+x+"),
        *("a|b|c|d|e|f|g|h|i|j|k|l", "(-dev)?$", "a.*b.*c", r"\((a|b)\)*", "a{2}b{3}"),
    ],
)
def test_usual_expressions_are_expressions(text: str) -> None:
    assert parse_filter(text).regex


def test_a_filter_of_any_length_is_answered() -> None:
    assert not parse_filter("x" * 10_000).matches(named("x" * 499))
    assert parse_filter("x" * 10_000).matches(named("x" * 500))


# -- one path --------------------------------------------------------------------------------------------


def selected(knowledge: Knowledge, word: str) -> str:
    return knowledge.closure.name(select(knowledge, word))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (store_path("openssl-3.0.13"), "openssl-3.0.13"),
        (store_path("openssl-3.0.13") + "/lib/libssl.so", "openssl-3.0.13"),
        (store_path("openssl-3.0.13-dev")[11:], "openssl-3.0.13-dev"),
        (digest_of(store_path("python3-3.11.9"))[:6], "python3-3.11.9"),
        ("openssl-3.0.13", "openssl-3.0.13"),
        ("requests", "python3.11-requests-2.31.0"),
        ("zope.interface", "python3.11-zope.interface-6.0"),
        ("Zope_Interface", "python3.11-zope.interface-6.0"),
        ("openssl", "openssl-3.0.13"),
        ("OPENSSL", "openssl-3.0.13"),
        ("oauth", "python3.11-requests_oauthlib-1.3.1"),
        ("-env", "python3-3.11.9-env"),
    ],
)
def test_a_word_means_the_strongest_reading_that_has_one(knowledge: Knowledge, word: str, expected: str) -> None:
    assert selected(knowledge, word) == expected


def test_a_word_with_several_meanings_lists_them(knowledge: Knowledge) -> None:
    with pytest.raises(BadInput) as caught:
        select(knowledge, "python3.11")

    assert_sentence(caught.value, "python3.11 means 3 paths", "…-python3.11-requests-2.31.0", kind=BadInput)
    assert len(candidates(knowledge, "python3.11")) == 3


def test_of_very_many_meanings_some_are_shown_and_the_rest_counted(knowledge: Knowledge) -> None:
    with pytest.raises(BadInput) as caught:
        select(knowledge, "3")

    assert_sentence(caught.value, "means 7 paths", "and 2 more", kind=BadInput)


@pytest.mark.parametrize("word", ["numpy", "\x1b[31mx", "/nix/store", "/etc/passwd", "x" * 5000])
def test_a_word_that_means_nothing_says_so(knowledge: Knowledge, word: str) -> None:
    with pytest.raises(BadInput) as caught:
        select(knowledge, word)

    assert_sentence(caught.value, "is not in this closure", kind=BadInput)


def test_a_short_beginning_of_a_digest_is_not_taken_for_one(knowledge: Knowledge) -> None:
    start = digest_of(store_path("python3-3.11.9"))[:5]

    assert store_path("python3-3.11.9") not in [knowledge.closure.path(one) for one in candidates(knowledge, start)]
