"""A diffraction pattern: intensity against angle, and everything needed to judge it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from lithostat.experiment.errors import InputError

SIGMA_FROM = {
    "counts": "the square root of the counts",
    "file": "a column of the file",
    "averaged": "the spread over the pixels or scans that were averaged",
    "scaled": "counts per time or after a factor that the file names",
    "unknown": "not known: the scatter of neighbouring points",
}
GEOMETRIES = {
    "reflection": "flat sample on a focusing circle (Bragg-Brentano)",
    "transmission": "flat sample or cell that the beam passes at a right angle",
    "capillary": "cylinder in the beam",
    "area detector": "rings on a flat detector, integrated to angle",
}


@dataclass(frozen=True)
class Pattern:
    """Counts against two-theta, as measured or simulated.

    Args:
        two_theta: (n,) scattering angle [rad], strictly increasing.
        counts: (n,) intensity; counts where `sigma_from` is 'counts', else in the unit of the file.
        sigma: (n,) one standard deviation of `counts`, positive.
        sigma_from: a key of `SIGMA_FROM`.
        lines: (wavelength [m], relative weight) of every line of the source, strongest first; empty where nobody said,
            and never defaulted.
        geometry: a key of `GEOMETRIES`, None where nobody said.
        radius: of the goniometer, or from sample to detector [m].
        monochromator: two-theta of a monochromator crystal [rad]; None for none.
        polarisation: share of the beam polarised in the scattering plane less the share across it, over both: 0 for a
            tube, near -1 for a synchrotron.
        axial: opening of the Soller slits, or of the detector across the scattering plane, as an angle [rad].
        start, duration: wall clock of the first point, and seconds until the last.
        time: since the start of the cell's record [s], where a clock joins the two.
        region: which part of the cell the beam met: 'electrolyte', 'lithium side', 'whole'.
        attenuation: what was done about absorbers in the beam: 'none', 'undone by the file', 'undone here', 'unknown'.
        source: file, sha256, number of the scan.
    """

    two_theta: np.ndarray
    counts: np.ndarray
    sigma: np.ndarray
    sigma_from: str = "unknown"
    lines: tuple[tuple[float, float], ...] = ()
    geometry: str | None = None
    radius: float | None = None
    monochromator: float | None = None
    polarisation: float = 0.0
    axial: float | None = None
    start: datetime | None = None
    duration: float | None = None
    time: float | None = None
    region: str | None = None
    attenuation: str = "unknown"
    name: str = ""
    source: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no fit could use: too few points, a decreasing axis, values that are not finite."""
        x, y, s = (np.asarray(values, float) for values in (self.two_theta, self.counts, self.sigma))
        for name, values in (("two_theta", x), ("counts", y), ("sigma", s)):
            object.__setattr__(self, name, values)
        if x.ndim != 1 or x.shape != y.shape or x.shape != s.shape:
            raise InputError("a pattern whose columns differ in length", expected="one intensity and sigma per angle")
        if len(x) < FEWEST:
            raise InputError(f"a pattern of {len(x)} points", expected=f"at least {FEWEST}")
        if not (np.isfinite(x).all() and np.isfinite(y).all() and np.isfinite(s).all()):
            raise InputError("a pattern with values that are not finite numbers", expected="finite angles and counts")
        if (np.diff(x) <= 0.0).any():
            at = int(np.argmin(np.diff(x)))
            raise InputError(
                f"the angle falls or stands still at point {at + 2} ({np.degrees(x[at + 1]):.4f} degrees)",
                expected="angles that increase from point to point",
            )
        if x[0] < 0.0 or x[-1] >= np.pi:
            raise InputError(
                f"angles from {np.degrees(x[0]):.4g} to {np.degrees(x[-1]):.4g} degrees", expected="0 to 180 degrees"
            )
        if (s <= 0.0).any():
            raise InputError("a sigma that is not positive", expected="one standard deviation above zero per point")

    def __len__(self) -> int:
        """Number of points."""
        return len(self.two_theta)

    @property
    def degrees(self) -> np.ndarray:
        """Two-theta in degrees, for people."""
        return np.degrees(self.two_theta)

    @property
    def wavelength(self) -> float:
        """The strongest line [m]; an error that names the option where nobody stated one."""
        if not self.lines:
            raise self._missing(["which wavelength was used"], [WAVELENGTH])
        return self.lines[0][0]

    def need(self) -> None:
        """Raise one error that names everything which a fit needs and nobody stated: wavelength, geometry."""
        unsaid, wanted = [], []
        if not self.lines:
            unsaid.append("which wavelength was used")
            wanted.append(WAVELENGTH)
        if self.geometry is None:
            unsaid.append("how the sample stood in the beam")
            wanted.append(f"--geometry with one of {', '.join(GEOMETRIES)}")
        if unsaid:
            raise self._missing(unsaid, wanted)

    def _missing(self, unsaid: list[str], wanted: list[str]) -> InputError:
        return InputError(
            f"the file does not say {' and '.join(unsaid)}, and nobody did",
            file=self.source.get("file") or self.name or None,
            expected=f"{' and '.join(wanted)} (or the same under `patterns:` of cell.yaml)",
        )

    def as_json(self) -> dict[str, Any]:
        """What is known about the pattern, without its points."""
        return {
            "name": self.name,
            "points": len(self),
            "two_theta_first_rad": float(self.two_theta[0]),
            "two_theta_last_rad": float(self.two_theta[-1]),
            "sigma_from": self.sigma_from,
            "lines": [{"wavelength_m": length, "weight": weight} for length, weight in self.lines],
            "geometry": self.geometry,
            "radius_m": self.radius,
            "start": self.start.isoformat() if self.start else None,
            "duration_s": self.duration,
            "time_s": self.time,
            "region": self.region,
            "attenuation": self.attenuation,
            "source": self.source,
        }


WAVELENGTH = "--wavelength 'Mo Ka', 'Cu Ka1' or '0.4959 angstrom'"
FEWEST = 50  # points; fewer cannot carry a background and one line
