"""The page and the picture of the package are those of the package."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "allocator" / "bounds"
SCRIPT = runpy.run_path(str(ROOT / "docs" / "images" / "bounds.py"))
MODULES = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}


def imports_of(module):
    tree = ast.parse((PACKAGE / f"{module}.py").read_text("utf-8"))
    return {
        (node.module or "").rpartition(".")[2]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("allocator.bounds.")
    }


def test_the_picture_is_up_to_date():
    picture = (ROOT / "docs" / "images" / "bounds.svg").read_text("utf-8")
    assert SCRIPT["draw"]() == picture


def test_every_module_is_in_the_picture_above_what_it_imports():
    row_of = {module: n for n, row in enumerate(SCRIPT["ROWS"]) for module in row}
    assert set(row_of) == MODULES
    for module in MODULES:
        assert all(row_of[module] < row_of[other] for other in imports_of(module))


def test_the_page_names_every_module_once_in_its_table():
    page = (ROOT / "docs" / "bounds.md").read_text("utf-8")
    assert sorted(re.findall(r"^\| `(\w+)` \|", page, re.M)) == sorted(MODULES)


def test_the_page_names_tests_that_exist():
    page = (ROOT / "docs" / "bounds.md").read_text("utf-8")
    text = "".join(p.read_text("utf-8") for p in (ROOT / "tests/bounds").glob("*.py"))
    named = re.findall(r"`(test_\w+)`", page)
    assert named
    for name in named:
        assert f"def {name}(" in text, name
