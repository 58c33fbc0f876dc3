from __future__ import annotations

import json

from allocator.maps.change_content import comparison_data
from tests.comparisons import make_comparison


def data_of(comparison):
    """Return the data of a page as its script reads it."""
    return json.loads(json.dumps(comparison_data(comparison), allow_nan=False))


def test_the_page_holds_only_plain_data_with_every_zone_in_order():
    data = data_of(make_comparison())
    assert [zone["name"] for zone in data["zones"]] == ["东风街道", "新城乡", "白马镇"]
    whole, clinic = data["services"]
    assert clinic["name"] == "门诊部"
    assert whole["levels"] == clinic["levels"]
    assert len(clinic["zones"]) == 3
    # Ranked from the largest loss to the largest gain.
    assert clinic["order"] == [0, 2, 1]
    assert clinic["zones"][2][8] == 12000  # no longer served
    assert data["labels"] == ["甲案", "乙案"]


def test_changes_say_what_was_and_what_is():
    data = data_of(make_comparison())
    changes = {(c["kind"], c["service"]): c for c in data["changes"]}
    moved = changes["moved", "clinic"]
    assert (moved["was"], moved["is"]) == ("新建 2025", "改扩建 2026")
    assert moved["toPlace"] == [28.09, 115.31]
    dropped = changes["dropped", "emergency_station"]
    assert (dropped["is"], dropped["toPlace"]) == ("—", None)
    assert changes["amount", "beds"]["is"] == "2025 × 14"


def test_notes_say_how_to_read_it_and_what_was_proven():
    text = "\n".join(data_of(make_comparison())["notes"])
    assert "20 千米" in text
    assert "0.05 分钟" in text
    assert "乙案: 可行, 未证明最优" in text
    assert "样例数据,不得用于审批。" in text


def test_verdicts_are_in_words():
    (row,) = data_of(make_comparison(language="en"))["verdicts"]
    assert row["verdicts"] == ["not met", "met"]
