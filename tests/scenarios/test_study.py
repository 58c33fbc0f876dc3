"""A whole study in memory: what is stopped, what is refused, what the page shows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from allocator.errors import InputError
from allocator.load.scenario import ScenarioSection
from allocator.pipeline import read_task, study_scenarios
from allocator.scenarios import scenario_records
from tests.cli.small_task import write_task

PAGE = Path(__file__).parents[2] / "docs" / "scenarios.md"


class Stopping:
    """A progress that is cancelled when a step begins."""

    def __init__(self, words):
        self.words = words
        self.stopped = False

    def step(self, text):
        self.stopped |= self.words in text.en

    def update(self, text):
        pass

    def cancelled(self):
        return self.stopped


def test_after_an_interrupt_the_nominal_plan_is_kept_with_its_evaluation(tmp_path):
    task = read_task(write_task(tmp_path))
    report = study_scenarios(task, progress=Stopping("adding the scenarios"))
    assert report.interrupted
    assert [held.kind for held in report.plans] == ["nominal"]
    assert len(report.plans[0].evaluations) == 6
    records = scenario_records(report)
    assert [c["state"] for c in records["robust"]] == ["not_found", "not_found"]


def test_an_objective_about_fairness_is_refused(tmp_path):
    brief = write_task(tmp_path)
    order = '[objective]\norder = ["kolm_pollak", "capital_wan"]\n'
    brief.write_text(brief.read_text("utf-8") + order, "utf-8")
    with pytest.raises(InputError) as refusal:
        study_scenarios(read_task(brief))
    assert [f.code for f in refusal.value.findings] == ["scenario-objective"]


def test_scenarios_of_the_page_are_scenarios():
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    sections = [
        ScenarioSection.model_validate(s) for s in tomllib.loads(block)["scenario"]
    ]
    assert sections[0].population == {"other": 1.1}
    assert sections[1].must_hold
    assert sections[-1].out_of_service == ("any",)
