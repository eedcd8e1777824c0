"""Physical quantities: one table of names, and the one door through which units come in and go out.

Inside the package everything is an SI float. `parse` turns '75 uA/cm2' into 0.75; `show` turns 0.75 back into text.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from lithostat.experiment.errors import InputError, nearest, short
from lithostat.experiment.unit_text import checked_unit

if TYPE_CHECKING:
    import pint


class Quantity(NamedTuple):
    """A named physical quantity. `unit` is the SI unit of the float inside, `shown` the unit people read."""

    symbol: str
    unit: str
    shown: str
    definition: str
    least: float = -math.inf
    above: bool = False  # strictly above `least`
    most: float = math.inf


def _positive(symbol: str, unit: str, shown: str, definition: str, most: float = math.inf) -> Quantity:
    return Quantity(symbol, unit, shown, definition, 0.0, True, most)


def _from_zero(symbol: str, unit: str, shown: str, definition: str, most: float = math.inf) -> Quantity:
    return Quantity(symbol, unit, shown, definition, 0.0, False, most)


_ASR, _SHOWN_ASR = "ohm m2", "ohm cm2"

QUANTITIES: dict[str, Quantity] = {
    # what a protocol or a cell states
    "time": _from_zero("t", "s", "h", "from the start of the record", 3.2e9),
    "temperature": Quantity(
        "T", "K", "degC", "of the cell; lithium melts just above the upper bound", 150.0, False, 453.0
    ),
    "temperature_uncertainty": _positive("u_T", "K", "K", "standard uncertainty of a temperature", 50.0),
    "pressure": _from_zero("P", "Pa", "MPa", "stack pressure, positive in compression", 1e10),
    "current_density": Quantity(
        "j", "A/m2", "uA/cm2", "per electrode area, positive while the cell charges", -1e7, False, 1e7
    ),
    "current": Quantity("I", "A", "mA", "positive while the cell charges", -1e4, False, 1e4),
    "voltage": Quantity(
        "V", "V", "mV", "between the terminals, positive current gives positive voltage", -1e3, False, 1e3
    ),
    "areal_charge": _from_zero("Q", "C/m2", "mAh/cm2", "charge per electrode area"),
    "frequency": _positive("f", "Hz", "Hz", "of the perturbation", 1e12),
    "length": Quantity("L", "m", "mm", "a thickness or diameter", 1e-9, True, 10.0),
    "area": Quantity("A", "m2", "cm2", "geometric electrode area", 1e-12, True, 100.0),
    "mass": _positive("m", "kg", "mg", "of a component", 100.0),
    "density": _positive("rho", "kg/m3", "g/cm3", "mass per volume"),
    "charge": _from_zero("Q", "C", "C", "charge, not per area"),
    "voxel_size": Quantity("v", "m", "um", "edge of a cubic voxel of a tomogram", 1e-9, True, 1e-3),
    "fraction": _from_zero("x", "", "", "dimensionless share between 0 and 1", 1.0),
    "porosity": _from_zero("eps", "", "", "share of the pellet that is pores", 0.95),
    "number": Quantity("n", "", "", "dimensionless"),
    "stiffness": _from_zero("k", "Pa/m", "MPa/um", "pressure gained per growth of the stack"),
    "resistance": _from_zero("R", "ohm", "ohm", "electrical resistance"),
    # what a lab notes beside its files
    "wavelength": Quantity("lambda", "m", "angstrom", "of the radiation of a pattern", 1e-11, False, 5e-10),
    "two_theta": Quantity("2theta", "rad", "deg", "scattering angle", 0.0, False, 3.1415),
    "force": Quantity("F", "N", "N", "on the stack, positive in compression"),
    "load_cell_sensitivity": Quantity("S", "N/V", "N/V", "force on a load cell per voltage of its signal"),
    "load_cell_zero": Quantity("U_0", "V", "V", "signal of the unloaded load cell", -1e3, False, 1e3),
    # parameters of the model, by the name they have in cards, cells and calibration
    "thickness": _positive("L", "m", "mm", "electrolyte thickness", 1.0),
    "conductivity": _positive("sigma", "S/m", "mS/cm", "ionic conductivity of the pellet at conductivity_temperature"),
    "conductivity_activation_energy": _from_zero("Ea", "J/mol", "kJ/mol", "of the ionic conductivity"),
    "conductivity_temperature": _positive("T_ref", "K", "degC", "temperature of the stated conductivity", 600.0),
    "density_exponent": _from_zero("m", "", "", "of conductivity against relative density"),
    "reference_density": _positive("rho_r", "", "", "relative density of the stated conductivity", 1.0),
    "theoretical_density": _positive("rho_t", "kg/m3", "g/cm3", "density without pores"),
    "toughness": _positive("K_IC", "Pa m^0.5", "MPa m^0.5", "fracture toughness of the electrolyte"),
    "lithium_thickness": _positive("h", "m", "mm", "lithium of each electrode before assembly", 0.1),
    "molar_volume": _positive("Omega", "m3/mol", "cm3/mol", "of lithium metal"),
    "creep_rate": _positive("eps_ref", "1/s", "1/s", "creep rate at creep_stress and creep_temperature"),
    "creep_stress": _positive("sigma_ref", "Pa", "MPa", "reference stress of the creep law"),
    "creep_exponent": Quantity("n", "", "", "stress exponent of the creep law", 1.0, False, 20.0),
    "creep_activation_energy": _from_zero("Q", "J/mol", "kJ/mol", "of creep"),
    "creep_temperature": _positive("T_ref", "K", "K", "temperature of the stated creep rate", 600.0),
    "contact_pressure": _positive(
        "P_c", "Pa", "MPa", "pressure at which 63 % of the area is in contact on first loading"
    ),
    "constriction_resistance": _from_zero(
        "ASR_0", _ASR, _SHOWN_ASR, "scale of the constriction resistance, one interface"
    ),
    "unloading_exponent": _from_zero("beta", "", "", "of contact against pressure on unloading", 10.0),
    "adhesion_pressure": _from_zero("P_adh", "Pa", "MPa", "that holds contact where no plunger does"),
    "ripening_time": _positive("tau", "s", "h", "of contact growth by creep"),
    "charge_transfer_resistance": _from_zero("ASR_ct", _ASR, _SHOWN_ASR, "of one interface"),
    "double_layer_capacitance": _positive("C_dl", "F/m2", "uF/cm2", "of one interface"),
    "stripping_current": _positive("j_crit", "A/m2", "mA/cm2", "critical stripping current at stripping_pressure"),
    "stripping_pressure": _positive("P_ref", "Pa", "MPa", "of the stated critical stripping current"),
    "stripping_exponent": _from_zero("m", "", "", "of the critical stripping current against pressure", 20.0),
    "stripping_activation_energy": _from_zero("Q_s", "J/mol", "kJ/mol", "of the critical stripping current"),
    "stripping_ceiling": _positive("j_max", "A/m2", "mA/cm2", "that the critical stripping current tends to"),
    "void_height": _positive("h_v", "m", "um", "mean void thickness that takes the contact, or 63 % of it"),
    "void_focusing": _from_zero("beta_v", "", "", "how much voids crowd the plating current; 1 conserves it", 1e3),
    "throat_radius": _positive("r", "m", "um", "of the throats that lithium enters", 1e-3),
    "focusing": _from_zero("g", "", "", "growth of a filament tip over that of flat lithium", 1e6),
    "focusing_length": _positive("a_ref", "m", "um", "filament length at which focusing equals g"),
    "focusing_pressure": _positive("P_ref", "Pa", "MPa", "pressure at which focusing equals g"),
    "structure_factor": _from_zero("k", "", "", "of focusing against filament length over reach", 1e3),
    "reversibility": _from_zero("rho", "", "", "share of its growth that stripping takes back from a filament", 1.0),
    "flaw_size": _positive("a_0", "m", "um", "of the flaw that grows under load", 1e-3),
    "fracture_velocity": _positive("v_0", "m/s", "m/s", "of a flaw at the toughness"),
    "fracture_exponent": Quantity(
        "m_f", "", "", "of the velocity of a flaw against its stress intensity", 2.5, False, 100.0
    ),
    "entry_pressure": _from_zero("P_entry", "Pa", "MPa", "pressure below which lithium enters no throat"),
    "overpressure_transmission": _from_zero(
        "chi", "", "", "share of the plating overpressure that reaches a flaw", 1.0
    ),
    "interphase_constant": _from_zero("k", "m2/s", "m2/s", "parabolic growth constant of the interphase"),
    "interphase_conductivity": _positive("sigma_d", "S/m", "S/m", "ionic conductivity of the interphase"),
    "interphase_initial": _positive("d_0", "m", "nm", "interphase thickness at assembly"),
    "interphase_charge": _from_zero("q_d", "C/m3", "C/cm3", "lithium bound in the interphase, as charge per volume"),
    "interphase_volume_change": Quantity(
        "dV/V", "", "", "of the interphase reaction, lithium included", -0.9, False, 10.0
    ),
    "frame_stiffness": _from_zero("k_f", "Pa/m", "MPa/um", "0 for constant force"),
    "frame_relaxation": _from_zero("phi", "", "", "share of the set pressure that a clamped stack gives up", 1.0),
    "frame_relaxation_time": _positive("tau_f", "s", "h", "of that relaxation"),
    "short_resistance": _positive("R_short", "ohm", "ohm", "of a hard short"),
    "soft_short_resistance": _positive("R_soft", "ohm", "ohm", "of a short at its first moment"),
    "hardening_time": _positive("tau_s", "s", "h", "in which a soft short hardens"),
    "focusing_scatter": _from_zero("s_g", "", "", "standard deviation of ln g between spots", 5.0),
    "toughness_scatter": _from_zero("s_K", "", "", "standard deviation of ln K_IC between cells", 5.0),
    "throat_radius_scatter": _from_zero("s_r", "", "", "standard deviation of ln r between cells", 5.0),
    "flaw_size_scatter": _from_zero("s_a", "", "", "standard deviation of ln a_0 between cells", 5.0),
    "reference_area": _positive("A_ref", "m2", "cm2", "electrode area the focusing was fitted at"),
    "area_exponent": _from_zero("kappa", "", "", "number of spots grows as area to this power", 5.0),
    # properties that cards carry for people and later wings
    "youngs_modulus": _positive("E", "Pa", "GPa", "elastic modulus"),
    "shear_modulus": _positive("G", "Pa", "GPa", "elastic shear modulus"),
    "bulk_modulus": _positive("K", "Pa", "GPa", "elastic bulk modulus"),
    "poisson_ratio": Quantity("nu", "", "", "elastic", -1.0, False, 0.5),
    "yield_strength": _positive("sigma_y", "Pa", "MPa", "in tension, 0.2 % offset"),
    "electronic_conductivity": _from_zero("sigma_e", "S/m", "S/cm", "of electrons through the electrolyte"),
    "lattice_parameter": _positive("a", "m", "angstrom", "edge of the unit cell", 1e-8),
    "lattice_angle": _positive("alpha", "rad", "deg", "angle of the unit cell", 3.1415),
    "mean_square_displacement": _from_zero("U", "m2", "angstrom2", "of an atom about its site", 1e-20),
    "potential_vs_lithium": Quantity("E", "V", "V", "equilibrium potential against lithium metal", -5.0, False, 6.0),
    "areal_loading": _from_zero("m_A", "kg/m2", "mg/cm2", "active material per electrode area"),
    "specific_capacity": _positive("q", "C/kg", "mAh/g", "per gram of active material"),
    "upper_voltage": Quantity("V_max", "V", "V", "charge limit", -5.0, False, 6.0),
    "lower_voltage": Quantity("V_min", "V", "V", "discharge limit", -5.0, False, 6.0),
    "diffusivity": _positive("D", "m2/s", "m2/s", "self-diffusion"),
    "work_of_adhesion": _positive("W", "J/m2", "J/m2", "between lithium and electrolyte"),
    # a composite cathode; charges per gram count active material
    "theoretical_capacity": _positive("q_t", "C/kg", "mAh/g", "all lithium of the formula"),
    "assembled_stoichiometry": _positive("x_0", "", "", "lithium per formula as put together", 1.0),
    "particle_radius": _positive("R_p", "m", "um", "of the active material", 1e-3),
    "particle_diffusivity": _positive("D_f", "m2/s", "m2/s", "of lithium in the active material where it is fast"),
    "slow_share": _positive("s_D", "", "", "diffusivity near full lithiation over that where it is fast", 1.0),
    "slow_stoichiometry": _from_zero("x_m", "", "", "lithium per formula at which diffusion turns slow", 1.0),
    "slow_width": _positive("w_D", "", "", "width of that turn in lithium per formula", 1.0),
    "exchange_current": _positive("i_0", "A/m2", "A/m2", "of the active material, half lithiated"),
    "oxidised_charge": _from_zero("q_ox", "C/kg", "mAh/g", "electrolyte oxidised in the cathode after oxidation_time"),
    "oxidation_time": _positive("t_ox", "s", "h", "above the onset, of the stated oxidised charge"),
    "oxidation_exponent": _positive("m_ox", "", "", "of oxidised charge against time", 1.0),
    "oxidation_onset": Quantity("E_ox", "V", "V", "against lithium, half the oxidation rate", -5.0, False, 6.0),
    "weak_share": _from_zero("w_c", "", "", "active material in weak contact, lost with time", 1.0),
    "contact_loss_charge": _positive("q_c", "C/kg", "mAh/g", "in both directions, that parts 63 % of the weak contact"),
    "lithiation_expansion": Quantity("b_x", "", "", "volume gained per lithium per formula", -1.0, False, 5.0),
    "cathode_contact_resistance": _from_zero("R_c", _ASR, _SHOWN_ASR, "of the composite, at cathode_contact_pressure"),
    "cathode_contact_pressure": _positive("P_c", "Pa", "MPa", "at which cathode_contact_resistance holds"),
    "bruggeman_exponent": _from_zero("b", "", "", "of conduction against volume fraction in the composite", 5.0),
}


def lookup(name: str) -> Quantity:
    """The quantity of that name, or an error that suggests the nearest one."""
    if name not in QUANTITIES:
        raise InputError(f"unknown quantity '{name}'{nearest(name, QUANTITIES)}")
    return QUANTITIES[name]


@functools.cache
def _registry() -> pint.UnitRegistry:
    import pint

    return pint.UnitRegistry()


_LONGEST = 160  # letters of a quantity as a person writes it
_EXPONENT = re.compile(r"(?<=[A-Za-zµμΩ°])(-?\d+)")
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*", re.DOTALL)


def _unit(text: str) -> pint.Unit:
    """A pint unit from what people write: 'uA/cm2', 'MPa m^0.5', '%', 'degC'."""
    cleaned = checked_unit(text).replace("%", "percent").replace("°C", "degC").replace("·", "*").replace("Ω", "ohm")
    cleaned = _EXPONENT.sub(r"**\1", cleaned).replace("^", "**")
    return _registry().Unit(cleaned.replace(" ", "*"))


@functools.lru_cache(maxsize=4096)
def _convert(value: float, unit: str, to: str) -> float:
    quantity = _registry().Quantity(value, _unit(unit))
    if to == "J/mol" and quantity.check("[energy]"):
        quantity *= _registry().Quantity(1.0, "avogadro_constant")  # activation energies are also printed in eV
    return float(quantity.to(_unit(to)).magnitude)


def _example(quantity: Quantity) -> str:
    return f"a number with a unit like '{quantity.shown}'" if quantity.shown else "a plain number"


def split(text: str) -> tuple[float, str]:
    """'75 uA/cm2' -> (75.0, 'uA/cm2'). Raises ValueError if there is no number in front, or no end to the text."""
    match = _NUMBER.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise ValueError(text)
    return float(match[1]), match[2]


def parse(value: object, name: str) -> float:
    """Read a quantity as a person writes it and return the SI float; errors say what was read and what was expected."""
    quantity = lookup(name)
    expected = f"{name.replace('_', ' ')}: {_example(quantity)}"
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise InputError(f"received {short(value)}", expected=expected)
    try:
        number, unit = split(value) if isinstance(value, str) else (float(value), "")
    except (ValueError, OverflowError):
        raise InputError(f"received {short(value)}", expected=expected) from None
    if not unit and quantity.unit:
        raise InputError(f"received {short(value)} without a unit", expected=expected)
    try:
        result = _convert(number, unit, quantity.unit)
    except Exception as reason:  # pint raises a dozen kinds
        raise InputError(_unit_problem(value, unit, reason), expected=expected) from None
    return check(result, name, value)


def _unit_problem(value: object, unit: str, reason: Exception) -> str:
    kind = type(reason).__name__
    if kind == "DimensionalityError":
        return f"received {short(value)}, whose unit has the wrong dimension"
    return f"received {short(value)}, whose unit {short(unit)} is not known"


def check(result: float, name: str, value: Any | None = None) -> float:
    """Return `result` (SI) if it is finite and inside the bounds of the quantity, else raise `InputError`."""
    quantity = lookup(name)
    shown = short(value) if value is not None else show(result, name)
    if not math.isfinite(result):
        raise InputError(f"received {shown}, which is not a finite number", expected=name.replace("_", " "))
    low = result <= quantity.least if quantity.above else result < quantity.least
    if low or result > quantity.most:
        raise InputError(f"received {shown}", expected=f"{name.replace('_', ' ')} {_bounds(name)}")
    return result


def _bounds(name: str) -> str:
    quantity = lookup(name)
    parts = []
    if math.isfinite(quantity.least):
        parts.append(("above " if quantity.above else "at least ") + show(quantity.least, name))
    if math.isfinite(quantity.most):
        parts.append("at most " + show(quantity.most, name))
    return " and ".join(parts)


def show(value: float, name: str, digits: int = 4) -> str:
    """An SI float as a person reads it: show(0.75, 'current_density') -> '75 uA/cm2'."""
    quantity = lookup(name)
    if not math.isfinite(value):
        return str(value)
    number = _convert(value, quantity.unit, quantity.shown) if quantity.shown else value
    return f"{number:.{digits}g} {quantity.shown}".rstrip()


def span(seconds: float) -> str:
    """A stretch of time as a person says it: span(203760.0) -> '56.6 h'."""
    if abs(seconds) >= 7200.0:
        return f"{seconds / 3600.0:.4g} h"
    return f"{seconds / 60.0:.3g} min" if abs(seconds) >= 120.0 else f"{seconds:.3g} s"


def in_unit(value: float, name: str, unit: str) -> float:
    """An SI float of the named quantity in another unit."""
    return _convert(float(value), lookup(name).unit, unit)


@functools.lru_cache(maxsize=1024)
def linear(unit: str, to: str) -> tuple[float, float]:
    """(scale, offset) that turn a number in `unit` into one in `to`, for whole columns: scale * number + offset."""
    try:
        zero, one = _convert(0.0, unit, to), _convert(1.0, unit, to)
    except Exception:  # pint raises a dozen kinds
        raise InputError(f"received the unit {short(unit)}", expected=f"a unit that can become {to}") from None
    return (one - zero, zero) if zero else (one, 0.0)


def reader(name: str) -> Callable[..., float]:
    """A function that parses the named quantity; it raises ValueError so that pydantic collects it."""

    def read(value: object, info: object) -> float:  # pydantic passes `info` only to a function that requires it
        context = getattr(info, "context", None) or {}
        try:
            if context.get("si") and isinstance(value, (int, float)) and not isinstance(value, bool):
                return check(float(value), name)  # a record's own cell, read back
            return parse(value, name)
        except InputError as error:
            raise ValueError(str(error)) from None

    return read
