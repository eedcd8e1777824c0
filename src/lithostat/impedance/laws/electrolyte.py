"""The resistance of the electrolyte along a series: which parts of a circuit it is, how sure, and where it is not.

Between blocking electrodes all resistances are the electrolyte's but those that charge the electrodes; between others
it is the resistance in series and the arcs whose capacitance no interface has. Nothing is taken from a circuit that
leaves more than `ASTRAY` of |Z| over, nothing that a bound holds, and nothing that lies outside the measured
frequencies: there the foot counts that the sweep shows (`validity.foot`), and if there is none, there is no number.

Capacitance and exponent of an arc hardly depend on temperature. Where a series over temperature does not speak against
it (F test), they are taken to be the same at all of them: bulk and grain boundaries stay apart even where only the
flank of an arc is left in the window.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from lithostat.impedance.circuits.arcs import Arc, arcs, possible
from lithostat.impedance.circuits.circuit import Leaf, Series
from lithostat.impedance.circuits.fit import UNDETERMINED, Fit, fit_each
from lithostat.impedance.circuits.search import STRUCTURE, correlation
from lithostat.impedance.circuits.series import WARMED, SeriesFit, fit_series
from lithostat.impedance.validity.foot import UNFINISHED, Foot, first_foot, largest_capacitance

ASTRAY = 0.05  # of |Z| left over, above which nothing is taken from a circuit
LOOSE = 0.3  # relative standard error above which a resistance is not determined
EXTRAPOLATED = 0.25  # share of a resistance that may lie between it and the nearest point of the sweep
APART = 4.0  # standard errors between circuit and foot that are told
FAR = 0.05  # relative difference between them that is told
BLOCKING = 0.7  # exponent of a constant phase element from which it blocks rather than diffuses
CLEAR = 0.1  # standard error of ln C up to which a spectrum shows the capacitance of an arc
NEGLIGIBLE = 0.01  # share of the whole below which a part is nothing
SAME = 0.25  # of ln C between the spectra of a series
BEYOND = 0.3  # of the highest frequency, from which the top of an arc is out of the window
STEEP = np.radians(-50.0)  # phase at the lowest frequencies below which the electrodes block
CIRCUIT_SAYS, LOOSELY = "the circuit says", "the circuit does not determine it"
_END = 3  # points that make the low-frequency end


class Reading(NamedTuple):
    """A resistance [ohm] and its standard error, NaN where there is none. `how` is 'circuit', 'foot' or 'none'."""

    resistance: float
    error: float
    how: str
    why: str = ""


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


NOTHING = Reading(np.nan, np.nan, "none")


class ElectrolytePart(NamedTuple):
    """A resistance of the circuit that belongs to the electrolyte: its name, what it may be, and its readings."""

    name: str
    kinds: tuple[str, ...]
    readings: tuple[Reading, ...]
    capacitance: tuple[float, float]  # [F], least and most over the series; NaN for a resistance in series

    @property
    def label(self) -> str:
        """'R1 (bulk)', 'R2 (grain boundary or interphase)'."""
        return f"{self.name} ({' or '.join(self.kinds)})" if self.kinds else self.name


@dataclass(frozen=True)
class Electrolyte:
    """The electrolyte's resistance in each spectrum of a series, and what it is made of.

    `total` are the readings of the sum, `feet` those without a circuit, `blocking` says whether the electrodes block,
    `shared` whether capacitances and exponents were taken to be the same in all spectra.
    """

    total: tuple[Reading, ...]
    feet: tuple[Foot, ...]
    parts: tuple[ElectrolytePart, ...] = ()
    blocking: bool = False
    shared: bool = False
    others: tuple[ElectrolytePart, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def resistance(self) -> np.ndarray:
        """(spectra, 2): resistance and standard error [ohm], NaN where there is none."""
        return np.array([(each.resistance, each.error) for each in self.total]).reshape(-1, 2)

    def as_json(self) -> dict[str, Any]:
        """Plain data, SI; None where there is no number."""
        parts = [
            {
                "name": part.name,
                "may_be": list(part.kinds),
                "counted": part in self.parts,
                "capacitance_farad": [_number(end) for end in part.capacitance],
                "resistance_ohm": [_number(each.resistance) for each in part.readings],
                "resistance_error_ohm": [_number(each.error) for each in part.readings],
            }
            for part in (*self.parts, *self.others)
        ]
        return {
            "total_ohm": [_number(each.resistance) for each in self.total],
            "total_error_ohm": [_number(each.error) for each in self.total],
            "read_from": [each.how for each in self.total],
            "why": [each.why for each in self.total],
            "foot_hertz": [foot.frequency for foot in self.feet],
            "foot_ohm": [foot.resistance for foot in self.feet],
            "parts": parts,
            "blocking": self.blocking,
            "capacitances_shared": self.shared,
            "sum": self.sentence,
        }

    @property
    def sentence(self) -> str:
        """What the total is the sum of."""
        read = [each.how for each in self.total]
        parts = " + ".join(part.label for part in self.parts)
        said = f"the sum of {parts}" if len(self.parts) > 1 else parts
        shared = ", capacitance and exponent of every arc the same in all spectra" if self.shared else ""
        feet = read.count("foot")
        there = f"{said}{shared}" if "circuit" in read else ""
        at_foot = f"read at the first foot in {feet} of {len(read)} spectra" if feet else ""
        return "; ".join(part for part in (there, at_foot) if part) or "not in the window of any spectrum"


def electrolyte(
    series: SeriesFit,
    *,
    thickness: float | None = None,
    area: float | None = None,
    named: Sequence[str] | None = None,
    share: bool = True,
) -> Electrolyte:
    """Read the electrolyte's resistance from the fits of a series.

    `thickness` [m] and `area` [m2] make the choice of arcs surer. `named` are resistances of the circuit that a person
    says make it up. `share` allows capacitances and exponents to be the same in all spectra.
    """
    fits = series.alone if series.laws else series.fits  # what is tied lies on its law exactly
    block = blocks(fits)
    feet = tuple(first_foot(fit.spectrum, thickness=thickness, area=area, blocking=block) for fit in fits)
    mine, others = _parts(fits, block, thickness, area) if named is None else (tuple(named), ())
    used, shared = fits, False
    if share and named is None and not series.laws and not any(fit.fixed for fit in fits):
        together = _shared(series, mine)
        if together is not None:
            used, shared = together, True
    names = [_renamed(name, used[0]) for name in mine]
    total = tuple(_total(fit, names, foot) for fit, foot in zip(used, feet, strict=True))
    parts = tuple(_part(name, renamed, used, block, thickness, area) for name, renamed in zip(mine, names, strict=True))
    parts = _apart_from_each_other(parts, used, names)
    rest = tuple(_part(name, _renamed(name, used[0]), used, False, thickness, area) for name in others)
    return Electrolyte(total, feet, parts, block, shared, rest, _warnings(fits, total))


def blocks(fits: Sequence[Fit]) -> bool:
    """Whether the electrodes block: most sweeps end steeply, or their circuit ends in a constant phase element that
    does."""
    return 2 * sum(_blocks(fit) for fit in fits) > len(fits)


def _ends_steeply(fit: Fit) -> bool:
    """True if the sweep ends in what only blocking electrodes do: no arc of the electrolyte is still to come."""
    return float(np.median(np.angle(fit.spectrum.impedance[-_END:]))) < STEEP


def _blocks(fit: Fit) -> bool:
    if _ends_steeply(fit):
        return True
    tree = fit.circuit.tree
    for part in tree.parts if isinstance(tree, Series) else (tree,):
        if isinstance(part, Leaf) and part.element.symbol in ("C", "CPE"):
            n = fit.values.get(f"{part.label}_n", 1.0)
            return n > BLOCKING
    return False


def _parts(
    fits: Sequence[Fit], block: bool, thickness: float | None, area: float | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(resistances that are the electrolyte's, those of other arcs) by name."""
    tree = fits[0].circuit.tree
    parts = tree.parts if isinstance(tree, Series) else (tree,)
    plain = [part.label for part in parts if isinstance(part, Leaf) and part.element.symbol == "R"]
    mine, others = list(plain), list[str]()
    for arc_of_each in zip(*(arcs(fit) for fit in fits), strict=True):
        kinds = _kinds(arc_of_each, thickness, area)
        lowest = np.median([2.0 * np.pi * fit.spectrum.frequency.min() for fit in fits])
        ends = np.median([2.0 * np.pi * arc.peak for arc in arc_of_each]) > lowest
        tops = [arc.peak / fit.spectrum.frequency.max() for arc, fit in zip(arc_of_each, fits, strict=True)]
        fast = not kinds and min(tops) > BEYOND
        slow = [arc.capacitance[1] for arc in arc_of_each if np.isfinite(arc.capacitance[1])]
        own = bool(slow) and np.median(slow) <= largest_capacitance(thickness, area)
        may = fast or own or (block and ends and kinds != ("contact",))
        (mine if may else others).append(arc_of_each[0].name)
    return tuple(mine), tuple(others)


