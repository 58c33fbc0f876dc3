"""What README and docs say is so: commands run, links lead somewhere."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest

from allocator.cli.main import cli, run

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def commands_in(page: Path) -> list[str]:
    """Return the commands of a page's console blocks, in order."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    return [
        line.strip() for block in blocks for line in block.splitlines() if line.strip()
    ]


def test_both_readmes_give_the_same_commands():
    english = commands_in(ROOT / "README.md")
    assert english == commands_in(ROOT / "README.zh-CN.md")
    assert english[:2] == ["make demo", "make test"]


def test_make_knows_the_two_commands():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert {"demo", "test"} <= set(targets)


@pytest.mark.slow
@pytest.mark.renders
def test_every_command_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for command in commands_in(ROOT / "README.md"):
        program, *arguments = shlex.split(command)
        if program == "make":
            continue  # run by whoever runs this test
        assert program == "allocator"
        assert run(arguments) == 0, command
        capsys.readouterr()
    assert (tmp_path / "myplan" / "map.html").exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands_of_other_pages_exist(page):
    for command in commands_in(page):
        program, *arguments = shlex.split(command)
        if program == "allocator":
            assert arguments[0] in cli.commands, command


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
        if not target.startswith(("http:", "https:")):
            assert (page.parent / target).exists(), target


def test_the_picture_of_the_layers_is_up_to_date():
    script = runpy.run_path(str(ROOT / "docs" / "images" / "layers.py"))
    picture = (ROOT / "docs" / "images" / "layers.svg").read_text("utf-8")
    assert script["draw"]() == picture


def test_exit_codes_are_the_same_everywhere():
    words = "0 ok, 1 bug, 2 usage, 3 input, 4 policy, 5 infeasible, 6 solver, 7 audit"
    assert words in (ROOT / "README.md").read_text("utf-8")
    assert words in (cli.epilog or "")
