"""The page without a browser: what is on it, and what its buttons do."""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import asynccontextmanager

import pytest
from nicegui.testing.user_simulation import user_simulation

from allocator.review import server
from allocator.review.journal import Journal
from allocator.review.room import House
from tests.review.runs import small_run

CENTRE = "community_health_center"
SERVICES = {CENTRE: "社区卫生服务中心", "emergency_station": "急救站"}


@asynccontextmanager
async def opened(run, language=None):
    house = House(run, None, language, [])
    # The simulation forgets every module that has a page, and the packages above it.
    known = {k: m for k, m in sys.modules.items() if k.startswith("allocator")}
    try:
        async with user_simulation(root=lambda: None) as user:
            server.add_pages(house)
            await user.open("/")
            yield user, house
    finally:
        sys.modules.update(known)
        house.close()


def choose(user, site_id):
    """Choose a site by the field that looks for one."""
    (field,) = user.find(marker="search").elements
    with user.client:
        field.set_value(site_id)


def test_the_page_names_the_run_its_money_and_its_reviewer(tmp_path):
    run, _ = small_run(tmp_path)

    async def steps():
        async with opened(run) as (user, _):
            for words in ("小县试算", "2,260 / 5,000", "已证明最优", "0 / 3"):
                await user.should_see(words)
            user.find(marker="who").type("张三")
            user.find(marker="start").click()
            await user.should_see("张三")

    asyncio.run(steps())


def test_an_english_page_says_no_chinese_of_its_own(tmp_path):
    run, _ = small_run(tmp_path)

    async def steps():
        async with opened(run, "en") as (user, _):
            await user.should_see("proven optimal")
            await user.should_see("Solve again")
            await user.should_not_see("重新求解")

    asyncio.run(steps())


def test_a_decision_is_confirmed_without_waiting_for_its_price(tmp_path):
    run, _ = small_run(tmp_path)

    async def steps():
        async with opened(run) as (user, house):
            user.find(marker="who").type("张三")
            user.find(marker="start").click()
            choose(user, "B1")
            await user.should_see("东街道备选一")
            user.find(marker=f"reject-{CENTRE}").click()
            await user.should_see("不等代价, 直接确定")
            user.find(marker="reason").type("地块")
            user.find(marker="confirm").click()
            await user.should_see("不同意 · 已存盘")
            entry = Journal(run, SERVICES).stands()["B1", CENTRE]
            assert (entry.verdict, entry.who, entry.why, entry.price) == (
                "reject", "张三", "地块", "",
            )  # fmt: skip
            await user.should_see("1 / 3")
            assert house.first.stands["B1", CENTRE] == entry

    asyncio.run(steps())


def test_a_decision_that_is_not_saved_is_not_shown_as_taken(tmp_path, monkeypatch):
    run, _ = small_run(tmp_path)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    async def steps():
        async with opened(run) as (user, house):
            user.find(marker="who").type("张三")
            user.find(marker="start").click()
            choose(user, "B1")
            await user.should_see("东街道备选一")
            user.find(marker=f"accept-{CENTRE}").click()
            await user.should_see(marker="confirm")
            monkeypatch.setattr(Journal, "_write", full)
            user.find(marker="confirm").click()
            await user.should_see("没有存盘, 意见未记录: No space left on device")
            await user.should_see("0 / 3")
            assert house.first.stands == {}

    asyncio.run(steps())


def test_a_run_that_is_not_of_the_review_shows_the_first(tmp_path):
    run, _ = small_run(tmp_path)

    async def steps():
        async with opened(run) as (user, _):
            await user.open("/?run=..%2F..%2Fetc")
            await user.should_see("2,260 / 5,000")
            answer = await user.http_client.get("/drawing/task")
            assert answer.status_code == 404

    asyncio.run(steps())


def test_the_port_asked_for_is_taken_or_refused():
    port = server.free_port(None)
    assert server.free_port(port) == port
    with socket.socket() as taken:
        taken.bind((server.HOST, port))
        with pytest.raises(OSError, match="in use"):
            server.free_port(port)