def _kinds(arc_of_each: Sequence[Arc], thickness: float | None, area: float | None) -> tuple[str, ...]:
    return possible([arc.capacitance for arc in arc_of_each], thickness=thickness, area=area)


def _shared(series: SeriesFit, mine: Sequence[str]) -> tuple[Fit, ...] | None:
    """The fits with capacitance and exponent of the electrolyte's arcs shared, if temperature varied, the electrolyte
    has arcs that some spectrum determines, and the spectra do not speak against it."""
    kelvin = series.along("temperature")
    if not np.isfinite(kelvin).all() or np.ptp(kelvin) < WARMED or len(series.fits) < 2:
        return None
    text, ties, fixed = series.circuit.text, dict[str, str](), dict[str, float]()
    for arc_of_each in zip(*(arcs(fit) for fit in series.fits), strict=True):
        first = arc_of_each[0]
        if first.name not in mine or len(first.names) != 3 or not first.names[1].endswith("_Q"):
            continue
        label = first.names[1].removesuffix("_Q")
        element = f"ARC{label.removeprefix('CPE')}"
        changed = re.sub(rf"p\({first.name},{label}\)|p\({label},{first.name}\)", element, text)
        clear = [arc for arc in arc_of_each if arc.spread < CLEAR]
        if changed == text or element in text or not clear:
            return None
        text = changed
        ties |= {f"{element}_C": "shared", f"{element}_n": "shared"}
        surest = min(clear, key=lambda arc: arc.spread)
        fixed |= {f"{element}_C": surest.capacitance[1], f"{element}_n": surest.exponent}
    if not ties:
        return None
    if "L0" in series.circuit.names:
        ties["L0"] = "shared"  # the leads stay the same
    spectra = [fit.spectrum for fit in series.fits]
    begin = [fit.values for fit in fit_each(spectra, text, fixed=fixed)]
    found = fit_series(spectra, text, ties=ties, begin=begin)
    return None if found.doubted else found.fits


