"""Many cells at once: each in a process of its own, as many side by side as there are cores; one that dies is one."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import TypeVar

from lithostat.experiment.cores import cores
from lithostat.experiment.errors import sentence_of

Cell = TypeVar("Cell")
Result = TypeVar("Result")
SMALL = 30 << 20  # bytes of files in all; below, starting processes takes longer than the work
DIED = "its analysis was ended from outside, as where memory runs out"


def side_by_side(
    cells: Sequence[Cell],
    work: Callable[[Cell], Result],
    here: Callable[[Cell], Result],
    failed: Callable[[Cell, str], Result],
    *,
    size: int,
    workers: int | None = None,
) -> Iterator[tuple[int, Result]]:
    """(index, result) of every cell, in the order in which they are ready.

    `work` must be a function that can be sent to another process; `here` does the same in this one and may tell more.
    `size` is that of all files [bytes]: a small folder is done here, one cell after the other. What `work` raises, or a
    process that dies, becomes `failed(cell, why)` of that cell alone.
    """
    number = min(workers or cores(), len(cells))
    if number < 2 or size < SMALL:
        for index, cell in enumerate(cells):
            yield index, here(cell)
        return
    left = dict(enumerate(cells))
    for index, result in _in_pool(left, work, failed, number):
        del left[index]
        yield index, result
    for index, cell in left.items():  # a process died and took the pool with it: each of the others by itself
        yield next(_in_pool({index: cell}, work, failed, 1), (index, failed(cell, DIED)))


def bytes_of(files: Iterable[Path]) -> int:
    """Size of files in all [bytes]; nothing for those that cannot be looked at."""
    size = 0
    for path in files:
        with contextlib.suppress(OSError):
            size += path.stat().st_size
    return size


def _in_pool(
    cells: dict[int, Cell], work: Callable[[Cell], Result], failed: Callable[[Cell, str], Result], workers: int
) -> Iterator[tuple[int, Result]]:
    """Results of one pool, until it breaks."""
    before = set(active_children())
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_deaf) as pool:
        futures: dict[Future[Result], int] = {pool.submit(work, cell): index for index, cell in cells.items()}
        try:
            for future in as_completed(futures):
                index = futures[future]
                try:
                    result = future.result()
                except BrokenProcessPool:
                    return
                except BaseException as error:
                    result = failed(cells[index], sentence_of(error))
                yield index, result
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            if not all(future.done() for future in futures):  # somebody stops it: what they do now nobody waits for
                for child in set(active_children()) - before:
                    child.terminate()


def _deaf() -> None:
    """Ctrl-C is for the process that waits: it ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
