"""Disks without room and two programs at once: the old file stays whole, and no other file is left behind."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyclosure.queries.opened.snapshot import read_document, read_snapshot, write_snapshot
from pyclosure.tui.app import settings
from tests.support.programs import wait_until
from tests.support.stub_nix import HANGS, PROGRAM, StubNix
from tests.tui.driving import demo

TINY = 64 * 1024


@pytest.fixture
def environment(tmp_path: Path, home: Path) -> dict[str, str]:
    return StubNix(tmp_path / "nix").environment(home)


def run(environment: dict[str, str], *words: str, cwd: Path, before: Callable[[], object] | None = None) -> object:
    return subprocess.run(
        [*PROGRAM, *words], env=environment, cwd=cwd, capture_output=True, text=True, timeout=60, preexec_fn=before
    )


def is_whole(file: Path) -> bool:
    with file.open("rb") as stream:
        return len(read_snapshot(read_document(stream, "x"), "x").records.paths) == 73


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB; only root may make one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount", path="/usr/bin:/bin:/sbin:/usr/sbin")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("needs root, to mount a file system")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", f"size={TINY}", "tmpfs", str(place)], capture_output=True)
    if done.returncode != 0:
        pytest.skip("no file system may be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_keeps_the_old_snapshot(tiny_disk: Path, environment: dict[str, str]) -> None:
    target = tiny_disk / "old.snapshot"
    target.write_bytes(b"the old one")

    done = run(environment, "snapshot", "demo:", "-o", str(target), cwd=tiny_disk)

    assert (done.returncode, done.stdout) == (2, "")
    assert "No space left on device" in done.stderr and "Traceback" not in done.stderr
    assert target.read_bytes() == b"the old one"
    assert os.listdir(tiny_disk) == ["old.snapshot"]


def test_a_file_that_may_not_grow_is_written_short_and_not_taken(tmp_path: Path, environment: dict[str, str]) -> None:
    target = tmp_path / "old.snapshot"
    target.write_bytes(b"the old one")

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (TINY, TINY))

    names = sorted(os.listdir(tmp_path))
    done = run(environment, "snapshot", "demo:", "-o", str(target), cwd=tmp_path, before=small_files)

    assert (done.returncode, done.stdout) == (2, "")
    assert "File too large" in done.stderr and "Traceback" not in done.stderr
    assert target.read_bytes() == b"the old one"
    assert sorted(os.listdir(tmp_path)) == names


def test_file_and_folder_are_on_disk_before_it_is_called_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    really_sync, really_replace = os.fsync, os.replace

    def sync(descriptor: int) -> None:
        done.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")
        really_sync(descriptor)

    def replace(one: str, other: str) -> None:
        done.append("replaced")
        really_replace(one, other)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", replace)
    write_snapshot(demo().snapshot(), str(tmp_path / "x"))

    assert done == ["file", "replaced", "folder"]


def test_an_end_while_saving_leaves_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "x").write_text("old")

    def ended(*_: object) -> None:
        raise SystemExit(143)

    monkeypatch.setattr(os, "fsync", ended)
    with pytest.raises(SystemExit):
        write_snapshot(demo().snapshot(), str(folder / "x"))

    assert (folder / "x").read_text() == "old"
    assert os.listdir(folder) == ["x"]


@pytest.mark.parametrize("place", ["folder", "folder/", "missing/x", "file/x"])
def test_a_place_that_is_none_is_named(tmp_path: Path, environment: dict[str, str], place: str) -> None:
    work = tmp_path / "work"
    (work / "folder").mkdir(parents=True)
    (work / "file").touch()

    done = run(environment, "snapshot", "demo:", "-o", place, cwd=work)

    assert done.returncode == 2
    assert f"cannot write the snapshot {place}" in done.stderr
    assert sorted(os.listdir(work)) == ["file", "folder"] and not os.listdir(work / "folder")


def test_a_theme_that_does_not_fit_keeps_the_one_before(tiny_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tiny_disk))
    settings.remember_theme("paper")
    with (tiny_disk / "filler").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(b"x" * 4096)
    settings.remember_theme("another")

    assert settings.remembered_theme() == "paper"
    assert os.listdir(tiny_disk / "pyclosure") == ["theme"]


# -- two at once -----------------------------------------------------------------------------------------


def test_many_programs_that_save_the_same_file_leave_one_whole_file(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    argv = [*PROGRAM, "snapshot", "demo:", "-o", "same.snapshot"]
    some = [subprocess.Popen(argv, env=environment, cwd=work, stderr=subprocess.PIPE) for _ in range(4)]
    seen: set[bool] = set()
    while any(one.poll() is None for one in some):
        if (work / "same.snapshot").exists():
            seen.add(is_whole(work / "same.snapshot"))

    assert [(one.returncode, b"Traceback" in one.communicate()[1]) for one in some] == [(0, False)] * 4
    assert seen <= {True}, "whoever reads meanwhile reads a whole file"
    assert is_whole(work / "same.snapshot")
    assert os.listdir(work) == ["same.snapshot"]


def test_a_theme_that_two_choose_at_once_is_one_of_theirs(home: Path, environment: dict[str, str]) -> None:
    code = (
        "import sys; from pyclosure.tui.app.settings import remember_theme, remembered_theme\n"
        "for _ in range(300):\n"
        "    remember_theme(sys.argv[1]); assert remembered_theme() in ('paper', 'night'), remembered_theme()\n"
    )
    some = [subprocess.Popen([PROGRAM[0], "-c", code, name], env=environment) for name in ("paper", "night")]

    assert [one.wait(60) for one in some] == [0, 0]
    assert os.listdir(home / "state" / "pyclosure") == ["theme"]


def test_two_programs_on_one_store_do_not_end_each_others_nix(tmp_path: Path, home: Path) -> None:
    nix = StubNix(tmp_path / "both")
    nix.does("path-info", f'echo $$ >> "$stub/hanging"; {HANGS}')
    some = [
        subprocess.Popen([*PROGRAM, "report", nix.root], env=nix.environment(home), stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    hanging = nix.folder / "hanging"
    assert wait_until(lambda: hanging.exists() and len(hanging.read_text().split()) == 2)

    some[0].send_signal(signal.SIGTERM)
    assert some[0].wait(30) == 143
    assert wait_until(lambda: len(nix.still_running()) == 1), f"{nix.still_running()} of {nix.family()}"
    assert some[1].poll() is None

    some[1].send_signal(signal.SIGTERM)
    assert some[1].wait(30) == 143
    assert wait_until(lambda: not nix.still_running())
