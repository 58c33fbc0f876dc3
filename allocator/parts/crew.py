"""Putting questions to parts side by side: on this machine, or on a cluster.

The code is the same on both: joblib hands pieces to processes of this machine (loky) or
to the workers of a Dask cluster. A worker that is lost loses the piece that it was at;
that piece is put again, on a new worker, a few times.
"""

from __future__ import annotations

import contextlib
import warnings
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import joblib

from allocator.errors import Finding, SolverError, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

MOST_TRIES = 3
_SECONDS_TO_ANSWER = 10  # for a scheduler that is there


@dataclass(frozen=True)
class Crew:
    """Who does the work.

    Parameters
    ----------
    workers
        Processes on this machine; 1 works in this one.
    cluster
        Address of a Dask scheduler, ``tcp://...``; empty: this machine.
    """

    workers: int = 1
    cluster: str = ""


@contextlib.contextmanager
def at_work(crew: Crew) -> Iterator[None]:
    """Connect to the cluster of a crew for a while; nothing to do on this machine.

    Raises
    ------
    SolverError
        When Dask is not installed, or nothing answers at the address.
    """
    if not crew.cluster:
        yield
        return
    client = _connect(crew.cluster)
    try:
        with joblib.parallel_config(backend="dask"):
            yield
    finally:
        client.close()


def _connect(address: str) -> Any:  # noqa: ANN401 (a class of an optional package)
    try:
        import distributed  # noqa: PLC0415 (an optional package)
    except ImportError as error:
        raise SolverError([_not_installed()]) from error
    try:
        connect: Any = distributed.Client
        return connect(address, timeout=_SECONDS_TO_ANSWER)
    except (OSError, TimeoutError, ValueError) as error:
        raise SolverError([_no_answer(address)]) from error


def put[P, A](
    crew: Crew, function: Callable[..., A], pieces: Sequence[tuple[P, tuple[Any, ...]]]
) -> Generator[tuple[P, A]]:
    """Yield what a function returns for each piece, as soon as it is there.

    Parameters
    ----------
    crew
        Who works; within `at_work`.
    function
        Of a module, so that it can be sent.
    pieces
        (name, arguments).

    Raises
    ------
    SolverError
        When a piece was put `MOST_TRIES` times and its worker was lost each time.
    """
    left = dict(enumerate(pieces))
    tries = dict.fromkeys(left, 0)
    while left:
        under_way: set[int] = set()
        try:
            for number, answer in _run(crew, function, left, under_way):
                under_way.discard(number)
                name, _ = left.pop(number)
                yield name, answer
        except _lost() as error:
            for number in under_way:
                tries[number] += 1
            gone = sorted(n for n in under_way if tries[n] >= MOST_TRIES)
            if gone:
                lost = _worker_lost([str(left[n][0]) for n in gone])
                raise SolverError([lost]) from error


def _run[P, A](
    crew: Crew,
    function: Callable[..., A],
    left: Mapping[int, tuple[P, tuple[Any, ...]]],
    under_way: set[int],
) -> Iterator[tuple[int, A]]:
    def jobs() -> Iterator[Any]:
        for number, (_, arguments) in list(left.items()):
            under_way.add(number)
            yield joblib.delayed(_numbered)(function, number, arguments)

    # Memory-mapped arrays are read-only, which pandas does not expect: none are made.
    run = joblib.Parallel(
        n_jobs=None if crew.cluster else crew.workers,
        return_as="generator_unordered",
        batch_size=1,
        pre_dispatch="2*n_jobs",
        max_nbytes=None,
    )
    answers = run(jobs())
    try:
        for answer in answers:  # noqa: UP028 (closed below, where it may not warn)
            yield answer
    finally:
        with warnings.catch_warnings():
            # What was under way when the asking stopped is given up: that is meant.
            warnings.simplefilter("ignore", UserWarning)
            answers.close()


def _numbered[A](
    function: Callable[..., A], number: int, arguments: tuple[Any, ...]
) -> tuple[int, A]:
    return number, function(*arguments)


def _lost() -> tuple[type[BaseException], ...]:
    """Return the errors that say that a worker was lost."""
    found: list[type[BaseException]] = [BrokenProcessPool]
    with contextlib.suppress(ImportError):
        from distributed.scheduler import KilledWorker  # noqa: PLC0415

        found.append(KilledWorker)
    return tuple(found)


def _worker_lost(names: Sequence[str]) -> Finding:
    return Finding(
        "worker-lost",
        Text(
            f"计算进程 {MOST_TRIES} 次中断, 当时正在算这些县 (内存不足?)",
            f"processes were lost {MOST_TRIES} times, at these counties (memory?)",
        ),
        keys=tuple(names),
        remedy=Text(
            "减少 --workers, 或换内存更大的机器",
            "give fewer --workers, or a machine with more memory",
        ),
    )


def _not_installed() -> Finding:
    return Finding(
        "cluster-not-installed",
        Text("没有安装 Dask", "Dask is not installed"),
        column="--cluster",
        remedy=Text(
            'pip install "health-allocator[cluster]"',
            'pip install "health-allocator[cluster]"',
        ),
    )


def _no_answer(address: str) -> Finding:
    return Finding(
        "cluster-silent",
        Text("该地址没有 Dask 调度器应答", "no Dask scheduler answers at the address"),
        column="--cluster",
        value=address,
        remedy=Text("先启动 dask scheduler", "start `dask scheduler` there first"),
    )
