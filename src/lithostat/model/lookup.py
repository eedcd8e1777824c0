"""look_up(cell, laws): every number that the model asks of cards, each with its source, and what had to stand in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from lithostat.experiment.cell import Cell
from lithostat.experiment.source import Value
from lithostat.materials.card import Card, cards, find, find_law, interface_card, lineage, stated_or_card
from lithostat.model.parameters import OF_LAWS, OWNERS, SCATTER, Laws, used

DEFAULT_LAW = "first"  # card in materials/laws
_DENSITY = ("theoretical_density", "reference_density", "density_exponent")
_SHORT = ("short_resistance", "soft_short_resistance")
FLAW = "flaw_size"  # the number that a stated flaw of the pellet is


class _Place(NamedTuple):
    """Where numbers are looked up: the word in the cell, the card it names, which numbers."""

    word: str
    card: str
    names: tuple[str, ...]


def law_card(cell: Cell) -> Card:
    """The named law of a cell, with numbers of its own."""
    return find_law(cell.laws.named or DEFAULT_LAW)


def look_up(cell: Cell, laws: Laws) -> tuple[dict[str, Value], tuple[str, ...]]:
    """All numbers of the model that come from cards, by name, and warnings about those that had to stand in.

    What the cell states goes first; then the named law, where its numbers stand for that card; then the card; then the
    card it is related to. `InputError` where none of them has a number.
    """
    law, places = law_card(cell), _places(cell, laws)
    stated = dict(cell.parameters)
    if cell.electrolyte.flaw is not None:
        stated.setdefault(FLAW, cell.electrolyte.flaw)
    found: dict[str, Value] = {}
    warnings: list[str] = []
    for place in places:
        lent: dict[str, list[str]] = {}
        for name in place.names:
            found[name], lender = _value(name, place, stated, law)
            if lender != place.card and used(name, laws):
                lent.setdefault(lender, []).append(name)
        warnings += [
            f"of {find(place.card).name} these are not known and those of {lender} are taken: {', '.join(names)}"
            for lender, names in lent.items()
        ]
    return found, (*warnings, *_without_card(cell), *_carried(cell, laws))


def _places(cell: Cell, laws: Laws) -> tuple[_Place, ...]:
    electrolyte, metal = cell.need("electrolyte.material", "to simulate"), cell.electrode.metal or "lithium"
    interface = cell.interface or interface_card(metal, electrolyte)
    # numbers of laws that were not chosen are taken along where the card has them: rivals are compared on one cell
    properties = [find(card).properties for card in lineage(interface)]
    has = {*cell.parameters, *law_card(cell).properties}.union(*properties)
    chosen = tuple(name for name in OF_LAWS if used(name, laws) or name in has)
    return (
        _Place("cell.electrode.material", metal, OWNERS["lithium"]),
        _Place("cell.electrolyte.material", electrolyte, (*OWNERS["electrolyte"], *_DENSITY)),
        _Place("cell.interface", interface, (*OWNERS["interface"], *chosen, *_SHORT, *SCATTER)),
    )


def _value(name: str, place: _Place, stated: Mapping[str, float], law: Card) -> tuple[Value, str]:
    """A number, and the card it stands on."""
    if name not in stated:
        for each in lineage(place.card):
            if each in law.materials and name in law.properties:
                return law.properties[name], each
            if name in find(each).properties:
                return find(each).properties[name], each
    return stated_or_card(stated, name, place.card, place.word), place.card


def _without_card(cell: Cell) -> list[str]:
    """An interface that no card is about."""
    electrolyte, metal = cell.need("electrolyte.material", "to simulate"), cell.electrode.metal or "lithium"
    sides, lender = f"{metal}|{find(electrolyte).name}", interface_card(metal, electrolyte)
    if cell.interface is not None or sides in cards():
        return []
    return [f"the interface {sides} has no card: contact, voids, filaments and interphase are those of {lender}"]


def _carried(cell: Cell, laws: Laws) -> list[str]:
    """What is stated of a pellet and no law in use takes."""
    pellet = cell.electrolyte
    flaw = None if used(FLAW, laws) else pellet.flaw
    stated = {"grain size": pellet.grain, "roughness": pellet.roughness, "flaw size": flaw}
    names = [name for name, value in stated.items() if value is not None]
    if not names:
        return []
    return [f"{' and '.join(names)} of the electrolyte are carried and not used: no law in use takes them"]
