"""A rule kind is five things, and the two that must not meet do not."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from allocator.audit.audit import CHECKS
from allocator.policy import KINDS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "allocator"


def kinds_in(package):
    return {path.stem for path in (PACKAGE / package).glob("*.py")} & set(KINDS)


def sections():
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    return {title for title in re.findall(r"^## (\w+)$", text, re.M) if title.islower()}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("a builder", kinds_in("formulation")),
        ("a check", kinds_in("audit")),
        ("a golden program", {p.stem for p in (ROOT / "tests/golden").glob("*.lp")}),
        ("a section in docs/rules.md", sections()),
        ("a test file", {p.stem[5:] for p in (ROOT / "tests/rules").glob("test_*.py")}),
    ],
)
def test_every_rule_kind_has(where, found):
    assert found == set(KINDS), where


def test_every_kind_is_wired_to_its_builder_and_its_check():
    from allocator.formulation.build import BUILDERS  # noqa: PLC0415 (a name clash)

    assert set(BUILDERS) == set(CHECKS) == set(KINDS.values())
    for table, package in ((BUILDERS, "formulation"), (CHECKS, "audit")):
        modules = {KINDS[name]: f"allocator.{package}.{name}" for name in KINDS}
        assert {kind: made.__module__ for kind, made in table.items()} == modules


def imports_of(path):
    """Return every module that a file imports, under TYPE_CHECKING too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize(
    ("package", "stranger"), [("formulation", "audit"), ("audit", "formulation")]
)
def test_builder_and_audit_see_nothing_of_each_other(package, stranger):
    for path in (PACKAGE / package).glob("*.py"):
        met = {m for m in imports_of(path) if m.startswith(f"allocator.{stranger}")}
        assert met == set(), path.name


# What both may import: data and messages, never a computation on a plan.
SHARED = {
    "allocator.area",
    "allocator.errors",
    "allocator.plan",
    "allocator.policy",
    "allocator.policy.terms",
    "allocator.travel",
}


def test_builder_and_audit_share_only_data():
    met = {
        package: {
            module
            for path in (PACKAGE / package).glob("*.py")
            for module in imports_of(path)
            if module.startswith("allocator.")
            and not module.startswith(f"allocator.{package}")
        }
        for package in ("formulation", "audit")
    }
    both = met["formulation"] & met["audit"]
    strangers = {m for m in both if not any(m.startswith(s) for s in SHARED)}
    assert strangers == set()


@pytest.mark.parametrize("name", ["oracle.py", "network_oracle.py"])
def test_oracle_shares_no_code_with_the_package(name):
    imported = imports_of(ROOT / "tests" / name)
    assert not {m for m in imported if m.startswith("allocator")}


# Modules with neither tests/test_<module>.py nor tests/<module>/: where they are.
TESTED_ELSEWHERE = {
    "__init__": "holds the version",
    "area": "every test that makes an area",
    "audit": "test_audit.py and tests/rules",
    "errors": "every test that expects a refusal",
    "formulation": "tests/rules and tests/property",
    "outcome": "test_export.py",
    "pipeline": "test_textbook.py and tests/cli",
    "plan": "test_audit.py",
    "progress": "test_solve.py",
    "provenance": "tests/cli",
    "resources": "test_samples.py and test_packs_bundled.py",
    "schema": "test_policy.py",
    "tables": "tests/load",
}


def test_every_module_has_a_test_file_or_says_where_it_is_tested():
    modules = {p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or p.is_dir()}
    modules -= {"__pycache__", "_bundled", "py"}  # py.typed is not a module
    tests = {p.stem.removeprefix("test_") for p in (ROOT / "tests").rglob("test_*.py")}
    tests |= {p.name for p in (ROOT / "tests").iterdir() if any(p.glob("test_*.py"))}
    assert modules - tests - set(TESTED_ELSEWHERE) == set()
