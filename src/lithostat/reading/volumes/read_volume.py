"""The verb: a file or folder to a `Volume`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

from lithostat.experiment.errors import InputError
from lithostat.experiment.journal import fingerprint
from lithostat.experiment.volume import ENDS, Volume, VolumeSource, VolumeState, Voxels
from lithostat.reading.volumes import raw, tiff, zarr_group
from lithostat.reading.volumes.slices import Turned

AXES = ("z", "y", "x")
AGREE = 0.02  # relative; a voxel size that a file states and one that a person states


class Stated(NamedTuple):
    """What a person says of a tomogram. `axis` of the file runs from electrode to electrode; `first` end is named.

    `outside` is the grey of what was not measured (NaN is allowed), `layout` how a raw file lies.
    """

    voxel_size: float | None = None
    axis: str = "z"
    electrode_1: str | None = None
    outside: float | None = None
    state: VolumeState = VolumeState()
    layout: raw.RawLayout | None = None
    byte_order: str | None = None


def read_volume(path: str | Path, voxel_size: float | None = None, *, stated: Stated | None = None) -> Volume:
    """Open a tomogram: TIFF (folder, pages, BigTIFF, ImageJ), Zarr 2 and 3, or raw; greys are read when needed.

    `voxel_size` [m] is needed for every file but those that lithostat wrote. Raises `InputError`.
    """
    path = Path(path)
    stated = stated or Stated()
    stated = stated._replace(voxel_size=stated.voxel_size if voxel_size is None else voxel_size)
    if not path.exists():
        raise InputError("there is no such file or folder", file=str(path))
    if zarr_group.is_zarr(path):
        opened, coarse, about = zarr_group.open_zarr(path)
        if about is not None:
            return _restated(zarr_group.own_volume(opened.voxels, coarse, about, path), stated, path)
        kind = "Zarr"
    elif path.is_dir() or path.suffix.lower() in tiff.SUFFIXES:
        opened, kind = tiff.open_tiff(path), "TIFF"
    elif stated.layout is not None or path.suffix.lower() in raw.SUFFIXES:
        opened, kind = raw.open_raw(path, stated.layout), "raw"
    else:
        raise InputError(
            f"'{path.suffix or path.name}' is no format of tomograms that is read",
            file=str(path),
            expected="TIFF, a folder of TIFF slices, Zarr, or raw with --shape and --type",
        )
    size, warnings = _size(opened.stated, stated.voxel_size, path)
    volume = Volume(
        opened.voxels,
        size,
        name=path.name.removesuffix(path.suffix) if path.is_file() or path.suffix == ".zarr" else path.name,
        outside=stated.outside,
        state=stated.state,
        ends=_ends(stated.electrode_1),
        source=VolumeSource(path.name, kind, stamp=_stamp(path)),
        warnings=(*opened.warnings, *warnings),
    )
    return _turned(volume, stated.axis)


def _stamp(path: Path) -> str:
    """Sizes and times of change of a file, or of all files of a folder, as a digest."""
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    facts = [(one.name, (seen := one.stat()).st_size, seen.st_mtime_ns) for one in files]
    return fingerprint({"files": facts})


def _size(own: tuple[float, ...] | None, stated: float | None, path: Path) -> tuple[float, tuple[str, ...]]:
    """The stated voxel size [m], held against what the file states itself."""
    if own is not None and max(own) > (1.0 + AGREE) * min(own):
        sizes = " x ".join(f"{1e6 * length:.4g}" for length in own)
        raise InputError(
            f"states voxels of {sizes} um, which are no cubes", file=str(path), expected="cubic voxels; resample it"
        )
    hint = f" (the file states {1e6 * own[0]:.4g} um)" if own else ""
    if stated is None:
        raise InputError(
            f"the voxel size is not stated{hint}", file=str(path), expected="--voxel-size, for example '1.18 um'"
        )
    if own is not None and not math.isclose(own[0], stated, rel_tol=AGREE):
        said = f"the file states a voxel size of {1e6 * own[0]:.4g} um, {1e6 * stated:.4g} um was used as stated"
        return stated, (said,)
    return stated, ()


def _ends(electrode_1: str | None) -> tuple[str, str]:
    names = {None: ENDS, "first": ("electrode 1", "electrode 2"), "last": ("electrode 2", "electrode 1")}
    if electrode_1 not in names:
        raise InputError(f"received '{electrode_1}' for electrode 1", expected="first or last: its slice in the file")
    return names[electrode_1]


def _turned(volume: Volume, axis: str) -> Volume:
    """The volume with `axis` of the file as its first."""
    if axis not in AXES:
        raise InputError(f"received the axis '{axis}'", expected="z (slice by slice), y (rows) or x (columns)")
    order = {"z": (0, 1, 2), "y": (1, 0, 2), "x": (2, 0, 1)}[axis]
    if order == (0, 1, 2):
        return volume
    voxels: Voxels = Turned(volume.voxels, order)
    return zarr_group.renamed(volume, voxels=voxels)


def _restated(volume: Volume, stated: Stated, path: Path) -> Volume:
    """A volume of our own with what was stated anew; another voxel size or axis is refused."""
    if stated.voxel_size is not None and not math.isclose(stated.voxel_size, volume.voxel_size, rel_tol=1e-6):
        raise InputError(
            f"was written with voxels of {1e6 * volume.voxel_size:.6g} um, not {1e6 * stated.voxel_size:.6g} um",
            file=str(path),
            expected="the same voxel size, or the file it was made from",
        )
    if stated.axis != "z":
        raise InputError("has its axes settled", file=str(path), expected="--axis with the file it was made from")
    ends = None if stated.electrode_1 is None else _ends(stated.electrode_1)
    state = None if stated.state == VolumeState() else stated.state
    return zarr_group.renamed(volume, outside=stated.outside, ends=ends, state=state)
