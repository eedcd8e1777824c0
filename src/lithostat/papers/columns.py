"""The columns that a table of published cells may have: what each holds, in which unit, and what it means."""

from __future__ import annotations

from typing import Literal, NamedTuple

from lithostat.experiment.source import TAGS

KINDS = ("symmetric", "one_way", "full", "hold", "ramp", "anode_free", "three_electrode")
OUTCOMES = (
    "short",
    "survived",
    "contact_lost",
    "short_before_current",
    "critical_current",
    "critical_pressure",
    "sign",
    "other",
)
UNITS = {  # an outcome -> units its value may have
    "short": ("h", "mAh_cm2"),
    "survived": ("h", "mAh_cm2"),
    "contact_lost": ("h", "mAh_cm2"),
    "short_before_current": ("h",),
    "critical_current": ("mA_cm2",),
    "critical_pressure": ("MPa",),
    "sign": ("",),
    "other": ("", "h", "mAh_cm2", "mA_cm2", "MPa"),
}
CENSORED = ("none", "right", "left", "interval")
USES = ("fit", "sign", "shown", "blind")


class PublishedColumn(NamedTuple):
    """What a column holds: a number not below `least`, one of some words, or a text; and what it means."""

    holds: Literal["number", "word", "text"]
    meaning: str
    words: tuple[str, ...] = ()
    least: float = 0.0


def _number(meaning: str, least: float = 0.0) -> PublishedColumn:
    return PublishedColumn("number", meaning, (), least)


def _word(meaning: str, words: tuple[str, ...]) -> PublishedColumn:
    return PublishedColumn("word", meaning, words)


def _text(meaning: str) -> PublishedColumn:
    return PublishedColumn("text", meaning)


COLUMNS: dict[str, PublishedColumn] = {
    "id": _text("of the row, once in a table"),
    "paper": _text("name of the paper; in the folder of a paper it may be left out"),
    "doi": _text("of the paper; in its folder it may be left out"),
    "group": _text("what cells of a paper share beside it: a treatment, a batch"),
    "cell_kind": _word("what was built and done", KINDS),
    "electrolyte": _text("name of a card, or of what has none"),
    "powder": _text("its source and additives"),
    "grain_um": _number("grain size; carried, not used"),
    "pellet_pressure_MPa": _number("pressure the pellet was made at; carried, not used"),
    "density_rel": _number("relative density of the pellet, 0 to 1"),
    "roughness_um": _number("Rq of its surface; carried, not used"),
    "thickness_um": _number("of the pellet"),
    "pellet_diameter_mm": _number("of the pellet"),
    "anode": _text("metal of the electrodes; lithium where it is empty"),
    "lithium_thickness_um": _number("of each electrode before assembly"),
    "electrode_area_cm2": _number("that current is divided by"),
    "attach_pressure_MPa": _number("at which lithium was pressed on; empty: by the stack pressure itself"),
    "attach_kind": _word("how it was pressed on", ("uniaxial", "isostatic")),
    "attach_time_h": _number("for how long"),
    "stack_pressure_MPa": _number("while the outcome came about; 0 is none"),
    "fixture": _word("what held the stack", ("constant_force", "frame", "spring", "none", "unknown")),
    "temperature_C": _number("of the cell", -273.15),
    "plate_mA_cm2": _number("current density of plating"),
    "strip_mA_cm2": _number("current density of stripping; empty: that of plating"),
    "charge_per_half_cycle_mAh_cm2": _number("that passes one way before the current turns"),
    "protocol": _text(
        "steps as a list in the words of a protocol, in place of what the columns make; or a description"
    ),
    "outcome": _word("what was seen", OUTCOMES),
    "value": _number("of the outcome, where one was given; of a sign, 1 or -1", -1.0),
    "unit": _word("of value, low and high", ("h", "mAh_cm2", "mA_cm2", "MPa")),
    "low": _number("lower bound; empty or 0: none"),
    "high": _number("upper bound; empty or inf: none"),
    "censored": _word("which bounds there are: none (a dated value), right, left, interval", CENSORED),
    "short_criterion": _text("how the source calls a short"),
    "n_cells": _number("cells that the row stands for"),
    "tag": _word("evidence", tuple(TAGS)),
    "where": _text("figure, table or page"),
    "stated": _text("columns whose content the source states, apart by spaces; all others are assumptions"),
    "use": _word("fit and sign count in scores, blind too; shown does not", USES),
    "note": _text("what a reader should know"),
    "than": _text("of a sign: id of the row of the same table that this cell is compared with"),
    "since": _text("what the hours count from: current (left out), start, or the number of a step of the protocol"),
}
REQUIRED = ("id", "cell_kind", "outcome", "censored", "tag", "stated")
INPUTS = tuple(
    name for name in COLUMNS if COLUMNS[name].holds == "number" and name not in ("value", "low", "high", "n_cells")
)
