"""What a tomogram will need of the machine, before anything is read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.experiment.volume import Volume
from lithostat.tomography.slabs import HEIGHT

BASE = 0.45e9  # bytes: the program and its libraries, small tables
PER_SLAB = 22.0  # bytes per voxel of a slab, beside its greys
GREYS = 3.2  # copies of the greys of a slab
COARSE = 0.08  # bytes per voxel of the volume: bits at half resolution, in parts and joined, and components
LEVEL = 60.0  # bytes per voxel of the coarse level that the pellet is located on
COMPARING = 0.15e9
NANOSECONDS = (30.0, 45.0)  # of one core per voxel, without and with an earlier scan


@dataclass(frozen=True)
class Resources:
    """`memory` at most, and `disk` for what is written [byte]; `seconds` on one core of 2026."""

    memory: float
    disk: float
    seconds: float

    def sentence(self) -> str:
        """What a person reads first."""
        return (
            f"needs {self.memory / 1e9:.1f} GB of memory and {self.disk / 1e9:.1f} GB of disk, "
            f"about {max(self.seconds / 60.0, 0.1):.2g} minutes"
        )


def plan(volume: Volume, *, ingest: bool, before: Volume | None = None) -> Resources:
    """Memory, disk and time for a volume; `ingest`: its greys are written as Zarr first."""
    size = np.dtype(volume.voxels.dtype).itemsize
    slab = HEIGHT * volume.shape[1] * volume.shape[2]
    coarse = volume.size / 8.0 ** (1 if max(volume.shape) <= 512 else 2 if max(volume.shape) <= 1024 else 3)
    memory = BASE + slab * (PER_SLAB + GREYS * size) + COARSE * volume.size + LEVEL * coarse
    voxels = volume.size + (before.size if before is not None else 0)
    if before is not None:
        memory += COMPARING + 12.0 * 544**2 * HEIGHT * 2.0
    disk = 0.1 * volume.size + (1.15 * size * voxels if ingest else 0.0)
    return Resources(memory, disk, 1e-9 * voxels * NANOSECONDS[before is not None])


def refuse_above(needed: Resources, available: float | None) -> None:
    """Raise `InputError` if the machine has less memory than that."""
    if available is not None and needed.memory > available:
        raise InputError(
            f"{needed.memory / 1e9:.1f} GB of memory are needed, {available / 1e9:.1f} GB are there",
            expected="a larger machine, or a part of the volume (crop it around the pellet)",
        )


def available_memory() -> float | None:
    """Memory that can be had now [byte]; None where the system does not say."""
    found = []
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        found.append(1024.0 * float(text.split("MemAvailable:")[1].split()[0]))
    except (OSError, IndexError, ValueError):
        try:
            found.append(float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE"))
        except (ValueError, OSError, AttributeError):
            return None
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        used = float(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
        found.append(float(limit) - used)
    except (OSError, ValueError):
        pass
    return min(found)
