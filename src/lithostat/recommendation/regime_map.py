"""sweep(cell, protocol, x, y) -> RegimeMap: how a cell ends over two of its inputs, and how probable a short is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.quantity import lookup
from lithostat.experiment.versions import version
from lithostat.recommendation import workers
from lithostat.recommendation.axis import Axis
from lithostat.recommendation.chunks import KINDS, SIZE, Folder, Part, solve, works
from lithostat.recommendation.grid import grid, order
from lithostat.simulation.conditions import ENOUGH

STORE = "map.zarr"
VERSIONS = ("lithostat", "jax", "jaxlib", "diffrax", "equinox", "numpy")
MEANING = {
    "outcome": ("", "how the median cell ends, as an index into `kinds`; of most draws where there are several"),
    "time": ("s", "cycling time to the end of the median cell's test; median over draws"),
    "time_to_short": ("s", "cycling time to its short; missing where the median draw has none"),
    "probability_short": ("1", "of a short within the protocol, given the scatter between cells and the draws"),
    "probability_end": ("1", "of a short, lost contact or spent lithium within the protocol"),
}


@dataclass(frozen=True)
class RegimeMap:
    """Outcome and probability over two inputs; arrays (x.count, y.count), SI. `outcome` is an index into `KINDS`."""

    x: Axis
    y: Axis
    outcome: np.ndarray
    time: np.ndarray
    time_to_short: np.ndarray  # NaN without a short
    probability_short: np.ndarray
    probability_end: np.ndarray
    length: float  # how long the protocol cycles, at the longest of its points [s]
    provenance: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def dataset(self) -> Any:
        """The map as an `xarray.Dataset`: coordinates are the axes in SI, every variable says unit and meaning."""
        import xarray as xr

        axes = (self.x, self.y)
        data = {
            name: ([axis.name for axis in axes], getattr(self, name), {"units": unit, "long_name": meaning})
            for name, (unit, meaning) in MEANING.items()
        }
        coordinates = {
            axis.name: (axis.name, axis.values, {"units": lookup(axis.quantity).unit, "long_name": axis.name})
            for axis in axes
        }
        about = {
            "kinds": list(KINDS),
            "length_second": self.length,
            "warnings": list(self.warnings),
            "axes": json.dumps([vars(axis) for axis in axes]),
            "provenance": json.dumps(self.provenance),
        }
        return xr.Dataset(data, coordinates, about)

    def write_zarr(self, path: str | Path) -> Path:
        """Write the dataset as a Zarr store, whole or not at all; a store of that name is replaced."""
        path = Path(path)
        fresh = path.with_name(f".{path.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        self.dataset().to_zarr(fresh, mode="w", consolidated=False, zarr_format=3)
        shutil.rmtree(path, ignore_errors=True)
        fresh.replace(path)
        return path


def read_map(path: str | Path) -> RegimeMap:
    """A map that `sweep` wrote: its Zarr store, or the folder that holds it."""
    import xarray as xr

    path = Path(path)
    store = path / STORE if (path / STORE).exists() else path
    try:
        with xr.open_zarr(store, consolidated=False) as opened:
            data = opened.load()
        x, y = (Axis(**said) for said in json.loads(data.attrs["axes"]))
        arrays = {name: data[name].to_numpy() for name in MEANING}
    except (OSError, KeyError, ValueError, TypeError) as reason:
        raise InputError(f"holds no map ({reason})", file=str(path), expected="a folder that a sweep wrote") from None
    about = data.attrs
    return RegimeMap(
        x,
        y,
        **arrays,
        length=float(about["length_second"]),
        provenance=json.loads(about["provenance"]),
        warnings=tuple(about["warnings"]),
    )


def sweep(
    cell: Cell,
    protocol: Protocol,
    x: Axis,
    y: Axis,
    *,
    output: str | Path,
    draws: Mapping[str, np.ndarray] | None = None,
    members: int = 16,
    seed: int = 0,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RegimeMap:
    """Simulate `cell` under `protocol` at every point of two axes; keep the map in the folder `output`.

    Every point is the median cell of its cards, and the probability of a short counts the scatter between spots of the
    electrolyte. `draws` holds parameters by name, (n,) SI each, as a posterior gives them: every point is then all of
    them, and the probability is their mean. Without draws, cells that scatter in toughness or throat radius are drawn
    `members` times with `seed`. Focusing is assumed to raise the risk of a short, as in all laws of growth here.

    `scheduler` is the address of a Dask scheduler; None solves in this process. Finished tasks are kept in `output` as
    they come: the same call goes on where it stopped, whatever stopped it. `progress` is called with tasks done and in
    all. Raises `InputError` for axes that do not fit and for a folder with other inputs, `MissingPackage` without Dask,
    `ClusterError` if a cluster fails.
    """
    of = grid(cell, protocol, x, y, draws=draws, members=members, seed=seed)
    inputs = _inputs(cell, protocol, x, y, draws, members, seed)
    tasks = -(-of.points * of.draws // SIZE)
    folder = Folder(Path(output), inputs, tasks)
    done = folder.done()
    if progress:
        progress(len(done), tasks)
    if len(done) < tasks:
        missing = works(of, order(of), done)
        local = scheduler is None
        parts = workers.in_process(missing, solve) if local else workers.on_cluster(missing, str(scheduler), solve)
        with closing(parts):  # type: ignore[type-var]
            for finished, part in enumerate(parts, len(done) + 1):
                folder.keep(part)
                if progress:
                    progress(finished, tasks)
    made = _map(x, y, folder.gather(), of.draws, float(of.length.max()), inputs, of.warnings, of.values)
    made.write_zarr(Path(output) / STORE)
    return made


def _inputs(
    cell: Cell,
    protocol: Protocol,
    x: Axis,
    y: Axis,
    draws: Mapping[str, np.ndarray] | None,
    members: int,
    seed: int,
) -> dict[str, Any]:
    """Everything that the map follows from, as plain data."""
    return {
        "cell": cell.model_dump(mode="json"),
        "protocol": protocol.model_dump(mode="json", by_alias=True),
        "axes": [vars(x), vars(y)],
        "draws": {name: np.asarray(values, float).tolist() for name, values in sorted((draws or {}).items())},
        "members": members,
        "seed": seed,
        "task": SIZE,
        "tolerance": list(ENOUGH),
        "versions": {name: version(name) for name in VERSIONS},
    }


def _map(
    x: Axis,
    y: Axis,
    all_: Part,
    draws: int,
    length: float,
    inputs: dict[str, Any],
    warnings: tuple[str, ...],
    values: dict[str, Any],
) -> RegimeMap:
    """Every point from all of its draws."""
    shape = (x.count, y.count)

    def pairs(values: np.ndarray) -> np.ndarray:
        return values.reshape(x.count * y.count, draws)

    kinds = pairs(all_.kind)
    counts = np.stack([(kinds == index).sum(1) for index in range(len(KINDS))])
    short = np.median(pairs(all_.short_time), axis=1)
    other = np.isin(kinds, [KINDS.index("contact lost"), KINDS.index("lithium spent")])
    probability = pairs(all_.probability)
    stalled = int((kinds == KINDS.index("stalled")).sum())
    if stalled:
        warnings += (f"the integrator stalled for {stalled} of {kinds.size} cells; their outcome says so",)
    about = {key: value for key, value in inputs.items() if key != "draws"} | {
        "made_by": "sweep",
        "draws": {name: len(drawn) for name, drawn in inputs["draws"].items()},
        "values": {name: {"text": one.text, "source": one.source.cite, "tag": one.tag} for name, one in values.items()},
    }
    return RegimeMap(
        x,
        y,
        outcome=counts.argmax(0).astype(np.int8).reshape(shape),
        time=np.median(pairs(all_.cycling_time), axis=1).reshape(shape),
        time_to_short=np.where(np.isfinite(short), short, np.nan).reshape(shape),
        probability_short=probability.mean(1).reshape(shape),
        probability_end=np.where(other, 1.0, probability).mean(1).reshape(shape),
        length=length,
        provenance=about,
        warnings=warnings,
    )
