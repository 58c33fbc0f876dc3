from __future__ import annotations

import dataclasses

import pytest

from allocator.maps.words import heading, plan_names, standing, subtitle
from tests.outcomes import make_outcome


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("样例市", "样例市规划布局图"),
        ("样例市设施布局", "样例市设施布局规划图"),
        ("样例市设置规划", "样例市设置规划布局图"),
        ("样例市设施布局(样例)", "样例市设施布局规划图(样例)"),
    ],
)
def test_a_title_does_not_repeat_the_name(name: str, title: str) -> None:
    outcome = make_outcome()
    area = dataclasses.replace(outcome.area, name=name)
    assert heading(dataclasses.replace(outcome, area=area)) == title


def test_an_english_map_has_an_english_title() -> None:
    assert heading(make_outcome(language="en")) == "样例市: proposed layout"


def test_the_plan_is_told_in_one_line() -> None:
    words = "2025–2026 年 · 新建 1 项 · 改扩建 2 项 · 撤并 1 项 · 投资 2,214 万元"
    assert subtitle(make_outcome()) == words


def test_a_map_says_how_it_may_be_used() -> None:
    assert standing("", "zh") == "示意图"
    assert standing("赣S(2025)001号", "zh") == "审图号:赣S(2025)001号"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("三江镇中心卫生院", "三江镇"),
        ("拟建东郊门诊部", "东郊"),
        ("门诊部", "门诊部"),
        ("金桥乡卫生院备选点1", "金桥乡"),
        ("新建区人民医院", "新建区人民医院"),
        ("拟建", "拟建"),
    ],
)
def test_a_name_on_the_map_leaves_out_what_the_symbol_says(
    name: str, short: str
) -> None:
    assert plan_names(make_outcome(), [name]) == [short]


def test_a_bracket_that_most_names_have_is_left_out() -> None:
    outcome = make_outcome()
    sites = outcome.area.sites
    sites["name"] = [f"{name}(样例)" for name in sites["name"]]
    assert plan_names(outcome, ["新城乡卫生院(样例)"]) == ["新城乡"]
    assert plan_names(outcome, ["新城乡卫生院(北区)"]) == ["新城乡卫生院(北区)"]
