"""The numbers of a full cell as a PyBaMM parameter set: from the cell and its cards, each with its source.

The open-circuit potential of NCA is PyBaMM's `nca_ocp_Kim2011` (Kim et al. 2011, J. Electrochem. Soc. 158, A955). Its
source calls the material NCA and does not print a composition; it was used from 0.41 to 0.936 lithium per formula (4.11
to 3.51 V). The paper's limits need it from about 0.31 (4.32 V), where the polynomial still falls steadily, to 0.97.
Below 0.41 it is extrapolation; at 4.3 V it gives 182 mAh/g.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from lithostat.experiment.cell import OF_CATHODE, Cell
from lithostat.experiment.errors import InputError
from lithostat.experiment.quantity import show
from lithostat.experiment.source import Value
from lithostat.fullcell.cathode import NAMES as LOSSES
from lithostat.fullcell.cathode_laws import hindered_diffusivity
from lithostat.fullcell.engine import Symbols
from lithostat.fullcell.numbers import parameter_name
from lithostat.materials.card import find, known_value, stated_or_card
from lithostat.model.parameters import Laws, Parameters
from lithostat.model.resolve import resolve, worst_spot
from lithostat.physics.conduction import conductivity
from lithostat.physics.constants import FARADAY, GAS
from lithostat.physics.types import Values

KINETICS = "Exchange-current density for lithium metal electrode [A.m-2]"
LITHIUM_PER_LPSCL = 6.0 / 0.26842  # lithium in Li6PS5Cl [mol/kg]


class FullNumbers(NamedTuple):
    """What a full cell comes down to: numbers in SI by name, laws, where each came from, what looks wrong."""

    number: dict[str, float]
    laws: Laws
    values: dict[str, Value]
    warnings: tuple[str, ...]


def resolve_full(cell: Cell) -> FullNumbers:
    """Look up all numbers of `cell`; what the cell states goes before its cards. `InputError` where one is missing."""
    lithium_side = resolve(cell)
    counter, active = cell.electrode.material or "lithium", _material(cell)
    alloy = cell.electrode.metal is None
    places = [("cell.cathode.material", active, (*OF_CATHODE, "density", "electronic_conductivity"))]
    if alloy:
        places.append(("cell.electrode.material", counter, ("potential_vs_lithium",)))
    values = lithium_side.values | {
        name: stated_or_card(cell.parameters, name, card, place) for place, card, names in places for name in names
    }
    number = {name: value.value for name, value in values.items()} | lithium_side.parameters._asdict()
    number.setdefault("potential_vs_lithium", 0.0)
    number["focusing"] = worst_spot(number["focusing"], lithium_side.scatter, cell.area)
    warnings = lithium_side.warnings
    if alloy:
        warnings += ("no law of contact, interphase or filaments is known for Li-In: it cannot short here",)
    return FullNumbers(number | _geometry(cell, number), lithium_side.laws, values, warnings)


def _material(cell: Cell) -> str:
    return str(cell.need("cathode.material", "to simulate"))


def _geometry(cell: Cell, number: dict[str, float]) -> dict[str, float]:
    """Thickness and volume fractions of the composite, and amounts per area, from weights and densities."""
    parts, loading = cell.need("cathode.composition", "to simulate"), cell.loading
    solid = {
        "active": loading / number["density"],
        "electrolyte": loading
        * parts.electrolyte
        / parts.active
        / known_value(cell.need("cathode.electrolyte", "to simulate"), "theoretical_density").value,
        "carbon": loading * parts.carbon / parts.active / find(cell.cathode.carbon).value("density").value,
    }
    full = sum(solid.values())
    if cell.cathode.thickness is not None:
        thickness = cell.cathode.thickness
        if thickness < full:
            raise InputError(
                f"a cathode of {show(thickness, 'length')} cannot hold {show(full, 'length')} of solids",
                place="cell.cathode.thickness",
                expected="a larger thickness, or a smaller loading",
            )
    else:
        thickness = full / (1.0 - (cell.cathode.porosity or 0.0))
    most = number["density"] * number["theoretical_capacity"] / FARADAY
    return {
        "cathode_thickness": thickness,
        "active_fraction": solid["active"] / thickness,
        "conductor_fraction": solid["electrolyte"] / thickness,
        "largest_concentration": most,
        "loading": loading,
        "lithiation_volume": number["lithiation_expansion"] / most,
    }


def parameter_values(cell: Cell, *, temperature: float = 298.15) -> dict[str, Any]:
    """The PyBaMM parameter set of `cell` at `temperature` [K], with the entries of the short model and the losses."""
    n = resolve_full(cell).number
    contact = {name: n[name] for name in Parameters._fields} | {
        "charge_transfer_seen": n["charge_transfer_resistance"],
        "lithiation_volume": n["lithiation_volume"],
        "cathode_contact_resistance": n["cathode_contact_resistance"],
        "cathode_contact_pressure": n["cathode_contact_pressure"],
    }
    losses = {
        "reference_charge": n["oxidised_charge"] * n["loading"],
        "reference_time": n["oxidation_time"],
        "exponent": n["oxidation_exponent"],
        "onset": n["oxidation_onset"],
        "weak": n["weak_share"],
        "throughput": n["contact_loss_charge"] * n["loading"],
    }
    return {
        **_host(cell, n, temperature),
        **{parameter_name(name): value for name, value in contact.items()},
        **{LOSSES[name]: value for name, value in losses.items()},
    }


def _host(cell: Cell, n: dict[str, float], temperature: float) -> dict[str, Any]:
    """What PyBaMM's own half-cell models ask for."""
    capacity = (cell.cathode.specific_capacity or 0.6 * n["theoretical_capacity"]) * n["loading"] * cell.area / 3600.0
    pellet = known_value(cell.need("cathode.electrolyte", "to simulate"), "theoretical_density").value
    most = n["largest_concentration"]
    return {
        "chemistry": "lithium_ion",
        "Electrode height [m]": cell.area**0.5,
        "Electrode width [m]": cell.area**0.5,
        "Nominal cell capacity [A.h]": capacity,
        "Current function [A]": 0.1 * capacity,
        "Contact resistance [Ohm]": 0.0,
        "Number of electrodes connected in parallel to make a cell": 1.0,
        "Number of cells connected in series to make a battery": 1.0,
        "Lower voltage cut-off [V]": find(_material(cell)).value("lower_voltage").value - n["potential_vs_lithium"],
        "Upper voltage cut-off [V]": find(_material(cell)).value("upper_voltage").value - n["potential_vs_lithium"],
        "Ambient temperature [K]": temperature,
        "Initial temperature [K]": temperature,
        "Reference temperature [K]": temperature,
        # the counter electrode
        "Negative electrode thickness [m]": n["lithium_thickness"] or 1e-6,  # moves nothing
        "Counter electrode potential [V]": n["potential_vs_lithium"],  # of the short model
        "Negative electrode OCP [V]": 0.0,
        "Negative electrode OCP entropic change [V.K-1]": 0.0,
        "Negative electrode conductivity [S.m-1]": 1.08e7,  # of metal; its drop is nanovolts
        "Negative electrode charge transfer coefficient": 0.5,
        "Negative electrode double-layer capacity [F.m-2]": n["double_layer_capacitance"],
        KINETICS: plating_kinetics(n["charge_transfer_resistance"], temperature),
        # the pellet and the single-ion conductor
        "Separator thickness [m]": n["thickness"],
        "Separator porosity": 1.0,
        "Separator Bruggeman coefficient (electrolyte)": 1.5,
        "Separator Bruggeman coefficient (electrode)": 1.5,
        "Cation transference number": 1.0,
        "Thermodynamic factor": 1.0,
        "Initial concentration in electrolyte [mol.m-3]": pellet * LITHIUM_PER_LPSCL,
        "Electrolyte diffusivity [m2.s-1]": 1e-11,  # moves nothing while the transference number is 1
        "Electrolyte conductivity [S.m-1]": _pellet_conductivity(n),
        # the composite
        "Positive electrode thickness [m]": n["cathode_thickness"],
        "Positive electrode porosity": n["conductor_fraction"],
        "Positive electrode active material volume fraction": n["active_fraction"],
        "Positive electrode conductivity [S.m-1]": n["electronic_conductivity"],
        "Positive electrode Bruggeman coefficient (electrolyte)": n["bruggeman_exponent"],
        "Positive electrode Bruggeman coefficient (electrode)": 0.0,  # carbon carries the electrons
        "Positive electrode OCP [V]": _open_circuit,
        "Positive electrode OCP entropic change [V.K-1]": 0.0,
        "Positive electrode charge transfer coefficient": 0.5,
        "Positive electrode double-layer capacity [F.m-2]": n["double_layer_capacitance"],  # that of lithium, assumed
        "Positive electrode exchange-current density [A.m-2]": _exchange_current(n),
        "Positive electrode current-driven LAM rate": 0.0,  # replaced by the law of lost contact
        "Positive particle radius [m]": n["particle_radius"],
        "Positive particle diffusivity [m2.s-1]": _diffusivity(n),
        "Maximum concentration in positive electrode [mol.m-3]": most,
        "Initial concentration in positive electrode [mol.m-3]": n["assembled_stoichiometry"] * most,
        "citations": [],
    }


