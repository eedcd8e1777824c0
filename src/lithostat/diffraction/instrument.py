"""How a pattern was measured, as far as lines, shifts and intensities depend on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lithostat.diffraction.optics import (
    cylinder_transmission,
    layer_transmission,
    lorentz_polarisation,
    slab_transmission,
)
from lithostat.experiment.pattern import Pattern

SHIFTS = {
    "reflection": ("displacement", "zero"),
    "transmission": ("zero", "along the beam"),
    "capillary": ("zero", "along the beam"),
    "area detector": ("zero", "along the beam"),
}


@dataclass(frozen=True)
class Layers:
    """What the beam passes in transmission, in absorption lengths (mu t) at the wavelength of the pattern.

    Args:
        sample: of the slab, or of the radius of a cylinder.
        behind: of flat layers behind the sample; layers in front take the same from every line.
        wall: absorption coefficient of a tube around a cylinder over that of the sample.
        outside: outer radius of that tube over the inner one.
    """

    sample: float = 0.0
    behind: float = 0.0
    wall: float = 0.0
    outside: float = 1.0


@dataclass(frozen=True)
class Instrument:
    """Lines of the source, geometry, what moves a line, and the beam's own polarisation; see `Pattern`."""

    lines: tuple[tuple[float, float], ...]
    geometry: str
    shift: str
    monochromator: float | None = None
    polarisation: float = 0.0
    layers: Layers | None = None

    @property
    def wavelength(self) -> float:
        """The strongest line [m]."""
        return self.lines[0][0]

    def intensity(self, two_theta: np.ndarray) -> np.ndarray:
        """Lorentz, polarisation and absorption factor at every angle, up to a constant [-]."""
        factor = lorentz_polarisation(two_theta, monochromator=self.monochromator, polarisation=self.polarisation)
        layers = self.layers
        if layers is None or self.geometry == "reflection":
            return factor
        if self.geometry == "capillary":
            grid = np.linspace(0.0, np.pi, 61)
            left = cylinder_transmission(grid, layers.sample, layers.wall, layers.outside)
            return factor * np.interp(two_theta, grid, left)
        return factor * slab_transmission(two_theta, layers.sample) * layer_transmission(two_theta, layers.behind)

    def tilt(self, two_theta: np.ndarray) -> np.ndarray:
        """Angle between scattering vector and the axis along which crystals were pressed [rad]."""
        if self.geometry == "reflection":
            return np.zeros_like(two_theta)
        return np.full_like(two_theta, 0.5 * np.pi) - (0.0 if self.geometry == "capillary" else 0.5) * two_theta


def instrument_of(pattern: Pattern, *, shift: str | None = None, layers: Layers | None = None) -> Instrument:
    """The instrument of a pattern; raises `InputError` where wavelength or geometry are not known."""
    pattern.need()
    assert pattern.geometry is not None
    return Instrument(
        lines=pattern.lines,
        geometry=pattern.geometry,
        shift=shift or SHIFTS[pattern.geometry][0],
        monochromator=pattern.monochromator,
        polarisation=pattern.polarisation,
        layers=layers,
    )
