"""One resistance from a spectrum: the electrolyte's own, read where the electrodes do not disturb it.

Three readings, each with its own definition:

`crossing`       real part where the imaginary part passes zero: inductance above, the electrodes below
`turning point`  real part at the least -Im Z, between the arc of the electrolyte and the rise of the electrodes
`blocking`       R0 of R0-p(R1,CPE1) fitted to the whole spectrum, weighted by its modulus: the rise of blocking
                 electrodes carried on to its foot, for spectra that end before they reach the axis
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from lithostat.experiment.errors import InputError
from lithostat.experiment.finding import Finding
from lithostat.experiment.spectrum import Spectrum

READINGS = ("crossing", "turning point", "blocking")
CIRCUIT = "R0-p(R1,CPE1)"
LARGEST_SHARE = 0.1  # of the real part, that -Im may have at a turning point


class Intercept(NamedTuple):
    """A resistance [ohm] with how it was read. `error` is a standard error [ohm], None where the reading has none.

    `frequency` [Hz] is where it was read, None for a fit of all points.
    """

    resistance: float
    error: float | None
    reading: str
    frequency: float | None
    why: str

    @property
    def finding(self) -> Finding:
        """The resistance as a finding."""
        how = "standard error of the fit, from its own residuals" if self.error is not None else None
        return Finding("electrolyte resistance", self.resistance, "ohm", (self.why,), self.error, how, self.reading)


def electrolyte_resistance(spectrum: Spectrum, reading: str | None = None) -> Intercept:
    """Read the resistance of the electrolyte from a spectrum; without a `reading` the first one that applies.

    Raises `InputError` where a reading does not apply to the spectrum.
    """
    if reading is not None and reading not in READINGS:
        raise InputError(f"received the reading '{reading}'", expected=f"one of {', '.join(READINGS)}")
    order = np.argsort(-spectrum.frequency, kind="stable")
    f, z = spectrum.frequency[order], spectrum.impedance[order]
    if len(f) < 3 or not np.isfinite(z).all():
        raise InputError(f"a spectrum of {len(f)} points", expected="three finite points at least")
    found = {"crossing": _crossing, "turning point": _turning_point}
    for name in READINGS[:2] if reading is None else (reading,):
        read = found[name](f, z) if name in found else None
        if read is not None:
            return read
        if reading in found:
            raise InputError(f"the spectrum has no {reading}", expected="another reading, or higher frequencies")
    return _blocking(spectrum)


def _crossing(f: np.ndarray, z: np.ndarray) -> Intercept | None:
    """From inductive to capacitive on the way down, on a straight line between the two points."""
    at = np.flatnonzero((z.imag[:-1] > 0.0) & (z.imag[1:] <= 0.0))
    if not len(at):
        return None
    k = int(at[0])
    share = z.imag[k] / (z.imag[k] - z.imag[k + 1])
    real = z.real[k] + share * (z.real[k + 1] - z.real[k])
    hertz = float(np.exp(np.log(f[k]) + share * np.log(f[k + 1] / f[k])))
    return Intercept(float(real), None, "crossing", hertz, f"Im Z changes its sign at {hertz:.4g} Hz")


def _turning_point(f: np.ndarray, z: np.ndarray) -> Intercept | None:
    """The vertex of a parabola through the least -Im and its neighbours; not at an end, and close to the axis."""
    down = -z.imag
    inside = np.flatnonzero((down[1:-1] <= down[:-2]) & (down[1:-1] <= down[2:])) + 1
    inside = inside[down[inside] < LARGEST_SHARE * z.real[inside]]
    if not len(inside):
        return None
    k = int(inside[np.argmin(down[inside])])
    x = np.log(f[k - 1 : k + 2])
    curve = np.polyfit(x - x[1], down[k - 1 : k + 2], 2)
    shift = float(np.clip(-0.5 * curve[1] / curve[0], x.min() - x[1], x.max() - x[1])) if curve[0] > 0.0 else 0.0
    real = float(np.polyval(np.polyfit(x - x[1], z.real[k - 1 : k + 2], 2), shift))
    hertz = float(f[k] * np.exp(shift))
    return Intercept(real, None, "turning point", hertz, f"-Im Z is least at {hertz:.4g} Hz")


def _blocking(spectrum: Spectrum) -> Intercept:
    """R0 of the circuit by least squares over the modulus, from two exponents of the constant phase element."""
    omega, z = 2.0 * np.pi * spectrum.frequency, spectrum.impedance
    size = np.abs(z)

    def misfit(logs: np.ndarray) -> np.ndarray:
        bulk, leak, charge, power = np.exp(logs)
        rest = (bulk + 1.0 / (1.0 / leak + charge * (1j * omega) ** power) - z) / size
        return np.concatenate([rest.real, rest.imag])

    lowest = int(np.argmin(omega))
    first = float(max(z.real[np.argmax(omega)], 1e-3 * size.min()))
    bounds = np.log([[1e-4 * size.min(), size.min(), 1e-30, 0.3], [2.0 * size.max(), 1e9 * size.max(), 1e6, 1.0]])
    found = None
    for power in (0.95, 0.8):
        charge = 1.0 / (size[lowest] * omega[lowest] ** power)
        start = np.clip(np.log([first, 1e3 * size.max(), charge, power]), *bounds)
        one = least_squares(misfit, start, bounds=bounds, x_scale="jac", xtol=1e-12, ftol=1e-12, gtol=1e-12)
        found = one if found is None or one.cost < found.cost else found
    assert found is not None
    variance = 2.0 * found.cost / max(2 * len(z) - 4, 1)
    error = float(np.sqrt(variance * np.linalg.pinv(found.jac.T @ found.jac)[0, 0]) * np.exp(found.x[0]))
    left = 100.0 * np.sqrt(variance)
    why = f"R0 of {CIRCUIT} fitted to all points, weighted by the modulus; {left:.2g} % of the modulus is left over"
    return Intercept(float(np.exp(found.x[0])), error, "blocking", None, why)
