"""The built wheel works where nothing of the checkout is: packs, samples, templates."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*command, "-w", str(folder), str(ROOT)], check=True)
    built: list[Path] = list(folder.glob("*.whl"))
    assert len(built) == 1
    return built[0]


def test_the_wheel_carries_packs_samples_and_templates(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "allocator/_bundled/models/nanchang-2024.toml",
        "allocator/_bundled/data/samples/nanchang/brief.toml",
        "allocator/_bundled/reports/templates/map.html",
        "allocator/_bundled/reports/templates/report/report.typ",
        "allocator/_bundled/reports/templates/report/zh.toml",
        "allocator/py.typed",
    ):
        assert name in names
    assert not [name for name in names if name.startswith("tests/")]


def test_the_installed_wheel_plans_the_sample(wheel, tmp_path):
    environment = tmp_path / "clean"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = environment / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", str(wheel)]
    subprocess.run(install, check=True)
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    def allocator(*arguments: str) -> str:
        command = [str(environment / "bin" / "allocator"), *arguments]
        done = subprocess.run(
            command,
            cwd=outside,
            env=variables,
            check=True,
            capture_output=True,
            encoding="utf-8",
        )
        return done.stdout

    allocator("sample", "nanchang", "X")
    allocator("plan", "X/brief.toml", "-o", "Y")
    made = {path.name for path in (outside / "Y").iterdir()}
    assert {"run.json", "map.html", "map.png", "plan.xlsx", "plan.gpkg"} <= made
    assert {"report.docx", "report.pdf", "figures"} <= made
