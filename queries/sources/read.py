"""Read a resolved source into records, asking nix where that is needed.

What understands nix's answers is imported when there is one: nix is started before anything heavy.
"""

from __future__ import annotations

import os
import select
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyclosure.queries.base.activity import SILENT, Activity, Progress
from pyclosure.queries.base.errors import BadInput, NixFailed, QueryError
from pyclosure.queries.base.names import name_of
from pyclosure.queries.base.text import first_of, printable
from pyclosure.queries.nix.client import Nix, batches
from pyclosure.queries.nix.process import Completed, Runner
from pyclosure.queries.opened.opened import Opened
from pyclosure.queries.sources.resolve import (
    Demo,
    DerivationOutputs,
    Installables,
    SavedFile,
    Source,
    StorePaths,
    label_of,
)
from pyclosure.queries.sources.stores import Store, local_store_dir

if TYPE_CHECKING:
    from pyclosure.queries.base.records import ClosureRecords, PathInfo
    from pyclosure.queries.opened.snapshot import Snapshot
    from pyclosure.queries.parse.path_info import PathInfoDocument, PathInfoReader

STDIN = 0
"""The descriptor of standard input."""


def read_source(source: Source, runner: Runner, activity: Activity = SILENT) -> Opened:
    """Read a source.

    Raises:
        BadInput: it names something that is not valid, not built or not readable.
        NixFailed: nix or the store failed.
        Cancelled: the activity was cancelled; nix has been stopped.
    """
    if isinstance(source, Demo):
        from pyclosure.queries.demo import demo_snapshot

        return opened_snapshot(demo_snapshot())
    if isinstance(source, SavedFile):
        return _saved(source, activity)
    nix = Nix(runner, source.store.url, online=source.store.online or isinstance(source, Installables))
    if isinstance(source, Installables):
        paths = _evaluated(source, nix, activity)
        if source.others is not None:
            paths = tuple(dict.fromkeys((*paths, *_built_outputs(source.others, nix, activity))))
        return _closure(paths, source.store, nix, source.build_closure, activity)
    if isinstance(source, DerivationOutputs):
        return _closure(_built_outputs(source, nix, activity), source.store, nix, False, activity)
    assert isinstance(source, StorePaths)
    return _closure(source.paths, source.store, nix, source.build_closure, activity)


# -- live stores -----------------------------------------------------------------------------------------


def _closure(paths: Sequence[str], store: Store, nix: Nix, build_closure: bool, activity: Activity) -> Opened:
    if not paths:
        raise BadInput("that names no store path at all", hint="check that the installable has outputs")
    nix.start_version()
    roots = tuple(dict.fromkeys(paths))
    what = f"read the closure of {_few(roots)}"
    flags = ("-r", "--derivation") if build_closure else ("-r",)
    try:
        infos = _path_infos(roots, flags, what, nix, activity)
    except QueryError as error:
        infos = _without_nix_command(error, roots, build_closure, nix, activity)
    known = {info.path for info in infos}
    if build_closure:
        roots = _derivation_roots(roots, known, nix, activity)
    return Opened(_records(roots, infos, store, nix, build_closure, activity), nix)


def _path_infos(
    roots: tuple[str, ...], flags: tuple[str, ...], what: str, nix: Nix, activity: Activity
) -> tuple[PathInfo, ...]:
    found: dict[str, PathInfo] = {}
    for batch in batches(roots):
        reading = _Reading()
        done = nix.path_info(batch, *flags, what=what, activity=activity, take=reading.take)
        document = _parsed(done, reading)
        if document.invalid:
            raise _not_valid(document.invalid, nix)
        found.update((info.path, info) for info in document.valid)
    return tuple(found[path] for path in sorted(found))


class _Reading:
    """Reads path-info while nix writes it; what understands it is imported when there is something to read."""

    def __init__(self) -> None:
        self._reader: PathInfoReader | None = None

    def take(self, data: bytes) -> None:
        """Read what was written since the last time."""
        if self._reader is None:
            from pyclosure.queries.parse.path_info import PathInfoReader

            self._reader = PathInfoReader()
        self._reader.feed(data)

    def finish(self, stdout: bytes) -> PathInfoDocument:
        """Return what all of it holds."""
        from pyclosure.queries.parse.path_info import parse_path_info

        return self._reader.finish(stdout) if self._reader is not None else parse_path_info(stdout)


def _parsed(done: Completed, reading: _Reading | None = None) -> PathInfoDocument:
    try:
        return (reading or _Reading()).finish(done.stdout)
    except BadInput as error:
        from pyclosure.queries.nix.failures import nix_words

        hint = "check what the nix on PATH is" + (f"; {error.hint}" if error.hint else "")
        raise NixFailed(str(error), hint=hint, words=nix_words(done.stderr), command=done.argv) from None


