"""A real Nix for the tests: one private store a session, with a few tiny builds in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.private_nix import REQUIRED, PrivateNix, nix_is_there, private_folder


@dataclass(frozen=True)
class Built:
    """What was built of ``environment.nix``."""

    nix: PrivateNix
    env: str
    app: str
    python3: str
    zlib: str
    zlib_lib: str
    zlib_dev: str
    orphan: str
    collected: str
    """Deleted again; ``result-collected`` dangles."""
    app_drv: str
    zlib_drv: str
    unbuilt_drv: str


@pytest.fixture(scope="session")
def nix_env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateNix]:
    """A Nix with an empty store of its own; skips without nix, or fails with PYCLOSURE_REQUIRE_NIX=1."""
    if not nix_is_there():
        if REQUIRED:
            pytest.fail("nix is not on PATH, and PYCLOSURE_REQUIRE_NIX=1 requires it")
        pytest.skip("nix is not on PATH")
    with private_folder(tmp_path_factory.getbasetemp()) as folder:
        yield PrivateNix(folder)


@pytest.fixture(scope="session")
def built(nix_env: PrivateNix) -> Built:
    """The builds of ``environment.nix``, with links to some of them."""

    def path(attribute: str, link: str) -> str:
        return str(nix_env.build(attribute, link).resolve())

    def drv(attribute: str) -> str:
        words = nix_env.run("nix-instantiate", str(Path(__file__).parent / "environment.nix"), "-A", attribute)
        return words.split("!")[0].strip()

    env, orphan = path("env", "result"), path("orphan", "result-orphan")
    nix_env.run("nix-store", "--delete", drv("orphan"), "--ignore-liveness")
    collected = path("collected", "result-collected")
    nix_env.run("nix-store", "--delete", collected, "--ignore-liveness")
    zlib_drv = drv("zlib")
    # also a root: the closure of a build is not the closure of what runs
    outputs = nix_env.run("nix-store", "--realise", zlib_drv).split()
    by_suffix = {one.rsplit("zlib-1.3", 1)[1]: one for one in outputs}
    return Built(
        nix=nix_env,
        env=env,
        app=path("app", "result-app"),
        python3=path("python3", "result-python"),
        zlib=by_suffix[""],
        zlib_lib=by_suffix["-lib"],
        zlib_dev=by_suffix["-dev"],
        orphan=orphan,
        collected=collected,
        app_drv=drv("app"),
        zlib_drv=zlib_drv,
        unbuilt_drv=drv("unbuilt"),
    )


@pytest.fixture
def private_store(built: Built, monkeypatch: pytest.MonkeyPatch) -> Built:
    """The builds, with pyclosure in the same surroundings as their Nix."""
    for name, value in built.nix.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(built.nix.work)
    return built


@pytest.fixture
def logical_store(nix_env: PrivateNix, monkeypatch: pytest.MonkeyPatch) -> PrivateNix:
    """Nix for chroot stores, whose paths are in /nix/store."""
    for name, value in nix_env.environment(logical=True).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(nix_env.work)
    return nix_env
