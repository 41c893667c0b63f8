"""Inputs made of other inputs: bytes, lines, numbers, nesting, JSON, TOML and compressed data are known.

All chance comes from the generator that is handed in, so that a seed gives the same inputs again.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

LONGEST = 16 * 1024
"""Bytes of most inputs."""
LONGEST_BLOWN_UP = 256 * 1024
"""Bytes of the few that look for quadratic time."""
_BLOWN_UP = 0.003

TOKENS: tuple[bytes, ...] = (
    *(
        b"\0",
        b"\n",
        b"\r\n",
        b"\t",
        b" ",
        b"\\",
        b"/",
        b"//",
        b"..",
        b"'",
        b'"',
        b'"""',
        b"'''",
        b"`",
        b"$",
        b"#",
        b";",
    ),
    *(
        b"[",
        b"]",
        b"[[",
        b"]]",
        b"{",
        b"}",
        b"(",
        b")",
        b"<",
        b">",
        b"=",
        b"==",
        b"~=",
        b"===",
        b"!=",
        b",",
        b":",
        b"|",
    ),
    *(b"\x1b[31m", b"\x1b]0;t\x07", b"\x9b31m", b"\xc2\x9b31m", b"\x1bP", b"\x1b", b"\x7f", b"\x08", b"\r", b"\x07"),
    *("\u202e\u2066\u200b\ufeff\u2028".encode(), b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\\ud800", "ß🐍".encode()),
    *(b"null", b"true", b"false", b"NaN", b"Infinity", b"-1", b"0", b"1e400", b"1.5", b"-0", b"0x", b"1_0"),
    *(b"and ", b"or ", b"not in ", b"in ", b"extra == 'x'", b"python_version < '3'", b"; ", b" @ file:///x", b"[x]"),
    *(b"/nix/store/", b"0" * 32 + b"-a", b"/nix/store/" + b"1" * 32 + b"-b-1.0", b".drv", b"-env", b"python3.11-"),
    *(
        b"import ",
        b"ctypes.CDLL(",
        b"def f(x):\n ",
        b"for x in ",
        b"if ",
        b"lambda: ",
        b"-r ",
        b"-e ",
        b"name = ",
        b"*",
    ),
)
"""Words that parsers care about."""

_NUMBERS = (
    *("0", "-1", "1", "2", "127", "255", "256", "4095", "65535", "65536", "2147483647", "2147483648", "4294967295"),
    *("9223372036854775807", "9223372036854775808", "18446744073709551616", "1" + "0" * 30, "9" * 400, "9" * 5000),
    *("0x" + "f" * 6000, "1e5", "1.0", "-0.0", "1e-400", "99999-12-31", "0o7", "0b1" + "0" * 15000),
)
_DIGITS = re.compile(rb"\d+")
_PAIRS = ((b"[", b"]"), (b"{", b"}"), (b"(", b")"), (b'{"a":', b"}"), (b"[[", b"]]"), (b"not ", b""), (b"-", b""))
_BINARY_NUMBERS = (0, 1, 2, 4, 8, 0x10, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1)

Mutator = Callable[[bytes, Random, Sequence[bytes]], bytes]


def mutated(data: bytes, chance: Random, corpus: Sequence[bytes], tokens: Sequence[bytes] = ()) -> bytes:
    """Return an input made of another one, by one change or several."""
    words = (*TOKENS, *tokens)
    if data[:2] == b"\x1f\x8b" and chance.random() < 0.7:
        return _inside_gzip(data, chance, corpus, words)
    changes = 1 + min(7, int(chance.expovariate(0.9)))
    for _ in range(changes):
        data = chance.choice(_MUTATORS)(data, chance, words if chance.random() < 0.9 else corpus)
    if chance.random() < 0.15:
        data = _spliced(data, chance, corpus)
    if chance.random() < _BLOWN_UP:
        return _blown_up(data, chance, words)[:LONGEST_BLOWN_UP]
    data = data[:LONGEST]
    return with_checksums(data) if data[257:262] == b"ustar" else data


def _place(data: bytes, chance: Random) -> int:
    return chance.randrange(len(data) + 1)


