"""Every number in a card can be traced and judged."""

import pytest

from lithostat import InputError, cards
from lithostat.experiment.cell import OVERRIDABLE
from lithostat.experiment.parts import ChosenLaws
from lithostat.experiment.quantity import QUANTITIES, check
from lithostat.experiment.source import TAGS
from lithostat.materials.card import find, find_law, law_cards, load
from lithostat.model.parameters import OF_LAWS, Laws, Parameters, used
from lithostat.physics.families import FAMILIES

VALUES = [
    pytest.param(card, value, id=f"{card.name}-{name}-{number}")
    for card in cards().values()
    for name, first in card.properties.items()
    for number, value in enumerate((first, *card.others[name]))
]


def test_there_are_cards_for_the_default_cell():
    assert {"lithium", "Li6PS5Cl", "lithium|Li6PS5Cl"} <= set(cards())


@pytest.mark.parametrize("name", cards())
def test_a_card_says_what_it_is(name):
    card = find(name)
    assert card.name == name
    assert card.kind.strip()
    assert card.about.strip()
    assert card.properties or card.related in cards()


@pytest.mark.parametrize(("card", "value"), VALUES)
def test_a_value_has_source_tag_and_a_place_among_the_quantities(card, value):
    assert value.source.cite.strip()
    assert value.tag in TAGS
    assert value.name in QUANTITIES
    assert check(value.value, value.name) == value.value
    assert value.text.strip()


@pytest.mark.parametrize(("card", "value"), VALUES)
def test_a_number_from_memory_says_that_it_is_unverified(card, value):
    assert value.tag != "M" or value.unverified


@pytest.mark.parametrize(("card", "value"), VALUES)
def test_a_value_lies_in_its_own_range(card, value):
    if value.low is not None:
        assert value.low <= value.value <= value.high


@pytest.mark.parametrize("name", Parameters._fields)
def test_every_parameter_of_the_model_is_a_quantity_with_a_unit_of_its_own(name):
    derived = {"area": "area", "short_conductance": "short_resistance", "soft_conductance": "soft_short_resistance"}
    assert derived.get(name, name) in QUANTITIES


@pytest.mark.parametrize(
    ("card", "name"),
    [
        ("lithium|Li6PS5Cl", "focusing_length"),
        ("lithium|Li6PS5Cl", "focusing_pressure"),
        ("lithium|Li6PS5Cl", "entry_pressure"),
        ("Li6PS5Cl", "toughness"),
    ],
)
def test_the_parameters_of_every_choice_of_laws_exist(card, name):
    assert find(card).value(name).value > 0.0
    assert name in OVERRIDABLE


def test_the_laws_a_cell_can_choose_are_those_the_equations_know():
    families = {name: field.annotation for name, field in ChosenLaws.model_fields.items() if name != "named"}
    said = {name: annotation.__args__[0].__args__ for name, annotation in families.items()}
    assert said == {family: tuple(laws) for family, laws in FAMILIES.items()}


def test_the_default_of_each_family_comes_first():
    first = {family: next(iter(laws)) for family, laws in FAMILIES.items()}
    assert Laws()._asdict() == first == dict(find_law("first").laws)


@pytest.mark.parametrize("name", law_cards())
def test_a_law_chooses_in_every_family_and_brings_the_numbers_that_only_it_takes(name):
    law = find_law(name)
    chosen = Laws.of(law.laws)
    assert set(law.laws) == set(FAMILIES)
    interface = find("lithium|Li6PS5Cl").properties
    assert [n for n in OF_LAWS if used(n, chosen) and n not in (*law.properties, *interface)] == []
    assert set(law.properties) <= {*OVERRIDABLE, "toughness"}


def test_published_numbers_read_as_printed():
    assert find("lithium").value("creep_exponent").value == 6.56
    assert find("lithium").value("creep_rate").value == pytest.approx(7.7e-3)
    assert find("lithium|Li6PS5Cl").value("stripping_current").value == pytest.approx(2.0)
    assert find("lithium|Li6PS5Cl").value("stripping_pressure").value == pytest.approx(3e6)
    assert find("Li6PS5Cl").value("theoretical_density").value == pytest.approx(1860.0)


def test_an_unknown_card_suggests_the_nearest():
    with pytest.raises(InputError, match=r"Li6PS5C'.*did you mean 'Li6PS5Cl'"):
        find("Li6PS5C")


