from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from allocator.errors import Finding, Severity, Text
from allocator.travel.cache import (
    cache_folder,
    key_of,
    load_journeys,
    store_journeys,
)
from allocator.travel.fastest import Journeys

JOURNEYS = Journeys(
    np.array([0, 0, 3], np.int32),
    np.array([1, 2, 0], np.int32),
    np.array([1.5, 2.25, 60.0]),
    np.array([1.0, 2.0, 33.0]),
)
FINDING = Finding(
    "road-parts",
    Text("两部分", "two parts"),
    Severity.WARNING,
    "roads.gpkg",
    ("d1",),
    "c",
    "v",
    Text("改", "mend"),
)


def same(found, expected=JOURNEYS):
    return all(
        np.array_equal(getattr(found, name), getattr(expected, name))
        for name in ("demand", "site", "minutes", "km")
    )


def test_what_was_kept_comes_back_as_it_was():
    key = key_of({"a": 1}, [b"x"])
    assert load_journeys(key) == (None, [], False)
    assert store_journeys(key, JOURNEYS, [FINDING])
    journeys, findings, damaged = load_journeys(key)
    assert same(journeys)
    assert (findings, damaged) == ([FINDING], False)
    assert [p.name for p in cache_folder().iterdir()] == [f"{key}.npz"]


def test_a_name_differs_where_anything_differs():
    keys = {
        key_of({"a": 1}, [b"x", b"y"]),
        key_of({"a": 2}, [b"x", b"y"]),
        key_of({"a": 1}, [b"xy", b""]),
        key_of({"a": 1}, [b"y", b"x"]),
        key_of({"a": 1}, [b"x"]),
    }
    assert len(keys) == 5
    assert key_of({"a": 1, "b": 2}, []) == key_of({"b": 2, "a": 1}, [])


@pytest.mark.parametrize("size", [0, 10, 400, -1])
def test_an_entry_that_was_cut_is_damaged_and_not_used(size):
    store_journeys("k", JOURNEYS, [])
    path = cache_folder() / "k.npz"
    path.write_bytes(path.read_bytes()[:size])
    assert load_journeys("k") == (None, [], True)


def test_an_entry_in_which_a_figure_changed_is_damaged():
    store_journeys("k", JOURNEYS, [])
    path = cache_folder() / "k.npz"
    raw = path.read_bytes()
    old = np.array([1.5, 2.25, 60.0]).tobytes()
    assert raw.count(old) == 1
    path.write_bytes(raw.replace(old, np.array([1.5, 2.25, 61.0]).tobytes()))
    assert load_journeys("k") == (None, [], True)


def test_where_nothing_can_be_written_nothing_is_kept(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("ALLOCATOR_CACHE", str(blocked))
    assert not store_journeys("k", JOURNEYS, [])
    assert load_journeys("k")[0] is None


def test_the_users_cache_is_used_where_none_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv("ALLOCATOR_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder() == tmp_path / "allocator" / "travel"


WRITE_AND_READ = """
import sys
import numpy as np
from allocator.travel.cache import load_journeys, store_journeys
from allocator.travel.fastest import Journeys

size = 20_000
one = Journeys(
    np.arange(size, dtype=np.int32), np.zeros(size, np.int32),
    np.linspace(0, 60, size), np.linspace(0, 40, size),
)
for _ in range(25):
    assert store_journeys("shared", one, [])
    found, _, damaged = load_journeys("shared")
    assert not damaged
    assert found is not None and np.array_equal(found.minutes, one.minutes)
"""


def test_several_processes_never_see_half_an_entry():
    running = [
        subprocess.Popen([sys.executable, "-c", WRITE_AND_READ], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    errors = [process.communicate(timeout=120)[1].decode() for process in running]
    assert [process.returncode for process in running] == [0] * 4, errors
    assert [p.name for p in cache_folder().iterdir()] == ["shared.npz"]