def _range(data: bytes, chance: Random) -> tuple[int, int]:
    start = _place(data, chance)
    return start, min(len(data), start + 1 + int(chance.expovariate(1 / 24)))


# -- bytes -----------------------------------------------------------------------------------------------


def _flip(data: bytes, chance: Random, words: Sequence[bytes]) -> bytes:
    if not data:
        return b"\0"
    index = chance.randrange(len(data))
    return data[:index] + bytes((data[index] ^ 1 << chance.randrange(8),)) + data[index + 1 :]


def _byte(data: bytes, chance: Random, words: Sequence[bytes]) -> bytes:
    index = _place(data, chance)
    return data[:index] + bytes((chance.randrange(256),)) + data[index + chance.randrange(2) :]


def _insert(data: bytes, chance: Random, words: Sequence[bytes]) -> bytes:
    index = _place(data, chance)
    return data[:index] + chance.choice(words) + data[index:]


def _replace(data: bytes, chance: Random, words: Sequence[bytes]) -> bytes:
    start, end = _range(data, chance)
    return data[:start] + chance.choice(words) + data[end:]


def _delete(data: bytes, chance: Random, words: Sequence[bytes]) -> bytes:
    start, end = _range(data, chance)
    return data[:start] + data[end:]


def _repeat(data: bytes, chance: Random, words: Sequence[bytes]) -> bytes:
    start, end = _range(data, chance)
    return data[:end] + data[start:end] * chance.choice((1, 1, 1, 2, 3, 10, 100)) + data[end:]


def _move(data: bytes, chance: Random, words: Sequence[bytes]) -> bytes:
    start, end = _range(data, chance)
    rest = data[:start] + data[end:]
    index = _place(rest, chance)
    return rest[:index] + data[start:end] + rest[index:]


def _truncate(data: bytes, chance: Random, words: Sequence[bytes]) -> bytes:
    index = _place(data, chance)
    return data[:index] if chance.random() < 0.7 else data[index:]


def _binary_number(data: bytes, chance: Random, words: Sequence[bytes]) -> bytes:
    size = chance.choice((1, 2, 4, 8))
    if len(data) < size:
        return data
    index = chance.randrange(len(data) - size + 1)
    if chance.random() < 0.5:
        index -= index % size
    number = chance.choice(_BINARY_NUMBERS) if chance.random() < 0.7 else chance.randrange(1 << 16)
    order = "little" if chance.random() < 0.6 else "big"
    return data[:index] + (number % (1 << 8 * size)).to_bytes(size, order) + data[index + size :]  # type: ignore[arg-type]


# -- texts -----------------------------------------------------------------------------------------------


def _number(data: bytes, chance: Random, words: Sequence[bytes]) -> bytes:
    found = _DIGITS.search(data, _place(data, chance)) or _DIGITS.search(data)
    if found is None:
        return _insert(data, chance, words)
    return data[: found.start()] + chance.choice(_NUMBERS).encode() + data[found.end() :]


def _nest(data: bytes, chance: Random, words: Sequence[bytes]) -> bytes:
    start, end = _range(data, chance)
    left, right = chance.choice(_PAIRS)
    depth = chance.choice((1, 1, 2, 5, 30, 200, 1200))
    return data[:start] + left * depth + data[start:end] + right * depth + data[end:]


def _lines(data: bytes, chance: Random, words: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    index, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    what = chance.randrange(5)
    if what == 0:
        del lines[index]
    elif what == 1:
        lines.insert(other, lines[index])
    elif what == 2:
        lines[index], lines[other] = lines[other], lines[index]
    elif what == 3:
        lines[index] += lines[other]
    else:
        key, sign, _ = lines[index].partition(b"=")
        lines[index] = key + sign + lines[other].partition(b"=")[2]
    return b"\n".join(lines)


_VALUES: tuple[bytes, ...] = (
    *(b"1", b"true", b'""', b"[]", b"{}", b"[1]", b'["x"]', b'{a = "x"}', b"1979-05-27", b"nan", b'"\\u001b[31m"'),
    *(b"[[[]]]", b"0x" + b"f" * 5000, b'{version = "1", extras = ["x"]}', b"[{}]", b'"*"', b'">=1,<2"', b"''"),
)


def _value(data: bytes, chance: Random, words: Sequence[bytes]) -> bytes:
    """Give a key of TOML or INI another value."""
    lines = data.split(b"\n")
    with_key = [index for index, line in enumerate(lines) if b"=" in line]
    if not with_key:
        return _lines(data, chance, words)
    index = chance.choice(with_key)
    lines[index] = lines[index].partition(b"=")[0] + b"= " + chance.choice(_VALUES)
    return b"\n".join(lines)


_JSON_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 2**63, 10**30, "", "x", "\x1b[31m", "\u202e", "/nix/store/" + "0" * 32 + "-a"),
    *([], {}, [1], ["x"], {"a": 1}, [[]], [{}], {"a": {"a": {}}}, [None], "\ud800", "0" * 32 + "-a"),
)


