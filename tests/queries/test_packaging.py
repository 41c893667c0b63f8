"""The package in a checkout: under one name only, and whole without the links in ``pyclosure/``."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FOLDERS = ("queries", "themes", "tui")


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("below", ["", ".missing"])
def test_a_folder_under_its_bare_name_is_refused_in_one_sentence(name: str, below: str) -> None:
    refusal = f"import pyclosure.{name} instead of {name}: all classes would exist twice"

    with pytest.raises(ImportError, match=f"^{re.escape(refusal)}$"):
        importlib.import_module(name + below)


@pytest.fixture(params=["no links", "links as text files"])
def checkout(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A checkout as an archive of the source has it, and one by a git that makes no links."""
    folder = tmp_path / "checkout"
    leave_out = shutil.ignore_patterns("__pycache__")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=leave_out)
    (folder / "pyclosure").mkdir()
    for file in (ROOT / "pyclosure").iterdir():
        if file.is_file():
            shutil.copy(file, folder / "pyclosure")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    if request.param != "no links":
        for name in FOLDERS:
            (folder / "pyclosure" / name).write_text(f"../{name}")
    return folder


def run(*argv: str, cwd: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(cwd)}
    done = subprocess.run(
        [sys.executable, *argv], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def names() -> set[str]:
    """Return the files of the package in this checkout, by the names that they have in a wheel."""
    found = {f"pyclosure/{file.name}" for file in (ROOT / "pyclosure").iterdir() if file.is_file()}
    for name in FOLDERS:
        files = [file for file in (ROOT / name).rglob("*") if file.is_file() and "__pycache__" not in file.parts]
        found |= {f"pyclosure/{file.relative_to(ROOT)}" for file in files}
    return found - {f"pyclosure/{name}" for name in FOLDERS}


def test_a_checkout_without_links_runs(checkout: Path) -> None:
    code = "import pyclosure.queries as found; print(found.__file__)"

    assert run("-c", code, cwd=checkout).strip() == str(checkout / "queries" / "__init__.py")
    assert run("-m", "pyclosure", "list", "demo:", "--no-files", "--top", "1", cwd=checkout).startswith("name ")


def test_what_a_checkout_without_links_builds_is_whole(checkout: Path, tmp_path: Path) -> None:
    run("-m", "hatchling", "build", "-d", str(tmp_path), cwd=checkout)
    (wheel,) = tmp_path.glob("*.whl")
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    source = tmp_path / archive.name.removesuffix(".tar.gz")
    run("-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "again"), cwd=source)
    (again,) = (tmp_path / "again").iterdir()

    for built in (wheel, again):
        packed = {name for name in zipfile.ZipFile(built).namelist() if ".dist-info/" not in name}
        assert packed == names()
