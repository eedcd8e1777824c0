"""A tomogram to Zarr: greys, their pyramid, checksum and breaks in one pass that can be stopped and goes on."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.experiment.journal import Journal
from lithostat.experiment.volume import Volume, VolumeSource, halved
from lithostat.reading.volumes import breaks
from lithostat.reading.volumes.byte_order import check_byte_order
from lithostat.reading.volumes.zarr_group import KEY, described, is_zarr, multiscales, open_zarr, own_volume

if TYPE_CHECKING:
    from types import TracebackType

SLAB = 32  # slices of one part, and of one chunk
CHUNK = 256  # of y and x
LEVELS = 4

Progress = Callable[[int, int], None]


def ingest(
    volume: Volume, path: str | Path, *, byte_order_known: bool = False, progress: Progress | None = None
) -> Volume:
    """Write a volume as a Zarr group at `path` (chunks 32 x 256 x 256, lz4) with its means of 2^3, 4^3 and 8^3 voxels.

    A pass that was killed goes on where it was when called again for the same volume. The group gets its name when it
    is whole. Greys that are not finite are refused unless `volume.outside` is NaN. Raises `InputError`.
    """
    path = Path(path)
    if path.exists():
        raise InputError("is there already", file=str(path), expected="another folder, or this one as the tomogram")
    needed = int(1.15 * volume.size * np.dtype(volume.voxels.dtype).itemsize)
    partial = path.with_name(f".{path.name}.partial")
    with naming_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(path.parent).free + _held(partial)
        if needed > free:
            raise InputError(
                f"the greys and their pyramid need {needed / 1e9:.3g} GB, {free / 1e9:.3g} GB are free",
                file=str(path.parent),
                expected="a disk with more room (--output)",
            )
        journal = Journal(partial.with_suffix(".journal"), _inputs(volume))
        arrays = _arrays(partial, volume, fresh=journal.get(0) is None)
        parts = range(math.ceil(volume.shape[0] / SLAB))
        kept = []
        for part in parts:
            kept.append(_one_part(volume, part, arrays, journal, byte_order_known))
            if progress is not None:
                progress(part + 1, len(parts))
        whole = _finished(volume, kept)
        _describe(partial, whole, len(arrays))
        os.replace(partial, path)
        journal.close()
    opened, coarse, about = open_zarr(path)
    assert about is not None
    return own_volume(opened.voxels, coarse, about, path)


def as_zarr(volume: Volume, path: Path, *, byte_order_known: bool = False, progress: Progress | None = None) -> Volume:
    """The volume as Zarr with its pyramid: itself if it is one, else one that was made of it, now or earlier."""
    if volume.coarse:
        return volume
    known = made_of(volume, path) if path.exists() else None
    return known or ingest(volume, path, byte_order_known=byte_order_known, progress=progress)


def made_of(volume: Volume, path: Path) -> Volume | None:
    """The volume at `path`, if it was written from such a one: same source, shape, voxels and what was stated."""
    if not is_zarr(path):
        return None
    opened, coarse, about = open_zarr(path)
    if about is None:
        return None
    made = own_volume(opened.voxels, coarse, about, path)
    own, other = made.source or VolumeSource(""), volume.source or VolumeSource(volume.name)
    same = (own.file, own.format, own.stamp) == (other.file, other.format, other.stamp) and made.shape == volume.shape
    same &= math.isclose(made.voxel_size, volume.voxel_size, rel_tol=1e-9) and made.ends == volume.ends
    return replace(made, name=volume.name, state=volume.state) if same else None


class naming_disk:  # noqa: N801  (a context, used like a function)
    """A disk that fills, or cannot be written, becomes a sentence."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        """Turn the error of the disk into one that a person reads."""
        if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
            raise InputError(
                f"cannot be written ({error.strerror or error})",
                file=str(self._path),
                expected="room on the disk and the right to write; the same command then goes on where it was",
            ) from None


def _one_part(
    volume: Volume, part: int, arrays: list[Any], journal: Journal, byte_order_known: bool
) -> dict[str, np.ndarray]:
    """Write 32 slices and their means, unless that is done; what is to be remembered of them."""
    done = journal.get(part)
    if done is not None:
        return done
    first = part * SLAB
    greys = np.ascontiguousarray(volume.voxels[first : first + SLAB])
    greys = greys.astype(greys.dtype.newbyteorder("="), copy=False)
    _finite(volume, greys, first)
    if not byte_order_known:
        check_byte_order(greys, volume.name)
    small = breaks.thumbnails(greys)
    made = {
        "sha256": np.frombuffer(hashlib.sha256(greys.data).digest(), np.uint8),
        "last": small[-1],
        "first": small[0],
        "steps": np.array([breaks.unlikeness(*pair) for pair in pairwise(small)]),
        "levels": np.array([breaks.levels(one) for one in small]),
    }
    arrays[0][first : first + len(greys)] = greys
    level, start = greys, first
    for array in arrays[1:]:
        level, start = halved(level), start // 2
        if level.size:
            array[start : start + len(level)] = level
    journal.keep(part, **made)
    return made


def _finite(volume: Volume, greys: np.ndarray, first: int) -> None:
    if greys.dtype.kind != "f" or (volume.outside is not None and math.isnan(volume.outside)):
        return
    wrong = ~np.isfinite(greys)
    if wrong.any():
        z, y, x = np.argwhere(wrong)[0]
        raise InputError(
            f"{volume.name} holds greys that are not finite, the first in slice {first + z + 1} at y {y}, x {x}",
            expected="finite greys, or --outside nan if NaN marks what was not measured",
        )


def _finished(volume: Volume, kept: list[dict[str, np.ndarray]]) -> Volume:
    """The volume with its checksum and with what is to be said of its stack."""
    digest = hashlib.sha256(b"".join(one["sha256"].tobytes() for one in kept)).hexdigest()
    steps: list[float] = []
    for k, one in enumerate(kept):
        if k:
            steps.append(breaks.unlikeness(kept[k - 1]["last"], one["first"]))
        steps += one["steps"].tolist()
    said = breaks.sentences(steps, np.concatenate([one["levels"] for one in kept]))
    source = replace(volume.source or VolumeSource(volume.name), sha256=digest)
    return replace(volume, source=source, warnings=(*volume.warnings, *said))


def _arrays(partial: Path, volume: Volume, *, fresh: bool) -> list[Any]:
    """The arrays of the group that is being made, finest first."""
    import zarr
    from zarr.codecs import BloscCodec

    if not fresh and (partial / "zarr.json").is_file():
        group = zarr.open_group(str(partial), mode="r+")
        return [group[str(level)] for level in range(LEVELS) if str(level) in group]
    shutil.rmtree(partial, ignore_errors=True)
    group = zarr.open_group(str(partial), mode="w", zarr_format=3)
    made, shape = [], volume.shape
    kind = np.dtype(volume.voxels.dtype).newbyteorder("=")
    for level in range(LEVELS):
        if min(shape) < 1:
            break
        chunks = (max(1, SLAB >> level), min(CHUNK, shape[1]), min(CHUNK, shape[2]))
        codec = BloscCodec(cname="lz4", clevel=5, shuffle="bitshuffle")
        made.append(group.create_array(str(level), shape=shape, chunks=chunks, dtype=kind, compressors=codec))
        shape = tuple(length // 2 for length in shape)  # type: ignore[assignment]
    return made


def _describe(partial: Path, volume: Volume, levels: int) -> None:
    import zarr

    group = zarr.open_group(str(partial), mode="r+")
    group.attrs.update({KEY: described(volume), "ome": multiscales(volume.name, volume.voxel_size, levels)})


def _inputs(volume: Volume) -> dict[str, Any]:
    """What makes two passes the same."""
    return described(volume) | {"shape": list(volume.shape), "dtype": np.dtype(volume.voxels.dtype).name, "slab": SLAB}


def _held(folder: Path) -> int:
    """Bytes that an unfinished pass already takes."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else 0
