"""The review in a real browser, with a real server, and no network."""

from __future__ import annotations

import json
import os
import socket
import statistics
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from allocator.cli.main import run as command
from allocator.review.journal import Journal
from tests.review.county import write_county
from tests.review.runs import small_run
from tests.review.served import Watched, chromium, served, until

pytestmark = pytest.mark.slow

CENTRE = "community_health_center"
SERVICES = {CENTRE: "社区卫生服务中心", "emergency_station": "急救站"}
HOSTILE = "<img src=x onerror=alert(1)>`${alert(2)}`{{ 1+1 }}</script>"
PICTURES = os.environ.get("ALLOCATOR_PICTURES")


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


def stands(run):
    found = Journal(run, SERVICES).stands()
    return {key: (e.verdict, e.who, e.why) for key, e in found.items() if e.verdict}


def test_from_opening_to_the_next_round(browser, tmp_path):
    run, _ = small_run(tmp_path)
    with served(run) as server:
        watched = Watched(browser)
        page = watched.page
        watched.open(server.address)
        assert "token" not in page.url
        assert page.get_by_text("2,260 / 5,000").is_visible()

        # Why is it there, and what would its loss cost? Solved while one may go on.
        watched.click_site("B1", "东街道备选一")
        assert page.get_by_text("每个街道设置一所社区卫生服务中心").first.is_visible()
        page.get_by_role("button", name="不同意", exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="不等代价, 直接确定").wait_for()
        dialog.get_by_text("最好的替代 东街道备选二 (1.4 km)").first.wait_for()
        dialog.get_by_label("理由").fill("地块已出让")
        dialog.get_by_role("button", name="确定", exact=True).click()
        page.get_by_text("不同意 · 已存盘").wait_for()
        # On disk before the screen says so.
        key = ("B1", CENTRE)
        assert stands(run)[key] == ("reject", "张三", "地块已出让")
        assert "地块已出让" in (run / "decisions.csv").read_text("utf-8-sig")
        entry = Journal(run, SERVICES).stands()[key]
        assert "出行人·分钟 变差 115,906 (已证明)" in entry.price

        page.get_by_role("button", name="按意见重新求解").click()
        page.wait_for_url("**/?run=r-2", timeout=90_000)
        watched.ready()
        assert (tmp_path / "r-2" / "run.json").is_file()
        watched.click_site("B2", "东街道备选二")
        assert page.get_by_text("新建", exact=True).is_visible()

        page.get_by_role("tab", name="前后比较").click()
        page.get_by_text("东街道备选一 社区卫生服务中心 → 东街道备选二").wait_for()
        page.get_by_role("button", name="两图并排").click()
        page.get_by_text("原方案: r").wait_for()
        page.wait_for_function(
            "document.querySelectorAll('.plan-map[data-ready]').length == 2"
        )
        # One map over the other: the slider is moved by its keys, or dragged.
        page.get_by_role("button", name="卷帘对比").click()
        slider = page.get_by_role("slider", name="左侧为原方案")
        slider.focus()
        for _ in range(10):
            page.keyboard.press("ArrowRight")
        assert slider.input_value() == "60"
        before, after = (
            page.locator(".plan-map").nth(i).bounding_box() for i in (0, 1)
        )
        assert before == after
        cut = page.locator(".rv-before").evaluate("e => getComputedStyle(e).clipPath")
        assert cut == "inset(0px 40% 0px 0px)"
        maps = page.locator(".plan-map")
        views = [
            maps.nth(i).evaluate("e => [e.plan.map.getZoom(), e.plan.map.getCenter()]")
            for i in (0, 1)
        ]
        assert views[0] == views[1]
        page.get_by_role("button", name="只看现方案").click()
        page.locator(".rv-before").wait_for(state="detached")
        assert watched.strangers(server.origin) == []
        assert watched.complaints == []
    assert not list(tmp_path.rglob(".nicegui"))


def test_a_site_is_dragged_and_that_undone(browser, tmp_path):
    run, _ = small_run(tmp_path)
    with served(run) as server:
        watched = Watched(browser)
        page = watched.page
        watched.open(server.address)
        watched.click_site("B1", "东街道备选一")
        watched.drag("B1", 60, 30)
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("出行人·分钟 变差", exact=False).first.wait_for()
        dialog.get_by_role("button", name="确定", exact=True).click()
        page.get_by_text("调整位置 · 已存盘").wait_for()
        entry = Journal(run, SERVICES).stands()["B1", CENTRE]
        assert entry.verdict == "move"
        assert entry.lon is not None
        assert 115.901 < entry.lon < 116.2
        assert entry.lat is not None
        assert 28.5 < entry.lat < 28.7

        page.reload()
        watched.open(page.url)  # the name is known: it is not asked again
        watched.click_site("B1", "东街道备选一")
        page.locator(".rv-said", has_text="调整位置").wait_for()
        page.get_by_role("button", name="撤销上一步").click()
        page.get_by_text("撤销 · 已存盘").wait_for()
        assert stands(run) == {}
        assert watched.complaints == []


