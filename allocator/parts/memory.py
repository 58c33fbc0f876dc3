"""What is known of parts, kept from run to run by what the parts are made of.

An entry is named by a SHA-256 of everything that an answer depends on: the tables,
journeys and rules of the part, the names of what is measured, the settings of the
solver, and the program itself. So an entry is never out of date: after one county has
changed, only that county has no entry. How large a shared budget is, and what the other
parts do, is no part of it.

Entries are written beside their place and moved there whole.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

import allocator
from allocator.parts.known import Closed, Known, Option, OwnStage, Proof, Size
from allocator.provenance import parse_json, versions
from allocator.travel.cache import cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from allocator.parts.part import Part

FORMAT = 1  # raised when an entry is written in another way

# What an answer is made by: other sources, other entries.
_MAKERS = ("formulation", "parts", "policy", "solve", "travel", "area.py", "plan.py")


def key_of(part: Part) -> str:
    """Return the name of a part: a SHA-256 of all that its answers depend on."""
    digest = hashlib.sha256()
    digest.update(f"{FORMAT} {_program()}".encode())
    limits = tuple(dataclasses.replace(limit, most=0.0) for limit in part.limits)
    for piece in _pieces(dataclasses.replace(part, key="", limits=limits)):
        # The hash of each piece, so that pieces cannot run into each other.
        digest.update(hashlib.sha256(piece).digest())
    return digest.hexdigest()


@functools.cache
def _program() -> str:
    """Return a hash of the sources that make an answer, and of what they rest on."""
    digest = hashlib.sha256(json.dumps(versions(), sort_keys=True).encode())
    root = Path(allocator.__file__).parent
    for name in _MAKERS:
        place = root / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _pieces(value: Any) -> Iterator[bytes]:  # noqa: ANN401 (any frozen data)
    """Yield a value as bytes, the same for equal values in every process."""
    if isinstance(value, pd.DataFrame):
        yield from _frame(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield type(value).__name__.encode()
        yield from _pieces({f.name: getattr(value, f.name) for f in _fields(value)})
    elif isinstance(value, Mapping):
        yield from _pieces([one for key in sorted(value) for one in (key, value[key])])
    elif isinstance(value, frozenset | set):
        yield from _pieces(sorted(value))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _pieces(one)
        yield f"{len(value)}]".encode()
    elif isinstance(value, BaseModel):
        yield from _pieces(value.model_dump())
    else:
        yield repr(value).encode()


def _fields(value: Any) -> tuple[dataclasses.Field[Any], ...]:  # noqa: ANN401
    return dataclasses.fields(value)


def _frame(frame: pd.DataFrame) -> Iterator[bytes]:
    for name, column in [("", frame.index.to_series()), *frame.items()]:
        if name == "geometry":
            continue  # shapes decide nothing: parts have none
        yield f"{name} {column.dtype.kind}".encode()
        values = column.to_numpy()
        if values.dtype.kind in "biuf":
            yield np.ascontiguousarray(values).tobytes()
        else:
            yield "\x1f".join(map(repr, values.tolist())).encode()


def _folder() -> Path:
    return cache_folder() / "parts"


def recall(key: str) -> Known | None:
    """Return what was kept of a part; None where nothing was, or nothing whole."""
    try:
        return _known(read_entry(key))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(key: str, known: Known) -> bool:
    """Keep what is known of a part; False where that cannot be done."""
    return write_entry(key, _plain(known))


def read_entry(key: str) -> Any:  # noqa: ANN401 (what JSON holds)
    """Return the content of an entry.

    Raises
    ------
    OSError, ValueError
        When there is none, or none that is whole.
    """
    raw = (_folder() / f"{key}.json").read_bytes()
    digest, _, body = raw.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise ValueError(key)
    return parse_json(body)


def write_entry(key: str, plain: Mapping[str, Any]) -> bool:
    """Write an entry, whole or not at all; False where that cannot be done."""
    body = json.dumps(plain, separators=(",", ":")).encode()
    content = hashlib.sha256(body).hexdigest().encode() + b"\n" + body
    folder, written = _folder(), ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, written = tempfile.mkstemp(prefix=f"{key}.", suffix=".tmp", dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(written).replace(folder / f"{key}.json")
    except OSError:
        if written:
            Path(written).unlink(missing_ok=True)
        return False
    return True


def _plain(known: Known) -> dict[str, Any]:
    return {
        "options": [
            [o.measures, base64.b64encode(o.plans).decode("ascii")]
            for o in known.options
        ],
        "proofs": [[p.weights, p.least] for p in known.proofs],
        "closed": [dataclasses.astuple(closed) for closed in known.closed],
        "own": [dataclasses.astuple(stage) for stage in known.own],
        "needed": known.needed,
        "present": known.present,
        "size": dataclasses.astuple(known.size),
        "asked": sorted(known.asked),
    }


def _known(content: dict[str, Any]) -> Known:
    return Known(
        options=[
            Option(tuple(measures), base64.b64decode(plans))
            for measures, plans in content["options"]
        ],
        proofs=[Proof(tuple(weights), least) for weights, least in content["proofs"]],
        closed=[
            Closed(tuple(places), tuple(weights), cutoff)
            for places, weights, cutoff in content["closed"]
        ],
        own=tuple(OwnStage(*stage) for stage in content["own"]),
        needed=dict(content["needed"]),
        present=tuple(content["present"]),
        size=Size(*content["size"]),
        asked=set(content["asked"]),
    )
