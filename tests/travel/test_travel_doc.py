"""What docs/travel.md says is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from allocator.cli.main import run
from allocator.errors import errors_in
from allocator.load.roads import HEADINGS
from allocator.load.travel_section import TravelSection
from allocator.pipeline.task import read_task
from allocator.travel.speeds import NO_WALKING, SPEEDS, WORDS
from tests.cli.small_task import write_task
from tests.load.road_files import EAST, NORTH, frame, write_tif

PAGE = (Path(__file__).parents[2] / "docs" / "travel.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def write(folder, snippet):
    path = write_task(folder, brief=("[policy]", f"{snippet}\n[policy]"))
    roads = frame(NORTH, EAST, **{"class": ["国道", "420301"]})
    roads.to_file(path.parent / "roads.gpkg")
    write_tif(path.parent / "friction.tif")
    return path


@pytest.mark.parametrize("at", range(len(SNIPPETS)))
def test_every_snippet_is_a_brief_that_can_be_read(at, tmp_path):
    task = read_task(write(tmp_path / "task", SNIPPETS[at]))
    assert not errors_in(task.findings)
    assert len(task.travel.pairs) > 3
    assert {f.code for f in task.findings} <= {"site-off-road"}


def test_there_is_a_snippet_of_each_way():
    methods = re.findall(r'method = "(\w+)"', "".join(SNIPPETS))
    assert methods == ["network", "friction"]
    assert "[travel.services." in SNIPPETS[-1]


def test_every_command_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(write(tmp_path / "task", SNIPPETS[-1]).parent)
    (block,) = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for command in block.strip().splitlines():
        program, *arguments = shlex.split(command)
        assert program == "allocator"
        assert run(arguments) == 0
        assert "需求点: 4" in capsys.readouterr().out


def test_the_table_of_speeds_is_that_of_the_program():
    rows = re.findall(r"^\| (\S+) \| (\d+) \|(.*?)\| ([^|]*?) \|$", PAGE, re.MULTILINE)
    assert {name: float(kmh) for name, kmh, _, _ in rows} == SPEEDS
    for name, _, words, on_foot in rows:
        for word in re.findall(r"`(\w+)`", words):
            assert WORDS[word] == name
        assert (on_foot == "no") is (name in NO_WALKING)


def test_every_default_and_heading_is_the_programs():
    section = TravelSection()
    for key in (
        "max_minutes",
        "snap_m",
        "access_kmh",
        "connect_m",
        "ferry_wait_minutes",
    ):
        (value,) = re.findall(rf"^{key} = (\d+)", SNIPPETS[0], re.MULTILINE)
        stated = getattr(section, key)
        assert float(value) == (60 if stated is None else stated)
    for name in ("class", "speed", "oneway"):
        assert all(f"`{h}`" in PAGE for h in HEADINGS[name][:3]), name
