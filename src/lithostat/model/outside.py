"""What of a simulated record lies outside of what the laws were held against, each as a sentence."""

from __future__ import annotations

import numpy as np
import polars as pl

CELSIUS = (-23.0, 97.0)  # of the conductivity's Arrhenius branch
HELD, PRESSED = 75e6, 100e6  # highest stack pressure of the published cells; above which that is said [Pa]
VOLTS = 10.0  # across a cell; beyond it decomposition and arcs would rule, which no law describes


def outside(table: pl.DataFrame) -> tuple[str, ...]:
    """Sentences on temperature, stack pressure and voltage of a record's table; none where all three are inside."""
    return tuple(said for said in (_temperature(table), _pressure(table), _voltage(table)) if said)


def _temperature(table: pl.DataFrame) -> str:
    celsius = table["ambient_temperature_celsius"].to_numpy()
    low, high = float(celsius.min()), float(celsius.max())
    if CELSIUS[0] <= low and high <= CELSIUS[1]:
        return ""
    allowed = f"{CELSIUS[0]:.0f} to {CELSIUS[1]:.0f} degC"
    return f"{low:.0f} to {high:.0f} degC is outside the {allowed} that the laws of temperature hold for"


def _pressure(table: pl.DataFrame) -> str:
    highest = float(np.nanmax(table["measured_pressure_pa"].to_numpy()))
    if highest <= PRESSED:
        return ""
    return (
        f"a stack pressure of {highest / 1e6:.3g} MPa is far beyond the {HELD / 1e6:.0f} MPa up to which the laws were "
        "held against cells: read its times as 'at once', not as numbers"
    )


def _voltage(table: pl.DataFrame) -> str:
    highest = float(np.nanmax(np.abs(table["voltage_volt"].to_numpy())))
    if highest <= VOLTS:
        return ""
    return (
        f"the voltage reaches {highest:.3g} V, which no cell stands: the current asks for more contact or conductivity "
        "than there is; read it as 'this current does not pass'"
    )
