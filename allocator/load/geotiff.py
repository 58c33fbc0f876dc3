"""Whether a file is a GeoTIFF, before GDAL is let near it.

GDAL looks at the content and not at the ending: what begins otherwise could be a
virtual source that makes it fetch other files and addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.load.files import remark_missing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from allocator.load.remarks import Remarks

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # GeoTIFF and BigTIFF


def begins_as_geotiff(
    path: Path, remarks: Remarks, unreadable: Callable[[OSError], None]
) -> bool | None:
    """Return whether a file begins as a GeoTIFF does; None when it cannot be read.

    Parameters
    ----------
    path
        The file.
    remarks
        Receives the finding when there is no such file.
    unreadable
        Reports a file that is there and cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(4) in MAGIC
    except FileNotFoundError:
        remark_missing(path, remarks)
    except OSError as error:
        unreadable(error)
    return None
