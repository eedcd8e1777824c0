"""The numbers the equations need, in SI, by name; and the laws they go into, by choice."""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx


class Laws(NamedTuple):
    """Which law of each family is used. The default of each family comes first in `CHOICES`."""

    growth: str = "constant_focusing"
    entry: str = "open"
    failure: str = "fracture"


class Parameters(eqx.Module):
    """All parameters of one cell, SI. Scalars for one cell, arrays with a leading member axis for an ensemble.

    Values that belong to an interface hold for both interfaces of a symmetric cell.
    """

    # the pellet
    area: Any  # electrode area [m2]
    thickness: Any  # electrolyte thickness [m]
    conductivity: Any  # ionic, at conductivity_temperature [S/m]
    conductivity_activation_energy: Any  # [J/mol]
    conductivity_temperature: Any  # [K]
    toughness: Any  # K_IC [Pa m^0.5]
    # lithium
    lithium_thickness: Any  # of each electrode before assembly [m]
    molar_volume: Any  # [m3/mol]
    creep_rate: Any  # at creep_stress and creep_temperature [1/s]
    creep_stress: Any  # [Pa]
    creep_exponent: Any  # n [-]
    creep_activation_energy: Any  # [J/mol]
    creep_temperature: Any  # [K]
    # the interface: contact
    contact_pressure: Any  # P_c [Pa]
    constriction_resistance: Any  # ASR_0 [ohm m2]
    unloading_exponent: Any  # beta [-]
    ripening_time: Any  # tau [s]
    charge_transfer_resistance: Any  # ASR_ct [ohm m2]
    double_layer_capacitance: Any  # [F/m2]
    # the interface: voids
    stripping_current: Any  # j_crit at stripping_pressure [A/m2]
    stripping_pressure: Any  # [Pa]
    stripping_exponent: Any  # [-]
    void_height: Any  # h_v [m]
    # the interface: filaments
    throat_radius: Any  # r [m]
    focusing: Any  # g [-]
    focusing_length: Any  # a_ref, only for length_focusing [m]
    focusing_pressure: Any  # P_ref, only for pressure_focusing [Pa]
    entry_pressure: Any  # only for the threshold entry law [Pa]
    overpressure_transmission: Any  # chi [-]
    # the interface: interphase
    interphase_constant: Any  # k [m2/s]
    interphase_conductivity: Any  # [S/m]
    interphase_initial: Any  # d0 [m]
    interphase_charge: Any  # lithium bound per volume of interphase, as charge [C/m3]
    interphase_volume_change: Any  # products against reactants, lithium included [-]
    # the fixture
    frame_stiffness: Any  # 0 for constant force [Pa/m]
    frame_relaxation: Any  # phi [-]
    frame_relaxation_time: Any  # [s]
    # the short
    short_conductance: Any  # hard short [S/m2]
    soft_conductance: Any  # at the moment of the short [S/m2]
    hardening_time: Any  # [s]


class Segment(NamedTuple):
    """A stretch of a protocol with constant drive, as rows of a table (leading axis: segments), SI.

    `set_pressure` is NaN where the fixture is left alone. `clamped` keeps the pressure whatever the fixture. The limits
    are infinite where there is none; reaching one continues at the row that its exit names.
    """

    duration: Any  # [s]
    current: Any  # [A/m2], positive plates interface 0
    temperature: Any  # [K]
    set_pressure: Any  # [Pa]
    clamped: Any  # 0 or 1
    voltage_limit: Any  # on sign(j) V [V]
    pressure_high: Any  # [Pa]
    pressure_low: Any  # [Pa]
    voltage_exit: Any  # rows to continue at after a limit
    high_exit: Any
    low_exit: Any


class Curve(NamedTuple):
    """A measured pressure against time, straight between its points. Without points the fixture rules.

    Padded at its end with infinite times and the last pressure.
    """

    times: Any  # since the start of the test (points,) [s]
    pressures: Any  # (points,) [Pa]


class Plan(NamedTuple):
    """Everything that is done to a cell, as arrays. The table may be longer than `rows`, its real length."""

    table: Segment
    curve: Curve
    rows: Any
    after_short: Any  # how long the test goes on after a short [s]


class Drive(NamedTuple):
    """What acts on the cell at one instant: the segment's row plus what the fixture remembers."""

    current: Any  # [A/m2]
    temperature: Any  # [K]
    pressure: Any  # set pressure at the start of the segment [Pa]
    ramp: Any  # [Pa/s]
    stack: Any  # stack height when the pressure was set [m]
    stiffness: Any  # [Pa/m], 0 while clamped
    relaxing: Any  # 0 while clamped, else 1
    shorted: Any  # 0 before the short, 1 after
