from __future__ import annotations

from pathlib import Path

import pytest

from allocator.load.brief import _Document, _known_keys
from allocator.load.headings import plain
from allocator.tables import ALL_TABLES, FACILITY_CLASSES

PAGE = (Path(__file__).parents[2] / "docs" / "files.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    """Return the part of the page on one table."""
    return PAGE.partition(f"### {name}: ")[2].partition("\n#")[0]


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_every_column_and_heading_is_documented(table):
    text = section(table.name)
    for column in table.columns:
        mark = f"**`{column.name}`**" if column.required else f"| `{column.name}`"
        row = next((line for line in text.splitlines() if mark in line), None)
        assert row is not None, column.name
        for word in (*column.aliases, *column.choices):
            assert word in row, (column.name, word)


def test_every_key_of_the_brief_is_documented():
    brief = PAGE.partition("## Brief")[2].partition("\n## ")[0]
    for path, keys in _known_keys().items():
        for key in keys:
            wanted = f"[{key}]" if path == () else f"`{key}`"
            assert wanted in brief, (path, key)
    assert set(_Document.model_fields) == set(_known_keys()[()])


def test_every_class_is_documented():
    assert all(f"| `{code}` |" in PAGE for code in FACILITY_CLASSES)


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_no_heading_means_two_columns(table):
    meant: dict[str, str] = {}
    for column in table.columns:
        for word in (column.name, *column.aliases):
            assert meant.setdefault(plain(word), column.name) == column.name, word
