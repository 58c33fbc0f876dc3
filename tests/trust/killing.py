"""Judging mutants fast: one process that has read everything forks for each of them.

    python -m tests.trust.killing JOB RESULT

JOB is a JSON file: the mutants, the files of tests, the most seconds of tests for one
mutant, and a file to keep the map in. The process collects the tests, runs each once to
see which lines of the mutated packages it reaches, and then for every mutant forks a
child that takes over the changed code and runs the tests that reach the changed lines,
the quickest first, until one fails. A test that takes far longer than it did is a loop
that does not end, and kills too.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.runner import runtestprotocol

from tests.trust.changed_code import Finder, new_code
from tests.trust.mutants import PACKAGES, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MUTATED = tuple(str(ROOT / "allocator" / package) + os.sep for package in PACKAGES)
LOOP_S, LOOP_TIMES = 10.0, 30.0  # a test may take so long, or so many times as long
WAIT_TIMES = 20  # a busy machine may keep a test waiting so many times as long
AFRESH_S = 300
MEMORY = 6 * 2**30  # bytes of addresses: what grows without end is stopped
DRAWN = "tests/trust/drawn.py"  # reading it takes long, and uses the program
_TOOL = sys.monitoring.COVERAGE_ID

type Lines = dict[str, set[int]]  # module, relative to the checkout -> lines


@dataclass
class Reach:
    """How long a test takes, and the lines of the mutated packages it reaches."""

    seconds: float
    lines: Lines = field(default_factory=dict)


class Judge:
    """The plugin that runs mutants instead of tests."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        self.job = job
        self.verdicts: list[dict[str, Any]] = []
        self.functions: dict[tuple[str, str, int], list[FunctionType]] = {}

    @pytest.hookimpl
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge every mutant of the job."""
        if session.testsfailed:
            raise session.Failed("tests could not be collected")
        self.functions = functions_read()
        gc.freeze()
        items = {item.nodeid: item for item in session.items}
        reach = known_reach(items, self.job.get("map"))
        started = time.monotonic()
        for number, mutant in enumerate(self.job["mutants"], 1):
            verdict = self._verdict(mutant, items, reach)
            self.verdicts.append(verdict)
            if log := self.job.get("log"):
                line = {**{k: v for k, v in mutant.items() if k != "source"}, **verdict}
                with Path(log).open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            if number % 25 == 0:
                alive = sum(not v["killed"] for v in self.verdicts)
                seconds = time.monotonic() - started
                sys.stderr.write(f"{number} mutants, {alive} alive, {seconds:.0f} s\n")
        return True

    def _verdict(
        self,
        mutant: Mapping[str, Any],
        items: Mapping[str, pytest.Item],
        reach: Mapping[str, Reach],
    ) -> dict[str, Any]:
        started = time.monotonic()
        path = ROOT / mutant["path"]
        original = path.read_text(encoding="utf-8")
        swapped = new_code(path, original, mutant["source"])
        if swapped is None:
            # Longer, as the drawn tasks are not among them.
            chosen = choose(reach, mutant["path"], None, 3 * self.job["seconds"])
            known = [test for test in chosen if DRAWN not in test]
            killer = judge_afresh(path, mutant["source"], known)
        else:
            changed = lines_of(original, mutant["line"])
            chosen = choose(reach, mutant["path"], changed, self.job["seconds"])
            codes = [
                (function, code)
                for (name, first), code in swapped.items()
                for function in self.functions.get((str(path), name, first), ())
            ]
            if not codes:
                message = f"no function of {path} has been read"
                raise LookupError(message)
            killer = in_child(lambda: first_failure(codes, chosen, items, reach))
        return {
            "killed": killer is not None,
            "by": killer,
            "tests": len(chosen),
            "afresh": swapped is None,
            "seconds": round(time.monotonic() - started, 2),
        }


def lines_of(source: str, line: int) -> set[int]:
    """Return the lines of the innermost statement that a line belongs to."""
    best = (line, line)
    size = sys.maxsize
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt):
            continue
        end = node.end_lineno or node.lineno
        if hasattr(node, "body"):  # of a compound statement only its head
            end = node.body[0].lineno - 1 if node.body[0].lineno > node.lineno else end
        if node.lineno <= line <= end and end - node.lineno < size:
            best, size = (node.lineno, end), end - node.lineno
    return set(range(best[0], best[1] + 1))


def choose(
    reach: Mapping[str, Reach], path: str, lines: set[int] | None, most_s: float
) -> list[str]:
    """Return the tests that reach any of some lines, the quickest first.

    Those of the module itself, by their file's name, come before all others; tests
    beyond ``most_s`` seconds in all are left out. Without lines: all tests of the files
    in which any reaches the module, as a constant is read where no line is.
    """
    stem = Path(path).stem
    files = {_file(test) for test, seen in reach.items() if path in seen.lines}
    found = sorted(
        (f"test_{stem}.py" not in test, seen.seconds, test)
        for test, seen in reach.items()
        if (
            _file(test) in files
            if lines is None
            else seen.lines.get(path, set()) & lines
        )
    )
    chosen: list[str] = []
    total = 0.0
    for _, seconds, test in found:
        total += seconds
        if total > most_s and chosen:
            break
        chosen.append(test)
    return chosen


def _file(test: str) -> str:
    return test.partition("::")[0]


# --- which lines a test reaches


def known_reach(items: Mapping[str, pytest.Item], kept: str | None) -> dict[str, Reach]:
    """Return the reach of every test, from the file kept where that is still right."""
    stamps = {item.path: _stamp(item.path) for item in items.values()}
    code = "".join(_stamp(p) for m in MUTATED for p in sorted(Path(m).glob("*.py")))
    known: dict[str, Any] = {}
    if kept and Path(kept).exists():
        known = json.loads(Path(kept).read_text(encoding="utf-8"))
    fresh = {
        test: known[test]
        for test, item in items.items()
        if test in known
        and known[test]["stamp"] == stamps[item.path]
        and known[test]["code"] == _digest(code)
    }
    missing = [item for test, item in items.items() if test not in fresh]
    if missing:
        sys.stderr.write(f"{len(missing)} tests run to see what they reach\n")
        found = json.loads(_in_fork(lambda: json.dumps(_measured(missing))) or "{}")
        for test, seen in found.items():
            if seen.get("fails"):
                sys.stderr.write(f"fails without any mutant: {test}\n")
            stamp = stamps[items[test].path]
            fresh[test] = seen | {"stamp": stamp, "code": _digest(code)}
    if kept:
        Path(kept).write_text(json.dumps(fresh), encoding="utf-8")
    return {
        test: Reach(seen["seconds"], {p: set(n) for p, n in seen["lines"].items()})
        for test, seen in fresh.items()
        if not seen.get("fails")
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _stamp(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _measured(items: Sequence[pytest.Item]) -> dict[str, dict[str, Any]]:
    """Run tests and return what each reaches; those that fail judge nothing."""
    monitoring = sys.monitoring
    hit: set[tuple[str, int]] = set()

    def on_line(code: CodeType, line: int) -> Any:
        if code.co_filename.startswith(MUTATED):
            hit.add((code.co_filename, line))
        return monitoring.DISABLE

    monitoring.use_tool_id(_TOOL, "reach")
    monitoring.register_callback(_TOOL, monitoring.events.LINE, on_line)
    monitoring.set_events(_TOOL, monitoring.events.LINE)
    result = {}
    for item in items:
        hit.clear()
        monitoring.restart_events()
        started = time.process_time()
        passed = _passes(item)
        seconds = time.process_time() - started
        lines: dict[str, list[int]] = {}
        for name, line in sorted(hit):
            relative = Path(name).relative_to(ROOT).as_posix()
            lines.setdefault(relative, []).append(line)
        result[item.nodeid] = {"seconds": seconds, "lines": lines if passed else {}}
        if not passed:
            result[item.nodeid]["fails"] = True
    return result


def _passes(item: pytest.Item) -> bool:
    reports = runtestprotocol(item, log=False, nextitem=None)
    return not any(report.failed for report in reports)


# --- taking over changed code


def functions_read() -> dict[tuple[str, str, int], list[FunctionType]]:
    """Return the functions of the mutated packages that this process has read."""
    found: dict[tuple[str, str, int], list[FunctionType]] = {}
    for thing in gc.get_objects():
        if type(thing) is FunctionType:
            code = thing.__code__
            if code.co_filename.startswith(MUTATED):
                key = (code.co_filename, code.co_qualname, code.co_firstlineno)
                found.setdefault(key, []).append(thing)
    return found


def first_failure(
    codes: Sequence[tuple[FunctionType, CodeType]],
    tests: Sequence[str],
    items: Mapping[str, pytest.Item],
    reach: Mapping[str, Reach],
) -> str:
    """Run tests on changed code, in a child; return the first that fails, or ''."""
    for function, code in codes:
        function.__code__ = code
    for test in tests:
        most_s = max(LOOP_S, LOOP_TIMES * reach[test].seconds)
        signal.setitimer(signal.ITIMER_PROF, most_s)  # of the processor, and by clock
        signal.setitimer(signal.ITIMER_REAL, WAIT_TIMES * most_s)
        if not _passes(items[test]):
            return test
    return ""


def in_child(run: Callable[[], str]) -> str | None:
    """Return what a run in a fork says; None for nothing, a signal for its death."""
    return _in_fork(run) or None


def _in_fork(run: Callable[[], str]) -> str:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be_child(run, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read().decode()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return f"stopped by {signal.Signals(os.WTERMSIG(status)).name}"
    return said


def _be_child(run: Callable[[], str], writing: int) -> None:
    """Say what a run returns and end the process, whatever happens."""
    said = "ended by itself"
    try:
        for ended in (signal.SIGALRM, signal.SIGPROF):
            signal.signal(ended, signal.SIG_DFL)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        said = run()
    except BaseException as error:  # a mutant may raise anything
        said = f"{type(error).__name__}: {error}"
    finally:
        with contextlib.suppress(BaseException), os.fdopen(writing, "wb") as stream:
            stream.write(said.encode())
        os._exit(0)


# --- importing changed code


def judge_afresh(path: Path, source: str, tests: Sequence[str]) -> str | None:
    """Return the first failing test in a new process that imports a changed module."""
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder, "job.json")
        job.write_text(
            json.dumps({"path": str(path), "source": source, "tests": list(tests)}),
            encoding="utf-8",
        )
        done = subprocess.run(
            [sys.executable, "-m", "tests.trust.killing", "--afresh", str(job)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=AFRESH_S,
            check=False,
        )
    if done.returncode == 0:
        return None
    failed = re.search(r"^FAILED (\S+)", done.stdout, re.M)
    return failed[1] if failed else "cannot be imported"


def run_afresh(job: Mapping[str, Any]) -> int:
    """Import a changed module, then run tests until one fails."""
    sys.meta_path.insert(0, Finder(Path(job["path"]), job["source"]))
    return int(pytest.main([*_QUIET, "-x", *job["tests"]]))


_QUIET = ("-q", "-s", "-p", "no:cacheprovider", "--no-header", "-m", "not slow")


def main(arguments: Sequence[str]) -> int:
    """Judge the mutants of a job and write what was found."""
    if arguments[0] == "--afresh":
        job = json.loads(Path(arguments[1]).read_text(encoding="utf-8"))
        return run_afresh(job)
    job = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    judge = Judge(job)
    code = pytest.main([*_QUIET, *job["files"]], plugins=[judge])
    Path(arguments[1]).write_text(json.dumps(judge.verdicts), encoding="utf-8")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