def _without_nix_command(
    error: QueryError, roots: tuple[str, ...], build_closure: bool, nix: Nix, activity: Activity
) -> tuple[PathInfo, ...]:
    """Use nix-store where the new command line is forbidden or absent; it needs no experimental feature."""
    words = error.words
    if "flake.nix" in words or "is not a flake" in words or "getting status of" in words:
        # nix takes what is not in its own store directory for a flake
        raise BadInput(
            f"{roots[0]} is not in the store directory of this nix",
            hint="name the store that it is in with --store, such as the folder that holds its nix/store",
            words=words,
            command=error.command,
        )
    unusable = "nix-command" in words or "unrecognised flag '--extra" in words or "older than 2.4" in str(error)
    if not unusable or build_closure:
        raise error
    from pyclosure.queries.parse.dump_db import parse_dump_db

    return parse_dump_db(nix.dump_db(nix.requisites(roots, activity), activity))


def _records(
    roots: tuple[str, ...],
    infos: tuple[PathInfo, ...],
    store: Store,
    nix: Nix,
    build_closure: bool,
    activity: Activity,
) -> ClosureRecords:
    from pyclosure.queries.base.records import ClosureRecords

    version = nix.version(activity)
    flavor = "nix" if version.flavor == "Nix" else version.flavor
    directory = os.path.dirname(roots[0])
    return ClosureRecords(
        store_dir=directory,
        roots=roots,
        paths=infos,
        origin=f"{flavor} {version.text or '(unknown version)'} · {store.words}",
        label=label_of(roots),
        store_url=store.url,
        files_root=_files_root(store, directory),
        build_closure=build_closure,
        nix_version=f"{flavor} {version.text}",
    )


def _files_root(store: Store, directory: str) -> str | None:
    if store.files_root is None or not os.path.isdir(store.files_root + directory):
        return None
    return store.files_root


def _derivation_roots(roots: tuple[str, ...], known: set[str], nix: Nix, activity: Activity) -> tuple[str, ...]:
    if all(root.endswith(".drv") and root in known for root in roots):
        return roots
    found: list[str] = []
    for batch in batches(roots):
        done = nix.path_info(batch, "--derivation", what="find the derivations", activity=activity)
        found += [info.path for info in _parsed(done).valid]
    return tuple(dict.fromkeys(found))


# -- derivations and installables ------------------------------------------------------------------------


def _built_outputs(source: DerivationOutputs, nix: Nix, activity: Activity) -> tuple[str, ...]:
    """Return the outputs of derivations that are in the store; one that was named must be, of the others any."""
    found: list[str] = []
    for drv, names in source.outputs:
        wanted = _outputs_of(drv, names, nix, activity)
        invalid = nix.invalid_paths(wanted, activity)
        built = [path for path in wanted if path not in invalid]
        if not built or (names and invalid):
            which = f"its output {name_of(min(invalid))} is not" if built else "none of its outputs is"
            raise BadInput(
                f"{name_of(drv)} is not built: {which} in the store",
                hint=f"build it with: nix-store --realise {drv}; or open what builds it: pyclosure --derivation {drv}",
            )
        found += built
    return tuple(dict.fromkeys((*source.paths, *found)))


def _outputs_of(drv: str, names: tuple[str, ...], nix: Nix, activity: Activity) -> list[str]:
    if not names:
        return list(nix.outputs((drv,), activity))
    from pyclosure.queries.parse.derivation import parse_derivations

    documents = nix.derivation_show((drv,), activity)
    derivation = parse_derivations(next(documents), os.path.dirname(drv))[drv]
    unknown = [name for name in names if name not in derivation.outputs]
    if unknown:
        raise BadInput(
            f"{name_of(drv)} has no output called {printable(unknown[0], 60)}",
            hint="it has: " + ", ".join(sorted(derivation.outputs)),
        )
    paths = [derivation.outputs[name].path for name in names]
    return [path for path in paths if path is not None]


def _evaluated(source: Installables, nix: Nix, activity: Activity) -> tuple[str, ...]:
    """Evaluate installables to paths; nothing is built but what evaluation itself needs (inputs, fetched sources)."""
    nix.start_version()
    flags = [*(("-f", source.file) if source.file else ()), *(("--impure",) if source.impure else ())]
    if source.build_closure:
        flags.append("--derivation")
    words = _few(source.words)
    activity.report(Progress("evaluating"))
    done = nix.path_info(source.words, *flags, what=f"evaluate {words}", activity=activity, cwd=source.cwd)
    document = _parsed(done)
    paths = tuple(info.path for info in document.valid)
    if document.invalid or not paths:
        missing = document.invalid[0] if document.invalid else words
        build = f"nix build -f {source.file} {words}" if source.file else f"nix build {words}"
        raise BadInput(
            f"{words} is not built: {missing} is not in the store",
            hint=f"build it with: {build}; or open what builds it: pyclosure --derivation {words}",
        )
    return paths


