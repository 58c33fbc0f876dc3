"""Pieces of work: done side by side, and put again when a worker is lost."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from allocator.errors import SolverError
from allocator.parts import Crew, at_work, put

LONG_ENOUGH = 0.2  # seconds: for the other worker to take a piece as well


def doubled(number):
    return 2 * number


def dying_once(marker, number):
    """Kill the process that this runs in, the first time."""
    path = Path(marker)
    if number == 1 and not path.exists():
        path.touch()
        time.sleep(LONG_ENOUGH)
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def dying_always(number):
    if number == 1:
        time.sleep(LONG_ENOUGH)
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def failing(number):
    message = f"no {number}"
    raise RuntimeError(message)


def test_one_worker_works_in_this_process():
    found = dict(put(Crew(1), os.getpid, [("a", ()), ("b", ())]))
    assert found == {"a": os.getpid(), "b": os.getpid()}


def test_nothing_to_do_is_done():
    assert list(put(Crew(2), doubled, [])) == []


@pytest.mark.slow
def test_two_workers_answer_every_piece_once():
    found = list(put(Crew(2), doubled, [(n, (n,)) for n in range(8)]))
    assert sorted(found) == [(n, 2 * n) for n in range(8)]


@pytest.mark.slow
def test_a_lost_worker_loses_only_its_piece(tmp_path):
    marker = tmp_path / "died"
    pieces = [(n, (str(marker), n)) for n in range(8)]
    found = list(put(Crew(2), dying_once, pieces))
    assert marker.exists()
    assert sorted(found) == [(n, 2 * n) for n in range(8)]


@pytest.mark.slow
def test_a_piece_that_always_kills_its_worker_is_given_up_by_name():
    with pytest.raises(SolverError) as caught:
        list(put(Crew(2), dying_always, [(n, (n,)) for n in range(3)]))
    finding = caught.value.findings[0]
    assert finding.code == "worker-lost"
    assert "1" in finding.keys


@pytest.mark.slow
def test_an_error_in_a_piece_is_raised_as_it_is():
    with pytest.raises(RuntimeError, match="no 0"):
        list(put(Crew(2), failing, [(0, (0,))]))


def test_a_cluster_that_does_not_answer_is_an_error_for_the_planner(monkeypatch):
    distributed = pytest.importorskip("distributed")

    def silent(address, timeout):
        raise OSError(address, timeout)

    monkeypatch.setattr(distributed, "Client", silent)
    with (
        pytest.raises(SolverError) as caught,
        at_work(Crew(cluster="tcp://127.0.0.1:1")),
    ):
        pass
    assert caught.value.findings[0].code == "cluster-silent"


def test_without_dask_the_planner_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with (
        pytest.raises(SolverError) as caught,
        at_work(Crew(cluster="tcp://127.0.0.1:1")),
    ):
        pass
    assert caught.value.findings[0].code == "cluster-not-installed"
