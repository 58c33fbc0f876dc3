"""Work in a program of its own: it is watched, and ended, without harm to the server.

Solving needs a whole processor and can be stopped safely only with its process.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Literal

from allocator.errors import Language, Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

type State = Literal["running", "done", "failed", "cancelled"]

_INFEASIBLE = 5  # exit code of the contract


def command(module: str, arguments: Sequence[str]) -> list[str]:
    """Return the command line of a module of this program."""
    return [sys.executable, "-X", "utf8", "-m", module, *arguments]


def start(line: Sequence[str], *, talking: bool = False) -> subprocess.Popen[str]:
    """Start a program in a group of its own, so that it ends with all it started.

    Parameters
    ----------
    line
        From `command`.
    talking
        Whether its input is kept open to send it questions.
    """
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(  # noqa: S603 (our own command line)
        list(line),
        stdin=subprocess.PIPE if talking else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if not talking else subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
        start_new_session=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    """End a program and everything that it started."""
    if process.poll() is not None:
        return
    with contextlib.suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def release(process: subprocess.Popen[str]) -> None:
    """Close what a program that has ended was spoken to through."""
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


class Solving:
    """``allocator plan`` at work on the next run.

    Parameters
    ----------
    brief, run, target
        The task, the run that was reviewed, and the folder to write.
    language
        Of all that is written, and of what it says meanwhile.
    best_effort
        Break binding clauses as little as possible where they cannot all be kept.
    """

    def __init__(
        self,
        brief: Path,
        run: Path,
        target: Path,
        *,
        language: Language,
        best_effort: bool = False,
    ) -> None:
        self.target = target
        self.steps: list[str] = []
        self.state: State = "running"
        self.problems: tuple[str, ...] = ()
        self.infeasible = False
        self.seconds = 0.0
        self._language = language
        self._started = time.monotonic()
        arguments = ["plan", str(brief), "-o", str(target)]
        arguments += ["--decisions", str(run / "decisions.csv")]
        arguments += ["--previous", str(run), "--json", "--lang", language]
        arguments += ["--best-effort"] if best_effort else []
        self._process = start(command("allocator.cli", arguments))
        self._watch = threading.Thread(target=self._follow, daemon=True)
        self._watch.start()

    @property
    def elapsed(self) -> float:
        """Wall-clock seconds so far, or in all."""
        if self.state == "running":
            return time.monotonic() - self._started
        return self.seconds

    def cancel(self) -> None:
        """End it; nothing is written. What is already whole stays."""
        if self.state == "running":
            self.state = "cancelled"
            end(self._process)
            self._watch.join()
            for left in self.target.parent.glob(f".{self.target.name}.new-*"):
                shutil.rmtree(left, ignore_errors=True)

    def wait(self, seconds: float) -> None:
        """Wait until it is over, at most so long."""
        self._watch.join(seconds)

    def _follow(self) -> None:
        process = self._process
        said: list[str] = []
        reader = threading.Thread(target=self._read_steps, daemon=True)
        reader.start()
        if process.stdout is not None:
            said.append(process.stdout.read())
        code = process.wait()
        reader.join()
        release(process)
        self.seconds = time.monotonic() - self._started
        if self.state == "cancelled":
            return
        self.infeasible = code == _INFEASIBLE
        if code != 0:
            self.problems = _problems("".join(said), self.steps, self._language)
        self.state = "failed" if code else "done"

    def _read_steps(self) -> None:
        if self._process.stderr is None:
            return
        for line in self._process.stderr:
            if line.strip():
                self.steps.append(line.rstrip())


def _problems(said: str, steps: Sequence[str], language: Language) -> tuple[str, ...]:
    """Return what stood in the way, a line a finding."""
    try:
        findings: list[dict[str, Any]] = json.loads(said)["findings"]
    except (ValueError, KeyError, TypeError):
        text = Text("求解程序意外结束", "the solving program ended unexpectedly")
        return (text.say(language), *steps[-3:])
    return tuple(say_finding(finding) for finding in findings)


def say_finding(finding: dict[str, Any]) -> str:
    """Return a finding, as ``--json`` prints it, in one line."""
    line = str(finding.get("message", ""))
    keys = [str(key) for key in finding.get("keys", []) if key != "decided"]
    if keys:
        line += f" ({', '.join(keys)})"
    if finding.get("value"):
        line += f" [{finding['value']}]"
    if finding.get("remedy"):
        line += f" → {finding['remedy']}"
    return line
