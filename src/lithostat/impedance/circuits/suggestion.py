"""Which circuit, where nobody named one: a ladder of circuits, the best supported one, and the others beside it.

The Bayesian information criterion says how much better a circuit must fit to earn its values (Schwarz 1978, Ann.
Statist. 6, 461). A circuit whose values the spectra do not determine is passed over. It is a suggestion: a circuit that
fits is not thereby the physics.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.fit import Fit, fit_each
from lithostat.impedance.validity.sweep import ordered

LADDER = (
    "R0-CPE1",
    "R0-p(R1,CPE1)",
    "R0-p(R1,CPE1)-CPE2",
    "R0-p(R1,CPE1)-W1",
    "R0-p(R1,CPE1)-p(R2,CPE2)",
    "R0-p(R1,CPE1)-p(R2,CPE2)-CPE3",
    "R0-p(R1,CPE1)-p(R2,CPE2)-W1",
    "R0-p(R1,CPE1)-p(R2,CPE2)-p(R3,CPE3)",
)
IN_VAIN = 3  # rungs without a better criterion that end the climb; the third above any has one more arc
DECISIVE = 10.0  # difference of the criterion that leaves no doubt (Kass, Raftery 1995, J. Am. Stat. Assoc. 90, 773)
LOOKED_AT = 5  # spectra of a series, evenly chosen
INDUCTIVE = 3  # points above the axis at the high-frequency end, from which circuits with an inductor are tried too


class Candidate(NamedTuple):
    """A circuit of the ladder. `noise` is the root mean square of what it leaves over, relative to |Z|."""

    text: str
    criterion: float  # Bayesian information criterion, the less the better
    noise: float
    doubt: str  # why it was passed over, '' if it was not


def suggest(spectra: Sequence[Spectrum], *, progress: Callable[[str], None] | None = None) -> tuple[Candidate, ...]:
    """Circuits of the ladder, the best supported one first, those that were passed over last.

    The ladder is climbed until `IN_VAIN` rungs in a row are no better than the best circuit before them, and without
    circuits that lack an inductor once one with an arc was far worse for it.
    """
    if not spectra:
        raise InputError("there is no spectrum to choose a circuit for", expected="at least one")
    rows = np.unique(np.linspace(0, len(spectra) - 1, LOOKED_AT).round().astype(int))
    looked = [ordered(spectra[row])[0] for row in rows]
    leads = ("", "L0-") if any(_inductive(spectrum) for spectrum in looked) else ("",)
    rungs: list[list[Candidate]] = []
    for rung in LADDER:
        if _in_vain(rungs):
            break
        if len(leads) > 1 and _leads_are_there(rungs):
            leads = leads[1:]
        rungs.append([])
        for text in (inductor + rung for inductor in leads):
            if progress is not None:
                progress(f"trying {text}")
            try:
                rungs[-1].append(_candidate(text, fit_each(looked, text)))
            except InputError:
                continue  # more values than points
    found = [one for rung in rungs for one in rung]
    return tuple(sorted(found, key=lambda one: (bool(one.doubt), one.criterion)))


def _in_vain(rungs: Sequence[Sequence[Candidate]]) -> bool:
    """True if the last rungs are no better than the best circuit below them. Even one that is passed over speaks for
    going on: the spectra hold more than that circuit says."""
    below = [one.criterion for rung in rungs[:-IN_VAIN] for one in rung if not one.doubt]
    last = [one.criterion for rung in rungs[-IN_VAIN:] for one in rung]
    return bool(below) and min(last, default=np.inf) > min(below)


def _leads_are_there(rungs: Sequence[Sequence[Candidate]]) -> bool:
    """True if the last rung, one with an arc, is far better with an inductor, which its values bear out."""
    if len(rungs) < 2 or len(rungs[-1]) < 2:
        return False
    without, with_leads = rungs[-1]
    return not with_leads.doubt and with_leads.criterion + DECISIVE < without.criterion


def _candidate(text: str, fits: Sequence[Fit]) -> Candidate:
    criterion, squares, rows = 0.0, 0.0, 0
    for fit in fits:
        size = 2 * len(fit.spectrum.frequency)
        sum_of_squares = float((np.abs(fit.residuals) ** 2).sum())
        criterion += size * np.log(max(sum_of_squares / size, 1e-16)) + (size - fit.degrees) * np.log(size)
        squares, rows = squares + sum_of_squares, rows + size
    wild = sum(_wild(fit) for fit in fits)
    doubt = f"not determined by {wild} of {len(fits)} spectra" if 2 * wild > len(fits) else ""
    return Candidate(text, criterion, float(np.sqrt(squares / rows)), doubt)


def _wild(fit: Fit) -> bool:
    """True if a value other than an exponent (1 for a capacitor) lies at a bound, or anywhere."""
    pinned = any(not name.endswith("_n") for name in fit.at_bound)
    return pinned or any(word in said for said in fit.warnings for word in ("not determined", "converge"))


def _inductive(spectrum: Spectrum) -> bool:
    """True if the sweep begins above the axis; `ordered` spectra run from high to low frequency."""
    below = np.flatnonzero(spectrum.impedance.imag <= 0.0)
    return bool(len(below)) and int(below[0]) >= INDUCTIVE
