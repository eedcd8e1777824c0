"""Arcs that could change places are followed along a series, so that a label means one process in every spectrum.

Each fit has its arcs in order of their time constants. Along a series that order may turn: grain boundaries are slower
than the bulk when it is cold and faster when it is warm, or an interface grows past them. What belongs together is told
by what changes least: capacitance and exponent, then resistance.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lithostat.impedance.circuits.arcs import Arc, arcs
from lithostat.impedance.circuits.exchangeable import exchangeable, places
from lithostat.impedance.circuits.fit import Fit, doubts

# What a capacitance [ln], an exponent and a resistance [ln] may well change by between neighbours of a series.
_CAPACITANCE, _EXPONENT, _RESISTANCE = 0.3, 0.05, 1.5
_FORGET = 0.5  # weight of the newest spectrum in what an arc is known by
_MOST = 4  # arcs that are followed


def followed(fits: Sequence[Fit], along: np.ndarray | None = None) -> tuple[Fit, ...]:
    """The fits with exchangeable arcs in the places that belong to them along the series.

    `along` (spectra,) is what the series is put in order by, NaN where nobody knows; the order of the fits if None.
    """
    fits = tuple(fits)
    if len(fits) < 2:
        return fits
    order = np.arange(len(fits))
    if along is not None and np.isfinite(along).all():
        order = np.argsort(along, kind="stable")
    found = list(fits)
    for twins in exchangeable(fits[0].circuit.tree):
        spots = [places(part) for part in twins]
        names = [{fits[0].circuit.names[k] for k in spot} for spot in spots]
        seen = [[arc for own in names for arc in arcs(fit) if set(arc.names) == own] for fit in found]
        if len(twins) > _MOST or any(len(row) < len(twins) for row in seen) or any(fit.fixed for fit in fits):
            continue
        turns = _turns(seen, order)
        for k, turn in enumerate(turns):
            found[k] = _turned(found[k], spots, turn)
    return tuple(found)


def _turns(seen: list[list[Arc]], order: np.ndarray) -> list[tuple[int, ...]]:
    """For every spectrum, which of its arcs goes to each place."""
    size = len(seen[0])
    start = _clearest(seen, order)
    turns: list[tuple[int, ...]] = [tuple(range(size))] * len(seen)
    for way in (range(start + 1, len(order)), range(start - 1, -1, -1)):
        track = [_known(arc) for arc in seen[order[start]]]
        for k in way:
            row = seen[order[k]]
            costs = {turn: sum(_cost(track[j], row[turn[j]]) for j in range(size)) for turn in _all(size)}
            best = min(costs, key=lambda turn: costs[turn])
            turns[order[k]] = best
            track = [_mixed(track[j], _known(row[best[j]])) for j in range(size)]
    slow = np.array([[np.log(seen[k][turns[k][j]].peak) for j in range(size)] for k in range(len(seen))])
    rank = np.argsort(-np.median(slow, axis=0), kind="stable")  # fast to slow, as most spectra have it
    return [tuple(turn[j] for j in rank) for turn in turns]


def _all(size: int) -> list[tuple[int, ...]]:
    return list(itertools.permutations(range(size)))


def _clearest(seen: list[list[Arc]], order: np.ndarray) -> int:
    """Place in the order of the spectrum whose arcs are best determined."""
    return int(np.argmin([max(min(arc.spread, 1e3) for arc in seen[k]) for k in order]))


Known = tuple[np.ndarray, np.ndarray]  # (ln C, exponent, ln R) and their variances


def _known(arc: Arc) -> Known:
    ohm, error = arc.resistance
    at = np.array([-np.log(2.0 * np.pi * arc.peak * ohm), arc.exponent, np.log(ohm)])
    sure = np.array([arc.spread, 0.3 * arc.spread, error / ohm if np.isfinite(error) else 1e3])
    return at, np.minimum(np.nan_to_num(sure, nan=1e3, posinf=1e3), 1e3) ** 2


def _cost(track: Known, arc: Arc) -> float:
    at, variance = _known(arc)
    wide = np.array([_CAPACITANCE, _EXPONENT, _RESISTANCE]) ** 2 + variance + track[1]
    return float(np.sum((at - track[0]) ** 2 / wide))


def _mixed(track: Known, new: Known) -> Known:
    """What an arc is known by after one more spectrum: a spectrum that tells nothing changes nothing."""
    share = _FORGET * track[1] / (track[1] + new[1] + 1e-12)
    share = np.maximum(share, np.where(new[1] < 0.1, _FORGET, 0.0))
    return track[0] + share * (new[0] - track[0]), np.minimum(track[1], new[1])


def _turned(fit: Fit, spots: Sequence[np.ndarray], turn: tuple[int, ...]) -> Fit:
    """The fit with its arcs in other places; values, covariance and names move together."""
    if turn == tuple(range(len(turn))):
        return fit
    source = np.arange(len(fit.circuit.names))
    source[np.concatenate(spots)] = np.concatenate([spots[k] for k in turn])
    new_name = {fit.circuit.names[old]: fit.circuit.names[new] for new, old in enumerate(source)}
    told = [sentence for sentence in fit.warnings if sentence not in doubts(fit)]
    turned = replace(
        fit,
        coordinates=fit.coordinates[source],
        covariance=fit.covariance[np.ix_(source, source)],
        at_bound=tuple(new_name[name] for name in fit.at_bound),
        bent=tuple(new_name[name] for name in fit.bent),
    )
    return replace(turned, warnings=(*told, *doubts(turned)))
