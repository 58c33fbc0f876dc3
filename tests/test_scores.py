"""Choosing among equals: the figures are shown, and the best site is taken."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from allocator.cli.main import run
from allocator.errors import InputError
from allocator.pipeline import make_plan, read_task
from allocator.scores import ScoreRule, score_sites
from tests.cli.small_task import write_task

PACK = """
[[service]]
id = "county_subcenter"
name = "次中心"
hosts = { class = ["C210"] }

[[rule]]
id = "R9"
quote = "全县建设一家次中心"
kind = "count_in_unit"
service = "county_subcenter"
lo = 1
hi = 1

[[rule]]
id = "R3\""""


def write(folder: Path, weights: str) -> Path:
    brief = write_task(
        folder,
        small=('\n[[rule]]\nid = "R3"', PACK),
        brief=(
            "[budget]",
            f'[[score]]\nservice = "county_subcenter"\nweights = {weights}\n[budget]',
        ),
        costs=(
            "emergency_station",
            "county_subcenter,upgrade,500,0\nemergency_station",
        ),
    )
    sites = folder / "sites.csv"
    lines = sites.read_text("utf-8").splitlines()
    beds = ["beds", "10", "60", "20", "", ""]
    rows = [f"{line},{bed}" for line, bed in zip(lines, beds, strict=True)]
    hospital = "H1,县医院,115.900,28.700,existing,360901001,A100,300"
    sites.write_text("\n".join([*rows, hospital]), "utf-8")
    return brief


@pytest.mark.parametrize(
    ("weights", "chosen"),
    [("{ beds = 1 }", "A2"), ("{ distance = 1 }", "A2"), ("{ people = 1 }", "A2")],
)
def test_the_best_of_equal_sites_is_chosen(tmp_path, weights, chosen):
    outcome = make_plan(read_task(write(tmp_path, weights)))
    rows = outcome.plan.placements
    subcentres = rows[rows["service"] == "county_subcenter"]
    assert subcentres["site_id"].tolist() == [chosen]
    assert outcome.scores is not None
    table = outcome.scores.set_index("site_id")
    assert table["chosen"].to_dict() == {"A1": chosen == "A1", "A2": chosen == "A2"}
    names = [stage["name"] for stage in outcome.certificate["objectives"]]
    assert names[-1] == "scores"


def test_the_score_is_the_weighted_mean_of_shares_of_the_largest(tmp_path):
    task = read_task(
        write(tmp_path, "{ people = 3, distance = 1, beds = 1, level = 1 }")
    )
    weights = {"people": 3.0, "distance": 1.0, "beds": 1.0, "level": 1.0}
    rule = ScoreRule("county_subcenter", weights)
    table = score_sites(task.area, task.travel, task.policy, [rule])
    table = table.set_index("site_id")
    # The hospital in 东街道 is about 11 km from A1 and 30 km from A2; within 30 minutes
    # of it nobody is gained.
    assert table["people_gained"].to_dict() == {"A1": 0.0, "A2": 40000.0}
    km = table["km_to_hospital"].astype(float).to_dict()
    assert km["A1"] == pytest.approx(11.19, abs=0.05)
    expected = {
        "A1": (0.0 * 3 + km["A1"] / km["A2"] + 10 / 60 + 0.0) / 6,
        "A2": (3 + 1 + 1 + 0) / 6,
    }
    assert table["score"].to_dict() == pytest.approx(expected, abs=1e-6)


def test_scores_are_in_the_run_folder(tmp_path):
    brief = write(tmp_path / "task", "{ beds = 1 }")
    assert run(["plan", str(brief), "-o", str(tmp_path / "run"), "-q"]) == 0
    table = pd.read_csv(tmp_path / "run" / "scores.csv", encoding="utf-8-sig")
    assert table["site_id"].tolist() == ["A2", "A1"]
    assert table["chosen"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("weights", "code"),
    [("{ beds = 0 }", "weights-missing"), ("{ rooms = 1 }", "key-invalid")],
)
def test_weights_that_weigh_nothing_are_refused(tmp_path, weights, code):
    with pytest.raises(InputError) as caught:
        read_task(write(tmp_path, weights))
    assert code in {f.code for f in caught.value.findings}
