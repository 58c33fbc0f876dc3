"""What is known of a part is kept by content: whole, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from allocator.parts import Known, Option, keep, recall
from allocator.parts.known import Closed, OwnStage, Proof, Size
from allocator.parts.memory import key_of
from allocator.travel.cache import cache_folder
from tests.parts.drawn import drawn_case, parts_of

KNOWN = Known(
    options=[Option((1.0, 2.5), b"\x00plan")],
    proofs=[Proof((1.0, 0.5), 2.0)],
    closed=[Closed((0, 1), (1.0, 0.5), 3.0)],
    own=(OwnStage("capital_wan", 1.0, None, "feasible"),),
    needed={"0:R:lo": 2.0},
    present=("capital_wan",),
    size=Size(1, 2, 3),
    asked={"b", "a"},
)


def test_what_is_kept_is_recalled():
    assert keep("k", KNOWN)
    assert recall("k") == KNOWN
    assert recall("other") is None


@pytest.mark.parametrize("harm", ["cut", "changed", "empty"])
def test_a_damaged_entry_is_no_entry(harm):
    keep("k", KNOWN)
    path = cache_folder() / "parts" / "k.json"
    whole = path.read_bytes()
    harmed = {
        "cut": whole[:-9],
        "changed": whole[:-3] + b"9" + whole[-2:],
        "empty": b"",
    }
    path.write_bytes(harmed[harm])
    assert recall("k") is None


def test_nothing_half_written_is_left():
    keep("k", KNOWN)
    keep("k", KNOWN)
    assert [p.name for p in (cache_folder() / "parts").iterdir()] == ["k.json"]


def test_a_folder_that_cannot_be_written_costs_only_the_time(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("ALLOCATOR_CACHE", str(tmp_path / "file"))
    assert not keep("k", KNOWN)
    assert recall("k") is None


def test_a_part_has_the_same_key_when_it_is_made_again():
    first, second = (parts_of(drawn_case(0)) for _ in range(2))
    assert [p.key for p in first] == [p.key for p in second]
    assert len({p.key for p in first}) == 5
    assert all(len(p.key) == 64 for p in first)


def test_only_the_key_of_a_county_that_changed_changes():
    case = drawn_case(0)
    demand = case.area.demand.copy()
    demand["people"] += demand.index == "d_z20"
    changed = replace(case, area=replace(case.area, demand=demand))
    before, after = parts_of(case), parts_of(changed)
    assert [p.id for p, q in zip(before, after, strict=True) if p.key != q.key] == [
        "c2"
    ]


def test_the_size_of_the_budget_is_no_part_of_a_key():
    case = drawn_case(0)
    other = case.with_terms(capital_wan=1234.0)
    # What is shared is named in a part, not how much there is of it.
    assert [p.key for p in parts_of(case)] == [p.key for p in parts_of(other)]


@pytest.mark.parametrize(
    "change",
    [
        {"gap": 1e-3},
        {"time_limit_s": 1.0},
        {"stages": ("capital_wan",)},
        {"name": "other"},
    ],
)
def test_what_an_answer_depends_on_is_part_of_the_key(change):
    part = parts_of(drawn_case(0))[0]
    assert key_of(replace(part, **change)) != part.key
