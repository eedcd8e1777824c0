"""Simulating the paper's full cell."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from fullcell_cases import full_cell

os.environ["PYBAMM_DISABLE_TELEMETRY"] = "true"

from lithostat import Protocol, Record


@pytest.fixture(scope="session")
def run_full() -> Callable[..., Record]:
    """Simulate steps on the paper's cell; `said` replaces parts of the cell."""
    pytest.importorskip("pybamm", reason="full cells need PyBaMM (extra 'fullcell')")
    from lithostat.fullcell.run import simulate_full

    def simulated(steps: list[dict[str, Any]], *, host: str = "SPM", after_short: str = "20 h", **said: Any) -> Record:
        protocol = Protocol.from_dict({"steps": steps, "after_short": after_short})
        return simulate_full(full_cell(**said), protocol, host=host)

    return simulated