def _open_circuit(stoichiometry: Values) -> Values:
    """Open-circuit potential of NCA against lithium [V], see the head of this file."""
    from pybamm.input.parameters.lithium_ion.NCA_Kim2011 import nca_ocp_Kim2011

    return nca_ocp_Kim2011(stoichiometry)


def plating_kinetics(resistance: float, temperature: Values) -> Values:
    """Exchange current of lithium [A/m2] whose charge transfer resistance [ohm m2] is that of the interface card."""
    return GAS * temperature / (FARADAY * resistance) if resistance else 1e6


def _pellet_conductivity(n: dict[str, float]) -> Callable[[Any, Any], Any]:
    def sigma(concentration: Values, temperature: Values) -> Values:
        """Ionic conductivity of the pressed electrolyte [S/m]."""
        return conductivity(
            temperature,
            reference=n["conductivity"],
            activation_energy=n["conductivity_activation_energy"],
            reference_temperature=n["conductivity_temperature"],
            xp=Symbols,
        )

    return sigma


def _exchange_current(n: dict[str, float]) -> Callable[..., Any]:
    def exchange(electrolyte: Values, surface: Values, most: Values, temperature: Values) -> Values:
        """Exchange current of NCA [A/m2], i_0 at half lithiation; the single-ion conductor does not enter."""
        share = surface / most
        return 2.0 * n["exchange_current"] * Symbols.sqrt(share * (1.0 - share))

    return exchange


