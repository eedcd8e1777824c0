"""What the benchmarks share: the cell, the protocol, and how results are printed."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lithostat import Cell, Protocol, read_experiment

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "doux2020_25MPa.yaml"


def cell() -> Cell:
    """The cell of the example."""
    return read_experiment(EXAMPLE).cell


def protocol(mpa: float, cycles: int = 500) -> Protocol:
    """Pressed at 25 MPa, released to `mpa`, then turns of one hour at 75 uA/cm2. 500 cycles are 1000 h."""
    turns = [{"plate": "75 uA/cm2", "for": "1 h"}, {"strip": "75 uA/cm2", "for": "1 h"}]
    steps = [{"press": "25 MPa", "for": "1 min"}, {"release": f"{mpa} MPa"}, {"repeat": cycles, "steps": turns}]
    return Protocol.model_validate({"temperature": "25 degC", "steps": steps})


def timed(run: Callable[[], Any]) -> float:
    """Wall time of one call [s]."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser that knows --json."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return made


def report(result: dict[str, Any], as_json: bool) -> None:
    """Print a result as JSON or as two columns."""
    if as_json:
        print(json.dumps(result))
        return
    width = max(map(len, result))
    for name, value in result.items():
        print(f"{name:<{width}}  {value:.4g}" if isinstance(value, float) else f"{name:<{width}}  {value}")
