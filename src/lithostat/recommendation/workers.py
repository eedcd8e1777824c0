"""Who solves many like tasks: threads of this process, or the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any, TypeVar

from lithostat.experiment.cores import cores
from lithostat.experiment.errors import LithostatError, MissingPackage

Work = TypeVar("Work")
Part = TypeVar("Part")

TRIES = 5  # of one task, before it is given up
PATIENCE = 15.0  # for a scheduler to answer [s]
AHEAD = 3  # tasks sent ahead for each thread of a cluster


class ClusterError(LithostatError):
    """A Dask cluster could not be reached, or was lost before the end. What was finished is kept."""

    exit_code = 5


def in_process(tasks: Iterable[Work], solve: Callable[[Work], Part]) -> Iterator[Part]:
    """Results of `solve` as they come, from one thread for each core."""
    waiting = iter(tasks)
    first = next(waiting, None)
    if first is None:
        return
    yield solve(first)  # alone, so that it compiles for all
    threads = cores()
    with ThreadPoolExecutor(threads) as pool:
        running = {pool.submit(solve, task) for task in islice(waiting, threads)}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                running |= {pool.submit(solve, task) for task in islice(waiting, len(done))}
                for future in done:
                    yield future.result()
        finally:
            for future in running:
                future.cancel()


def on_cluster(tasks: Iterable[Work], scheduler: str, solve: Callable[[Work], Part]) -> Iterator[Part]:
    """Results of `solve` as they come, from the workers of the Dask scheduler at that address.

    Workers need this package and nothing else: no disk is shared. A task whose worker died is given to another. Raises
    `MissingPackage` without Dask, `ClusterError` if the scheduler does not answer, goes away, or a task fails for good.
    """
    try:
        import distributed
    except ImportError as reason:
        raise MissingPackage(
            "a cluster needs Dask, which is not installed; install it with: pip install 'lithostat[cluster]'"
        ) from reason
    try:
        client = distributed.Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as reason:
        raise ClusterError(
            f"no scheduler answers at '{scheduler}' ({reason or 'no answer'}); expected the address that `dask "
            "scheduler` prints, like 'tcp://10.0.0.1:8786'"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise ClusterError(
                f"the scheduler at '{scheduler}' has no workers; expected at least one, started with `dask worker`"
            ) from None
        yield from _through(distributed, client, iter(tasks), scheduler, solve)


def _through(
    distributed: Any, client: Any, waiting: Iterator[Work], scheduler: str, solve: Callable[[Work], Part]
) -> Iterator[Part]:
    sent: dict[Any, tuple[Work, int]] = {}

    def send(task: Work, tries: int) -> Any:
        future = client.submit(solve, task, pure=False, retries=2)
        sent[future] = (task, tries)
        return future

    threads = max(sum(client.nthreads().values()), 1)
    first = [send(task, 1) for task in islice(waiting, AHEAD * threads)]
    running = distributed.as_completed(first, loop=client.loop, raise_errors=False)
    lost = f"the scheduler at '{scheduler}' went away; what was finished is kept, run the same again to go on"
    for future in running:
        task, tries = sent.pop(future)
        if future.status == "finished":
            try:
                part = future.result()
            except (OSError, distributed.CancelledError):
                raise ClusterError(lost) from None
            for following in islice(waiting, 1):
                running.add(send(following, 1))
            yield part
        elif client.status != "running" or not client.scheduler or client.scheduler.comm is None:
            raise ClusterError(lost)
        elif tries < TRIES:  # its workers died, more often than the scheduler allows
            running.add(send(task, tries + 1))
        else:
            problem = future.exception() if future.status == "error" else future.status
            raise ClusterError(f"task {getattr(task, 'number', '')} failed {tries} times on the cluster: {problem}")