def _renamed(name: str, fit: Fit) -> str:
    """The name of a resistance in a circuit whose arcs are elements."""
    if name in fit.circuit.names:
        return name
    return f"ARC{name.removeprefix('R')}_R"


def _total(fit: Fit, names: Sequence[str], foot: Foot) -> Reading:
    """The sum of the named resistances, or the foot, or nothing."""
    ohm, error = _sum(fit, names)
    why = _why_not(fit, ohm, error, foot) or _apart(fit, names, ohm, foot)
    if not why:
        return Reading(ohm, error, "circuit")
    if foot.resistance is not None and foot.error is not None and (why != LOOSELY or _ends_steeply(fit)):
        return Reading(foot.resistance, foot.error, "foot", f"{foot.why}; {why}")
    return NOTHING._replace(why=foot.why if "not in the window" in foot.kind else why)


def _sum(fit: Fit, names: Sequence[str]) -> tuple[float, float]:
    """A sum of resistances and its standard error [ohm]. One at its lower bound is nothing; what structure the circuit
    leaves over is added to the error as a share of the sum."""
    slope = np.array([fit.values[name] if name in names else 0.0 for name in fit.circuit.names])
    total = float(slope.sum())
    used = slope > 1e-5 * total
    variance = float(slope[used] @ fit.covariance[np.ix_(used, used)] @ slope[used])
    if not np.isfinite(variance) or variance < 0.0:
        return total, np.nan
    left = fit.noise * total if correlation(fit.residuals) > STRUCTURE else 0.0
    return total, float(np.hypot(np.sqrt(variance), left))


def _why_not(fit: Fit, ohm: float, error: float, foot: Foot) -> str:
    """Why the circuit's sum is not taken; '' if it is."""
    if foot.kind == UNFINISHED:
        return foot.why
    left = left_over(fit)
    if left > ASTRAY:
        return f"the circuit leaves {left:.0%} of |Z| over"
    if not fit.converged:
        return "the fit did not converge"
    if not error < LOOSE * ohm:
        return LOOSELY
    if foot.resistance is not None:
        return ""
    first = fit.spectrum.impedance[0]
    if first.real > 0.0 and abs(ohm / first.real - 1.0) < EXTRAPOLATED and _from_the_top(fit):
        return ""
    return "not in the window"


