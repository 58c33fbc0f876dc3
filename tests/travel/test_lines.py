from __future__ import annotations

import pandas as pd
import pytest

from allocator.errors import Severity
from allocator.travel.lines import RoadSettings, make_roads
from allocator.travel.speeds import SPEEDS
from tests.travel.road_cases import CRS, line, network_of, trips


def made(*lines, **settings):
    frame = pd.DataFrame(list(lines))
    return make_roads(frame, RoadSettings(**settings), table="roads", crs=CRS)


@pytest.mark.parametrize(
    ("word", "kmh"),
    [
        *SPEEDS.items(),
        ("motorway", 100),
        ("trunk_link", 70),
        ("primary", 60),
        ("secondary", 40),
        ("tertiary", 30),
        ("residential", 20),
    ],
)
def test_every_class_has_its_speed(word, kmh):
    roads, findings = made(line((0, 0), (1, 0), **{"class": word}))
    assert roads is not None
    assert (roads.kmh.tolist(), findings) == ([kmh], [])


def test_a_speed_of_the_line_wins_over_one_of_the_brief_and_that_over_the_default():
    lines = [line((0, 0), (1, 0), speed_kmh=55.0), line((0, 0), (0, 1))]
    roads, _ = made(*lines, speeds={"县道": 45.0})
    assert roads is not None
    assert roads.kmh.tolist() == [55, 45]


def test_a_word_of_the_planner_is_the_class_that_the_brief_says():
    lines = [line((0, 0), (1, 0), **{"class": "420301"})]
    roads, findings = made(*lines, classes={"420301": "国道"})
    assert roads is not None
    assert (roads.kmh.tolist(), findings) == ([70], [])


def test_classes_that_are_not_known_are_counted_by_word():
    words = ["机耕路", "机耕路", "", "国道"]
    lines = [line((0, i), (1, i), **{"class": word}) for i, word in enumerate(words)]
    roads, (finding,) = made(*lines)
    assert roads is not None
    assert roads.kmh.tolist() == [20, 20, 20, 70]
    assert (finding.code, finding.severity) == ("road-class-unknown", Severity.WARNING)
    assert finding.value == "机耕路 x 2, (空白 blank) x 1"
    assert "3 lines" in finding.message.en


def test_a_track_can_be_driven_on_where_the_brief_says_so():
    track = line((0, 0), (1, 0), **{"class": "track"})
    assert made(track)[0] is None
    roads, _ = made(track, classes={"track": "村道"})
    assert roads is not None
    assert roads.kmh.tolist() == [20]
    walked, _ = made(track, mode="walk")
    assert walked is not None
    assert walked.kmh.tolist() == [5]


def test_what_is_closed_or_not_built_is_no_road():
    lines = [
        line((0, 0), (1, 0), closed=True),
        line((0, 1), (1, 1), **{"class": "construction"}),
        line((0, 2), (1, 2)),
    ]
    roads, _ = made(*lines)
    assert roads is not None
    assert len(roads.lines) == 1


@pytest.mark.parametrize(("connect_m", "joined"), [(0, 0), (5, 0), (15, 1)])
def test_gaps_between_ends_are_joined_up_to_a_length(connect_m, joined):
    lines = [line((0, 0), (2, 0)), line((2.01, 0), (4, 0))]
    network = network_of(*lines, connect_m=connect_m)
    assert len(trips(network, [(0, 0)], [(4, 0)])) == joined
    _, findings = made(*lines, connect_m=connect_m)
    assert [f.code for f in findings] == ["road-gaps-joined"] * joined


def test_a_line_shorter_than_the_gaps_that_are_joined_stays():
    lines = [line((0, 0), (2, 0)), line((2, 0), (2.01, 0)), line((2.01, 0), (4, 0))]
    network = network_of(*lines, connect_m=50)
    assert trips(network, [(0, 0)], [(4, 0)])[0, 0][1] == pytest.approx(4, rel=1e-2)
