from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from allocator.errors import InputError
from allocator.pipeline import read_task
from allocator.report import build_report, check_templates, read_templates
from allocator.report.values import PLACEHOLDERS, values_of
from allocator.resources import templates_folder
from tests.cli.small_task import write_task
from tests.report.reports import reported

if TYPE_CHECKING:
    from pathlib import Path


def put(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_bundled_templates_are_sound() -> None:
    assert check_templates(templates_folder() / "report") == []


def test_both_languages_have_the_same_keys() -> None:
    zh, _ = read_templates(None, "zh")
    en, _ = read_templates(None, "en")
    assert set(zh.words) == set(en.words)


def test_every_placeholder_has_a_value_in_both_languages() -> None:
    for language in ("zh", "en"):
        values = values_of(reported(language))
        assert set(values) == set(PLACEHOLDERS)
        assert values["people"] == "92,000"
        assert values["capital_wan"] == "2,214"


def test_a_folder_replaces_only_the_keys_it_gives(tmp_path: Path) -> None:
    folder = put(tmp_path / "own", "zh.toml", '[aims]\ntitle = "总体目标"\n')
    assert check_templates(folder) == []
    templates, _ = read_templates(folder, "zh")
    report = build_report(reported(), templates, ())
    assert [chapter.title for chapter in report.chapters][:3] == [
        "一、规划背景与现状",
        "二、总体目标",
        "三、总体布局",
    ]


def test_a_paragraph_with_nothing_to_say_is_left_out(tmp_path: Path) -> None:
    text = '[investment]\ntext = """\n共{capital_wan}万元。\n\n分{phases}期。\n"""\n'
    folder = put(tmp_path / "own", "zh.toml", text)
    templates, _ = read_templates(folder, "zh")
    values = values_of(reported())
    assert templates.paragraphs("investment.text", values) == ["共2,214万元。"]


@pytest.mark.parametrize(
    ("name", "text", "code", "line"),
    [
        ("zh.toml", '# 一\n[aims.goals]\ntext = "{capital}"', "placeholder", 3),
        ("zh.toml", '[aims.goals]\ntext = """\n好\n{people\n"""', "braces", 4),
        ("zh.toml", '[aims.goals]\ntext = "{0}"', "placeholder", 2),
        ("zh.toml", '[aims.goals]\ntext = "{people.__class__}"', "placeholder", 2),
        ("zh.toml", '[aim]\ntitle = "目标"', "key-unknown", 2),
        ("zh.toml", "[aims]\ntitle = 3", "value", 2),
        ("style.toml", '[body]\nsize_pt = "三号"', "value", 2),
        ("style.toml", "[body]\nsize_pt = 0", "value", 2),
        ("style.toml", '[body]\nfonts = "仿宋"', "key-unknown", 2),
    ],
)
def test_a_bad_template_is_named_with_its_line(
    tmp_path: Path, name: str, text: str, code: str, line: int
) -> None:
    (finding,) = check_templates(put(tmp_path / "own", name, text))
    assert finding.code == f"template-{code}"
    assert finding.table == name
    assert finding.keys == (f"第{line}行",)


def test_an_unknown_placeholder_is_told_the_nearest(tmp_path: Path) -> None:
    text = '[aims.goals]\ntext = "{capital_wam}"'
    (finding,) = check_templates(put(tmp_path / "own", "zh.toml", text))
    assert "{capital_wan}" in finding.say("zh")


def test_other_slips_of_a_folder_are_named(tmp_path: Path) -> None:
    assert [f.code for f in check_templates(tmp_path / "none")] == ["templates-missing"]
    folder = put(tmp_path / "own", "cn.toml", "")
    put(folder, "style.toml", '[cover]\nlogo = "logo.png"')
    codes = [finding.code for finding in check_templates(folder)]
    assert codes == ["template-unknown", "template-logo-missing"]


def test_broken_toml_is_a_finding(tmp_path: Path) -> None:
    findings = check_templates(put(tmp_path / "own", "zh.toml", "[aims\n"))
    assert len(findings) == 1
    assert findings[0].table == "zh.toml"


def test_a_brief_with_a_bad_template_is_refused_before_solving(tmp_path: Path) -> None:
    brief = write_task(tmp_path)
    text = brief.read_text("utf-8") + '\n[report]\ntemplates = "own"\n'
    brief.write_text(text, encoding="utf-8")
    put(tmp_path / "own", "zh.toml", '[aims.goals]\ntext = "{nobody}"')
    with pytest.raises(InputError) as caught:
        read_task(brief)
    assert [f.code for f in caught.value.findings] == ["template-placeholder"]


def test_the_page_lists_every_placeholder() -> None:
    page = (templates_folder().parents[1] / "docs" / "report.md").read_text("utf-8")
    listed = re.findall(r"^\| `\{(\w+)\}` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(PLACEHOLDERS)