# -- saved files -----------------------------------------------------------------------------------------


def _saved(source: SavedFile, activity: Activity) -> Opened:
    from pyclosure.queries.opened.snapshot import is_snapshot, read_document, read_snapshot

    name = "standard input" if source.path is None else printable(os.path.basename(source.path), 120)
    activity.report(Progress(f"reading {name}"))
    descriptor = STDIN
    try:
        if source.path is not None:
            descriptor = os.open(source.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        document = read_document(_Patient(descriptor, activity), name)
    except OSError as error:
        raise BadInput(f"cannot read {name}: {error.strerror}", hint="check its permissions") from None
    finally:
        if source.path is not None and descriptor != STDIN:
            os.close(descriptor)
    activity.check()
    if is_snapshot(document):
        return opened_snapshot(read_snapshot(document, name))
    return _dump(document, name)


class _Patient:
    """Reads a file, pipe or terminal that may keep us waiting, and can be cancelled meanwhile.

    A read that blocks in a thread cannot be ended, and would abort the interpreter at its exit.
    """

    def __init__(self, descriptor: int, activity: Activity) -> None:
        self._descriptor, self._activity = descriptor, activity
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes, all that there are when it is negative."""
        from pyclosure.queries.opened.snapshot import LARGEST_DOCUMENT

        parts: list[bytes] = []
        left = size if size >= 0 else LARGEST_DOCUMENT + 1
        while left > 0:
            self._activity.check()
            if not self._poll.poll(100):
                continue
            part = os.read(self._descriptor, min(left, 1 << 20))
            if not part:
                break
            parts.append(part)
            left -= len(part)
        return b"".join(parts)


def opened_snapshot(snapshot: Snapshot) -> Opened:
    """Return what a snapshot holds, as if it had been read from a store."""
    return Opened(
        snapshot.records,
        None,
        snapshot.derivations,
        snapshot.files,
        snapshot.notes,
        snapshot.evidence,
        snapshot.inspections,
        snapshot.build,
        snapshot.sources,
    )


def _dump(document: bytes, name: str) -> Opened:
    if document.lstrip()[:1] not in (b"[", b"{"):
        raise BadInput(
            f"{name} is not in the Nix store, and neither a pyclosure snapshot nor a saved nix path-info --json -r",
            hint="make one with: nix path-info --json -r ./result > closure.json",
        )
    from pyclosure.queries.base.records import ClosureRecords
    from pyclosure.queries.parse.path_info import parse_path_info

    parsed = parse_path_info(document, name)
    if parsed.invalid:
        raise _not_valid(parsed.invalid, None)
    if not parsed.valid:
        raise BadInput(f"{name} holds no store path", hint="make it with: nix path-info --json -r ./result")
    known = {info.path for info in parsed.valid}
    for info in parsed.valid:
        for reference in info.references:
            if reference not in known:
                raise BadInput(
                    f"{name} is not a whole closure: {name_of(info.path)} references "
                    f"{printable(reference, 300)}, which is missing",
                    hint="make it with -r: nix path-info --json -r ./result",
                )
    referenced = {reference for info in parsed.valid for reference in info.references}
    # in a cycle nobody is left unreferenced; the graph names the cycle then
    roots = tuple(path for path in sorted(known) if path not in referenced) or (min(known),)
    store_dir = parsed.store_dir
    readable = os.path.isdir(store_dir) and store_dir == local_store_dir() and all(map(os.path.lexists, roots))
    records = ClosureRecords(
        store_dir=store_dir,
        roots=roots,
        paths=parsed.valid,
        origin=f"path-info dump {name}",
        label=label_of(roots),
        files_root="" if readable else None,
        build_closure=all(root.endswith(".drv") for root in roots),
    )
    return Opened(records, None)


def _not_valid(paths: Sequence[str], nix: Nix | None) -> BadInput:
    where = "the store that was named" if nix is not None and nix.store else "this store"
    more = f" (and {len(paths) - 1} more)" if len(paths) > 1 else ""
    return BadInput(
        f"{printable(paths[0], 300)}{more} is not a valid path of {where}: never built here, or collected since",
        hint="build or fetch it first, or name the store that has it with --store",
    )


def _few(words: Sequence[str]) -> str:
    return first_of(words, 1, lambda one: printable(name_of(one) if one.startswith("/") else one, 120))
