"""The arcs of a fitted circuit by their capacitance: what each may be, and on what that rests.

A constant phase element has no capacitance of its own. Two are in use for one beside a resistance R: that of the arc's
time constant, C = Q^(1/n) R^((1-n)/n) (Hsu & Mansfeld 2001, Corrosion 57, 747: times spread through a layer), and
C = Q^(1/n) (1/Rs + 1/R)^((n-1)/n) with the resistance Rs in series before it (Brug et al. 1984, J. Electroanal. Chem.
176, 275: times spread over the electrode). The truth may lie anywhere between, so both are said.

Bulk and grain boundaries scale with area over thickness (Irvine, Sinclair & West 1990, Adv. Mater. 2, 132), layers and
contacts with area. The ranges overlap: an arc bears every name that its capacitance allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lithostat.impedance.circuits.circuit import Leaf, Node, Parallel, Series
from lithostat.impedance.circuits.fit import UNDETERMINED, Fit

AREA, THICKNESS = 1e-4, 1e-3  # m2, m: where nobody stated them
UNSTATED = 5.0  # factor on both ends of every range then
# Least and most capacitance: of bulk and grain boundary per metre of area over thickness [F/m], else per area [F/m2].
RANGES = {
    "bulk": (1e-11, 2e-9),
    "grain boundary": (1e-9, 1e-6),
    "interphase": (3e-5, 1e-2),
    "contact": (1e-2, 10.0),
}
_SCALED = ("bulk", "grain boundary")


class Arc(NamedTuple):
    """A resistance and a constant phase element (or capacitor) side by side. Pairs are (value, standard error), SI.

    `capacitance` is (Brug's, that of the time constant) [F], NaN where it has no resistance in series before it; both
    are NaN where the spectrum does not determine them. `peak` is the frequency of its top [Hz]. `names` are the values
    of the circuit that make it up, `name` that of its resistance.
    """

    name: str
    resistance: tuple[float, float]
    capacitance: tuple[float, float]
    spread: float  # standard error of the logarithm of the capacitance
    peak: float
    exponent: float
    names: tuple[str, ...]


def arcs(fit: Fit) -> tuple[Arc, ...]:
    """The arcs in the main chain of a fit, in the circuit's order."""
    tree = fit.circuit.tree
    found, before = [], 0.0
    for part in tree.parts if isinstance(tree, Series) else (tree,):
        if isinstance(part, Leaf) and part.element.symbol == "R":
            before += fit.values[part.label]
        arc = _arc(part, fit, before)
        if arc is not None:
            found.append(arc)
            before += arc.resistance[0]
    return tuple(found)


def possible(
    capacitances: Sequence[tuple[float, float]], *, thickness: float | None = None, area: float | None = None
) -> tuple[str, ...]:
    """What an arc may be, from its capacitance in each spectrum of a series (as `Arc.capacitance`, NaN left out).

    `thickness` [m] of the electrolyte and `area` [m2]; without them a pellet of 1 mm and 1 cm2 is assumed and every
    range is five times wider on both sides. Nothing is returned where no spectrum has a capacitance, or where it fits
    no range.
    """
    known = np.array(capacitances, float).reshape(-1, 2)
    known = known[np.isfinite(known).any(1)]
    if not len(known):
        return ()
    low, high = np.median(np.nanmin(known, axis=1)), np.median(np.nanmax(known, axis=1))
    found = []
    for name, ends in RANGES.items():
        scale = area or AREA
        stated = area is not None
        if name in _SCALED:
            scale, stated = scale / (thickness or THICKNESS), stated and thickness is not None
        wide = 1.0 if stated else UNSTATED
        if low < ends[1] * scale * wide and high > ends[0] * scale / wide:
            found.append(name)
    return tuple(found)


def _arc(part: Node, fit: Fit, before: float) -> Arc | None:
    """The arc that a part of the chain is, None if it is another thing."""
    if isinstance(part, Leaf) and part.element.symbol in ("ZARC", "ARC"):
        names = tuple(f"{part.label}_{parameter.letter}" for parameter in part.element.parameters)
        return _of(fit, names, before, part.element.symbol)
    if not isinstance(part, Parallel):
        return None
    leaves = [leaf for leaf in part.parts if isinstance(leaf, Leaf)]
    charge = [leaf for leaf in leaves if leaf.element.symbol in ("CPE", "C")]
    ohm = [leaf for leaf in leaves if leaf.element.symbol == "R"]
    for inner in part.parts:
        if isinstance(inner, Series):
            ohm += [leaf for leaf in inner.parts if isinstance(leaf, Leaf) and leaf.element.symbol == "R"]
    if len(charge) != 1 or len(ohm) != 1:
        return None
    label = charge[0].label
    names = (ohm[0].label, label) if charge[0].element.symbol == "C" else (ohm[0].label, f"{label}_Q", f"{label}_n")
    return _of(fit, names, before, "CPE")


def _of(fit: Fit, names: tuple[str, ...], before: float, by: str) -> Arc:
    """The arc of a resistance, and of a charge Q ("CPE"), a time constant ("ZARC") or a capacitance ("ARC")."""
    ohm, charge = (fit.values[name] for name in names[:2])
    n = fit.values[names[2]] if len(names) > 2 else 1.0
    both, log_charge = float(np.log(ohm)), float(np.log(charge))
    log_tau = {"CPE": (both + log_charge) / n, "ZARC": log_charge, "ARC": both + log_charge}[by]
    slopes = {"CPE": (1.0 / n - 1.0, 1.0 / n, -log_tau / n), "ZARC": (-1.0, 1.0, 0.0), "ARC": (0.0, 1.0, 0.0)}[by]
    by_layer = float(np.exp(log_tau - both))
    brug = by_layer * (1.0 + ohm / before) ** ((n - 1.0) / n) if before > 1e-3 * ohm else np.nan
    spread = _spread(fit, dict(zip(names, slopes, strict=False)))
    pair = (brug, by_layer) if spread < UNDETERMINED else (np.nan, np.nan)
    ohm_and_error = (ohm, fit.standard_errors[names[0]])
    return Arc(names[0], ohm_and_error, pair, spread, float(np.exp(-log_tau) / (2.0 * np.pi)), n, names)


def _spread(fit: Fit, slopes: dict[str, float]) -> float:
    """Standard error of ln C; infinite where a bound holds the resistance or the charge."""
    slope = np.array([slopes.get(name, 0.0) for name in fit.circuit.names])
    held = [name for name in fit.at_bound if name.endswith("_n")]
    used = (slope != 0.0) & ~np.isin(fit.circuit.names, held)
    variance = float(slope[used] @ fit.covariance[np.ix_(used, used)] @ slope[used])
    return float(np.sqrt(variance)) if np.isfinite(variance) and variance >= 0.0 else np.inf
