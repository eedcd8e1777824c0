"""Which circuit, where nobody named one: a ladder of circuits, the best supported one, and the others beside it.

The Bayesian information criterion says how much better a circuit must fit to earn its values (Schwarz 1978, Ann.
Statist. 6, 461). A circuit whose values the spectra do not determine is passed over. It is a suggestion: a circuit that
fits is not thereby the physics.

A rung has variants: with the inductance of leads, where a sweep begins above the axis; with a loop, where it turns back
at its end; without the resistance in series, where that comes out as nothing (a pellet whose own arc is in the window).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.circuit import Leaf, Node, Parallel, Series
from lithostat.impedance.circuits.fit import UNDETERMINED, Fit, fit_each
from lithostat.impedance.validity.sweep import ordered
from lithostat.impedance.validity.turning import turns_back

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
SMALL = 0.05  # share of |Z| that an element may add anywhere without being seen
MUCH = 0.05  # of |Z| left over, above which nothing is taken from a circuit
POORER = 2.0  # times more left over than another circuit leaves
LEADS, LOOP, SERIES = "L0-", "-RL1", "R0-"


class Candidate(NamedTuple):
    """A circuit of the ladder. `noise` is the root mean square of what it leaves over, relative to |Z|."""

    text: str
    criterion: float  # Bayesian information criterion, the less the better
    noise: float
    doubt: str  # why it was passed over, '' if it was not


def suggest(spectra: Sequence[Spectrum], *, progress: Callable[[str], None] | None = None) -> tuple[Candidate, ...]:
    """Circuits of the ladder, the best supported one first, those that were passed over last.

    The ladder is climbed until `IN_VAIN` rungs in a row are no better than the best circuit before them, and without
    circuits that lack an inductor (or a loop) once one with an arc was far worse for it.
    """
    if not spectra:
        raise InputError("there is no spectrum to choose a circuit for", expected="at least one")
    rows = np.unique(np.linspace(0, len(spectra) - 1, LOOKED_AT).round().astype(int))
    looked = [ordered(spectra[row])[0] for row in rows]
    variants = _Variants(looked)
    rungs: list[list[Candidate]] = []
    for rung in LADDER:
        if _in_vain(rungs):
            break
        variants.settle(rungs)
        rungs.append([])
        for text in variants.of(rung):
            if progress is not None:
                progress(f"trying {text}")
            try:
                fits = fit_each(looked, text)
            except InputError:
                continue  # more values than points
            rungs[-1].append(_candidate(text, fits))
            variants.saw(text, fits)
    found = too_poor([candidate for rung in rungs for candidate in rung])
    return tuple(sorted(found, key=lambda candidate: (bool(candidate.doubt), candidate.criterion)))


def too_poor(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates; those that leave more than `MUCH`, and far more than another, are passed over for that: a value
    that is not determined is named, and what a circuit does not describe cannot be."""
    least = min((each.noise for each in candidates), default=0.0)
    return [
        each._replace(doubt=f"leaves {each.noise:.0%} of |Z| over")
        if not each.doubt and each.noise > max(MUCH, POORER * least)
        else each
        for each in candidates
    ]


class _Variants:
    """Which variants of a rung are worth a trial."""

    def __init__(self, looked: Sequence[Spectrum]) -> None:
        self.leads = ("", LEADS) if any(_inductive(spectrum) for spectrum in looked) else ("",)
        self.loops = ("", LOOP) if any(turns_back(spectrum) is not None for spectrum in looked) else ("",)
        self.bare = False

    def of(self, rung: str) -> Iterator[str]:
        """Texts of a rung; those without R0 follow where the one with it has shown that it is nothing."""
        for inductor in self.leads:
            for loop in self.loops if rung[3:6] != "CPE" else ("",):
                self.bare = False
                yield inductor + rung + loop
                if self.bare:
                    yield inductor + rung.removeprefix(SERIES) + loop

    def saw(self, text: str, fits: Sequence[Fit]) -> None:
        """Note whether the resistance in series is nothing, or nothing that a spectrum determines."""
        if SERIES in text and "p(" in text:
            self.bare = any(_is_nothing(fit, "R0") for fit in fits)

    def settle(self, rungs: Sequence[Sequence[Candidate]]) -> None:
        """Give up what the last rung, one with an arc, was far worse without."""
        if len(rungs) < 2:
            return
        for name, mark in (("leads", LEADS), ("loops", LOOP)):
            with_it = [one.criterion for one in rungs[-1] if mark in one.text and not one.doubt]
            without = [one.criterion for one in rungs[-1] if mark not in one.text]
            if with_it and without and min(with_it) + DECISIVE < min(without):
                setattr(self, name, (mark,))


