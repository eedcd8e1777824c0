"""Points that break with the Kramers-Kronig relations stay in a fit unless they are large against what it leaves.

A circuit seldom describes a cell to the noise. Points that are off by less than it leaves over say no less than the
others, and at the end of a sweep they may be all there is of a process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.circuit import Circuit
from lithostat.impedance.circuits.fit import Fit, fit_each

LARGE = 6.0  # times the root mean square of what a circuit leaves at the other points
HARM = 1.5  # times more left over at the other points, by which a fit with the stray points is pulled by them
SLIGHT = 0.05  # of |Z|: less than this and no choice of a circuit is harmed
TOLD = 0.1  # relative change of a resistance that is told


def kept(
    sweeps: Sequence[Spectrum],
    stray: Sequence[np.ndarray],
    text: str | Circuit,
    *,
    fixed: Mapping[str, float] | None = None,
    weighting: str = "modulus",
) -> tuple[tuple[np.ndarray, ...], tuple[str, ...]]:
    """(points of each sweep that a fit of the circuit should use, what was left out as sentences).

    `sweeps` run from high to low frequency, `stray` (points,) of each are true where a point breaks with the others.
    """
    masks = [np.ones(len(sweep.frequency), bool) for sweep in sweeps]
    rows = [row for row, marks in enumerate(stray) if marks.any()]
    if not rows:
        return tuple(masks), ()
    everything = fit_each([sweeps[row] for row in rows], text, fixed=fixed, weighting=weighting)
    clean = fit_each([without(sweeps[row], stray[row]) for row in rows], text, fixed=fixed, weighting=weighting)
    said = []
    for row, whole, part in zip(rows, everything, clean, strict=True):
        masks[row] = _mask(sweeps[row], stray[row], whole, part)
        if not masks[row].all():
            said.append(_sentence(sweeps[row], masks[row], whole, part))
    return tuple(masks), tuple(said)


def without(sweep: Spectrum, gone: np.ndarray) -> Spectrum:
    """The sweep without some of its points."""
    return replace(sweep, frequency=sweep.frequency[~gone], impedance=sweep.impedance[~gone])


def _mask(sweep: Spectrum, stray: np.ndarray, whole: Fit, part: Fit) -> np.ndarray:
    left, left_by_part = _left(sweep, whole), _left(sweep, part)
    usual, usual_by_part = (float(np.sqrt(np.mean(each[~stray] ** 2))) for each in (left, left_by_part))
    if usual > HARM * usual_by_part:  # the stray points pull the fit away from all others
        left, usual = left_by_part, usual_by_part
    return ~(stray & (left > LARGE * max(usual, 1e-9)))


def _left(sweep: Spectrum, fit: Fit) -> np.ndarray:
    """|measured - model| / |model| at every point of the sweep."""
    model = fit.impedance(sweep.frequency)
    return np.asarray(np.abs((sweep.impedance - model) / model))


def _sentence(sweep: Spectrum, mask: np.ndarray, whole: Fit, part: Fit) -> str:
    f = sweep.frequency
    gone = np.flatnonzero(~mask)
    which = ", ".join(f"{f[row]:.4g} Hz" for row in gone[:6]) + (f" and {len(gone) - 6} more" if len(gone) > 6 else "")
    said = f"{sweep.name}: left out of the fit, being large against what the circuit leaves: {which}"
    if not mask[0] or not mask[-1]:
        inside = f[mask]
        said += f"; that is an end of the sweep, of which {inside[-1]:.4g} to {inside[0]:.4g} Hz are left"
    names = [name for name, unit in zip(part.circuit.names, part.circuit.units, strict=True) if unit == "ohm"]
    changed = {name: abs(np.log(whole.values[name] / part.values[name])) for name in names if part.values[name] > 0.0}
    most = max(changed, key=lambda name: changed[name], default="")
    if most and changed[most] > TOLD:
        said += f"; with them {most} would be {whole.values[most]:.4g} and not {part.values[most]:.4g} ohm"
    return f"{said} (--keep takes all points, --from and --to crop)"
