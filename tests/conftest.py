"""One cell and one door for all tests: what is not under test is stated here once."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import scipy.linalg  # noqa: F401  (loads the BLAS that is limited below)
from threadpoolctl import threadpool_limits

import checked_shapes  # noqa: F401
from lithostat import Cell, Protocol, Record, simulate

threadpool_limits(1, "blas")  # matrices here are small, and workers run side by side

AREA = "1.267 cm2"  # the reference area of the interface card: the worst spot is then the card's own focusing


def make(
    steps: list[dict[str, Any]],
    *,
    parameters: dict[str, Any] | None = None,
    fixture: dict[str, Any] | None = None,
    laws: dict[str, str] | None = None,
    area: str = AREA,
    thickness: str = "1 mm",
    lithium: str = "0.5 mm",
    **protocol: Any,
) -> tuple[Cell, Protocol]:
    """A symmetric cell on Li6PS5Cl and its protocol, through the same door as a file."""
    cell = Cell.model_validate(
        {
            "electrode": {"thickness": lithium, "area": area},
            "electrolyte": {"material": "Li6PS5Cl", "thickness": thickness},
            "fixture": fixture or {},
            "laws": laws or {},
            "parameters": parameters or {},
        }
    )
    return cell, Protocol.model_validate({"steps": steps, **protocol})


@pytest.fixture(scope="session")
def experiment() -> Callable[..., tuple[Cell, Protocol]]:
    return make


@pytest.fixture(scope="session")
def run() -> Callable[..., Record]:
    """Simulate the steps on the cell of `make`."""

    def simulated(steps: list[dict[str, Any]], *, tolerance: Any = None, **said: Any) -> Record:
        cell, protocol = make(steps, **said)
        return simulate(cell, protocol, tolerance=tolerance)

    return simulated


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[], Any]], Any]:
    """What is expensive, made once in a test run whatever the number of workers: once(name, make)."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent

    def made(name: str, make: Callable[[], Any]) -> Any:
        path = folder / f"{name}.pickle"
        with open(folder / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                path.write_bytes(pickle.dumps(make()))
        return pickle.loads(path.read_bytes())

    return made


@pytest.fixture(scope="session")
def reproduced(once: Callable[[str, Callable[[], Any]], Any]) -> Any:
    """The seed paper, reproduced."""
    from lithostat.papers.doux2020.reproduce import reproduce

    return once("doux2020", reproduce)
