"""The result: what a tomogram of a cell shows, with how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lithostat.experiment.finding import Finding
from lithostat.experiment.volume import Volume
from lithostat.tomography import phases as names
from lithostat.tomography.dark_volume import DarkVolume
from lithostat.tomography.difference import Difference
from lithostat.tomography.filaments import Filaments, finest
from lithostat.tomography.interfaces import Interface
from lithostat.tomography.phases import Phases
from lithostat.tomography.tortuosity import Transport


@dataclass(frozen=True)
class Asked:
    """What a person adds to a tomogram, SI, None where nobody said it: `charge` passed in both directions [C];
    `pellet_mass`, `pellet_area` and `pellet_thickness`, `theoretical_density` of the electrolyte."""

    charge: float | None = None
    charge_from: str = ""
    pellet_mass: float | None = None
    pellet_area: float | None = None
    pellet_thickness: float | None = None
    theoretical_density: float | None = None


@dataclass(frozen=True)
class Tomogram:
    """A tomogram of one cell, read.

    `phases` and all after it are None or empty where no pellet is seen; `warnings` then says so. `blur` [voxel];
    `charge_bound` [m3]: the most lithium that the charge can have plated, None without a charge. `before` are the
    interfaces of the earlier scan.
    """

    volume: Volume
    phases: Phases | None
    difference: Difference | None
    filaments: Filaments | None
    dark: DarkVolume | None
    new_dark: tuple[float, float] | None
    interfaces: tuple[Interface, ...]
    interfaces_before: tuple[Interface, ...]
    electrolyte: Transport | None
    blur: float | None
    charge_bound: float | None
    asked: Asked
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def spans(self) -> str:
        """Whether lithium, or a crack, joins both electrodes: yes | no | cannot tell."""
        return self.filaments.spans if self.filaments is not None else "cannot tell"

    @property
    def resolution(self) -> float | None:
        """Width of the thinnest filament that would be seen all along [m]."""
        if self.phases is None or self.blur is None:
            return None
        return finest(self.phases, self.blur) * self.volume.voxel_size

    @property
    def dark_volume(self) -> tuple[float, float] | None:
        """All that is dark inside the pellet [m3]: as void, and as lithium."""
        if self.dark is None or self.filaments is None:
            return None
        return self.dark.interval(self.filaments.void_interval[1])

    def pellet_volume(self) -> float:
        """Volume between the interfaces, rim left out [m3]."""
        assert self.phases is not None
        return float(self.phases.interior.sum()) * self.phases.voxel

    def phase_intervals(self) -> list[dict[str, Any]]:
        """Volume of each phase [m3] between the thresholds 0.4 and 0.6, electrodes within a voxel of their surface."""
        of = self.phases
        if of is None:
            return []
        found = []
        columns = of.layout.cross_section
        for name, code in ((self.volume.ends[0], names.FIRST_ELECTRODE), (self.volume.ends[1], names.LAST_ELECTRODE)):
            count = float(of.counts[code])
            found.append((f"lithium of {name}", max(0.0, count - columns), count + columns if count else 0.0))
        low, high = self.dark_volume or (0.0, 0.0)
        pellet = self.pellet_volume() / of.voxel
        found.append(("electrolyte", pellet - high / of.voxel, pellet - low / of.voxel))
        found.append(("dark inside the electrolyte", low / of.voxel, high / of.voxel))
        return [{"name": name, "low": a * of.voxel, "high": b * of.voxel} for name, a, b in found]

    def dark_by_depth(self) -> tuple[np.ndarray, np.ndarray]:
        """Depth from the first interface [m], and the share of each row that is dark at 0.4, 0.5, 0.6, (3, rows)."""
        assert self.phases is not None
        of = self.phases
        rows = np.flatnonzero(of.interior > 0.02 * of.interior.max())
        start = float(np.median(of.surfaces.even[0][np.isfinite(of.surfaces.even[0])]))
        depth = (rows - start) * self.volume.voxel_size
        return depth, of.by_depth[:, rows] / of.interior[rows]

    def as_json(self) -> dict[str, Any]:
        """Plain data, SI; volumes in m3."""
        source = self.volume.source
        dark = self.dark_volume
        return {
            "volume": {
                "name": self.volume.name,
                "shape": list(self.volume.shape),
                "voxel_size_m": self.volume.voxel_size,
                "state": vars(self.volume.state),
                "ends": list(self.volume.ends),
                "source": vars(source) if source else None,
                "resolution_m": self.resolution,
            },
            "unit_of_volumes": "m3",
            "phases": self.phase_intervals(),
            "filaments": [one.as_json() for one in self.filaments.each] if self.filaments else [],
            "spans": self.spans,
            "spans_why": self.filaments.why if self.filaments else "no pellet is seen",
            "dark_volume": None if dark is None else {"low": dark[0], "high": dark[1]},
            "new_dark_volume": None if self.new_dark is None else {"low": self.new_dark[0], "high": self.new_dark[1]},
            "charge_bound": self.charge_bound,
            "interfaces": [one.as_json() for one in self.interfaces],
            "interfaces_before": [one.as_json() for one in self.interfaces_before],
            "placement": None if self.difference is None else _placement(self),
            "findings": [one.as_json() for one in self.findings],
            "warnings": list(self.warnings),
        }


def _placement(of: Tomogram) -> dict[str, Any]:
    assert of.difference is not None
    placement, size = of.difference.placement, of.volume.voxel_size
    centre = 0.5 * (np.array(of.volume.shape) - 1.0)
    return {
        "shift_m": (placement.shift(centre) * size).tolist(),
        "turn_rad": placement.turn,
        "compression": placement.compression,
        "residual_m": placement.residual * size,
        "correlation": placement.alike,
    }


def surface_at(of: Phases, k: int, row: np.ndarray | int, axis: int) -> np.ndarray:
    """Height of interface `k` along a cut at y (axis 0) or x (axis 1) = `row` [voxel], for figures."""
    return np.take(of.surfaces.planes(of.volume.shape, k), row, axis)
