"""Calibrations kept on disk, so that the same question is not sampled twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from lithostat.cache import cache_folder
from lithostat.calibration.calibration import DAMAGED, LARGEST, Calibration, load_calibration
from lithostat.calibration.compare import RIVALS, Comparison, Rival, compare, comparison_of
from lithostat.calibration.data import Data, numbers_of
from lithostat.calibration.posterior import calibrate
from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError, LithostatError
from lithostat.experiment.files import read_text
from lithostat.experiment.later import keep_for_later
from lithostat.experiment.record import write_text
from lithostat.model.parameters import Laws
from lithostat.model.resolve import laws_of

_ROOMS = ("calibration", "model", "physics", "simulation")  # whose text decides what a posterior is


def kept_calibration(
    data: Data,
    cell: Cell,
    *,
    laws: Laws | None = None,
    seed: int,
    progress: Callable[[str, float], None] | None = None,
) -> Calibration:
    """As `calibrate`, from the cache if the same data, cell, laws and seed were sampled by the same code before."""
    name = f"{_fingerprint(data, cell, laws or laws_of(cell), seed)}.json"
    with contextlib.suppress(LithostatError, OSError):  # what is not there, or is damaged, is sampled anew
        return load_calibration(_place(name))
    found = calibrate(data, cell, laws=laws, seed=seed, progress=progress)
    keep_for_later("the calibration", lambda: found.save(_place(name)))
    return found


def kept_comparison(data: Data, cell: Cell, *, seed: int, progress: Callable[[str], None] | None = None) -> Comparison:
    """As `compare`, from the cache if the same was compared before: to print it, or to average over it.

    The rivals are those of the law `first`; `InputError` where the cell names another.
    """
    if laws_of(cell) != RIVALS["default"]:
        raise InputError(
            "the cell names another law than the rivals start from",
            place="cell.laws",
            expected="the law 'first' for a comparison or an average; a calibration alone takes any",
        )
    name = f"{_fingerprint(data, cell, Laws(), seed)}-rivals.json"
    with contextlib.suppress(LithostatError, OSError, *DAMAGED):
        stored = json.loads(read_text(_place(name), LARGEST))
        return comparison_of([Rival.from_dict(one) for one in stored])
    found = compare(data, seed=seed, progress=progress)
    text = json.dumps([one.as_dict() for one in found.rivals])
    keep_for_later("the comparison of mechanisms", lambda: write_text(_place(name), text))
    return found


def _place(name: str) -> Path:
    return cache_folder() / "calibrations" / name


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
