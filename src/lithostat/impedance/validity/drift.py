"""A sweep of a cell that changed while it was taken, referred to the middle of the sweep.

Nearly all of the time of a sweep goes to its lowest frequencies. The resistance in series is read at its beginning, so
that a sweep cannot say whether it grew too; the growth is taken to be that of the arcs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.validity.check import Validity
from lithostat.impedance.validity.foot import first_foot
from lithostat.impedance.validity.kramers_kronig import agreement, elapsed

LOW_SHARE = 0.999  # of the least real part, that the resistance in series can be at most


class Steady(NamedTuple):
    """The sweep as it would have been in its middle; `growth` is that of the arcs over the whole sweep, relative, with
    its standard uncertainty."""

    spectrum: Spectrum
    growth: tuple[float, float]
    sentence: str


def referred_to_the_middle(held: Validity) -> Steady:
    """The sweep of a drifting cell, each point changed to what it would have been halfway through."""
    sweep, keep = held.spectrum, ~held.stray
    e = elapsed(sweep.frequency)
    foot = first_foot(sweep).resistance or 0.0
    series = min(foot, LOW_SHARE * max(float(sweep.impedance.real.min()), 0.0))
    arcs = sweep.impedance - series
    growth = agreement(sweep.frequency, sweep.impedance, held.noise, keep=keep, drift=arcs * e).drift
    steady = sweep.impedance + growth[0] * (0.5 - e) / (1.0 + growth[0] * e) * arcs
    said = (
        f"the cell changed while it was swept, its arcs by {100.0 * growth[0]:+.2g} % (+- {100.0 * growth[1]:.1g}); "
        "the fit is of the sweep referred to its middle, with the resistance in series as it was at the beginning"
    )
    return Steady(replace(sweep, impedance=steady), growth, said)