def test_a_site_is_added_with_its_class_and_planned(browser, tmp_path):
    run, _ = small_run(tmp_path)
    with served(run) as server:
        watched = Watched(browser)
        page = watched.page
        watched.open(server.address)
        page.get_by_role("button", name="增加备选点").click()
        page.get_by_text("在地图上点击新位置").first.wait_for()
        page.locator(".plan-map-adding").wait_for()
        page.mouse.click(*watched.where("A1"))  # on a site: it is not chosen now
        page.get_by_role("dialog").get_by_role("button", name="取消").click()
        page.get_by_role("dialog").wait_for(state="detached")
        page.get_by_role("button", name="增加备选点").click()
        page.locator(".plan-map-adding").wait_for()
        x, y = watched.where("B1")
        page.mouse.click(x + 90, y - 60)
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("名称").fill("东郊新址")
        # Two classes may hold something here: one has to be chosen.
        dialog.get_by_role("button", name="确定", exact=True).click()
        page.get_by_text("先选机构类别").wait_for()
        dialog.get_by_label("机构类别").click()
        page.locator(".q-menu").get_by_text("C210 中心卫生院").click()
        # Of the service chosen only one class may be a host: it is named.
        dialog.get_by_label("服务(可不选)").click()
        page.locator(".q-menu").get_by_text("社区卫生服务中心", exact=True).click()
        dialog.get_by_text("只有这一类可设): B100 社区卫生服务中心").wait_for()
        page.keyboard.press("Escape")
        dialog.get_by_text("增加 东郊新址 社区卫生服务中心: ").first.wait_for()
        dialog.get_by_role("button", name="确定", exact=True).click()
        page.get_by_text("增加 · 已存盘").wait_for()
        (added,) = Journal(run, SERVICES).stands().values()
        assert (added.site_id, added.verdict, added.name) == ("N1", "add", "东郊新址")
        assert (added.service, added.site_class) == (CENTRE, "B100")
        page.get_by_role("button", name="按意见重新求解").click()
        page.wait_for_url("**/?run=r-2", timeout=90_000)
        watched.ready()
        watched.click_site("N1", "东郊新址")
        page.get_by_text("新建", exact=True).wait_for()
        assert watched.complaints == []


def test_a_verdict_and_a_reason_are_entered_in_the_table(browser, tmp_path):
    run, _ = small_run(tmp_path)
    with served(run) as server:
        watched = Watched(browser)
        page = watched.page
        watched.open(server.address)
        page.get_by_role("tab", name="设置清单").click()
        row = page.locator(".ag-center-cols-container [row-id^='B1']")
        row.locator("[col-id='verdict']").click()
        row.locator("[role='combobox']").click()
        page.locator(".ag-list-item", has_text="锁定").click()
        page.get_by_text("锁定 · 已存盘").wait_for()
        row.locator("[col-id='reason']").dblclick()
        page.keyboard.type("必须建")
        page.keyboard.press("Enter")
        assert until(lambda: stands(run).get(("B1", CENTRE), ("",) * 3)[2] == "必须建")
        assert stands(run)["B1", CENTRE] == ("lock", "张三", "必须建")
        assert watched.complaints == []


def test_two_browsers_see_each_other_within_two_seconds(browser, tmp_path):
    run, _ = small_run(tmp_path)
    with served(run) as server:
        first, second = Watched(browser), Watched(browser)
        first.open(server.address, "张三")
        second.open(server.address, "李四")
        for watched in (first, second):
            watched.click_site("B1", "东街道备选一")
        page = first.page
        page.get_by_role("button", name="同意", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="确定").click()
        page.get_by_text("同意 · 已存盘").wait_for()
        started = time.monotonic()
        second.page.locator(".rv-said", has_text="张三").wait_for(timeout=2000)
        assert time.monotonic() - started < 2
        # What somebody else decides does not close the dialog that one is in.
        page.get_by_role("button", name="锁定", exact=True).click()
        page.get_by_role("dialog").get_by_label("理由").fill("想一想")
        second.page.get_by_role("button", name="缓建", exact=True).click()
        second.page.get_by_role("dialog").get_by_role("button", name="确定").click()
        first.page.locator(".rv-said", has_text="李四").wait_for(timeout=2000)
        assert page.get_by_role("dialog").get_by_label("理由").input_value() == "想一想"
        page.get_by_role("dialog").get_by_role("button", name="取消").click()
        second.page.get_by_role("button", name="撤销", exact=True).click()
        # A second server on the same run is another browser like any other.
        with served(run) as other:
            third = Watched(browser)
            third.open(other.address, "王五")
            third.click_site("B1", "东街道备选一")
            third.page.locator(".rv-said", has_text="张三").wait_for()
            third.page.get_by_role("button", name="撤销", exact=True).click()
            first.page.locator(".rv-said").wait_for(state="detached", timeout=2000)


