"""The electronic path after a short, in parallel with the ionic one."""

from __future__ import annotations

from lithostat.physics.types import Values


def cell_voltage(current: Values, ionic_resistance: Values, electronic_conductance: Values) -> Values:
    """Voltage across both paths [V]: j / (1/R_ion + G_e), with j [A/m2], R_ion [ohm m2], G_e [S/m2].

    Limits: G_e = 0 is Ohm's law of the intact cell; G_e -> infinity is zero volts.
    """
    return current / (1.0 / ionic_resistance + electronic_conductance)


def leak_current(voltage: Values, electronic_conductance: Values) -> Values:
    """Current that passes as electrons [A/m2]; what is left of the cell current plates and strips."""
    return voltage * electronic_conductance


def hardening_rate(conductance: Values, *, hard: Values, time: Values) -> Values:
    """Growth of a soft short towards a hard one [S/(m2 s)]: dG/dt = (G_hard - G) / tau."""
    return (hard - conductance) / time
