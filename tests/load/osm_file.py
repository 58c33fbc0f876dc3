"""A small writer of OpenStreetMap extracts (.osm.pbf), for tests.

The format: https://wiki.openstreetmap.org/wiki/PBF_Format. Blocks are written without
compression, nodes one by one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence

_UNIT = 10_000_000  # degrees in units of 100 nanodegrees
_GRANULARITY = 1_000_000_000 // _UNIT


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _zigzag(value: int) -> int:
    return value * 2 if value >= 0 else -value * 2 - 1


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _packed(field: int, values: Iterable[int]) -> bytes:
    return _bytes(field, b"".join(_varint(v) for v in values))


def _blob(kind: bytes, content: bytes) -> bytes:
    blob = _bytes(1, content) + _number(2, len(content))
    header = _bytes(1, kind) + _number(3, len(blob))
    return struct.pack(">I", len(header)) + header + blob


def osm_pbf(
    nodes: Mapping[int, tuple[float, float]],
    ways: Sequence[tuple[Sequence[int], Mapping[str, str]]],
) -> bytes:
    """Return an extract of nodes (id to degrees) and ways (nodes, tags)."""
    words = [""]
    for _, tags in ways:
        for word in (w for pair in tags.items() for w in pair):
            if word not in words:
                words.append(word)
    table = b"".join(_bytes(1, word.encode()) for word in words)
    group = b""
    for node, (lon, lat) in nodes.items():
        at = [_zigzag(round(degrees * _UNIT)) for degrees in (lat, lon)]
        body = _number(1, _zigzag(node)) + _number(8, at[0]) + _number(9, at[1])
        group += _bytes(1, body)
    group_of_ways = b""
    for number, (refs, tags) in enumerate(ways, start=1):
        steps = [b - a for a, b in zip([0, *refs], refs, strict=False)]
        body = _number(1, number)
        body += _packed(2, [words.index(key) for key in tags])
        body += _packed(3, [words.index(value) for value in tags.values()])
        body += _packed(8, [_zigzag(step) for step in steps])
        group_of_ways += _bytes(3, body)
    data = _bytes(1, table) + _bytes(2, group) + _bytes(2, group_of_ways)
    data += _number(17, _GRANULARITY)
    head = _bytes(4, b"OsmSchema-V0.6") + _bytes(4, b"DenseNodes")
    return _blob(b"OSMHeader", head) + _blob(b"OSMData", data)
