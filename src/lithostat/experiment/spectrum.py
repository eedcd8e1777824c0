"""An impedance spectrum and the state of the cell it was taken in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

ROUGH = 0.5  # of its size by which the points of a sweep bend from each other if they are noise


@dataclass(frozen=True)
class Spectrum:
    """Impedance against frequency. `impedance` is complex [ohm]; a capacitor has a negative imaginary part.

    `time` [s] since the start of the record; `pressure` [Pa], `temperature` [K], `area` [m2] are None where nobody
    said.
    """

    frequency: np.ndarray
    impedance: np.ndarray
    time: float | None = None
    pressure: float | None = None
    temperature: float | None = None
    area: float | None = None
    name: str = ""

    @property
    def total_resistance(self) -> float:
        """Real part at the lowest frequency [ohm]."""
        return float(self.impedance[np.argmin(self.frequency)].real)

    @property
    def is_noise(self) -> bool:
        """True if neighbouring points have nothing to do with each other, as where nothing was connected."""
        z = self.impedance[np.argsort(self.frequency)]
        if len(z) < 5:
            return False
        bend = np.abs(z[:-2] - 2.0 * z[1:-1] + z[2:])
        return bool(np.median(bend) > ROUGH * np.median(np.abs(z)))

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, in Battery Data Format names."""
        return {
            "name": self.name,
            "frequency_hertz": self.frequency.tolist(),
            "real_impedance_ohm": self.impedance.real.tolist(),
            "imaginary_impedance_ohm": self.impedance.imag.tolist(),
            "test_time_second": self.time,
            "pressure_pa": self.pressure,
            "temperature_kelvin": self.temperature,
            "area_m2": self.area,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Spectrum:
        """Inverse of `as_dict`."""
        return cls(
            frequency=np.asarray(data["frequency_hertz"], float),
            impedance=np.asarray(data["real_impedance_ohm"]) + 1j * np.asarray(data["imaginary_impedance_ohm"]),
            time=data["test_time_second"],
            pressure=data["pressure_pa"],
            temperature=data["temperature_kelvin"],
            area=data["area_m2"],
            name=data["name"],
        )
