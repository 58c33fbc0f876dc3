"""Which files and which versions a run rests on."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_PARTS = ("numpy", "pandas", "geopandas", "shapely", "pyproj", "pulp", "highspy")


def fingerprint(path: Path) -> dict[str, str | int]:
    """Return name, size in bytes and SHA-256 of a file.

    A shapefile's companions (``.dbf``, ``.shx`` ...) are part of its fingerprint.

    Raises
    ------
    OSError
        When the file cannot be read.
    """
    digest = hashlib.sha256()
    size = 0
    parts = [path]
    if path.suffix.lower() == ".shp":
        parts = sorted(path.parent.glob(f"{path.stem}.*"))
    for part in parts:
        content = part.read_bytes()
        size += len(content)
        digest.update(content)
    return {"file": path.name, "bytes": size, "sha256": digest.hexdigest()}


def fingerprints(paths: Iterable[Path]) -> list[dict[str, str | int]]:
    """Return the fingerprints of files, sorted by name; each file once."""
    return [fingerprint(path) for path in sorted(set(paths), key=lambda p: p.name)]


def versions() -> dict[str, str]:
    """Return the versions of Python, of the program and of what computes."""
    found = {
        "python": platform.python_version(),
        "allocator": version("health-allocator"),
    }
    return found | {name: version(name) for name in _PARTS}


def parse_json(text: str | bytes) -> Any:  # noqa: ANN401 (any JSON value)
    """Return the value of a JSON text that others may have written.

    Raises
    ------
    ValueError
        When it is no JSON, or nested deeper than can be read.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
