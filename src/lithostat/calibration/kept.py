"""Calibrations kept on disk, so that the same question is not sampled twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from lithostat.calibration.calibration import Calibration, load_calibration
from lithostat.calibration.compare import compare
from lithostat.calibration.data import Data, numbers_of
from lithostat.calibration.posterior import calibrate
from lithostat.engine import cache_folder
from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import LithostatError
from lithostat.experiment.record import write_text
from lithostat.model.parameters import Laws

_ROOMS = ("calibration", "physics", "simulation")  # whose text decides what a posterior is


def kept_calibration(
    data: Data,
    cell: Cell,
    *,
    laws: Laws | None = None,
    seed: int,
    progress: Callable[[str, float], None] | None = None,
) -> Calibration:
    """As `calibrate`, from the cache if the same data, cell, laws and seed were sampled by the same code before."""
    path = cache_folder() / "calibrations" / f"{_fingerprint(data, cell, laws or Laws(), seed)}.json"
    if path.exists():
        with contextlib.suppress(LithostatError):  # a damaged file is sampled anew
            return load_calibration(path)
    found = calibrate(data, cell, laws=laws, seed=seed, progress=progress)
    with contextlib.suppress(OSError):  # a cache that cannot be written costs a minute, not the answer
        found.save(path)
    return found


def kept_rivals(
    data: Data, cell: Cell, *, seed: int, progress: Callable[[str], None] | None = None
) -> tuple[tuple[float, Calibration], ...]:
    """Rival mechanisms with their weights, the best first, from the cache if they were compared before."""
    path = cache_folder() / "calibrations" / f"{_fingerprint(data, cell, Laws(), seed)}-rivals.json"
    if path.exists():
        with contextlib.suppress(LithostatError, OSError, ValueError, KeyError, TypeError):
            stored = json.loads(path.read_text(encoding="utf-8"))
            return tuple((float(weight), Calibration.from_dict(one)) for weight, one in stored)
    compared = compare(data, seed=seed, progress=progress)
    found = tuple((one.weight, one.calibration) for one in compared.rivals)
    with contextlib.suppress(OSError):
        write_text(path, json.dumps([[weight, one.as_dict()] for weight, one in found]))
    return found


def _fingerprint(data: Data, cell: Cell, laws: Laws, seed: int) -> str:
    said: dict[str, Any] = {
        "data": data.as_dict(),
        "numbers": dict(numbers_of(cell)),
        "laws": laws._asdict(),
        "seed": seed,
        "versions": {name: metadata.version(name) for name in ("lithostat", "jax", "numpyro")},
    }
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for room in _ROOMS:
        folder = Path(str(resources.files("lithostat") / room))
        for file in sorted(folder.glob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:24]
