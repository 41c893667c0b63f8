"""The release script stops at whatever is missing, before it builds anything."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
READY = {
    "pyclosure/__init__.py": '__version__ = "1.2.3"\n',
    "CHANGELOG.md": "# Changelog\n\n## 1.2.3, 2026-01-31\n",
    ".gitignore": ".venv\n",
}


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A repository in which all is ready for a release, but for the environment of its checks."""
    if not shutil.which("git") or not (ROOT / "scripts" / "release.sh").is_file():
        pytest.skip("needs git and the scripts of a checkout")
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "release.sh", tmp_path / "scripts")
    for name, text in READY.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    return tmp_path


def git(folder: Path, *words: str) -> str:
    who = {f"GIT_{role}_{what}": "tester" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(
        ["git", *words], cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "all")


def said(folder: Path, *words: str) -> str:
    """Return what the script stops with."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    argv = ["sh", "scripts/release.sh", *words]
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert git(folder, "tag") in ("", "v1.2.3\n")
    assert not (folder / "dist").exists()
    return done.stderr


def test_what_is_ready_goes_on_to_the_checks(release: Path) -> None:
    assert said(release, "--dry-run") == "release: there is no .venv/bin/python: run make setup\n"


def test_a_change_that_is_not_committed_stops_it(release: Path) -> None:
    (release / "new").touch()

    assert "the tree is not clean" in said(release)


def test_a_version_that_was_released_stops_it(release: Path) -> None:
    git(release, "tag", "v1.2.3")

    assert "there is a tag v1.2.3 already" in said(release)


@pytest.mark.parametrize("heading", ["## 1.2.3, unreleased", "## 1.2.30, 2026-01-31", "## 1.2.2, 2026-01-31"])
def test_a_changelog_without_the_date_of_this_version_stops_it(release: Path, heading: str) -> None:
    (release / "CHANGELOG.md").write_text(f"# Changelog\n\n{heading}\n")
    commit(release)

    assert "CHANGELOG.md has no heading '## 1.2.3, YYYY-MM-DD'" in said(release)


def test_a_version_that_is_none_stops_it(release: Path) -> None:
    (release / "pyclosure" / "__init__.py").write_text('__version__ = "soon"\n')
    commit(release)

    assert "no version of three numbers, but 'soon'" in said(release)


def test_another_word_is_refused(release: Path) -> None:
    assert said(release, "--now") == "release.sh [--dry-run]\n"
