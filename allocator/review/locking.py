"""One writer at a time, across threads, servers and programs."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_THREADS = threading.Lock()  # a file lock does not keep threads of one program apart


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file; wait for whoever holds it.

    The system gives the lock back when its holder is killed, so that none is ever left
    behind. The file itself stays.

    Raises
    ------
    OSError
        When the file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _THREADS, path.open("a+b") as file:
        _lock(file.fileno())
        try:
            yield
        finally:
            _unlock(file.fileno())


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)

    def _unlock(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)

    def _unlock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