def test_a_killed_server_has_lost_nothing(browser, tmp_path):
    run, _ = small_run(tmp_path)
    with served(run) as server:
        watched = Watched(browser)
        watched.open(server.address)
        watched.click_site("B2", "东街道备选二")
        watched.page.get_by_role("button", name="锁定", exact=True).click()
        dialog = watched.page.get_by_role("dialog")
        dialog.get_by_label("理由").fill("群众要求")
        # Confirmed while the price is still being solved, and killed at once.
        dialog.get_by_role("button", name="不等代价, 直接确定").click()
        watched.page.get_by_text("锁定 · 已存盘").wait_for()
        server.kill()
    assert stands(run) == {("B2", CENTRE): ("lock", "张三", "群众要求")}
    with served(run) as server:
        watched = Watched(browser)
        watched.open(server.address)
        watched.click_site("B2", "东街道备选二")
        watched.page.locator(".rv-said", has_text="群众要求").wait_for()
        watched.page.get_by_role("tab", name="审核记录").click()
        watched.page.locator(".rv-entry").get_by_text("未估价").wait_for()


def test_clauses_that_collide_with_a_decision_are_named(browser, tmp_path):
    run, _ = small_run(tmp_path)
    journal = Journal(run, SERVICES)
    journal.decide("李", ("A1", "emergency_station"), "reject", why="不设")
    with served(run) as server:
        watched = Watched(browser)
        watched.open(server.address)
        watched.page.get_by_role("button", name="按意见重新求解").click()
        dialog = watched.page.get_by_role("dialog")
        dialog.get_by_text("没有满足全部意见和条款的方案").wait_for(timeout=60_000)
        assert dialog.get_by_text("评审决定: 北镇中心卫生院").first.is_visible()
        assert dialog.get_by_text("在中心乡镇卫生院设立急救站").first.is_visible()
        dialog.get_by_role("button", name="关闭").click()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r", "task"]


def test_hostile_names_and_reasons_are_only_text(browser, tmp_path):
    run, brief = small_run(tmp_path)
    for path in (run / "placements.csv", brief.parent / "sites.csv"):
        text = path.read_text("utf-8-sig").replace("东街道备选一", HOSTILE)
        path.write_text(text, "utf-8-sig")
    journal = Journal(run, SERVICES)
    journal.decide(HOSTILE, ("B1", CENTRE), "reject", why=HOSTILE)
    journal.decide(HOSTILE, ("N1", ""), "add", place=(115.95, 28.75), name=HOSTILE)
    with served(run, "--brief", str(brief)) as server:
        watched = Watched(browser)
        page = watched.page
        watched.open(server.address)
        watched.click_site("B1", "onerror")
        page.mouse.move(*watched.where("A1"), steps=5)
        page.wait_for_timeout(100)
        page.mouse.move(*watched.where("N1"), steps=5)
        page.wait_for_timeout(100)
        page.mouse.move(*watched.where("N1"))
        page.locator(".leaflet-tooltip", has_text="onerror").wait_for()
        for tab in ("设置清单", "审核记录", "条款评估"):
            page.get_by_role("tab", name=tab).click()
            page.wait_for_timeout(200)
        assert page.get_by_text("{{ 1+1 }}").count() > 0
        assert page.locator("img[src='x']").count() == 0
        assert watched.complaints == []


