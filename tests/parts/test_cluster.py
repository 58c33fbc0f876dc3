"""The same code on a Dask cluster: two processes on this machine, seen by none else."""

from __future__ import annotations

import json

import pytest

from allocator.cli.main import run
from allocator.parts import Crew, at_work, put
from tests.cli.test_split import write_poor
from tests.parts.test_crew import doubled, dying_once

pytestmark = [
    pytest.mark.slow,
    # Dask closes sockets of lost workers when it gets round to it.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def address():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
    ) as cluster:
        yield cluster.scheduler_address


def test_every_piece_is_answered_by_the_cluster(address):
    crew = Crew(cluster=address)
    with at_work(crew):
        found = list(put(crew, doubled, [(n, (n,)) for n in range(6)]))
    assert sorted(found) == [(n, 2 * n) for n in range(6)]


def test_a_lost_worker_of_the_cluster_loses_only_its_piece(address, tmp_path):
    crew = Crew(cluster=address)
    pieces = [(n, (str(tmp_path / "died"), n)) for n in range(4)]
    with at_work(crew):
        found = list(put(crew, dying_once, pieces))
    assert (tmp_path / "died").exists()
    assert sorted(found) == [(n, 2 * n) for n in range(4)]


def test_a_plan_made_on_a_cluster_is_that_made_here(address, tmp_path):
    brief = write_poor(tmp_path / "task")
    plan = ["plan", str(brief), "--no-cache", "--only", "map"]
    assert run([*plan, "-o", str(tmp_path / "here"), "--workers", "1"]) == 0
    assert run([*plan, "-o", str(tmp_path / "there"), "--cluster", address]) == 0
    for name in ("placements.csv", "assignments.csv"):
        one, two = ((tmp_path / r / name).read_bytes() for r in ("here", "there"))
        assert one == two
    certificate = json.loads((tmp_path / "there" / "run.json").read_text("utf-8"))
    assert certificate["times"]["parts_solved"] == 2