def _json(data: bytes, chance: Random, words: Sequence[bytes]) -> bytes:
    """Change one value, key or item of a JSON document."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return _replace(data, chance, words)
    nodes: list[Any] = []
    stack = [document]
    while stack and len(nodes) < 2000:
        node = stack.pop()
        if isinstance(node, (dict, list)) and node:
            nodes.append(node)
            stack += node.values() if isinstance(node, dict) else node
    if not nodes:
        return json.dumps(chance.choice(_JSON_VALUES)).encode()
    node = chance.choice(nodes)
    other = chance.choice(_JSON_VALUES) if chance.random() < 0.7 else chance.choice(nodes)
    if isinstance(node, dict):
        key = chance.choice(list(node))
        what = chance.randrange(4)
        if what == 0:
            del node[key]
        elif what == 1:
            node[chance.choice(words).decode("utf-8", "replace")] = node[key]
        else:
            node[key] = other
    else:
        index = chance.randrange(len(node))
        what = chance.randrange(4)
        if what == 0:
            del node[index]
        elif what == 1:
            node.insert(index, node[index])
        else:
            node[index] = other
    try:
        return json.dumps(document).encode()
    except (ValueError, RecursionError):  # a value that was put into itself
        return data


# -- the whole -------------------------------------------------------------------------------------------


def _spliced(data: bytes, chance: Random, corpus: Sequence[bytes]) -> bytes:
    other = chance.choice(corpus)
    start, end = sorted((_place(other, chance), _place(other, chance)))
    index = _place(data, chance)
    return data[:index] + other[start:end][:4096] + data[index + chance.randrange(2) * (end - start) :]


def _blown_up(data: bytes, chance: Random, words: Sequence[bytes]) -> bytes:
    """Repeat a part until quadratic time shows."""
    start, end = _range(data, chance)
    part = data[start : start + chance.choice((1, 2, 8, end - start + 1))] if chance.random() < 0.6 else b""
    part = part or chance.choice(words)
    if chance.random() < 0.2:
        part += b"\n"
    size = chance.choice((4096, 65536, 65536, LONGEST_BLOWN_UP))
    return data[:start] + part * (size // len(part)) + data[start:]


def _inside_gzip(data: bytes, chance: Random, corpus: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    try:
        inside = zlib.decompressobj(31).decompress(data, LONGEST_BLOWN_UP)
    except zlib.error:
        return _flip(data, chance, words)
    for _ in range(1 + chance.randrange(3)):
        inside = chance.choice(_MUTATORS)(inside, chance, words)
    return gzip.compress(with_checksums(inside[:LONGEST_BLOWN_UP]), 1, mtime=0)


def with_checksums(data: bytes) -> bytes:
    """Make the checksums of the headers of a tar archive right: a wrong one hides all that follows."""
    if b"ustar" not in data[:1024]:
        return data
    changed = bytearray(data)
    for index in range(0, len(data) - 511, 512):
        if data[index + 257 : index + 262] == b"ustar":
            changed[index + 148 : index + 156] = b" " * 8
            changed[index + 148 : index + 156] = b"%06o\0 " % sum(changed[index : index + 512])
    return bytes(changed)


_MUTATORS: tuple[Mutator, ...] = (
    *(_flip, _byte, _insert, _insert, _replace, _replace, _delete, _repeat, _move, _truncate, _binary_number),
    *(_number, _nest, _lines, _lines, _value, _json, _json),
)