def status(address, **headers):
    request = urllib.request.Request(address, headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode("utf-8", "replace")


def test_without_the_token_everything_is_forbidden(tmp_path):
    run, _ = small_run(tmp_path)
    with served(run) as server:
        port = server.origin.rpartition(":")[2]
        token = server.address.partition("token=")[2]
        cookie = f"allocator_review_{port}={token}"
        paths = ["/", "/drawing/r", "/_nicegui_ws/socket.io/?EIO=4&transport=polling"]
        paths += ["/_nicegui/x", "/favicon.ico", "/?token=wrong", "/nothing"]
        for path in paths:
            assert status(server.origin + path) == (403, "403\n"), path
            wrong = status(server.origin + path, Cookie=f"{cookie}x")
            assert wrong == (403, "403\n"), path
        for strange in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
            assert status(f"{server.origin}/", Cookie=cookie, **strange)[0] == 403
        code, body = status(f"{server.origin}/drawing/r", Cookie=cookie)
        assert code == 200
        assert len(json.loads(body)["sites"]) == 4
        for path in ("..%2Ftask%2Fbrief.toml", "task", "%2e%2e", "r%2Frun.json"):
            code, body = status(f"{server.origin}/drawing/{path}", Cookie=cookie)
            assert code == 404, path
            assert "[brief]" not in body


def test_only_this_machine_is_listened_to(tmp_path):
    run, _ = small_run(tmp_path)
    with served(run) as server:
        port = int(server.origin.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
        # A server that listened everywhere would answer at any address of the machine.
        with pytest.raises(OSError, match=r"refused|reach"):
            socket.create_connection(("127.0.0.2", port), timeout=5)


def test_a_county_of_three_hundred_sites_answers_at_once(
    browser, tmp_path, record_property
):
    brief = write_county(tmp_path / "task", sites=300, cells=3000)
    assert command(["plan", str(brief), "-o", str(tmp_path / "run"), "-q"]) == 0
    with served(tmp_path / "run") as server:
        watched = Watched(browser, width=1440, height=860)
        page = watched.page
        started = time.monotonic()
        watched.open(server.address)
        opened = time.monotonic() - started
        page.locator(".rv-tools .q-select").nth(2).click()
        page.get_by_text("谁去哪里").click()
        sites = page.evaluate(
            "document.querySelector('.plan-map').plan.data.sites"
            ".map(s => [s.id, s.name])"
        )
        assert len(sites) == 300
        took = []
        for site_id, name in sites[5:300:12]:
            started = time.monotonic()
            watched.click_site(site_id, name)
            took.append(time.monotonic() - started)
        saving = []
        for _ in range(5):
            page.get_by_role("button", name="同意", exact=True).first.click()
            confirm = page.get_by_role("dialog").get_by_role("button", name="确定")
            confirm.wait_for()
            started = time.monotonic()
            confirm.click()
            page.get_by_role("dialog").wait_for(state="detached")
            saving.append(time.monotonic() - started)
        median, saved = statistics.median(took), statistics.median(saving)
        figures = {"open_s": opened, "choose_s": median, "decide_s": saved}
        for name, seconds in figures.items():
            record_property(name, round(seconds, 3))
        print({name: round(seconds, 3) for name, seconds in figures.items()})  # noqa: T201
        assert watched.complaints == []


@pytest.mark.skipif(not PICTURES, reason="draws pictures for docs/review.md")
def test_pictures_for_the_docs(browser):
    """Set ALLOCATOR_PICTURES to a folder with a run of two rounds: first, second."""
    folder = Path(str(PICTURES))
    first, second = sorted(p.parent for p in folder.glob("*/run.json"))
    with served(first) as server:
        watched = Watched(browser, width=1280, height=760)
        page = watched.page
        watched.open(server.address)

        def shot(name):
            page.wait_for_timeout(600)
            page.screenshot(path=folder / f"review-{name}.png")

        def pick(old, new):
            page.locator(".rv-tools").get_by_text(old).click()
            page.locator(".q-menu").get_by_text(new, exact=True).click()

        chosen = next(
            entry.site_id
            for entry in Journal(first, {}).stands().values()
            if entry.verdict == "reject"
        )
        name = page.evaluate(
            "i => document.querySelector('.plan-map').plan.at.get(i).name", chosen
        )
        pick("按人口着色", "按覆盖率着色")
        page.get_by_label("查找点位").fill(name)  # the map is crowded there
        page.locator(".q-menu .q-item", has_text=name).first.click()
        page.locator(".rv-name", has_text=name).first.wait_for()
        shot("site")
        page.get_by_role("tab", name="设置清单").click()
        shot("placements")
        page.get_by_role("tab", name="审核记录").click()
        shot("decisions")
        page.goto(f"{server.origin}/?run={second.name}")
        watched.ready()
        pick("全部服务", "社区卫生服务中心")
        pick("不显示去向", "谁去哪里")
        page.get_by_role("tab", name="前后比较").click()
        page.locator(".rv-table").first.wait_for()
        page.get_by_role("button", name="两图并排").click()
        page.wait_for_function(
            "document.querySelectorAll('.plan-map[data-ready]').length == 2"
        )
        shot("compare")
        page.get_by_role("button", name="卷帘对比").click()
        shot("swipe")
        assert watched.complaints == []
