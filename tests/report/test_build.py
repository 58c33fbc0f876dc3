from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from allocator.maps import FIGURES
from allocator.report import build_report, read_templates
from allocator.report.desk import chinese_number
from allocator.report.model import Figure, Paragraph, Table, blocks_of
from tests.outcomes import make_outcome
from tests.report.reports import reported

if TYPE_CHECKING:
    from allocator.errors import Language
    from allocator.outcome import Outcome
    from allocator.report.model import Report

GOLDEN = Path(__file__).parents[1] / "golden"


def built(outcome: Outcome) -> Report:
    templates, findings = read_templates(None, outcome.language)
    assert findings == []
    return build_report(outcome, templates, FIGURES)


def outline(report: Report) -> str:
    """Return the whole report as text, tables with bars between their cells."""
    lines = [report.title, *report.lines]
    for chapter in report.chapters:
        lines += ["", f"# {chapter.title}", *map(shown, chapter.blocks)]
        for section in chapter.sections:
            lines += ["", f"## {section.title}", *map(shown, section.blocks)]
    return "\n".join(lines) + "\n"


def shown(block: object) -> str:
    match block:
        case Paragraph():
            return block.text
        case Figure():
            return f"[图 {block.number} {block.caption}: {block.picture}]"
        case Table():
            head = f"[表 {block.number} {block.caption}]"
            rows = [[c.heading for c in block.columns], *block.rows]
            return "\n".join([head, *(" | ".join(row) for row in rows)])
    raise TypeError(block)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_report_is_as_it_was(
    language: Language, request: pytest.FixtureRequest
) -> None:
    text = outline(built(reported(language, site_name="新城乡卫生院")))
    target = GOLDEN / f"report.{language}.txt"
    if request.config.getoption("--update-golden"):
        target.write_text(text, encoding="utf-8")
    assert text == target.read_text("utf-8")


def test_the_chapters_are_those_of_a_plan_document() -> None:
    titles = [chapter.title for chapter in built(reported()).chapters]
    assert titles == [
        "一、规划背景与现状",
        "二、规划目标",
        "三、总体布局",
        "四、机构设置",
        "五、投资估算",
        "六、达标评估",
        "七、实施",
        "附录　方法与数据说明",
    ]


def test_tables_and_figures_are_counted_in_their_order() -> None:
    blocks = blocks_of(built(reported()))
    for kind in (Table, Figure):
        numbers = [b.number for b in blocks if isinstance(b, kind)]
        assert numbers == list(range(1, len(numbers) + 1))


def table(report: Report, caption: str) -> list[tuple[str, ...]]:
    (found,) = [
        b for b in blocks_of(report) if isinstance(b, Table) and b.caption == caption
    ]
    return list(found.rows)


def test_undecidable_and_tracked_clauses_are_named_as_such() -> None:
    report = built(reported())
    assert table(report, "无法判定的条款") == [
        ("1", "15分钟可达", "二(三) [T-3]", "乙县", "缺少列 lon")
    ]
    assert [row[1] for row in table(report, "仅监测的条款")] == ["人均预期寿命提高"]
    verdicts = {row[2]: row[8] for row in table(report, "条款评估表")}
    assert verdicts == {
        "在卫生院设立急救站": "达标",
        "每个街道办好一所门诊部": "未达标",
        "15分钟可达": "无法判定",
        "人均预期寿命提高": "仅监测",
    }


def test_what_a_best_effort_breaks_stands_first() -> None:
    outcome = reported()
    gap = next(row for row in outcome.audit if row.rule_id == "T-2")
    object.__setattr__(outcome, "gaps", (gap,))
    report = built(outcome)
    assert table(report, "未达标明细")[0][2] == "二(二) [T-2]"
    texts = [b.text for b in blocks_of(report) if isinstance(b, Paragraph)]
    assert any("有1处必须条款未满足" in text for text in texts)


def test_a_plan_without_proof_is_not_called_best() -> None:
    outcome = reported()
    outcome.certificate["status"] = "feasible"
    outcome.certificate["objectives"][0] |= {"bound": None, "gap": None}
    report = built(outcome)
    texts = "".join(b.text for b in blocks_of(report) if isinstance(b, Paragraph))
    assert "未证明最优" in texts
    assert "均已证明最优" not in texts
    assert table(report, "优化目标的结果与证明界限")[0][3:] == ("—", "—")


def test_assumptions_and_findings_are_in_the_annex() -> None:
    annex = built(reported()).chapters[-1]
    words = "".join(
        block.text
        for section in annex.sections
        for block in section.blocks
        if isinstance(block, Paragraph)
    )
    assert "样例数据,不得用于审批。" in words
    assert "人口取自普查" in words


def test_an_outcome_without_access_reach_or_groups_has_a_report() -> None:
    report = built(make_outcome(polygons=False))
    captions = [b.caption for b in blocks_of(report) if isinstance(b, Table)]
    assert "服务可及性现状" not in captions
    assert "医联体组团" not in captions
    assert "机构设置一览表" in captions


def test_a_row_that_does_not_fit_its_table_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Table(1, "x", (), (("a",),))


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (21, "二十一")],
)
def test_numbers_of_chapters_are_chinese(number: int, words: str) -> None:
    assert chinese_number(number) == words