def _from_the_top(fit: Fit) -> bool:
    """True if the sweep leaves the real axis from its highest frequency on: what is missing is beyond that."""
    phase = np.abs(np.angle(fit.spectrum.impedance))
    third = max(len(phase) // 3, 2)
    return bool(np.median(phase[:third]) < np.median(phase[-third:]))


def left_over(fit: Fit) -> float:
    """What a circuit leaves over, root mean square of one part, relative to |Z|."""
    return float(np.sqrt(0.5 * np.mean(np.abs(fit.residuals) ** 2)))


def _part(
    name: str, renamed: str, fits: Sequence[Fit], block: bool, thickness: float | None, area: float | None
) -> ElectrolytePart:
    """Readings of one resistance; of an arc only where its capacitance is determined and that of the series."""
    seen = [next((arc for arc in arcs(fit) if arc.name == renamed), None) for fit in fits]
    known = [arc for arc in seen if arc is not None]
    kinds = _kinds(known, thickness, area) if known else ()
    if block and len(kinds) > 1:
        kinds = tuple(kind for kind in kinds if kind != "interphase")  # there is no lithium to react with
    ends = [end for arc in known for end in arc.capacitance if np.isfinite(end)]
    typical = float(
        np.median(np.log([arc.capacitance[1] for arc in known if np.isfinite(arc.capacitance[1])] or [1.0]))
    )
    readings = tuple(_own(fit, renamed, arc, typical) for fit, arc in zip(fits, seen, strict=True))
    return ElectrolytePart(name, kinds, readings, (min(ends), max(ends)) if ends else (np.nan, np.nan))


def _apart_from_each_other(
    parts: tuple[ElectrolytePart, ...], fits: Sequence[Fit], names: Sequence[str]
) -> tuple[ElectrolytePart, ...]:
    """The parts without the readings that may hold some of another part: in a spectrum that does not tell all of them,
    and where a resistance in series that is nothing in other spectra is something."""
    if len(parts) < 2:
        return parts
    ohm = np.array([[fit.values[name] for name in names] for fit in fits])
    share = ohm / ohm.sum(1, keepdims=True)
    read = np.array([[each.how == "circuit" for each in part.readings] for part in parts]).T
    plain = np.array([not np.isfinite(part.capacitance[0]) and not part.kinds for part in parts])
    nothing = share < NEGLIGIBLE
    told = (read | (nothing & plain)).all(1)
    leads = plain & nothing.any(0)  # what is nothing in one spectrum is leads, and small in all
    told &= ~(share[:, leads] > NEGLIGIBLE).any(1) if leads.any() else True
    none = NOTHING._replace(why="this spectrum does not tell the parts of the electrolyte from each other")
    return tuple(
        part._replace(
            readings=tuple(
                each if good or each.how == "none" else none for each, good in zip(part.readings, told, strict=True)
            )
        )
        for part in parts
    )


def _own(fit: Fit, name: str, arc: Arc | None, typical: float) -> Reading:
    ohm, error = _sum(fit, [name])
    if left_over(fit) > ASTRAY:
        return NOTHING._replace(why=f"the circuit leaves {left_over(fit):.0%} of |Z| over")
    if name in fit.at_bound or not error < LOOSE * ohm:
        return NOTHING._replace(why="not determined")
    if arc is not None:
        if not np.isfinite(arc.capacitance[1]) or set(arc.names) & set(fit.at_bound):
            return NOTHING._replace(why="its capacitance is not determined: it is not told from its neighbours")
        if abs(np.log(arc.capacitance[1]) - typical) > SAME + 3.0 * min(arc.spread, UNDETERMINED):
            return NOTHING._replace(why="its capacitance is not that of the arc in the other spectra")
    return Reading(ohm, error, "circuit")


def _apart(fit: Fit, names: Sequence[str], ohm: float, foot: Foot) -> str:
    """What the circuit says and the foot does not; '' if they agree, be it on the first of its arcs only."""
    if foot.resistance is None or foot.error is None:
        return ""
    partial = np.append(np.cumsum([fit.values[name] for name in names]), ohm)
    if np.abs(partial - foot.resistance).min() < max(APART * foot.error, FAR * foot.resistance):
        return ""
    return f"{CIRCUIT_SAYS} {ohm:.4g} ohm"


def _warnings(fits: Sequence[Fit], total: Sequence[Reading]) -> tuple[str, ...]:
    """Where circuit and foot do not agree, and where there is no number."""
    said = []
    for fit, reading in zip(fits, total, strict=True):
        if reading.how == "none":
            said.append(f"{fit.spectrum.name}: no resistance of the electrolyte ({reading.why})")
        elif reading.how == "foot":
            said.append(f"{fit.spectrum.name}: {reading.resistance:.4g} ohm of the electrolyte ({reading.why})")
    return tuple(said)
