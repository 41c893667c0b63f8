"""Nix's stderr to one sentence of ours, with a next step.

Nix's own words always travel along: the sentences here only come first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyclosure.queries.base.errors import BadInput, NixFailed, QueryError
from pyclosure.queries.base.text import plain_lines, printable
from pyclosure.queries.nix.process import Completed


@dataclass(frozen=True, slots=True)
class _Known:
    pattern: re.Pattern[str]
    sentence: str
    hint: str
    kind: type[QueryError] = NixFailed


def _known(pattern: str, sentence: str, hint: str, kind: type[QueryError] = NixFailed) -> _Known:
    return _Known(re.compile(pattern, re.DOTALL), sentence, hint, kind)


_KNOWN = (
    _known(
        r"is for Nix stores with prefix '(?P<other>[^']*)', not '(?P<ours>[^']*)'",
        "that cache is for stores below {other}, not {ours}",
        "name a cache of the same store directory",
        BadInput,
    ),
    _known(
        r"path '(?P<path>[^']*)' is not valid",
        "{path} is not a valid path of this store: never built here, or collected since",
        "build or fetch it first (nix build, nix-store --realise), or name the store that has it with --store",
        BadInput,
    ),
    _known(
        r"path '(?P<path>[^']*)' (?:is not a valid store path|does not exist and cannot be created|is required, but)",
        "{path} is not in this store",
        "it may have been collected; build it again, or open what it produced",
        BadInput,
    ),
    _known(
        r"'(?P<path>[^']*)' does not have a known deriver",
        "no derivation of {path} is known here: none is recorded, or it is not in this store",
        "name the .drv itself, or an installable that evaluates to it",
        BadInput,
    ),
    _known(
        r"experimental Nix feature '(?P<feature>[^']*)' is disabled",
        "Nix refuses because its experimental feature {feature} is disabled",
        "enable it in nix.conf, or ask whoever forbids it there",
    ),
    _known(
        r"unrecogni[sz]ed flag '--extra-experimental-features'|unrecogni[sz]ed option '--extra",
        "this nix is older than 2.4, the oldest that pyclosure supports",
        "use a newer nix",
    ),
    _known(
        r"cannot connect to socket at '(?P<socket>[^']*)'",
        "the Nix daemon does not answer at {socket}",
        "start it (systemctl start nix-daemon), or name another store with --store",
    ),
    _known(
        r"(?:don't know how to open Nix store|with scheme) '(?P<url>[^']*)'",
        "Nix does not know how to open the store {url}",
        "for a binary cache on disk write file:///path, for a web cache its address",
        BadInput,
    ),
    _known(
        r"'(?P<url>[^']*)' does not appear to be a binary cache",
        "{url} is not a binary cache: it has no nix-cache-info",
        "check the address",
        BadInput,
    ),
    _known(
        r"unable to download '(?P<url>[^']*)'",
        "{url} could not be downloaded",
        "check the address and the network, then try again",
    ),
    _known(
        # file names stand in double quotes since 2.34
        r"(?:opening lock file|could not set permissions on) ['\"](?P<file>[^'\"]*)['\"]",
        "this user may not open the store database: Nix was refused {file}",
        "run as its owner, or through the daemon (--store daemon)",
    ),
    _known(
        r"[Ff]lake '(?P<flake>[^']*)' does not provide attribute (?P<attr>.*?)(?:\n|$)",
        "the flake {flake} has no attribute {attr}",
        "list what it has with: nix flake show {flake}",
        BadInput,
    ),
    _known(
        r"attribute '[^']*' in selection path '(?P<attr>[^']*)' not found",
        "the expression has no attribute {attr}",
        "check the attribute path",
        BadInput,
    ),
    _known(
        r"cannot find flake '(?P<flake>[^']*)' in the flake registries",
        "there is neither a file nor a flake called {flake}",
        "check the spelling; for a file write its path, for a flake FLAKE#ATTRIBUTE",
        BadInput,
    ),
    _known(
        r"could not find a flake\.nix file|is not a flake \(because",
        "there is no flake.nix where it is looked for, so pyclosure cannot {what}",
        "name a folder that holds a flake.nix; for a Nix expression use --file",
        BadInput,
    ),
    _known(
        r"(?:getting status of|path) ['\"](?P<file>[^'\"]*)['\"](?:: No such file| does not exist)",
        "there is no file {file}, so pyclosure cannot {what}",
        "check the spelling",
        BadInput,
    ),
    _known(
        r"interrupted by the user",
        "nix was interrupted",
        "run it again",
    ),
)

_EVALUATION = re.compile(
    # no line break among the blanks: where there are many of them, each would be tried from every other one
    r"(?:^|\n)[ \t]*at .+:\d+:\d+|while (?:calling|selecting|importing)|syntax error|undefined variable|evaluat",
    re.IGNORECASE,
)


def nix_words(stderr: str) -> str:
    """Return what nix said that matters: from its error to the end, else all but warnings."""
    text = plain_lines(stderr)
    # the trace of an error is indented, and ends in an indented "error:" of its own
    index = ("\n" + text).rfind("\nerror:")
    if index != -1:
        return text[index:].strip()
    index = text.rfind("error:")
    if index != -1:
        return text[text.rfind("\n", 0, index) + 1 :].strip()
    return "\n".join(line for line in text.splitlines() if not line.startswith("warning:")).strip()


def failure(completed: Completed, what: str) -> QueryError:
    """Return the error for a command that failed.

    Args:
        completed: what the command left behind.
        what: what we wanted from it, to follow "cannot", such as ``read the closure of …``.
    """
    words = nix_words(completed.stderr)
    if completed.status < 0 and "interrupted by the user" not in words:
        return NixFailed(
            f"{completed.argv[0]} was killed by signal {-completed.status} before it could {what}",
            hint="out of memory, or stopped by somebody; run it again",
            words=words,
            command=completed.argv,
        )
    for known in _KNOWN:
        match = known.pattern.search(words)
        if match:
            facts = {key: printable(value or "", 200) for key, value in match.groupdict().items()}
            facts["what"] = what
            return known.kind(
                known.sentence.format_map(facts),
                hint=known.hint.format_map(facts),
                words=words,
                command=completed.argv,
            )
    if _EVALUATION.search(words):
        return BadInput(
            f"the expression does not evaluate, so pyclosure cannot {what}",
            hint="nix's own words say where",
            words=words,
            command=completed.argv,
        )
    return NixFailed(
        f"nix failed (exit status {completed.status}), so pyclosure cannot {what}",
        hint="nix's own words say why" if words else "nix gave no reason; run the command by hand",
        words=words,
        command=completed.argv,
    )
