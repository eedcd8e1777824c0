"""Zarr: an array, a group with a pyramid (OME multiscales), or a group that lithostat wrote."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.experiment.volume import Index, Volume, VolumeSource, VolumeState, Voxels
from lithostat.reading.volumes.tiff import Opened

if TYPE_CHECKING:
    import zarr

FORMAT = 1
KEY = "lithostat"
_METRES = {"meter": 1.0, "millimeter": 1e-3, "micrometer": 1e-6, "nanometer": 1e-9, "centimeter": 1e-2}


class Pyramid(NamedTuple):
    """Arrays of a group, finest first, with the voxel size that it states itself [m]."""

    arrays: tuple[Any, ...]
    stated: tuple[float, ...] | None


def is_zarr(path: Path) -> bool:
    """True for a folder that Zarr (2 or 3) wrote."""
    return path.is_dir() and any((path / name).is_file() for name in ("zarr.json", ".zarray", ".zgroup"))


def open_zarr(path: Path) -> tuple[Opened, tuple[Voxels, ...], dict[str, Any] | None]:
    """Greys, coarser greys, and what lithostat wrote of them itself (None where it did not)."""
    import zarr

    try:
        node = zarr.open(str(path), mode="r")
        about = node.attrs.get(KEY)
        levels = _levels(node, path)
    except InputError:
        raise
    except Exception as error:  # damaged metadata raises a dozen kinds
        raise InputError(f"cannot be read as Zarr ({type(error).__name__}: {error})", file=str(path)) from None
    arrays = tuple(_three(array, path) for array in levels.arrays)
    ours = about if isinstance(about, dict) and about.get("format") == FORMAT else None
    coarse = arrays[1:] if ours else ()
    return Opened(arrays[0], levels.stated, ()), coarse, ours


def own_volume(voxels: Voxels, coarse: tuple[Voxels, ...], about: dict[str, Any], path: Path) -> Volume:
    """A volume as lithostat wrote it, with everything that was stated then."""
    try:
        outside = about["outside"]
        return Volume(
            voxels,
            about["voxel_size_m"],
            name=about["name"],
            outside=math.nan if outside == "nan" else outside,
            state=VolumeState(**about["state"]),
            ends=(about["ends"][0], about["ends"][1]),
            coarse=coarse,
            source=VolumeSource(**about["source"]),
            warnings=tuple(about["warnings"]),
        )
    except (KeyError, TypeError, IndexError):
        raise InputError("has damaged metadata and cannot be read as a volume", file=str(path)) from None


def described(volume: Volume) -> dict[str, Any]:
    """What `own_volume` takes back, as plain data."""
    outside = "nan" if volume.outside is not None and math.isnan(volume.outside) else volume.outside
    source = volume.source or VolumeSource("")
    return {
        "format": FORMAT,
        "name": volume.name,
        "voxel_size_m": volume.voxel_size,
        "outside": outside,
        "state": vars(volume.state),
        "ends": list(volume.ends),
        "source": vars(source),
        "warnings": list(volume.warnings),
    }


def multiscales(name: str, voxel_size: float, levels: int) -> dict[str, Any]:
    """Attributes by which viewers find the levels of a pyramid (OME-Zarr 0.5)."""
    axes = [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"]
    datasets = []
    for level in range(levels):
        scale, shift = 1e6 * voxel_size * 2**level, 1e6 * voxel_size * 0.5 * (2**level - 1)
        steps = [{"type": "scale", "scale": [scale] * 3}, {"type": "translation", "translation": [shift] * 3}]
        datasets.append({"path": str(level), "coordinateTransformations": steps})
    return {"version": "0.5", "multiscales": [{"name": name, "axes": axes, "datasets": datasets}]}


def _levels(node: zarr.Array | zarr.Group, path: Path) -> Pyramid:
    if hasattr(node, "shape"):
        return Pyramid((node,), None)
    about = node.attrs.get("ome", node.attrs)
    scales = about.get("multiscales")
    if scales:
        names = [dataset["path"] for dataset in scales[0]["datasets"]]
        return Pyramid(tuple(node[name] for name in names), _scale(scales[0]))
    arrays = [array for _, array in node.arrays()]
    if len(arrays) != 1:
        raise InputError(f"holds {len(arrays)} arrays", file=str(path), expected="one array, or OME multiscales")
    return Pyramid((arrays[0],), None)


def _scale(scales: dict[str, Any]) -> tuple[float, ...] | None:
    """Voxel size along (x, y, z) [m] of the finest level."""
    steps = scales["datasets"][0].get("coordinateTransformations", [])
    found = [step["scale"] for step in steps if step.get("type") == "scale"]
    units = [_METRES.get(axis.get("unit", "")) for axis in scales.get("axes", [])[-3:] if isinstance(axis, dict)]
    if not found or len(units) != 3 or None in units:
        return None
    return tuple(float(value) * unit for value, unit in zip(found[0][-3:], units, strict=True) if unit)[::-1]


def _three(array: zarr.Array, path: Path) -> zarr.Array | _Inner:
    """An array of three axes: leading ones of length 1 (time, channel) are passed over."""
    extra = len(array.shape) - 3
    if extra < 0 or any(length != 1 for length in array.shape[:extra]):
        raise InputError(f"has the shape {array.shape}", file=str(path), expected="three axes of space")
    return _Inner(array, extra) if extra else array


class _Inner:
    """The three last axes of an array whose other axes are of length 1."""

    def __init__(self, array: zarr.Array, extra: int) -> None:
        self._array, self._extra = array, extra
        self.shape, self.dtype = array.shape[extra:], array.dtype

    def __getitem__(self, part: Index) -> np.ndarray:
        return self._array[(0,) * self._extra + (part if isinstance(part, tuple) else (part,))]


def renamed(volume: Volume, **about: Any) -> Volume:
    """The volume with what was stated anew; None keeps what it had."""
    return replace(volume, **{name: value for name, value in about.items() if value is not None})
