from __future__ import annotations

import json

from allocator.compare import (
    changes_table,
    comparison_records,
    services_table,
    verdicts_table,
    zones_table,
)
from tests.comparisons import make_comparison


def test_tables_name_services_zones_and_counties():
    zones = zones_table(make_comparison())
    own = zones[zones["service"] == "clinic"].iloc[0]
    assert own[["service_name", "zone", "county", "rank"]].tolist() == [
        "门诊部",
        "东风街道",
        "甲区",
        1,
    ]
    assert zones["service_name"].iloc[0] == "全部服务(人次)"


def test_changes_carry_at_most_the_decimals_that_files_hold():
    table = changes_table(make_comparison())
    assert table["km"].iloc[0] == round(table["km"].iloc[0], 3)
    assert table["service_name"].tolist()[-1] == "床位"


def test_english_tables_speak_english():
    table = services_table(make_comparison(language="en"))
    assert table["service_name"].tolist() == ["all services (trips)", "门诊部"]


def test_records_are_plain_json_with_nulls_for_what_has_no_value():
    records = comparison_records(make_comparison())
    again = json.loads(json.dumps(records, allow_nan=False))
    assert again["before"] == {"label": "甲案", "status": "optimal"}
    assert again["changes"][1]["km"] is None
    assert again["changes"][0]["to_site_id"] == "S2"
    assert again["services"][0]["no_longer_served"] == 12000
    assert again["verdicts"][0]["rule_id"] == "T-1"
    assert len(verdicts_table(make_comparison())) == 1