def _diffusivity(n: dict[str, float]) -> Callable[[Any, Any], Any]:
    def diffusivity(stoichiometry: Values, temperature: Values) -> Values:
        """Diffusivity of lithium in NCA [m2/s], slow near full lithiation."""
        return hindered_diffusivity(
            stoichiometry,
            fast=n["particle_diffusivity"],
            share=n["slow_share"],
            middle=n["slow_stoichiometry"],
            width=n["slow_width"],
            xp=Symbols,
        )

    return diffusivity


def get_parameter_values() -> dict[str, Any]:
    """The cell of Fig. 3 of Doux et al. 2020 as a PyBaMM parameter set, `Doux2020_NCA_Li6PS5Cl`.

    Single-ion: transference number 1, thermodynamic factor 1. Runs with PyBaMM's own half-cell models (working
    electrode positive) and with the short model. The card NCA says what was fitted or
    assumed.
    """
    cell = Cell.from_dict(DOUX2020)
    return parameter_values(cell) | {"Stack pressure [Pa]": 5e6, "Fabrication pressure [Pa]": 25e6}


DOUX2020: dict[str, Any] = {
    "name": "Li | Li6PS5Cl | NCA",
    "kind": "full",
    "electrode": {"material": "lithium", "diameter": "12.7 mm", "thickness": "0.5 mm"},
    "electrolyte": {"material": "Li6PS5Cl", "diameter": "13 mm", "thickness": "1 mm"},
    "cathode": {
        "material": "NCA",
        "electrolyte": "Li6PS5Cl",
        "composition": {"active": 11, "electrolyte": 16, "carbon": 1},
        "areal_loading": "3.55 mg/cm2",
        "porosity": "15 %",  # not in the paper
        "specific_capacity": "150 mAh/g",
    },
}
