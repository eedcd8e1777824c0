"""The card of an interface: what resistance against pressure gave, as cell parameters and as a material card."""

from __future__ import annotations

from typing import Any, NamedTuple

from lithostat.experiment.errors import InputError
from lithostat.experiment.quantity import show
from lithostat.impedance.laws.contact_memory import Memory
from lithostat.impedance.laws.fitted_card import card_text, fitted_property, stated
from lithostat.physics.conduction import bulk_resistance

_OF_INTERFACE = ("contact_pressure", "constriction_resistance", "unloading_exponent")


class Split(NamedTuple):
    """The series resistance taken apart, SI. `film` (charge transfer and interphase of one interface) is None where
    pellet alone exceeds the series resistance; `why` then says so.
    """

    bulk: float  # [ohm m2]
    film: float | None  # of one interface [ohm m2]
    film_error: float | None  # standard error [ohm m2], of the fit alone
    why: str


def split(memory: Memory, *, thickness: float | None, conductivity: float | None) -> Split:
    """Take the pellet, L/sigma [m, S/m], out of the fitted series resistance; the rest is two films.

    `conductivity` is that of this pellet at the temperature of the measurement; its own error is not in `film_error`.
    """
    if thickness is None or conductivity is None:
        raise InputError(
            "pellet and films cannot be told apart by resistance against pressure",
            expected="thickness (m) and conductivity (S/m) of the pellet",
        )
    if not thickness > 0.0 or not conductivity > 0.0:
        raise InputError(f"received {thickness:g} m and {conductivity:g} S/m", expected="numbers above 0")
    series = memory.value("series_resistance")
    assert series is not None  # always fitted or known
    error = next((one.value * one.error for one in memory.estimates if one.name == "series_resistance"), 0.0)
    bulk = bulk_resistance(thickness, conductivity)
    film = 0.5 * (series - bulk)
    if film < 0.0:
        shown = [show(areal, "charge_transfer_resistance") for areal in (bulk, series)]
        return Split(bulk, None, None, f"the pellet alone would have {shown[0]}, all in series has {shown[1]}")
    return Split(bulk, film, 0.5 * error, "")


def card_properties(memory: Memory, *, parts: Split | None = None, interphase: float = 0.0) -> dict[str, Any]:
    """What the fit determined, as entries of a card, each with its confidence interval as range.

    With `parts` the film goes into the charge transfer resistance, less the `interphase` [ohm m2] that the model
    accounts for by itself (thickness over conductivity; 0 leaves all of it in the charge transfer).
    """
    conditions = _conditions(memory)
    share = 100.0 * memory.confidence
    note = f"The range is the {share:.0f} % interval of the profile likelihood."
    entries = {
        one.name: fitted_property(one.name, one.value, conditions=conditions, span=(one.low, one.high), note=note)
        for one in memory.estimates
        if one.name in _OF_INTERFACE
    }
    if parts is not None and parts.film is not None and parts.film > interphase:
        rest, error = parts.film - interphase, parts.film_error or 0.0
        entries["charge_transfer_resistance"] = fitted_property(
            "charge_transfer_resistance",
            rest,
            conditions=conditions,
            span=(rest - error, rest + error) if error else None,
            note="Series resistance less the pellet, one interface; the range is one standard error of the fit.",
        )
    return entries


def cell_parameters(memory: Memory, *, parts: Split | None = None, interphase: float = 0.0) -> dict[str, str]:
    """The fit for `parameters:` of a cell, each number with its unit. Arguments as in `card_properties`."""
    return stated(card_properties(memory, parts=parts, interphase=interphase))


def interface_card(
    memory: Memory,
    name: str,
    *,
    source: str,
    base: str | None = None,
    parts: Split | None = None,
    interphase: float = 0.0,
) -> str:
    """The card of this interface as YAML, which `materials.card` reads back; `write_card` puts it into a file.

    `name` is `<electrode>|<electrolyte>`, `source` cites the measurement. With `base` (for instance
    'lithium|Li6PS5Cl') everything that was not fitted is taken over from that card, with its own sources.
    """
    about = f"Interface fitted to {len(memory.pressure)} resistances against pressure."
    properties = card_properties(memory, parts=parts, interphase=interphase)
    return card_text(name, kind="interface", about=about, source=source, properties=properties, base=base)


def _conditions(memory: Memory) -> str:
    low, high = (show(float(end), "pressure") for end in (memory.pressure.min(), memory.pressure.max()))
    below = int(memory.unloading.sum())
    released = f", {below} of {len(memory.pressure)} points after release" if below else ", pressing only"
    made = f", pressed at {show(memory.fabrication_pressure, 'pressure')} before" if memory.fabrication_pressure else ""
    return f"{low} to {high}{released}{made}, {show(memory.area, 'area')}"
