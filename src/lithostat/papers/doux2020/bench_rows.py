"""The cells of Doux et al. 2020 as rows of the bench: eleven observations, each once, from the paper's own numbers."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

from lithostat.experiment import document
from lithostat.experiment.quantity import in_unit, parse
from lithostat.papers.doux2020.published import PRESS, SETTLE, published
from lithostat.papers.published_cell import PublishedCell
from lithostat.papers.reader import Paper, cell_of

FIRST_EFFICIENCY, DISCHARGE, SECOND, LATER, CYCLES = 0.69, 150.0, 152.0, 130.0, 229  # Figures 1 to 3 [mAh/g]
BEGUN = 0.1  # h of the charge at 25 MPa that Figure 2c shows before its short, an assumption
COMMON: dict[str, Any] = {
    "electrolyte": "Li6PS5Cl",
    "powder": "NEI",
    "pellet_pressure_MPa": 370,
    "pellet_diameter_mm": 13,
    "thickness_um": 992.5,
    "density_rel": 0.82,
    "lithium_thickness_um": 500,
    "electrode_area_cm2": 1.267,
    "temperature_C": 25,
    "fixture": "frame",
    "n_cells": 1,
    "use": "fit",
    "stated": "electrolyte powder pellet_pressure_MPa pellet_diameter_mm thickness_um density_rel lithium_thickness_um "
    "electrode_area_cm2 stack_pressure_MPa",
}
MISSING = (
    "Fall of the impedance at 25 MPa before the short, 36.6 to 34.3 to 30.7 ohm in 20 h: no law. Filaments that "
    "shunt the bulk would have to be as deep as what shorts, on average, or deeper; ripening of the contact falls "
    "early where the data fall late. 1.4 and 3.8 K of warming, 0.8 and 2.3 % of densification or an electronic "
    "path of 546 and 190 ohm would each do it, but the overpotential of the same pressure rises meanwhile. "
    "Missing: a log of temperature, the phase of the impedance, both from one cell.",
    "Rise of the overpotentials by 8 to 28 %: no law of its own. The growth of the interphase in the cards gives "
    "7 to 18 %, nothing fitted, and not its order over the pressures. Missing: a second cell at any pressure.",
    "Li-In under pressure: no law of contact. It may go with P^-0.5, as the composite of the cathode does here; "
    "no amplitude, hardness or creep of Li-In was found. Missing: impedance of Li-In | Li6PS5Cl at several "
    "pressures.",
)


def doux2020() -> Paper:
    """The paper as the bench takes it."""
    data = published()
    rows = [_cycled(entry) for entry in data["cycling"] if entry["hours"] > 0]
    rows += [_held(entry) for entry in data["holds"]]
    rows += _full_cells()
    cells = tuple(_cell(row) for row in rows)
    assumed = (
        *data["assumed"],
        "The holds lasted as long as the paper's longest test, 1000 h, and at 75 MPa less than one hour.",
        "Full cells are followed on their lithium side, by the charges that the paper states.",
    )
    about = "Six symmetric cells at 2 to 25 MPa, two holds without current, three full cells; one cell each."
    return Paper("doux2020", data["cite"], cells, data["doi"], about, assumed, MISSING)


def _cell(row: dict[str, Any]) -> PublishedCell:
    return cell_of(COMMON | row, paper="doux2020", file="papers/doux2020")


def _pressed(pressure: str) -> list[dict[str, Any]]:
    if parse(pressure, "pressure") > parse("25 MPa", "pressure"):
        return [{"press": pressure, "for": SETTLE}]
    return [{"press": "25 MPa", "for": PRESS}, {"release": pressure, "for": SETTLE}]


def _cycled(entry: dict[str, Any]) -> dict[str, Any]:
    data, hours, survived = published(), float(entry["hours"]), entry["short"] == "none"
    turn = [{verb: data["current"], "for": data["half_cycle"]} for verb in ("plate", "strip")]
    current = in_unit(parse(data["current"], "current_density"), "current_density", "mA/cm2")
    bounds = {"low": hours, "censored": "right"} if survived else {"value": hours, "low": hours, "high": hours}
    return {
        "id": entry["id"],
        "cell_kind": "symmetric",
        "stack_pressure_MPa": in_unit(parse(entry["pressure"], "pressure"), "pressure", "MPa"),
        "plate_mA_cm2": current,
        "strip_mA_cm2": current,
        "charge_per_half_cycle_mAh_cm2": current,
        "protocol": [*_pressed(entry["pressure"]), {"repeat": 1000, "steps": turn}],
        "outcome": "survived" if survived else "short",
        "unit": "h",
        "censored": "none",
        "tag": entry["tag"],
        "where": "Figure 2b, Figure S3",
        "stated": COMMON["stated"] + " plate_mA_cm2 strip_mA_cm2 charge_per_half_cycle_mAh_cm2 low",
    } | bounds


def _held(entry: dict[str, Any]) -> dict[str, Any]:
    hours, shorted = float(entry["hours"]), entry["short"] != "none"
    return {
        "id": entry["id"],
        "cell_kind": "hold",
        "stack_pressure_MPa": in_unit(parse(entry["pressure"], "pressure"), "pressure", "MPa"),
        "protocol": [*_pressed(entry["pressure"]), {"hold": f"{hours} h"}],
        "outcome": "short_before_current" if shorted else "survived",
        "unit": "h",
        "tag": entry["tag"],
        "note": "duration not stated",
    } | ({"high": hours, "censored": "left"} if shorted else {"low": hours, "censored": "right"})


@functools.cache
def _charges() -> dict[str, Any]:
    """Current [A/m2] of C/10, and times [h] of a first charge, a discharge, a second charge and a later half-cycle."""
    text = (resources.files(__package__) / "full_cells.yaml").read_text(encoding="utf-8")
    cathode = document.parse(text, "full_cells.yaml").data["cell"]["cathode"]
    loading = parse(cathode["areal_loading"], "areal_loading")
    capacity = in_unit(parse(cathode["specific_capacity"], "specific_capacity"), "specific_capacity", "mAh/g")
    current = 0.1 / 3600.0 * parse(cathode["specific_capacity"], "specific_capacity") * loading
    hours = {name: charge / (0.1 * capacity) for name, charge in _CAPACITIES.items()}
    return {"current": f"{current} A/m2", **hours}


_CAPACITIES = {"first": DISCHARGE / FIRST_EFFICIENCY, "discharge": DISCHARGE, "second": SECOND, "later": LATER}


def _full_cells() -> list[dict[str, Any]]:
    """Figures 1, 2c and 3 on their lithium side: it plates while the cell charges."""
    of = _charges()

    def way(verb: str, hours: float) -> dict[str, Any]:
        return {verb: of["current"], "for": f"{hours} h"}

    pressed = [{"press": "25 MPa", "for": PRESS}]
    first = [*_pressed("5 MPa"), way("plate", of["first"]), way("strip", of["discharge"])]
    turn = [way("plate", of["later"]), way("strip", of["later"])]
    lived = of["first"] + of["discharge"] + 2.0 * (CYCLES - 1) * of["later"]
    common = {"cell_kind": "full", "unit": "h", "tag": "D"}
    return [
        common
        | {
            "id": "fig1-Li-25MPa",
            "stack_pressure_MPa": 25,
            "protocol": [*pressed, way("plate", of["first"])],
            "outcome": "short",
            "high": of["first"],
            "censored": "left",
            "note": "shorts in its first charge",
        },
        common
        | {
            "id": "fig2c",
            "stack_pressure_MPa": 25,
            "protocol": [*first, {"set_pressure": "25 MPa"}, way("plate", of["second"])],
            "since": "6",
            "outcome": "short",
            "low": BEGUN,
            "high": of["second"],
            "censored": "interval",
            "note": "one cycle at 5 MPa, then shorts in its charge at 25 MPa; hours of that charge",
        },
        common
        | {
            "id": "fig3-5MPa",
            "stack_pressure_MPa": 5,
            "protocol": [*first, {"repeat": CYCLES - 1, "steps": turn}],
            "outcome": "survived",
            "low": lived,
            "censored": "right",
            "note": "229 cycles; mean discharge of 130 mAh/g read off the figure",
        },
    ]
