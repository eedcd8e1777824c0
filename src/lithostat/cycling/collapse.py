"""Impedance that no intact cell shows: an electronic path without any current."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lithostat.cycling.events import MARGIN
from lithostat.cycling.evidence import Evidence
from lithostat.cycling.lower_bound import ACTIVATION, COLLAPSE, believable, ionic_resistance, pellet_bound
from lithostat.cycling.trace import Trace
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.spectrum import Spectrum

LEAST_ARC = 3e-5  # ohm m2; the interfaces of lithium that are known have ten times as much
LARGE = 3e-4  # m2; area of a laboratory pellet, where nobody stated one
FAST = 1e5  # Hz; cables and inductance shape the impedance above


def split_spectra(trace: Trace) -> tuple[list[Spectrum], list[tuple[Spectrum, Evidence]]]:
    """(spectra of the intact cell, spectra that show an electronic path and why), in the order of time."""
    intact: list[Spectrum] = []
    collapsed: list[tuple[Spectrum, Evidence]] = []
    believed = [spectrum for spectrum in trace.record.spectra if believable(spectrum)]
    for spectrum in sorted(believed, key=lambda each: -math.inf if each.time is None else each.time):
        evidence = _collapse(spectrum, intact, trace.note)
        if evidence is None:
            intact.append(spectrum)
        else:
            collapsed.append((spectrum, evidence))
    return intact, collapsed


def _collapse(spectrum: Spectrum, before: Sequence[Spectrum], note: CellNote) -> Evidence | None:
    """Why this spectrum cannot be that of an intact cell; None if it can."""
    total = spectrum.total_resistance
    flat = like_a_resistor(spectrum, note.electrode_area)
    if flat is not None:
        return flat
    for earlier in before:
        least_ohm = ionic_resistance(earlier)
        if earlier.pressure and spectrum.pressure and spectrum.pressure > earlier.pressure:
            least_ohm *= earlier.pressure / spectrum.pressure  # contact gains at most in proportion to pressure
        if earlier.temperature and spectrum.temperature and spectrum.temperature > earlier.temperature:
            least_ohm *= math.exp(ACTIVATION * (1.0 / spectrum.temperature - 1.0 / earlier.temperature))
        if total < COLLAPSE * least_ohm:
            return Evidence(
                f"impedance fell to {total:.3g} ohm from an ionic resistance of {ionic_resistance(earlier):.3g} ohm",
                4.0,
            )
    name, least = pellet_bound(note, np.array([spectrum.temperature or note.temperature or np.nan]))
    if name and total < (1.0 - MARGIN) * least[0]:
        return Evidence(f"an impedance of {total:.3g} ohm is less than that of {name}", 4.0)
    if note.ionic_resistance is not None and total < COLLAPSE * note.ionic_resistance:
        return Evidence(
            f"an impedance of {total:.3g} ohm, where the stated ionic resistance is {note.ionic_resistance:.3g} ohm",
            4.0,
        )
    return None


def like_a_resistor(spectrum: Spectrum, area: float | None) -> Evidence | None:
    """Lithium on a solid electrolyte shows at least the arc of its interfaces; a metal path shows none but its leads'
    inductance."""
    slow = spectrum.frequency < FAST
    f, z = spectrum.frequency[slow], spectrum.impedance[slow]
    if len(f) < 10 or f.max() / f.min() < 1e3:
        return None
    leads = max(float(np.median((z.imag / f)[f >= np.quantile(f, 0.8)])), 0.0) * f
    arc = max(2.0 * float(np.max(np.abs(z.imag - leads))), float(np.ptp(z.real)))
    if arc * (area or LARGE) > LEAST_ARC or arc > 0.05 * abs(spectrum.total_resistance):
        return None
    return Evidence(
        f"the impedance is that of a resistor of {spectrum.total_resistance:.3g} ohm: between {f.min():.2g} and "
        f"{f.max():.2g} Hz it changes by less than {1e3 * arc:.3g} mohm, less than any interface of lithium",
        3.5,
    )
