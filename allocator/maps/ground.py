"""Catchments and isochrones for the page of the map, coarse enough for one file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import shapely

from allocator.errors import Text
from allocator.maps.outlines import rings
from allocator.outcome import service_names

if TYPE_CHECKING:
    from allocator.outcome import Outcome, Surroundings

_FIRST_TOLERANCE = 0.0005  # degrees: about fifty metres
_METRES_OF_ONE_DEGREE = 111_000.0
_MOST_CHARACTERS = 300_000  # of the shapes of all catchments and isochrones together
_CATCHMENTS = Text("服务范围: {}", "Catchments: {}")
_ISOCHRONES = Text("{} {:g} 分钟可达范围", "{} within {:g} minutes")
_ESTIMATE = Text(" (估算)", " (an estimate)")


def ground(outcome: Outcome) -> dict[str, object]:
    """Return the layers that can be switched on, and how coarse their outlines are.

    ``layers`` hold ``name``, ``kind`` and ``shapes``; ``tolerance`` is in metres.
    """
    if outcome.surroundings is None:
        return {"layers": [], "tolerance": 0}
    tolerance = _FIRST_TOLERANCE
    while True:
        layers = [*_catchments(outcome, tolerance), *_isochrones(outcome, tolerance)]
        if len(json.dumps(layers)) <= _MOST_CHARACTERS or tolerance > 1:
            metres = round(tolerance * _METRES_OF_ONE_DEGREE, -1)
            return {"layers": layers, "tolerance": int(metres)}
        tolerance *= 2


def _catchments(outcome: Outcome, tolerance: float) -> list[dict[str, object]]:
    table = _known(outcome).catchments
    names, sites = service_names(outcome), outcome.area.sites["name"]
    layers: list[dict[str, object]] = []
    for service, rows in table.groupby("service", sort=True):
        shapes = shapely.simplify(rows.geometry.to_numpy(), tolerance)
        named = zip(rows["site_id"], rows["people"], shapes, strict=True)
        label = _CATCHMENTS.say(outcome.language)
        layers.append(
            {
                "kind": "catchments",
                "name": label.format(names.get(str(service), str(service))),
                "shapes": [
                    {"name": str(sites[site]), "people": round(people), "shape": found}
                    for site, people, shape in named
                    if (found := rings(shape)) is not None
                ],
            }
        )
    return layers


def _isochrones(outcome: Outcome, tolerance: float) -> list[dict[str, object]]:
    table = _known(outcome).isochrones
    names = service_names(outcome)
    layers: list[dict[str, object]] = []
    for service, minutes, estimate, shape in zip(
        table["service"],
        table["minutes"],
        table["estimate"],
        np.asarray(table.geometry.to_numpy(), dtype=object),
        strict=True,
    ):
        label = _ISOCHRONES.say(outcome.language)
        name = label.format(names.get(service, service), minutes)
        name += _ESTIMATE.say(outcome.language) if estimate else ""
        found = rings(shapely.simplify(shape, tolerance))
        if found is not None:
            shapes = [{"name": name, "people": None, "shape": found}]
            layers.append({"kind": "isochrones", "name": name, "shapes": shapes})
    return layers


def _known(outcome: Outcome) -> Surroundings:
    if outcome.surroundings is None:
        message = "the outcome knows no surroundings"
        raise ValueError(message)
    return outcome.surroundings()