def _in_vain(rungs: Sequence[Sequence[Candidate]]) -> bool:
    """True if the last rungs are no better than the best circuit below them. Even one that is passed over speaks for
    going on: the spectra hold more than that circuit says."""
    below = [one.criterion for rung in rungs[:-IN_VAIN] for one in rung if not one.doubt]
    last = [one.criterion for rung in rungs[-IN_VAIN:] for one in rung]
    return bool(below) and bool(min(last, default=np.inf) > min(below))


def _candidate(text: str, fits: Sequence[Fit]) -> Candidate:
    criterion, squares, rows = 0.0, 0.0, 0
    for fit in fits:
        size = 2 * len(fit.spectrum.frequency)
        sum_of_squares = float((np.abs(fit.residuals) ** 2).sum())
        criterion += size * np.log(max(sum_of_squares / size, 1e-16)) + (size - fit.degrees) * np.log(size)
        squares, rows = squares + sum_of_squares, rows + size
    wild = sum(_wild(fit) for fit in fits)
    doubt = f"not determined by {wild} of {len(fits)} spectra" if 2 * wild > len(fits) else ""
    idle = set.intersection(*(_silent(fit) & _loose(fit) for fit in fits))
    if idle and not doubt:
        doubt = f"{', '.join(sorted(idle))} adds nothing to any spectrum"
    return Candidate(text, criterion, float(np.sqrt(squares / rows)), doubt)


def _wild(fit: Fit) -> bool:
    """True if the fit did not converge, or a value lies at a bound or anywhere.

    A value may do so where that says something: an exponent at 1 is a capacitor, a resistance in series at its lower
    bound is nothing, leads and electrodes may add nothing to this sweep, and the capacitance of an arc beyond the
    highest frequency is not in a sweep that shows its resistance.
    """
    loose = _loose(fit)
    fine = {name for name in fit.at_bound if name.endswith("_n")}
    if "R0" in loose and _is_nothing(fit, "R0"):
        fine.add("R0")
    fine |= _silent(fit) | _beyond(fit.circuit.tree, fit, loose)
    return bool(loose - fine) or not fit.converged


def _loose(fit: Fit) -> set[str]:
    """Values that a bound holds or the spectrum does not determine."""
    sd = np.nan_to_num(np.sqrt(np.diag(fit.covariance)), nan=0.0)
    return set(fit.at_bound) | set(np.array(fit.circuit.names)[sd > UNDETERMINED])


def _is_nothing(fit: Fit, name: str) -> bool:
    """True if a resistance is small and not told from zero."""
    if name not in fit.circuit.names:
        return False
    ohm, error = fit.values[name], fit.standard_errors[name]
    small = ohm < 0.3 * float(np.abs(fit.spectrum.impedance).min())
    return name in fit.at_bound or (small and not error < UNDETERMINED * ohm)


def _silent(fit: Fit) -> set[str]:
    """Values of elements alone in the main chain that add nothing to this sweep: leads, or electrodes below it."""
    tree, omega = fit.circuit.tree, 2.0 * np.pi * fit.spectrum.frequency
    values = np.array(list(fit.values.values()))
    silent: set[str] = set()
    for part in tree.parts if isinstance(tree, Series) else ():
        if isinstance(part, Leaf) and part.element.symbol != "R":
            share = np.abs(part.impedance(omega, values, np)) / np.abs(fit.spectrum.impedance)
            if share.max() < SMALL:
                silent |= {fit.circuit.names[part.first + k] for k in range(len(part.element.parameters))}
    return silent


def _beyond(tree: Node, fit: Fit, loose: set[str]) -> set[str]:
    """Values of constant phase elements of arcs that are faster than the sweep and whose resistance it determines."""
    fine: set[str] = set()
    highest = 2.0 * np.pi * float(fit.spectrum.frequency.max())
    for part in tree.parts if isinstance(tree, Series) else ():
        if not isinstance(part, Parallel) or not all(isinstance(leaf, Leaf) for leaf in part.parts):
            continue
        labels = {leaf.element.symbol: leaf.label for leaf in part.parts if isinstance(leaf, Leaf)}
        if set(labels) != {"R", "CPE"} or labels["R"] in loose:
            continue
        q, n = (fit.values[f"{labels['CPE']}_{letter}"] for letter in "Qn")
        if (fit.values[labels["R"]] * q) ** (1.0 / n) * highest < 1.0:
            fine |= {f"{labels['CPE']}_Q", f"{labels['CPE']}_n"}
    return fine


def _inductive(spectrum: Spectrum) -> bool:
    """True if the sweep begins above the axis; `ordered` spectra run from high to low frequency."""
    below = np.flatnonzero(spectrum.impedance.imag <= 0.0)
    return bool(len(below)) and int(below[0]) >= INDUCTIVE
