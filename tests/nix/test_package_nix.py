"""package.nix and flake.nix, evaluated by the real Nix against a stub of nixpkgs: right inputs, whole source."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pyclosure

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.nix,
    pytest.mark.skipif(not (ROOT / "package.nix").exists(), reason="a source distribution holds no package.nix"),
]
LINKS = ("queries", "themes", "tui")
PACKAGE = "(import ./tests/nix/stub-nixpkgs.nix).legacyPackages.x86_64-linux.callPackage ./package.nix { }"
FLAKE = """
let flake = import ./flake.nix;
    outputs = flake.outputs { self = outputs; nixpkgs = import ./tests/nix/stub-nixpkgs.nix; };
in outputs
"""


@pytest.fixture(scope="module")
def evaluate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Return what an expression evaluates to; what it copies goes into a store of the test's own."""
    nix_instantiate = shutil.which("nix-instantiate", path=os.environ.get("PYCLOSURE_TEST_NIX_BIN"))
    if nix_instantiate is None:
        (pytest.fail if os.environ.get("PYCLOSURE_REQUIRE_NIX") else pytest.skip)("there is no nix-instantiate")
    home = tmp_path_factory.mktemp("nix").resolve()
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "NIX_CONFIG": "substituters ="}
    env |= {f"NIX_{what}_DIR": str(home / what.lower()) for what in ("STORE", "STATE", "LOG", "CONF")}

    def run(expression: str) -> Any:
        argv = [nix_instantiate, "--eval", "--read-write-mode", "--strict", "--json", "--expr", expression]
        done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def names(requirements: list[str]) -> list[str]:
    return sorted(re.split(r"[<>=~!\[; ]", requirement)[0] for requirement in requirements)


def test_the_package_is_what_pyproject_describes(evaluate: Callable[[str], Any], project: dict[str, Any]) -> None:
    found = evaluate(
        f"""let package = {PACKAGE}; in {{
          inherit (package) drvPath version;
          inherit (package.meta) description mainProgram;
          license = package.meta.license.spdxId;
          dependencies = map (d: d.pname) package.dependencies;
          build = map (d: d.pname) package.build-system;
        }}"""
    )
    assert found["drvPath"].endswith(f"-pyclosure-{pyclosure.__version__}.drv")
    assert found["version"] == pyclosure.__version__
    assert sorted(found["dependencies"]) == names(project["project"]["dependencies"])
    assert sorted(found["build"]) == names(project["build-system"]["requires"])
    assert found["description"] == project["project"]["description"]
    assert found["license"] == project["project"]["license"]
    assert found["mainProgram"] in project["project"]["scripts"]


def test_the_source_keeps_the_links_and_builds_a_whole_wheel(evaluate: Callable[[str], Any], tmp_path: Path) -> None:
    source = Path(evaluate(f'"${{({PACKAGE}).src}}"'))
    assert {name: os.readlink(source / "pyclosure" / name) for name in LINKS} == {name: f"../{name}" for name in LINKS}

    shutil.copytree(source, tmp_path / "source", symlinks=True)
    argv = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(argv, cwd=tmp_path / "source", check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == {f"pyclosure/{name}" for name in files_below(ROOT / "pyclosure")}


def files_below(folder: Path) -> set[str]:
    """Return every file of a folder, data too, following links."""
    return {
        os.path.relpath(os.path.join(where, name), folder)
        for where, _, there in os.walk(folder, followlinks=True)
        for name in there
        if not name.endswith(".pyc")
    }


def test_the_flake_offers_the_same_on_each_system(evaluate: Callable[[str], Any]) -> None:
    found = evaluate(
        f"""let outputs = {FLAKE}; in builtins.mapAttrs (system: packages: {{
          package = packages.default.drvPath;
          system = packages.default.system;
          app = outputs.apps.${{system}}.default.program;
          shell = outputs.devShells.${{system}}.default.drvPath;
        }}) outputs.packages"""
    )
    assert sorted(found) == ["aarch64-darwin", "aarch64-linux", "x86_64-darwin", "x86_64-linux"]
    for system, outputs in found.items():
        assert outputs["system"] == system
        assert outputs["package"].endswith(f"-pyclosure-{pyclosure.__version__}.drv")
        assert outputs["app"].endswith("/bin/pyclosure")
        assert outputs["shell"].endswith("-shell.drv")
