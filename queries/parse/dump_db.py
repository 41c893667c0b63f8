"""``nix-store --dump-db`` to records: the road for stores where ``nix path-info`` cannot be had."""

from __future__ import annotations

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import STORE_PATH
from pyclosure.queries.base.records import LARGEST_SIZE, PathInfo


def parse_dump_db(text: str, what: str = "the output of nix-store --dump-db") -> tuple[PathInfo, ...]:
    """Read blocks of: path, hash (hex), NAR size, deriver or empty, number of references, references.

    Raises:
        BadInput: a block is cut short or a field is not what it should be.
    """
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    records: dict[str, PathInfo] = {}
    index = 0
    while index < len(lines):
        try:
            path, digest, size, deriver, count = lines[index : index + 5]
            references = lines[index + 5 : index + 5 + int(count)]
            complete = len(references) == int(count) >= 0 and 0 <= int(size) <= LARGEST_SIZE and digest.isalnum()
        except ValueError:
            complete = False
        if not complete or not all(STORE_PATH.fullmatch(one) for one in (path, deriver or path, *references)):
            raise BadInput(f"{what} is damaged near line {index + 1}")
        records[path] = PathInfo(
            path=path,
            nar_size=int(size),
            references=tuple(sorted(set(references) - {path})),
            self_reference=path in references,
            nar_hash=f"sha256:{digest}",
            deriver=deriver or None,
        )
        index += 5 + int(count)
    return tuple(records[path] for path in sorted(records))
