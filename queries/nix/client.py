"""One method a nix command: argv out, text back. Knows versions and flags, gives no meaning.

Rules (measured on 2.6 to 2.34): ``path-info -r`` never with ``-S`` (quadratic, cannot be interrupted);
``--offline`` unless a store or an installable was named (an invalid path else waits for substituters);
only strings that are store paths are passed as paths (anything else is taken for a flake).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from pyclosure.queries.base.activity import SILENT, Activity, Progress
from pyclosure.queries.base.errors import NixFailed, QueryError
from pyclosure.queries.nix.process import Command, Completed, Followed, Runner, Running
from pyclosure.queries.nix.version import NixVersion, parse_version

_ARGV_BYTES = 100_000
"""Bytes of paths in one command; the system allows far more, but some containers less."""
_NO_BUILDS = ("--option", "max-jobs", "0", "--option", "builders", "")
"""Expressions that import what they build are evaluated as far as that is built already."""
_FEATURES = {
    # ca-derivations changes how expressions are evaluated, so it is named only where a derivation may need it
    "path-info": "nix-command flakes",
    "eval": "nix-command flakes",
    "why-depends": "nix-command",
    "derivation": "nix-command ca-derivations",
    "show-derivation": "nix-command ca-derivations",
}


def failure(done: Completed, what: str) -> QueryError:
    """Return the error that a failed command means; what knows all of them is imported when one failed."""
    from pyclosure.queries.nix import failures

    return failures.failure(done, what)


class Nix:
    """The nix command line against one store.

    Args:
        runner: starts the programs.
        store: a store URL; None for the default store.
        online: whether nix may use the network; the caller decides, from what the user named.
    """

    def __init__(self, runner: Runner, store: str | None = None, *, online: bool = False) -> None:
        self.runner = runner
        self.store = store
        self.online = online
        self._version: NixVersion | None = None
        self._version_process: Running | None = None

    # -- version -----------------------------------------------------------------------------------------

    def start_version(self) -> None:
        """Start asking for the version, so that nobody has to wait for it later."""
        if self._version is None and self._version_process is None:
            self._version_process = self.runner.start(Command(("nix", "--version")))

    def version(self, activity: Activity = SILENT) -> NixVersion:
        """Return which Nix this is; a version that cannot be read is not an error."""
        if self._version is None:
            self.start_version()
            process, self._version_process = self._version_process, None
            assert process is not None
            done = process.wait(activity)
            if done.status != 0:
                raise failure(done, "ask nix for its version")
            self._version = parse_version(done.stdout.decode("utf-8", "replace"))
            if not self._version.known and not done.stdout.lstrip().startswith(b"nix"):
                raise NixFailed(
                    "the nix on PATH does not answer like nix when asked for its version",
                    hint="check what `nix --version` prints",
                    command=done.argv,
                )
        return self._version

    # -- path-info ---------------------------------------------------------------------------------------

    def path_info_argv(self, paths: Sequence[str], *flags: str, json_format: bool) -> tuple[str, ...]:
        """Return the argv for ``nix path-info --json`` on store paths."""
        form = ("--json-format", "1") if json_format else ()
        return (*self._nix("path-info", "--json", *form), *flags, *paths)

    def start_path_info(
        self, paths: Sequence[str], *flags: str, activity: Activity = SILENT, cwd: str = "/"
    ) -> Running:
        """Start ``nix path-info --json`` with the flags that this version wants."""
        argv = self.path_info_argv(paths, *flags, json_format=self.version(activity).wants_json_format)
        return self.runner.start(Command(argv, cwd=cwd, label="nix path-info"))

    def path_info(
        self,
        paths: Sequence[str],
        *flags: str,
        what: str,
        activity: Activity = SILENT,
        cwd: str = "/",
        take: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """Run ``nix path-info --json``; ``what`` completes the sentence of an error.

        With ``take``, what nix writes is handed over while it writes, as far as there is time for it.

        Raises:
            QueryError: nix failed; its words are on the error.
        """
        activity.report(Progress("nix path-info"))
        running = self.start_path_info(paths, *flags, activity=activity, cwd=cwd)
        if take is not None and isinstance(running, Followed):
            running.follow(take)
        done = running.wait(activity)
        return self.settled(done, paths, flags, what=what, activity=activity, cwd=cwd)

    def settled(
        self,
        done: Completed,
        paths: Sequence[str],
        flags: Sequence[str],
        *,
        what: str,
        activity: Activity = SILENT,
        cwd: str = "/",
    ) -> Completed:
        """Return ``done``, or what a second try with the other JSON format gave."""
        if done.status == 0:
            return done
        if "json-format" in done.stderr or "JSON format version" in done.stderr:
            tried = "--json-format" in done.argv
            argv = self.path_info_argv(paths, *flags, json_format=not tried)
            done = self.runner.start(Command(argv, cwd=cwd, label="nix path-info")).wait(activity)
            if done.status == 0:
                return done
        raise failure(done, what)

    # -- derivations -------------------------------------------------------------------------------------

    def derivation_show(self, drvs: Sequence[str], activity: Activity = SILENT) -> Iterator[bytes]:
        """Yield JSON documents of the given ``.drv`` files, batch by batch; all of them must be valid."""
        known = self.version(activity)
        words = ("derivation", "show") if known.has_derivation_show else ("show-derivation",)
        done = 0
        for batch in batches(drvs):
            activity.check()
            activity.report(Progress("nix derivation show", done, len(drvs), "derivations"))
            completed = self.runner.start(Command((*self._nix(*words), *batch), label="nix derivation show")).wait(
                activity
            )
            if completed.status != 0:
                raise failure(completed, "read derivations")
            done += len(batch)
            yield completed.stdout

    def why_depends(self, referrer: str, reference: str, activity: Activity = SILENT) -> str:
        """Return nix's own words on why a valid path depends on another, with all files and all ways.

        Only for reading: not always the shortest way, exit status 0 on "no", escape sequences inside.
        """
        argv = (*self._nix("why-depends", "--precise", "--all"), referrer, reference)
        done = self.runner.start(Command(argv, label="nix why-depends")).wait(activity)
        if done.status != 0:
            raise failure(done, "ask nix why one path depends on another")
        return done.stdout.decode("utf-8", "replace") or done.stderr

    # -- evaluation --------------------------------------------------------------------------------------

    def eval_json(
        self,
        installable: str,
        apply: str,
        *,
        what: str,
        file: str | None = None,
        impure: bool = False,
        online: bool = False,
        activity: Activity = SILENT,
        cwd: str = "/",
    ) -> bytes:
        """Return as JSON what a Nix function makes of a value; nothing is built, and no derivation is written.

        Args:
            installable: what the value is called: a flake reference, or an attribute path of ``file``.
            apply: text of the function.
            what: completes the sentence of an error.
            file: a Nix expression; None when ``installable`` names a flake.
            impure: whether a flake may read the environment.
            online: whether evaluation may use the network, for inputs that are not here.
            activity: told of progress; cancelling ends nix.
            cwd: what relative names are relative to.

        Raises:
            QueryError: nix failed; its words are on the error.
        """
        activity.report(Progress("nix eval"))
        source = ("-f", file) if file is not None else ("--no-write-lock-file",)
        flags = ("--json", "--read-only", *_NO_BUILDS, *source, *(("--impure",) if impure else ()))
        argv = (*self._nix("eval", *flags, online=online), installable, "--apply", apply)
        done = self.runner.start(Command(argv, cwd=cwd, label="nix eval")).wait(activity)
        if done.status != 0:
            raise failure(done, what)
        return done.stdout

    # -- nix-store ---------------------------------------------------------------------------------------

    def invalid_paths(self, paths: Sequence[str], activity: Activity = SILENT) -> frozenset[str]:
        """Return which of the paths are not valid in the store."""
        invalid: set[str] = set()
        for batch in batches(paths):
            done = self._store("--check-validity", "--print-invalid", *batch, activity=activity)
            if done.status != 0:
                raise failure(done, "ask which paths are valid")
            invalid.update(done.stdout.decode("utf-8", "replace").split())
        return frozenset(invalid)

    def outputs(self, drvs: Sequence[str], activity: Activity = SILENT) -> tuple[str, ...]:
        """Return the output paths of derivations, built or not."""
        done = self._store("--query", "--outputs", *drvs, activity=activity)
        if done.status != 0:
            raise failure(done, "read which outputs the derivation has")
        return tuple(dict.fromkeys(done.stdout.decode("utf-8", "replace").split()))

    def requisites(self, paths: Sequence[str], activity: Activity = SILENT) -> tuple[str, ...]:
        """Return the closure of paths by ``nix-store -qR``: needs no experimental feature."""
        activity.report(Progress("nix-store --query --requisites"))
        done = self._store("--query", "--requisites", *paths, activity=activity)
        if done.status != 0:
            raise failure(done, "read the closure")
        return tuple(done.stdout.decode("utf-8", "replace").split())

    def dump_db(self, paths: Sequence[str], activity: Activity = SILENT) -> str:
        """Return ``nix-store --dump-db`` of the given paths."""
        parts: list[str] = []
        for batch in batches(paths):
            activity.report(Progress("nix-store --dump-db", len(parts), None, "batches"))
            done = self._store("--dump-db", *batch, activity=activity)
            if done.status != 0:
                raise failure(done, "read the store database")
            parts.append(done.stdout.decode("utf-8", "replace"))
        return "".join(parts)

    # -- argv --------------------------------------------------------------------------------------------

    def _nix(self, *words: str, online: bool | None = None) -> tuple[str, ...]:
        online = self.online if online is None else online
        offline = ("--option", "narinfo-cache-negative-ttl", "0") if online else ("--offline",)
        store = ("--store", self.store) if self.store else ()
        features = ("--extra-experimental-features", _FEATURES[words[0]])
        return ("nix", *features, *offline, *words, *store)

    def _store(self, *words: str, activity: Activity) -> Completed:
        store = ("--store", self.store) if self.store else ()
        # nix-store has no --offline, and asks substituters for the outputs of a derivation that is not here
        offline = () if self.online else ("--option", "substitute", "false")
        argv = ("nix-store", *store, *offline, *words)
        return self.runner.start(Command(argv, label=f"nix-store {words[0]}")).wait(activity)


def batches(paths: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Split paths so that each command line stays short."""
    batch: list[str] = []
    size = 0
    for path in paths:
        size += len(os.fsencode(path)) + 1
        if batch and size > _ARGV_BYTES:
            yield tuple(batch)
            batch, size = [], len(os.fsencode(path)) + 1
        batch.append(path)
    if batch:
        yield tuple(batch)
