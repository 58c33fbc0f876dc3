"""``rate`` with ``unit = "site"``: so many of a resource at every holder."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.errors import InfeasibleError
from allocator.pipeline import audit_today, make_plan, read_task
from tests.cli.small_task import write_task

RULE = """
[[resource]]
id = "tcm_physicians"
name = "中医师"
at = { class = ["C210", "C220"] }
most_per_site = %d

[[rule]]
id = "R4"
quote = "每个急救站至少两名中医师"
kind = "rate"
resource = "tcm_physicians"
denominator = "service:emergency_station"
unit = "site"
lo = 2
"""


def write(folder: Path, *, most: int = 5, column: str = "1,0,0,,") -> Path:
    brief = write_task(
        folder,
        small=('\n[[rule]]\nid = "R3"', RULE % most + '\n[[rule]]\nid = "R3"'),
        costs=("emergency_station", "emergency_station"),
    )
    sites = folder / "sites.csv"
    lines = sites.read_text("utf-8").splitlines()
    cells = ["tcm_physicians", *column.split(",")]
    rows = [f"{line},{cell}" for line, cell in zip(lines, cells, strict=True)]
    sites.write_text("\n".join(rows), "utf-8")
    costs = folder / "costs.csv"
    text = costs.read_text("utf-8").replace("service,", "service,resource,", 1)
    first, *rest = text.splitlines()
    body = [line.replace(",", ",,", 1) for line in rest]
    costs.write_text("\n".join([first, *body, ",tcm_physicians,add,8,12"]), "utf-8")
    return brief


def test_what_is_there_counts_and_the_rest_is_added_and_paid_for(tmp_path):
    outcome = make_plan(read_task(write(tmp_path)))
    rows = outcome.plan.allocations
    assert rows[["site_id", "amount", "capital_wan"]].to_numpy().tolist() == [
        ["A1", 1.0, 8.0],
        ["A2", 2.0, 16.0],
    ]
    assert outcome.certificate["totals"]["capital_wan"] == 2260 + 24
    verdicts = [(r.unit_id, str(r.verdict)) for r in outcome.audit if r.rule_id == "R4"]
    assert verdicts == [("A1", "met"), ("A2", "met")]


def test_a_limit_below_the_need_leaves_no_plan(tmp_path):
    # Either a station is left out, or a physician: the least relative lack is named.
    with pytest.raises(InfeasibleError) as caught:
        make_plan(read_task(write(tmp_path, most=1)))
    named = {key for f in caught.value.findings for key in f.keys}
    assert named & {"R2", "R4"}


def test_without_the_column_the_rule_is_undecidable(tmp_path):
    brief = write(tmp_path)
    sites = tmp_path / "sites.csv"
    text = sites.read_text("utf-8").replace("tcm_physicians", "other_physicians")
    sites.write_text(text, "utf-8")
    (row,) = [r for r in audit_today(read_task(brief)) if r.rule_id == "R4"]
    assert str(row.verdict) == "undecidable"
