"""Store URLs: which store is meant, whether the network is asked, and where its files lie."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlsplit

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.text import printable

DEFAULT_STORE_DIR = "/nix/store"
_LOCAL_NAMES = ("daemon", "local", "auto")
_PLAIN = "/!$&'()*+,;=:@~"
"""What may stand in a URL's path unquoted, besides letters and digits."""
_REMOTE_SCHEMES = ("http", "https", "ssh", "ssh-ng", "s3")


@dataclass(frozen=True, slots=True)
class Store:
    """A store that the user named, or the default one."""

    url: str | None
    """For ``--store``; None for the default store."""
    files_root: str | None
    """What stands before a store path on this machine; None when the files are not here."""
    online: bool
    """Whether asking it means the network."""
    words: str
    """For titles: ``local store``, ``file:///srv/cache``."""


def local_store_dir() -> str:
    """Return the directory of the default store, without asking nix."""
    return os.environ.get("NIX_STORE_DIR") or os.environ.get("NIX_STORE") or DEFAULT_STORE_DIR


def parse_store(text: str | None, cwd: str) -> Store:
    """Make a store of what followed ``--store``.

    Raises:
        BadInput: a directory that does not exist (nix would create it and call every path invalid), or no URL.
    """
    if text is None:
        remote = os.environ.get("NIX_REMOTE", "")
        if remote in ("", *_LOCAL_NAMES):
            return Store(None, "", False, "local store")
        meant = parse_store(remote, cwd)
        # nix reads NIX_REMOTE by itself; what it means for files and the network counts for us, too
        return Store(None, meant.files_root, meant.online, meant.words)
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise BadInput(
            f"{printable(text, 200)} is not a store URL: {error}", hint="check the spelling after --store"
        ) from None
    if "://" in text and parts.scheme == "file":
        _require_cache(text.removeprefix("file://").split("?")[0])
        return Store(text, None, False, printable(text, 120))
    if "://" in text and parts.scheme in _REMOTE_SCHEMES:
        return Store(text, None, True, printable(_without_password(text), 120))
    if text.split("?")[0].split("://")[0] in (*_LOCAL_NAMES, "unix"):
        query = parse_qs(parts.query)
        root = query.get("root", [""])[0]
        real = query.get("real", [""])[0]
        return Store(text, None if real else root.rstrip("/"), False, printable(text, 120))
    if "://" in text:
        return Store(text, None, True, printable(text, 120))
    return _directory(os.path.normpath(os.path.join(cwd, text)))


def _directory(path: str) -> Store:
    if os.path.isfile(os.path.join(path, "nix-cache-info")):
        _require_plain(path, quote(path, safe=_PLAIN))
        return Store(f"file://{path}", None, False, f"file://{path}")
    if not os.path.isdir(path):
        raise BadInput(
            f"there is no store at {printable(path, 200)}",
            hint="--store takes a store URL, a binary cache's folder, or the folder that holds a nix/store",
        )
    if not os.path.isdir(os.path.join(path, "nix")):
        raise BadInput(
            f"{printable(path, 200)} is neither a binary cache (no nix-cache-info) nor a store (no nix folder)",
            hint="--store takes a store URL, a binary cache's folder, or the folder that holds a nix/store",
        )
    _require_plain(path, path.replace("?", ""))
    return Store(path, path, False, printable(path, 120))


def _require_cache(path: str) -> None:
    here = any(os.path.isfile(os.path.join(one, "nix-cache-info")) for one in (path, unquote(path)))
    if not here or not path.startswith("/"):
        raise BadInput(
            f"there is no binary cache at {printable(path, 200) or 'an empty path'}: it has no nix-cache-info",
            hint="check the folder after file://, which must begin with a third slash",
        )


def _require_plain(path: str, plain: str) -> None:
    """Refuse a folder that only some versions of Nix could be told of: up to 2.18 they do not unquote URLs."""
    if path != plain:
        raise BadInput(
            f"Nix takes no store with such characters in its path: {printable(path, 200)}",
            hint="make a link to it that has letters, digits, dots and dashes only, and name the link",
        )


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return url.replace(f"{parts.username}:{parts.password}@", "") if parts.password else url
