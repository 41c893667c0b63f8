"""What can go wrong, each error with its facts, one sentence and the next step."""

from __future__ import annotations


class QueryError(Exception):
    """A question that could not be answered.

    ``str(error)`` is one sentence saying what failed, where and why. ``hint`` says what to do, or is empty.
    ``words`` are the words of the program that failed (nix's stderr), unchanged but for escape sequences;
    empty when there are none. ``command`` is the argv that failed, empty when no command was run.
    """

    exit_code = 2

    def __init__(
        self,
        sentence: str,
        *,
        hint: str = "",
        words: str = "",
        command: tuple[str, ...] = (),
    ) -> None:
        super().__init__(sentence)
        self.hint = hint
        self.words = words
        self.command = command


class BadInput(QueryError):
    """The user named something that cannot be used: exit status 2."""

    exit_code = 2


class NoData(QueryError):
    """The question is sound, but what it needs is not there: exit status 2."""

    exit_code = 2


class NixFailed(QueryError):
    """Nix or the store failed: exit status 3."""

    exit_code = 3


class Cancelled(Exception):
    """The user stopped the work: exit status 130. Nothing of the work is kept."""

    exit_code = 130
