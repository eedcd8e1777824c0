"""Material cards: data with sources, no behaviour. A number without a source is an error."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from lithostat.experiment import document
from lithostat.experiment.errors import InputError, nearest
from lithostat.experiment.quantity import lookup, parse, show
from lithostat.experiment.source import TAGS, Source, Value

STATED = Source("stated", "stated in the cell")
_PROPERTY_KEYS = ("value", "source", "tag", "range", "conditions", "note", "unverified", "others")
_CARD_KEYS = ("name", "kind", "about", "sources", "properties")
_OPTIONAL_KEYS = ("related", "laws", "for")  # the last two of a law that goes with numbers of its own


class Card(NamedTuple):
    """A material or an interface: its properties by name, and what else was found in the literature for each.

    `related` names the card whose numbers stand in for those that this one does not have, each time with a warning.
    """

    name: str
    kind: str
    about: str
    properties: Mapping[str, Value]
    others: Mapping[str, tuple[Value, ...]]
    file: str
    laws: Mapping[str, str] = {}  # family -> law, of a card of a law
    materials: tuple[str, ...] = ()  # cards that the numbers of a law stand for
    related: str | None = None

    def value(self, name: str) -> Value:
        """The property of that name, or an error that lists what the card has."""
        if name not in self.properties:
            raise InputError(
                f"the card '{self.name}' has no '{name}'{nearest(name, self.properties)}",
                expected="it in the card, or under 'parameters' of the cell",
            )
        return self.properties[name]


@functools.cache
def load(path: str | Path) -> Card:
    """Read a card from a YAML file."""
    return _card(document.read(path))


@functools.cache
def cards() -> Mapping[str, Card]:
    """All cards that come with the package, by name."""
    return _read_folder("cards")


def _read_folder(name: str) -> Mapping[str, Card]:
    folder = resources.files("lithostat.materials") / name
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name)
    read = [_card(document.parse(entry.read_text(encoding="utf-8"), entry.name)) for entry in files]
    return {card.name: card for card in read}


@functools.cache
def law_cards() -> Mapping[str, Card]:
    """The laws that come with numbers of their own, by name: a choice of every family, and what it was fitted to."""
    return _read_folder("laws")


def find_law(name: str) -> Card:
    """The law of that name; an unknown one raises an error that suggests the nearest."""
    known = law_cards()
    if name not in known:
        raise InputError(
            f"there is no law '{name}'{nearest(name, known)}", place="cell.laws", expected=f"one of {', '.join(known)}"
        )
    return known[name]


def find(name: str) -> Card:
    """The card of that name, or in that `.yaml` file; an unknown name raises an error that suggests the nearest one."""
    if name.endswith(".yaml"):
        return load(name)
    known = cards()
    if name not in known:
        raise InputError(
            f"there is no card '{name}'{nearest(name, known)}",
            expected=f"one of {', '.join(known)}, or a card of your own as a .yaml file",
        )
    return known[name]


def known_value(card: str, name: str) -> Value:
    """A property of a card, or of the nearest card that it is related to which has it."""
    for each in lineage(card):
        if name in find(each).properties:
            return find(each).properties[name]
    return find(card).value(name)


def lineage(card: str) -> tuple[str, ...]:
    """The card, the one it is related to, and so on."""
    names = [card]
    while (after := find(names[-1]).related) is not None and after not in names:
        names.append(after)
    return tuple(names)


def interface_card(electrode: str, electrolyte: str) -> str:
    """Name of the card of an interface: its own, else the one of materials that these are related to."""
    pairs = [(one, other) for one in lineage(electrode) for other in lineage(electrolyte)]
    names = [f"{find(one).name}|{find(other).name}" for one, other in pairs]
    return next((name for name in names if name in cards()), names[0])


def stated_or_card(stated: Mapping[str, float], name: str, card: str, place: str) -> Value:
    """One number: what the cell states, else the card's or a related card's, else an error that names the place."""
    if name in stated:
        return Value(name, stated[name], show(stated[name], name), STATED, "user")
    try:
        return known_value(card, name)
    except InputError as error:
        if error.file is not None:
            raise
        raise InputError(error.problem, place=place, expected=error.expected) from None


def _card(page: document.Document) -> Card:
    data = page.data
    keys = (*_CARD_KEYS, *_OPTIONAL_KEYS)
    for key in data:
        if key not in keys:
            raise page.error(f"unknown key '{key}'{nearest(key, keys)}", (key,), f"one of {', '.join(keys)}")
    related = data.get("related")
    if related is not None and not isinstance(related, str):
        raise page.error(f"received {related!r}", ("related",), "the name of another card")
    for key in _CARD_KEYS:
        if not data.get(key) and not (related and key in ("sources", "properties") and data.get(key) == {}):
            raise page.error(f"'{key}' is missing")
    sources = {key: _source(page, key, entry) for key, entry in _mapping(page, data["sources"], ("sources",)).items()}
    properties, others = {}, {}
    for name, entry in _mapping(page, data["properties"], ("properties",)).items():
        place = ("properties", name)
        properties[name] = _value(page, place, name, entry, sources)
        more = entry.get("others") or []
        if not isinstance(more, list):
            raise page.error(f"received {more!r}", (*place, "others"), "a list of values")
        others[name] = tuple(_value(page, (*place, "others", i), name, one, sources) for i, one in enumerate(more))
    laws = _mapping(page, data.get("laws") or {}, ("laws",))
    materials = tuple(data.get("for") or ())
    return Card(
        str(data["name"]),
        str(data["kind"]),
        str(data["about"]),
        properties,
        others,
        page.file,
        laws,
        materials,
        related,
    )


def _mapping(page: document.Document, entry: object, place: document.Place) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise page.error(f"received {entry!r}", place, "a mapping")
    return entry


def _source(page: document.Document, key: str, entry: object) -> Source:
    if not isinstance(entry, dict) or not entry.get("cite"):
        raise page.error("has no 'cite'", ("sources", key), "a mapping with 'cite' and, if there is one, 'doi'")
    return Source(key, str(entry["cite"]), entry.get("doi"))


def _value(
    page: document.Document, place: document.Place, name: str, entry: object, sources: dict[str, Source]
) -> Value:
    entry = _mapping(page, entry, place)
    for key in entry:
        if key not in _PROPERTY_KEYS:
            raise page.error(f"unknown key '{key}'{nearest(key, _PROPERTY_KEYS)}", (*place, key))
    for key in ("value", "source", "tag"):
        if entry.get(key) is None:
            raise page.error(f"a value without a {key}" if key != "value" else "no value", place, f"'{key}'")
    for key in ("source", "tag"):
        if not isinstance(entry[key], str):
            raise page.error(f"received {entry[key]!r}", (*place, key), "one word")
    span = entry.get("range")
    if span is not None and not (isinstance(span, list) and len(span) == 2):
        raise page.error(f"received {span!r}", (*place, "range"), "a list of the lowest and the highest value")
    if entry["source"] not in sources:
        raise page.error(
            f"source '{entry['source']}' is not listed{nearest(entry['source'], sources)}", (*place, "source")
        )
    if entry["tag"] not in TAGS:
        raise page.error(f"received tag '{entry['tag']}'", (*place, "tag"), f"one of {', '.join(TAGS)}")
    if entry["tag"] == "M" and entry.get("unverified") is not True:
        raise page.error("a number from memory (tag M)", place, "'unverified: true' beside it")
    try:
        lookup(name)
        low, high = (parse(end, name) for end in span) if span else (None, None)
        number = parse(entry["value"], name)
    except (InputError, ValueError, TypeError) as error:
        raise page.error(str(error), place) from None
    if low is not None and high is not None and not low <= number <= high:
        raise page.error(f"the value '{entry['value']}' lies outside its own range", place)
    return Value(
        name,
        number,
        str(entry["value"]),
        sources[entry["source"]],
        entry["tag"],
        low,
        high,
        entry.get("conditions"),
        entry.get("note"),
        bool(entry.get("unverified", False)),
    )
