"""Read what lies behind the paths, files and derivations, batch by batch, behind the first answer."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote

from pyclosure.queries.base.activity import SILENT, Activity, Progress
from pyclosure.queries.base.errors import QueryError
from pyclosure.queries.base.records import Derivation, FileFacts
from pyclosure.queries.facts.layout import look
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.graph.sizes import with_closure_sizes
from pyclosure.queries.nix.client import Nix
from pyclosure.queries.opened.knowledge import Knowledge, State
from pyclosure.queries.parse.derivation import parse_derivations

_BATCH = 64


def read_files(closure: Closure, activity: Activity = SILENT) -> Iterator[Mapping[str, FileFacts]]:
    """Look at the files of every path, roots first; yield what was found, batch by batch.

    Paths that are not on disk (collected meanwhile) are left out; nothing is raised for them.
    """
    root = closure.records.files_root
    if root is None:
        return
    order = range(len(closure) - 1, -1, -1)
    batch: dict[str, FileFacts] = {}
    for done, index in enumerate(order):
        if done % _BATCH == 0:
            activity.check()
            activity.report(Progress("reading files", done, len(closure), "paths"))
            if batch:
                yield batch
                batch = {}
        path = closure.path(index)
        found = look(path, root)
        if found is not None:
            batch[path] = found
    if batch:
        yield batch


def read_derivations(closure: Closure, nix: Nix, activity: Activity = SILENT) -> Iterator[Mapping[str, Derivation]]:
    """Read the derivations that built the closure's paths and are still in the store.

    Raises:
        QueryError: nix failed.
    """
    wanted = derivers_in_store(closure, nix, activity)
    if not wanted:
        return
    for document in nix.derivation_show(wanted, activity):
        yield parse_derivations(document, closure.store_dir)


def derivers_in_store(closure: Closure, nix: Nix, activity: Activity = SILENT) -> Sequence[str]:
    """Return the recorded derivers that can be read in the store, sorted."""
    records = closure.records
    derivers = sorted({info.deriver for info in closure.infos if info.deriver})
    if records.build_closure:
        derivers = sorted(info.path for info in closure.infos if info.path.endswith(".drv"))
    if records.files_root is not None:
        root = records.files_root
        derivers = [drv for drv in derivers if os.path.lexists(root + drv)]
    elif (records.store_url or "").startswith("file://"):
        cache = unquote((records.store_url or "")[len("file://") :].split("?")[0])
        derivers = [drv for drv in derivers if os.path.exists(_narinfo(cache, drv))]
    if not derivers:
        return ()
    invalid = nix.invalid_paths(derivers, activity)
    return [drv for drv in derivers if drv not in invalid]


def _narinfo(cache: str, path: str) -> str:
    return os.path.join(cache, os.path.basename(path)[:32] + ".narinfo")


def after_files(knowledge: Knowledge) -> tuple[State, str]:
    """Say how complete the look at files was."""
    missing = len(knowledge.closure) - len(knowledge.files)
    if not missing:
        return "complete", ""
    if not knowledge.files:
        return "absent", "none of the paths is on this machine's disk"
    return "partial", f"{missing} of {len(knowledge.closure)} paths are not on disk (collected?)"


def after_derivations(knowledge: Knowledge) -> tuple[State, str]:
    """Say how many paths have their derivation here, and what would bring the others."""
    known, recorded = knowledge.derivations_known()
    if known == recorded:
        return ("complete", "") if recorded else ("absent", "nobody recorded which derivations built these paths")
    if known:
        return "partial", f"the derivations of {recorded - known} of {recorded} paths are not in the store"
    store = knowledge.closure.records.store_url
    if store and store.startswith(("file:", "http", "s3:")):
        return "absent", "this binary cache holds no derivations"
    return "absent", "no derivation of these paths is in the store; evaluating the expression would bring them"


def after_failure(knowledge: Knowledge, error: QueryError) -> tuple[State, str]:
    """Say what is known of derivations although nix failed on the way."""
    return ("partial" if knowledge.derivations else "absent"), f"nix could not read them: {error}"


def learn_files(knowledge: Knowledge, activity: Activity = SILENT, *, wanted: bool = True) -> Iterator[None]:
    """Read the files of a closure that waits for them; yields whenever more is known."""
    if knowledge.files_state.state != "waiting":
        return
    if not wanted:
        knowledge.set_files_state("absent", "not asked for")
        return
    knowledge.set_files_state("reading")
    for found in read_files(knowledge.closure, activity):
        knowledge.learn_files(found)
        yield
    knowledge.set_files_state(*after_files(knowledge))


def learn_derivations(knowledge: Knowledge, activity: Activity = SILENT, *, wanted: bool = True) -> Iterator[None]:
    """Read the derivations of a closure that waits for them; yields whenever more is known.

    That nix failed is noted in the state of the knowledge; only cancelling raises.
    """
    if knowledge.derivations_state.state != "waiting" or knowledge.nix is None:
        return
    if not wanted:
        knowledge.set_derivations_state("absent", "not asked for")
        return
    knowledge.set_derivations_state("reading")
    try:
        for some in read_derivations(knowledge.closure, knowledge.nix, activity):
            knowledge.learn_derivations(some)
            yield
        knowledge.set_derivations_state(*after_derivations(knowledge))
    except QueryError as error:
        knowledge.set_derivations_state(*after_failure(knowledge, error))


def learn_inspections(knowledge: Knowledge, activity: Activity = SILENT, *, wanted: bool = True) -> Iterator[None]:
    """Look thoroughly through all files of a closure that waits for it; yields after each path."""
    if knowledge.inspections_state.state != "waiting":
        return
    if not wanted:
        knowledge.set_inspections_state("absent", "not asked for")
        return
    # imported here: no list waits for the parsers
    from pyclosure.queries.facts.inspect import inspect

    closure = knowledge.closure
    root = closure.records.files_root or ""
    knowledge.set_inspections_state("reading")
    for done, index in enumerate(range(len(closure) - 1, -1, -1)):
        activity.check()
        activity.report(Progress("looking through files", done, len(closure), "paths"))
        if closure.path(index) in knowledge.inspections:
            continue
        found = inspect(closure.path(index), root, activity)
        if found is not None:
            knowledge.learn_inspection(closure.path(index), found)
        yield
    missing = len(closure) - len(knowledge.inspections)
    if not missing:
        knowledge.set_inspections_state("complete")
    elif not knowledge.inspections:
        knowledge.set_inspections_state("absent", "none of the paths is on this machine's disk")
    else:
        reason = f"{missing} of {len(closure)} paths are not on disk (collected?)"
        knowledge.set_inspections_state("partial", reason)


def learn_build(knowledge: Knowledge, activity: Activity = SILENT, *, wanted: bool = True) -> Iterator[None]:
    """Read all derivations that the closure was built from; yields when they are known.

    That nix failed is noted in the state of the knowledge; only cancelling raises.
    """
    if knowledge.build_state.state != "waiting" or knowledge.nix is None:
        return
    if not wanted:
        knowledge.set_build_state("absent", "not asked for")
        return
    # imported here: no list waits for it
    from pyclosure.queries.graph.build import BuildGraph

    knowledge.set_build_state("reading")
    closure = knowledge.closure
    try:
        roots = sorted(knowledge.derivations)
        if not roots:
            knowledge.set_build_state("absent", knowledge.derivations_state.reason or "no derivation is here")
            return
        found = dict(knowledge.derivations)
        if not closure.records.build_closure:
            inputs = [path for path in knowledge.nix.requisites(roots, activity) if path.endswith(".drv")]
            wanted_drvs = sorted(path for path in inputs if path not in found)
            for document in knowledge.nix.derivation_show(wanted_drvs, activity):
                found.update(parse_derivations(document, closure.store_dir))
        knowledge.learn_build(BuildGraph(found))
        missing = len(knowledge.build.missing) if knowledge.build is not None else 0
        reason = f"{missing} of its derivations could not be read" if missing else ""
        lacking = knowledge.derivations_state
        if not reason and lacking.state == "partial":
            reason = lacking.reason
        knowledge.set_build_state("partial" if reason else "complete", reason)
    except QueryError as error:
        knowledge.set_build_state("absent", f"nix could not read it: {error}")
    yield


def learn_sources(knowledge: Knowledge, activity: Activity = SILENT, *, wanted: bool = True) -> Iterator[None]:
    """Read what the sources of Python packages declare, where they are in the store; yields after each."""
    if knowledge.sources_state.state != "waiting":
        return
    if not wanted:
        knowledge.set_sources_state("absent", "not asked for")
        return
    from pyclosure.queries.facts.sources.tree import read_source
    from pyclosure.queries.kinds.by_derivation import is_python_build, source_place

    root = knowledge.closure.records.files_root or ""
    start = knowledge.closure.store_dir + "/"
    paths = sorted({source_place(drv) for drv in knowledge.derivations.values() if is_python_build(drv)} - {("", "")})
    knowledge.set_sources_state("reading", of=len(paths))
    for done, (path, folder) in enumerate(paths):
        activity.check()
        activity.report(Progress("reading sources", done, len(paths), "sources"))
        # a derivation may name anything, but only what is in the store was built from
        found = read_source(path, root, folder=folder, activity=activity) if _in_store(path, start) else None
        if found is not None:
            knowledge.learn_source(f"{path}/{folder}" if folder else path, found)
        yield
    missing = len(paths) - len(knowledge.sources)
    reason = (
        f"{missing} of {len(paths)} sources are not in the store: built paths are kept without them" if missing else ""
    )
    state: State = "complete" if not missing else "partial" if knowledge.sources else "absent"
    knowledge.set_sources_state(state, reason, len(paths))


def _in_store(path: str, start: str) -> bool:
    return path.startswith(start) and os.path.normpath(path) == path


def enrich(
    knowledge: Knowledge,
    activity: Activity = SILENT,
    *,
    files: bool = True,
    derivations: bool = True,
    inspections: bool = False,
    tests: bool = False,
) -> None:
    """Read everything at once: closure sizes, files, derivations. For commands; the screen does it in steps.

    With ``inspections`` all files are looked through as well, which takes a few seconds a GB; with ``tests`` the
    build graph is read, and the sources of Python packages.

    What cannot be read is noted in the states of the knowledge; only cancelling raises.
    """
    if knowledge.sizes.closure is None:
        knowledge.learn_sizes(with_closure_sizes(knowledge.sizes, knowledge.closure, activity))
    for _ in learn_files(knowledge, activity, wanted=files):
        pass
    for _ in learn_derivations(knowledge, activity, wanted=derivations):
        pass
    if tests:
        for _ in learn_build(knowledge, activity, wanted=derivations):
            pass
        for _ in learn_sources(knowledge, activity, wanted=files):
            pass
    if inspections:
        for _ in learn_inspections(knowledge, activity, wanted=files):
            pass
