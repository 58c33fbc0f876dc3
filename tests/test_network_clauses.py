"""A clause that asks for groups: each question about them stands by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from allocator.audit import Facts, audit
from allocator.errors import PolicyError
from allocator.export import write_run
from allocator.pipeline import Task, make_plan, read_task
from tests.cli.small_task import write_task

RULE = """
[[network]]
id = "alliance"
name = "县域医共体"
leads = { class = ["C210"] }
members = { class = ["C210", "C220"] }
scope = { zone_kind = ["镇", "乡"] }
balance = 0.01
within_county = false

[[rule]]
id = "R7"
quote = "全部乡镇卫生院纳入医共体"
kind = "share_of_class"
of = { class = ["C210", "C220"] }
network = "alliance"
share = 1.0

[[rule]]
id = "R3\""""


def read(folder: Path) -> Task:
    brief = write_task(
        folder,
        small=('\n[[rule]]\nid = "R3"', RULE),
        zones=("西乡,360902,乡,10000", "西乡,360902,乡,15000"),
    )
    return read_task(brief)


def test_groups_out_of_balance_are_reported_beside_what_is_met(tmp_path):
    task = read(tmp_path)
    outcome = make_plan(task)
    rows = [row for row in outcome.audit if row.rule_id == "R7"]
    verdicts = {str(row.verdict) for row in rows}
    # 20,000, 30,000 and 15,000 people make no two groups within 1 % of each other.
    assert verdicts == {"met", "not_met"}
    (lacking,) = [row for row in rows if str(row.verdict) == "not_met"]
    assert lacking.missing > 0
    (formed,) = outcome.certificate["networks"]
    assert formed["balance"] == "impossible"
    assert formed["status"] == "optimal"


TIERS = RULE.replace(
    "[[rule]]",
    """[[network]]
id = "city"
name = "市级"
above = "alliance"
leads = { name = ["南镇中心卫生院"] }
members = { class = ["C210"] }
within_county = false

[[rule]]""",
    1,
).replace('network = "alliance"', 'network = "city"')


def read_tiers(folder: Path, **changes: str) -> Task:
    text = TIERS
    for old, new in changes.items():
        text = text.replace(f'above = "{old}"', f'above = "{new}"')
    return read_task(write_task(folder, small=('\n[[rule]]\nid = "R3"', text)))


def test_a_clause_on_the_highest_network_is_asked_of_every_tier(tmp_path):
    outcome = make_plan(read_tiers(tmp_path))
    rows = [row for row in outcome.audit if row.rule_id == "R7"]
    tiers = {
        row.required.zh.partition(":")[0] for row in rows if ":" in row.required.zh
    }
    assert tiers == {"县域医共体", "市级"}
    assert "2 groups below, each wholly in one group" in {
        row.required.en.partition(": ")[2] for row in rows
    }
    certified = [
        (one["network"], one["groups"]) for one in outcome.certificate["networks"]
    ]
    assert certified == [("alliance", 2), ("city", 1)]
    assert outcome.members is not None
    assert outcome.members.to_numpy().tolist() == [
        ["alliance", "A1", "A1"],
        ["alliance", "A2", "A2"],
        ["alliance", "A3", "A1"],
        ["city", "A1", "A2"],
        ["city", "A2", "A2"],
    ]
    write_run(outcome, tmp_path)
    lines = (tmp_path / "members.csv").read_text("utf-8-sig").splitlines()
    assert lines[:2] == ["network,site_id,lead_id", "alliance,A1,A1"]
    groups = (tmp_path / "groups.csv").read_text("utf-8-sig").splitlines()
    assert "city,360901100,A2" in groups


def test_a_network_above_nothing_stops_the_reading_of_the_task(tmp_path):
    with pytest.raises(PolicyError) as refused:
        read_tiers(tmp_path, alliance="allianz")
    (finding,) = refused.value.findings
    assert (finding.code, finding.table) == ("network-unknown", "small.toml")
    assert finding.keys == ("city",)
    assert finding.remedy is not None
    assert "alliance" in finding.remedy.zh


def test_a_zone_without_a_group_is_not_met(tmp_path):
    task = read(tmp_path)
    plan = make_plan(task).plan
    fewer = replace(plan, groups=plan.groups[plan.groups["zone_id"] != "360902200"])
    rows = audit(Facts(task.area, task.travel, task.policy, fewer))
    assert "not_met" in {str(row.verdict) for row in rows if row.rule_id == "R7"}


def test_the_audit_of_today_says_that_groups_are_not_formed(tmp_path):
    task = read(tmp_path)
    plan = make_plan(task).plan
    none = replace(plan, groups=pd.DataFrame(columns=plan.groups.columns))
    rows = audit(Facts(task.area, task.travel, task.policy, none))
    assert "met" not in {str(row.verdict) for row in rows if row.rule_id == "R7"}
