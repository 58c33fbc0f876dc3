"""The class of a site that a review adds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from allocator.decisions import Decision, Verdict, with_classes
from allocator.policy import classes_for, holdable, read_policy

PACK = """
[pack]
id = "p"
title = "办法"

[[service]]
id = "centre"
name = "社区卫生服务中心"
hosts = { class = ["B100"] }

[[service]]
id = "station"
name = "急救站"
hosts = { class = ["C210", "C220"] }

[[service]]
id = "subcentre"
name = "分中心"
hosts = { class = ["C210"] }
requires = ["station"]

[[service]]
id = "post"
name = "点"
hosts = { service = ["subcentre", "centre"] }

[[service]]
id = "kiosk"
name = "亭"
"""


@pytest.fixture
def policy(tmp_path):
    (tmp_path / "p.toml").write_text(PACK, "utf-8")
    found, findings = read_policy(["p.toml"], {}, tmp_path)
    assert found is not None, findings
    return found


def add(service, site_class="", site_id="N1", row="2"):
    decision = Decision(site_id, service, Verdict.ADD, lon=116.0, lat=28.0)
    return replace(decision, row=row, site_class=site_class)


def test_a_class_holds_what_it_hosts_and_what_stands_with_that(policy):
    assert holdable(policy, "C210") == {"station", "subcentre", "post", "kiosk"}
    assert holdable(policy, "C220") == {"station", "kiosk"}
    assert holdable(policy, "B100") == {"centre", "post", "kiosk"}
    assert holdable(policy, "") == {"kiosk"}


@pytest.mark.parametrize(
    ("service", "classes"),
    [
        ("centre", ("B100",)),
        ("station", ("C210", "C220")),
        ("subcentre", ("C210",)),
        ("post", ("B100", "C210")),
        ("kiosk", ()),
        ("", ("B100", "C210", "C220")),
    ],
)
def test_a_service_names_the_classes_that_may_hold_it(policy, service, classes):
    assert classes_for(policy, service) == classes


@pytest.mark.parametrize(
    ("rows", "expected", "codes"),
    [
        ([add("centre")], "B100", ["class-inferred"]),
        ([add("station"), add("subcentre")], "C210", ["class-inferred"]),
        ([add("station", "C220")], "C220", []),
        ([add("station", "C220"), add("kiosk")], "C220", []),
        ([add("kiosk")], "", []),
        ([add("", "C220")], "C220", []),
    ],
)
def test_the_class_written_or_the_only_one_that_fits_is_taken(
    policy, rows, expected, codes
):
    decisions, findings = with_classes(rows, policy, table="d.csv")
    assert {d.site_class for d in decisions} == {expected}
    assert [f.code for f in findings] == codes
    assert all(str(f.severity) == "note" for f in findings)


@pytest.mark.parametrize(
    ("rows", "code", "remedy"),
    [
        (
            [add("")],
            "class-missing",
            "在 class(类别代码)列填其中一类: B100 社区卫生服务中心、C210 中心卫生院、"
            "C220 乡卫生院; 或写明服务",
        ),
        (
            [add("station")],
            "class-missing",
            "在 class(类别代码)列填其中一类: C210 中心卫生院、C220 乡卫生院",
        ),
        ([add("station"), add("centre")], "class-none", None),
        ([add("station", "C210"), add("post", "B100")], "class-twice", None),
        (
            [add("centre", "C210")],
            "class-hosts-not",
            "在 class(类别代码)列填其中一类: B100 社区卫生服务中心",
        ),
    ],
)
def test_a_class_that_nobody_can_know_is_asked_for(policy, rows, code, remedy):
    _, (found,) = with_classes(rows, policy, table="d.csv")
    assert (found.code, str(found.severity)) == (code, "error")
    assert found.column == "class"
    assert found.keys
    assert (None if found.remedy is None else found.remedy.zh) == remedy


def test_two_sites_have_classes_of_their_own(policy):
    rows = [add("centre"), add("station", "C220", "N2", "3")]
    decisions, _ = with_classes(rows, policy, table="d.csv")
    assert [d.site_class for d in decisions] == ["B100", "C220"]


def test_other_verdicts_are_left_alone(policy):
    rows = (Decision("S1", "centre", Verdict.REJECT),)
    assert with_classes(rows, policy, table="d.csv") == (rows, [])