def test_a_property_a_card_lacks_is_named():
    with pytest.raises(InputError, match=r"'lithium' has no 'creep_rat'.*did you mean 'creep_rate'"):
        find("lithium").value("creep_rat")


GOOD = """\
name: glass
kind: solid electrolyte
about: made for a test
sources:
  a2020: {cite: "A 2020"}
properties:
  toughness:
    value: 0.23 MPa m^0.5
    source: a2020
    tag: V1
    others:
      - {value: 0.3 MPa m^0.5, source: a2020, tag: V2}
"""


def written(tmp_path, text):
    path = tmp_path / "glass.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_card_of_ones_own_loads(tmp_path):
    card = load(written(tmp_path, GOOD))
    assert card.value("toughness").value == pytest.approx(0.23e6)
    assert card.others["toughness"][0].value == pytest.approx(0.3e6)


BAD = {
    "no source": ("    source: a2020\n", "", 7, "properties.toughness", "source"),
    "a source that is not listed": (
        "    source: a2020\n",
        "    source: a2021\n",
        9,
        "properties.toughness.source",
        "a2021",
    ),
    "no tag": ("    tag: V1\n", "", 7, "properties.toughness", "tag"),
    "an unknown tag": ("    tag: V1\n", "    tag: V9\n", 10, "properties.toughness.tag", "V9"),
    "from memory and not marked": ("    tag: V1\n", "    tag: M\n", 7, "properties.toughness", "unverified: true"),
    "marked as verified although from memory": (
        "    tag: V1\n",
        "    tag: M\n    unverified: false\n",
        7,
        "properties.toughness",
        "unverified: true",
    ),
    "no value": ("    value: 0.23 MPa m^0.5\n", "", 7, "properties.toughness", "value"),
    "no unit": ("0.23 MPa m^0.5", "0.23", 7, "properties.toughness", "MPa m^0.5"),
    "wrong dimension": ("0.23 MPa m^0.5", "0.23 MPa", 7, "properties.toughness", "0.23 MPa"),
    "negative": ("0.23 MPa m^0.5", "-0.23 MPa m^0.5", 7, "properties.toughness", "-0.23 MPa m^0.5"),
    "outside its range": (
        "    tag: V1\n",
        "    tag: V1\n    range: [0.3 MPa m^0.5, 0.4 MPa m^0.5]\n",
        7,
        "properties.toughness",
        "range",
    ),
    "a range of one number": (
        "    tag: V1\n",
        "    tag: V1\n    range: 0.3 MPa m^0.5\n",
        11,
        "properties.toughness.range",
        "range",
    ),
    "a quantity nobody knows": ("toughness:", "toughnes:", 7, "properties.toughnes", "toughness"),
    "an unknown key": ("    tag: V1\n", "    tag: V1\n    colour: red\n", 11, "properties.toughness.colour", "colour"),
    "an unknown key on top": ("kind:", "sort:", 2, "sort", "kind"),
    "no cite": ('{cite: "A 2020"}', "{doi: x}", 5, "sources.a2020", "cite"),
    "another value without a source": (", source: a2020, tag: V2", ", tag: V2", 12, "others", "source"),
    "a list as tag": ("    tag: V1\n", "    tag: [V1]\n", 10, "properties.toughness.tag", "V1"),
    "a list as source": ("    source: a2020\n", "    source: [a2020]\n", 9, "properties.toughness.source", "a2020"),
    "others that is no list": (
        "    others:\n      - {value: 0.3 MPa m^0.5, source: a2020, tag: V2}\n",
        "    others: 5\n",
        11,
        "properties.toughness.others",
        "5",
    ),
    "properties that are a list": (
        "  toughness:\n    value: 0.23 MPa m^0.5\n    source: a2020\n    tag: V1\n    others:\n"
        "      - {value: 0.3 MPa m^0.5, source: a2020, tag: V2}\n",
        "  - 5\n",
        6,
        "properties",
        "a mapping",
    ),
}


@pytest.mark.parametrize(("old", "new", "line", "place", "said"), BAD.values(), ids=BAD)
def test_a_bad_card_is_refused_with_file_line_and_place(tmp_path, old, new, line, place, said):
    assert GOOD.count(old) >= 1
    with pytest.raises(InputError) as caught:
        load(written(tmp_path, GOOD.replace(old, new, 1)))
    text = str(caught.value)
    assert "glass.yaml" in text
    assert f"line {line}" in text
    assert place in text
    assert said in text
