"""Travel that was computed before, kept by what it was computed from.

An entry is named by a SHA-256 of everything that it depends on, so that it is never out
of date; it is written beside its place and moved there whole, so that runs at the same
time cannot spoil each other's entries.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from allocator.errors import Finding, Severity, Text
from allocator.travel.fastest import Journeys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FOLDER_VARIABLE = "ALLOCATOR_CACHE"
FORMAT = 1  # raised when the same input would give other journeys
_ARRAYS = ("demand", "site", "minutes", "km")


def cache_folder() -> Path:
    """Return where entries are kept: ``$ALLOCATOR_CACHE``, else the user's cache."""
    stated = os.environ.get(FOLDER_VARIABLE)
    if stated:
        return Path(stated)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "allocator" / "travel"


def key_of(settings: Mapping[str, Any], contents: Iterable[bytes]) -> str:
    """Return the name of what depends on settings and contents."""
    digest = hashlib.sha256()
    written = json.dumps([FORMAT, settings], sort_keys=True, ensure_ascii=False)
    digest.update(written.encode())
    for content in contents:
        # The hash of each part, so that parts cannot run into each other.
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def load_journeys(key: str) -> tuple[Journeys | None, list[Finding], bool]:
    """Return what was kept under a name.

    Returns
    -------
    journeys, findings, damaged
        None where there is no entry, or none that can be read: ``damaged`` then says
        which.
    """
    path = cache_folder() / f"{key}.npz"
    try:
        raw = path.read_bytes()
    except OSError:
        return None, [], False
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as entry:
            arrays = [np.asarray(entry[name]) for name in _ARRAYS]
            findings = _findings(str(entry["findings"]))
            whole = str(entry["digest"]) == _digest(arrays, str(entry["findings"]))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None, [], True
    if not whole:
        return None, [], True
    return Journeys(*arrays), findings, False


def store_journeys(key: str, journeys: Journeys, findings: Iterable[Finding]) -> bool:
    """Keep journeys and what was found on the way; False where that cannot be done."""
    folder = cache_folder()
    said = json.dumps([_plain(finding) for finding in findings], ensure_ascii=False)
    arrays = [np.asarray(getattr(journeys, name)) for name in _ARRAYS]
    content = io.BytesIO()
    np.savez(
        content,
        allow_pickle=False,
        findings=np.array(said),
        digest=np.array(_digest(arrays, said)),
        **dict(zip(_ARRAYS, arrays, strict=True)),
    )
    written = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, written = tempfile.mkstemp(prefix=f"{key}.", suffix=".tmp", dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(content.getbuffer())
        Path(written).replace(folder / f"{key}.npz")
    except OSError:
        if written:
            Path(written).unlink(missing_ok=True)
        return False
    return True


def _digest(arrays: Iterable[np.ndarray], said: str) -> str:
    digest = hashlib.sha256(said.encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _plain(finding: Finding) -> dict[str, Any]:
    remedy = finding.remedy
    return {
        "code": finding.code,
        "message": [finding.message.zh, finding.message.en],
        "severity": str(finding.severity),
        "table": finding.table,
        "keys": list(finding.keys),
        "column": finding.column,
        "value": finding.value,
        "remedy": [remedy.zh, remedy.en] if remedy else None,
    }


def _findings(said: str) -> list[Finding]:
    return [
        Finding(
            one["code"],
            Text(*one["message"]),
            Severity(one["severity"]),
            one["table"],
            tuple(one["keys"]),
            one["column"],
            one["value"],
            Text(*one["remedy"]) if one["remedy"] else None,
        )
        for one in json.loads(said)
    ]
