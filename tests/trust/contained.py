"""Commands run where they cannot do harm, and what they did while they ran.

One program imports everything once and is forked for each command; the copy has a limit
of memory. Watched are: the exit code, seconds, memory, connections to a listener on
this machine, and every opening of a file in a folder that nobody may touch.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import shutil
import socket
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Self

MOST_ADDRESS_SPACE = 6 << 30  # bytes; so that a failed check does not stop the machine
MOST_SECONDS = 90.0
CANARY = "Zg7kP-outside-the-task"
_OPENED = 0x20 | 0x2 | 0x100 | 0x200  # IN_OPEN, IN_MODIFY, IN_CREATE, IN_DELETE
_POLL_S = 0.005


@dataclass(frozen=True)
class Seen:
    """What a command did.

    Parameters
    ----------
    code
        Its exit code; negative for the signal that ended it.
    out, err
        What it said.
    seconds
        How long it took.
    peak_mb
        The most memory that it held, megabytes.
    connections
        How often it spoke to the listener or tried to reach any network.
    touched
        Files outside its task that it opened, made, changed or removed.
    """

    code: int
    out: str
    err: str
    seconds: float
    peak_mb: float
    connections: int
    touched: tuple[str, ...]

    @property
    def findings(self) -> list[dict[str, Any]]:
        """The findings of ``--json``."""
        try:
            found = json.loads(self.out)
        except ValueError:
            return []
        return list(found.get("findings", [])) if isinstance(found, dict) else []


class Container:
    """A place for hostile files: ``folder`` for tasks, ``outside`` not to be touched.

    Parameters
    ----------
    folder
        An empty folder to work in.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.outside = folder / "tasks", folder / "outside"
        self.folder.mkdir()
        self.outside.mkdir()
        self._report = folder / "said"
        self._report.mkdir()
        for name in ("secret.csv", "secret.toml", "secret.txt", "secret.png"):
            (self.outside / name).write_text(CANARY, encoding="utf-8")
        self._heard = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        Thread(target=self._listen, daemon=True).start()
        libc = ctypes.CDLL(None, use_errno=True)
        self._watch = int(libc.inotify_init1(os.O_NONBLOCK))
        libc.inotify_add_watch(self._watch, os.fsencode(self.outside), _OPENED)
        environment = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
        environment |= {
            "OPENBLAS_NUM_THREADS": "1",
            "ALLOCATOR_CACHE": str(folder / "cache"),
            "NO_COLOR": "1",
        }
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.trust.contained"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=Path(__file__).parents[2],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        os.close(self._watch)
        self._program.communicate(timeout=30)

    def _listen(self) -> None:
        while True:
            try:
                spoken, _ = self._listener.accept()
            except OSError:
                return
            self._heard += 1
            spoken.close()

    def run(self, arguments: list[str], *, seconds: float = MOST_SECONDS) -> Seen:
        """Run one command of the program."""
        heard = self._heard
        self._touched()
        asked = {
            "arguments": arguments,
            "folder": str(self._report),
            "seconds": seconds,
        }
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(json.dumps(asked) + "\n")
        self._program.stdin.flush()
        told = json.loads(self._program.stdout.readline())
        out, err = (
            (self._report / name).read_text("utf-8", errors="replace")
            for name in ("out", "err")
        )
        return Seen(
            told["code"],
            out,
            err,
            told["seconds"],
            told["peak_mb"],
            self._heard - heard + err.count(_NETWORK),
            self._touched(),
        )

    def _touched(self) -> tuple[str, ...]:
        found = []
        while select.select([self._watch], [], [], 0)[0]:
            raw, at = os.read(self._watch, 1 << 16), 0
            while at < len(raw):
                size = int.from_bytes(raw[at + 12 : at + 16], sys.byteorder)
                found.append(os.fsdecode(raw[at + 16 : at + 16 + size].rstrip(b"\0")))
                at += 16 + size
        return tuple(name for name in found if name)


_NETWORK = "!network "


def _watch_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Say on stderr what Python tries to reach; GDAL is heard by the listener."""
    if event in ("socket.connect", "socket.getaddrinfo", "urllib.Request"):
        os.write(2, f"{_NETWORK}{event} {arguments[1:]}\n".encode())


def _perform(asked: dict[str, Any]) -> int:
    """Run a command in this process, which then ends."""
    from allocator.cli.main import run  # noqa: PLC0415 (imported before the fork)

    for name, number in (("out", 1), ("err", 2)):
        handle = os.open(
            Path(asked["folder"]) / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        )
        os.dup2(handle, number)
    limits = (MOST_ADDRESS_SPACE, MOST_ADDRESS_SPACE)
    resource.setrlimit(resource.RLIMIT_AS, limits)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_watch_network)
    try:
        code = run(asked["arguments"])
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _await(child: int, seconds: float) -> dict[str, float]:
    started = time.monotonic()
    while True:
        found, status, usage = os.wait4(child, os.WNOHANG)
        took = time.monotonic() - started
        if found:
            break
        if took > seconds:
            os.kill(child, 9)
        time.sleep(_POLL_S)
    code = os.waitstatus_to_exitcode(status)
    return {"code": code, "seconds": took, "peak_mb": usage.ru_maxrss / 1024}


def main() -> None:
    """Serve commands, one a line, until the input ends."""
    import allocator.cli.checking  # noqa: PLC0415 (shared by all forks)
    import allocator.pipeline  # noqa: PLC0415
    import allocator.register  # noqa: F401, PLC0415

    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            os._exit(_perform(asked))
        sys.stdout.write(json.dumps(_await(child, asked["seconds"])) + "\n")
        sys.stdout.flush()


def empty(folder: Path) -> Path:
    """Return a folder, made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    main()
