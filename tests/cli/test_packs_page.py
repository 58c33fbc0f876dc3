"""docs/packs.md is enough to write a pack: its example works, every key is named."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from allocator.cli.main import run
from allocator.policy import KINDS, Members, Network, Resource, Scope, Service
from allocator.policy.packs import PackHead, Parameter

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "packs.md").read_text("utf-8")


def example() -> dict[str, str]:
    """Return the files of the worked example: the name before a block, and its text."""
    section = PAGE.partition("## Worked example")[2].partition("\n## ")[0]
    blocks = re.findall(
        r"`(\w+\.\w+)`[^`]*?\n\n```(?:toml|csv)\n(.*?)```", section, re.DOTALL
    )
    return dict(blocks)


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    for name, text in example().items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path / "brief.toml"


def verdicts(rows: list[Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["rule_id"], set()).add(row["verdict"])
    return found


def test_example_has_all_six_files():
    assert set(example()) == {
        "linxi.toml",
        "brief.toml",
        "zones.csv",
        "counties.csv",
        "sites.csv",
        "costs.csv",
    }
    kinds = set(re.findall(r'^kind = "(\w+)"', example()["linxi.toml"], re.M))
    assert kinds == set(KINDS)


def test_example_is_checked_without_error_or_warning(brief, capsys):
    assert run(["check", str(brief), "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [f for f in findings if f["severity"] != "note"] == []


def test_example_is_audited_as_the_page_says(brief, capsys):
    assert run(["audit", str(brief), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert verdicts(rows) == {
        "L-1": {"met"},
        "L-2": {"met", "not_met"},  # 城关街道: one centre for too many
        "L-3": {"not_met"},
        "L-4": {"not_met"},
        "L-5": {"not_met"},
        "L-6": {"tracked"},
    }
    (people,) = [row for row in rows if row["rule_id"] == "L-5"]
    assert "17" in people["found"]


def test_example_is_planned_as_the_page_says(brief, tmp_path, capsys):
    assert run(["plan", str(brief), "-o", str(tmp_path / "run"), "-q"]) == 0
    capsys.readouterr()
    placed = pd.read_csv(tmp_path / "run" / "placements.csv")
    new = placed[placed["action"] != "keep"]
    central = new[new["site_id"].isin(["F1", "F2"])]
    assert set(central["site_id"]) == {"F1", "F2"}
    assert set(central["service"]) == {"emergency_station"}
    assert sorted(central["phase"]) == [2024, 2026]
    others = new.drop(central.index)[["site_id", "service", "phase"]]
    assert others.to_numpy().tolist() == [
        ["F4", "emergency_station", 2026],
        ["P1", "community_health_center", 2024],
    ]
    added = pd.read_csv(tmp_path / "run" / "allocations.csv")
    assert added["amount"].sum() == 8
    certificate = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    assert certificate["status"] == "optimal"
    assert certificate["totals"]["capital_wan"] == 2430
    rows = json.loads((tmp_path / "run" / "audit.json").read_text("utf-8"))
    rows = rows if isinstance(rows, list) else rows["audit"]
    assert set().union(*verdicts(rows).values()) == {"met", "tracked"}


# --- every key is on the page ---------------------------------------------------------

# Set by the reader, never written in a pack.
NOT_WRITTEN = {"pack", "file", "path"}
SPELT = {"facility_class": "class"}
SCHEMAS = [*KINDS.values(), Service, Resource, Scope, Members, Network]


def keys_of(schema: Any) -> list[str]:
    names = [SPELT.get(f.name, f.name) for f in fields(schema)]
    return [name for name in names if name not in NOT_WRITTEN]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda s: s.__name__)
def test_every_key_of_the_schema_is_on_the_page(schema):
    missing = [key for key in keys_of(schema) if f"`{key}`" not in PAGE]
    assert missing == []


@pytest.mark.parametrize("model", [PackHead, Parameter], ids=lambda m: m.__name__)
def test_every_key_of_the_head_and_of_parameters_is_on_the_page(model):
    words = set(re.findall(r"\w+", PAGE))
    assert [key for key in model.model_fields if key not in words] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_of_a_kind_is_in_its_row(kind):
    """A key of one kind alone is told where the kind is, not just anywhere."""
    common = set(keys_of(KINDS["indicator"])) - {"target"}
    (row,) = re.findall(rf"^\| `{kind}` \|.*$", PAGE, re.M)
    own = [key for key in keys_of(KINDS[kind]) if key not in common]
    assert [key for key in own if f"`{key}`" not in row] == []
