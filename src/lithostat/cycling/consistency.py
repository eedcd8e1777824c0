"""Internal consistency: what a lab's numbers say of each other. Checks speak up and change nothing."""

from __future__ import annotations

import numpy as np
import polars as pl

from lithostat.cycling.capacity import lithium
from lithostat.cycling.cycles import BELIEVED, counters_differ
from lithostat.cycling.trace import Trace
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.finding import Caution
from lithostat.materials.card import cards
from lithostat.materials.pellet import relative_density

COUNTED = 1.05  # factor between counted and integrated charge that is told
APART = 3.0  # factor between V/I and the impedance at low frequency that is told
OVER = 1.005  # efficiency above which counting of charge is in doubt


def consistency(trace: Trace, half_cycles: pl.DataFrame, cycles: pl.DataFrame) -> list[Caution]:
    """Sentences about what does not fit: lithium against charge, efficiency over 100 %, mass against size."""
    note = trace.note
    return [
        *_counters(trace),
        *_lithium(note, half_cycles),
        *([] if trace.symmetric else _efficiency(note, cycles)),
        *_density(note),
    ]


def _counters(trace: Trace) -> list[Caution]:
    """The cycler's own counters of charge against the integral of the current."""
    factor = counters_differ(trace)
    if factor < COUNTED:
        return []
    why = f"the cycler's counters of charge differ by a factor of {factor:.3g} from the integral of the current"
    if factor == np.inf:
        why = "the cycler's counters of charge count nothing, though current flows"
    end = "; the integral is used" if factor >= BELIEVED else "; the counters are used"
    return [Caution("charge-counters-differ", why + end)]


def _impedance(trace: Trace, table: pl.DataFrame) -> list[Caution]:
    """V/I of the first half-cycle after a spectrum against the spectrum's resistance at low frequency."""
    if not len(table) or "overpotential_volt" not in table.columns:
        return []
    for spectrum in trace.record.spectra:
        after = table.filter(pl.col("start_second") >= (spectrum.time or 0.0))
        total = spectrum.total_resistance
        if not len(after) or total <= 0.0:
            continue
        direct = float(after["overpotential_volt"][0] / abs(after["current_ampere"][0]))
        if max(direct / total, total / direct if direct > 0.0 else np.inf) > APART:
            why = (
                f"V/I is {direct:.3g} ohm, but the impedance before shows {total:.3g} ohm at its lowest frequency: is "
                "one of them of another cell, state or pair of electrodes?"
            )
            return [Caution("dc-and-impedance-differ", why)]
    return []


def _lithium(note: CellNote, table: pl.DataFrame) -> list[Caution]:
    """More lithium moved in one half-cycle than the electrode has."""
    if note.lithium_thickness is None or "areal_charge_mah_per_cm2" not in table.columns or not len(table):
        return []
    moved = 1e6 * lithium(float(np.max(table["areal_charge_mah_per_cm2"].to_numpy())))
    have = 1e6 * note.lithium_thickness
    if moved <= have:
        return []
    why = f"one half-cycle moves {moved:.3g} um of lithium, but the electrode is stated to be {have:.3g} um thick"
    return [Caution("more-lithium-than-stated", why)]


def _efficiency(note: CellNote, cycles: pl.DataFrame) -> list[Caution]:
    if not len(cycles):
        return []
    warnings = []
    efficiency = cycles["efficiency"].to_numpy()
    over = np.flatnonzero(efficiency > OVER)
    if len(over):
        first = cycles["cycle_count"].to_numpy()[over[0]]
        why = (
            f"{len(over)} cycle(s) give back more than they took (first: cycle {first}, "
            f"{100 * efficiency[over[0]]:.1f} %): is the sign of the current or the pairing of cycles right?"
        )
        warnings.append(Caution("efficiency-above-one", why))
    if note.active_mass is not None and note.specific_capacity is not None:
        holds = note.active_mass * note.specific_capacity / 3600.0
        most = float(np.max(cycles["discharge_ah"].to_numpy()))
        if most > 1.1 * holds:
            why = (
                f"a discharge gives {1e3 * most:.3g} mAh, but the stated active mass holds {1e3 * holds:.3g} mAh: "
                "is the mass that of the whole electrode, or of another cell?"
            )
            warnings.append(Caution("more-charge-than-the-mass-holds", why))
    return warnings


def _density(note: CellNote) -> list[Caution]:
    """Mass over area and thickness against the density without pores, where a card knows it."""
    card = cards().get(note.electrolyte or "")
    known = None if card is None else card.properties.get("theoretical_density")
    return list(
        relative_density(note.cell.electrolyte, None if known is None else known.value, area=note.pressed_area).cautions
    )
