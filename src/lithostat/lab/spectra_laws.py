"""What the resistances of a series say about pressure and temperature, and which of them may say anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.errors import InputError
from lithostat.impedance.circuits.dc_limit import direct_current_resistance
from lithostat.impedance.circuits.fit import Fit
from lithostat.impedance.circuits.series import SeriesFit
from lithostat.impedance.laws.arrhenius import Arrhenius, conductivity, fit_arrhenius, with_budget
from lithostat.impedance.laws.contact_memory import Memory, fit_memory
from lithostat.impedance.laws.electrolyte import ASTRAY, Electrolyte, Reading, left_over
from lithostat.impedance.laws.error_budget import TEMPERATURE, Stated
from lithostat.impedance.validity.turning import turns_negative
from lithostat.physics.constants import GAS

ALIKE = 0.02  # relative difference of pressures that are one
NEAR = 2.0  # K between temperatures that are one
ENOUGH = 4  # points whose scatter about a line tells their errors
USUAL = 35e3  # J/mol, for the weight that an unsure temperature gives a point
ALONE = "{} comes from each spectrum's own fit: tied values ({}) have no scatter left that could tell their errors"
_NO_FILMS = (
    "too few points for a series resistance: the stated ionic resistance of {:.4g} ohm was taken for it, as if there "
    "were no films on the lithium"
)


@dataclass(frozen=True)
class OverTemperature:
    """The line through the electrolyte's whole conductivity, and those of its parts by label."""

    total: Arrhenius | None
    parts: Mapping[str, Arrhenius]


def resistance_at_rest(fits: Sequence[Fit], blocking: bool) -> np.ndarray:
    """Resistance at rest and its standard error [ohm], (spectra, 2); NaN where there is none: between blocking
    electrodes, where the real part ends negative, and where the circuit does not describe the spectrum."""
    found = []
    for fit in fits:
        none = blocking or left_over(fit) > ASTRAY or turns_negative(fit.spectrum) is not None
        limit = None if none else direct_current_resistance(fit)
        found.append((np.nan, np.nan) if limit is None else limit)
    return np.array(found).reshape(-1, 2)


def independent(series: SeriesFit, ties: Mapping[str, str], rest: np.ndarray, said: list[str]) -> np.ndarray:
    """Resistances at rest that another law may be fitted to: not those that lie on one already."""
    units = dict(zip(series.circuit.names, series.circuit.units, strict=True))
    bound = [name for name, kind in ties.items() if kind not in ("free", "shared") and units[name] == "ohm"]
    if not bound:
        return rest
    if np.ptp(np.nan_to_num(series.along("pressure"))) > 0.0:
        said.append(ALONE.format("the contact law", ", ".join(bound)))
    return resistance_at_rest(series.alone, False)


def over_pressure(series: SeriesFit, resistance: np.ndarray, note: CellNote, said: list[str]) -> Memory | None:
    """The contact law of resistances (spectra, 2) with their standard errors [ohm], if pressure varied."""
    pressure = series.along("pressure")
    known = np.isfinite(pressure) & np.isfinite(resistance).all(1) & (pressure > 0.0)
    varied = pressure[np.isfinite(pressure) & (pressure > 0.0)]
    if not len(varied) or np.ptp(varied) <= ALIKE * varied.max():
        return None
    if not known.all():
        said.append(
            f"resistance against pressure leaves out {int((~known).sum())} spectra without pressure or resistance"
        )
    points, problem = (pressure[known], resistance[known, 0]), ""
    # films lie in series too: the pellet's resistance stands for both only where the points cannot tell them
    for series_ohm in dict.fromkeys((None, note.ionic_resistance)):
        try:
            found = fit_memory(*points, area=note.electrode_area, series_resistance=series_ohm)
            if found.spread is not None:  # the fits' own errors on top of what scatters from one pressing to another
                error = np.hypot(resistance[known, 1], found.spread * points[1])
                found = fit_memory(
                    *points, area=note.electrode_area, series_resistance=series_ohm, error=error, scaled=True
                )
        except InputError as error:
            problem = problem or str(error)
            continue
        if series_ohm is not None:
            said.append(_NO_FILMS.format(series_ohm))
        return found
    said.append(f"no contact law was fitted: {problem}")
    return None


def _tied(series: SeriesFit, electrolyte: Electrolyte, said: list[str]) -> None:
    names = [part.name for part in electrolyte.parts if part.name in series.laws]
    if names:
        said.append(ALONE.format("conductivity against temperature", ", ".join(names)))


def over_temperature(
    series: SeriesFit, electrolyte: Electrolyte, note: CellNote, stated: Stated, said: list[str]
) -> OverTemperature:
    """Conductivity against temperature of the electrolyte and of each of its parts, if temperature varied."""
    kelvin = series.along("temperature")
    known = np.isfinite(kelvin)
    if not known.any() or np.ptp(kelvin[known]) <= NEAR:
        return OverTemperature(None, {})
    _tied(series, electrolyte, said)
    total = _line(kelvin, electrolyte.total, note, stated, said, "")
    parts = {}
    if len(electrolyte.parts) > 1:
        for part in electrolyte.parts:
            line = _line(kelvin, part.readings, note, stated, said, f" of {part.label}")
            if line is not None:
                parts[part.label] = line
    return OverTemperature(total, parts)


def _line(
    kelvin: np.ndarray, readings: Sequence[Reading], note: CellNote, stated: Stated, said: list[str], of: str
) -> Arrhenius | None:
    ohm = np.array([(each.resistance, each.error) for each in readings])
    known = np.isfinite(kelvin) & np.isfinite(ohm).all(1)
    if of and (known.sum() < ENOUGH or np.ptp(kelvin[known]) <= NEAR):
        return None  # a part that few spectra tell is no line
    if not known.all() and not of:
        said.append(f"conductivity leaves out {int((~known).sum())} spectra without a temperature or a resistance")
    try:
        sigma = conductivity(ohm[known, 0], thickness=note.electrolyte_thickness, area=note.electrode_area)
        warm = stated.temperature or TEMPERATURE
        share = np.hypot(ohm[known, 1] / ohm[known, 0], USUAL * warm / (GAS * kelvin[known] ** 2))
        scaled = bool(known.sum() >= ENOUGH)  # enough points: their scatter tells their errors, these only the weights
        line = fit_arrhenius(kelvin[known], sigma, error=sigma * share, scaled=scaled)
    except InputError as problem:
        said.append(f"no conductivity against temperature{of}: {problem}")
        return None
    return with_budget(line, thickness=note.electrolyte_thickness, area=note.electrode_area, stated=stated)
