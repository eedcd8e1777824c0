"""Losses of the cathode as additions to a PyBaMM half-cell model: oxidised electrolyte and lost contact."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lithostat.fullcell.cathode_laws import contact_loss_rate, oxidation_current
from lithostat.fullcell.engine import Symbols, pybamm
from lithostat.physics.types import Values

NAMES = {
    "reference_charge": "Oxidised charge after reference time [C.m-2]",
    "reference_time": "Oxidation reference time [s]",
    "exponent": "Oxidation exponent",
    "onset": "Oxidation onset potential [V]",
    "weak": "Share of active material in weak contact",
    "throughput": "Contact loss throughput [C.m-2]",
}


class CathodeLost(NamedTuple):
    """What the losses give the rest of the model."""

    oxidation: Values  # current [A/m2]
    variables: dict[str, Any]


@dataclass(frozen=True)
class NoLosses:
    """A cathode that loses nothing."""

    options: dict[str, Any] = field(default_factory=dict)

    def couple(self, model: Values, current: Values, potential: Values, temperature: Values) -> CathodeLost:
        """Nothing is added."""
        zero = pybamm.Scalar(0.0)
        names = ("Oxidised charge [C.m-2]", "Oxidation current density [A.m-2]", "Lithium in lost material [mol.m-2]")
        area = model.param.n_electrodes_parallel * model.param.A_cc
        held = model.variables["Total lithium in positive electrode [mol]"] / area
        share = {"Share of active material in contact": pybamm.Scalar(1.0), "Lithium in cathode [mol.m-2]": held}
        return CathodeLost(zero, dict.fromkeys(names, zero) | share)


SHARE, UNREACHABLE = "Share in contact", "Unreachable lithium [mol.m-2]"


@dataclass(frozen=True)
class SteppedLosses:
    """As `Losses`, but the share in contact is an input that the caller renews after every step.

    Contact is lost with charge, and the law has a solution: so nothing is lost by stepping but the small change within
    a step. What is gained: all balances of lithium are sums of states and not products, and a solver keeps those to
    rounding. With the share as a state the books close to 4e-6 at a tolerance of 1e-5, with this to 1e-9.
    """

    options: dict[str, Any] = field(default_factory=dict)

    def couple(self, model: Values, current: Values, potential: Values, temperature: Values) -> CathodeLost:
        """Add the oxidised charge. The volume fraction of the parameter set must contain the input `SHARE`."""
        charge, oxidation = _oxidise(model, potential, temperature)
        area = model.param.n_electrodes_parallel * model.param.A_cc
        return CathodeLost(
            oxidation,
            {
                "Oxidised charge [C.m-2]": charge,
                "Oxidation current density [A.m-2]": oxidation,
                "Lithium in lost material [mol.m-2]": pybamm.InputParameter(UNREACHABLE),
                "Lithium in cathode [mol.m-2]": model.variables["Total lithium in positive electrode [mol]"] / area,
                "Share of active material in contact": pybamm.InputParameter(SHARE),
            },
        )


@dataclass(frozen=True)
class Losses:
    """Oxidation beside the delithiation, and active material that loses contact; numbers under `NAMES`.

    PyBaMM's option 'loss of active material' supplies the states (volume fraction, and the lithium that goes out of
    reach with it); their rates are replaced by the law here, which counts the charge of the active material alone.
    """

    options: dict[str, Any] = field(default_factory=lambda: {"loss of active material": ("none", "current-driven")})

    def couple(self, model: Values, current: Values, potential: Values, temperature: Values) -> CathodeLost:
        """Add the oxidised charge and the law of lost contact. `current` [A/m2] leaves the active material."""
        charge, oxidation = _oxidise(model, potential, temperature)
        share = self._replace_rates(model, current, {key: pybamm.Parameter(name) for key, name in NAMES.items()})
        area = model.param.n_electrodes_parallel * model.param.A_cc
        lost = model.variables["Loss of lithium due to loss of active material in positive electrode [mol]"] / area
        return CathodeLost(
            oxidation,
            {
                "Oxidised charge [C.m-2]": charge,
                "Oxidation current density [A.m-2]": oxidation,
                "Lithium in lost material [mol.m-2]": lost,
                "Lithium in cathode [mol.m-2]": model.variables["Total lithium in positive electrode [mol]"] / area,
                "Share of active material in contact": share,
            },
        )

    def _replace_rates(self, model: Values, current: Values, number: dict[str, Any]) -> Values:
        """Put the law of lost contact in place of PyBaMM's; returns the mean share in contact."""
        variables, param = model.variables, model.param
        lithium = variables["Loss of lithium due to loss of active material in positive electrode [mol]"]
        (fraction,) = (v for v in model.rhs if "active material volume fraction" in v.name and "ositive" in v.name)
        whole = pybamm.x_average(param.p.prim.epsilon_s)
        share = (pybamm.x_average(fraction) if fraction.domain == ["positive electrode"] else fraction) / whole
        rate = contact_loss_rate(share, current, weak=number["weak"], throughput=number["throughput"], xp=Symbols)
        # every particle loses in proportion, so that the profile over the thickness keeps its shape
        model.rhs[fraction] = fraction * rate / share
        held = variables["Total lithium in positive electrode [mol]"]
        model.rhs[lithium] = -held * rate / share
        return share


def _oxidise(model: Values, potential: Values, temperature: Values) -> tuple[Values, Values]:
    """Add the oxidised charge as a state; returns it and the current [A/m2]."""
    number = {key: pybamm.Parameter(name) for key, name in NAMES.items()}
    charge = pybamm.Variable("Oxidised charge [C.m-2]", scale=1e3)
    current = oxidation_current(
        charge,
        potential,
        temperature,
        reference_charge=number["reference_charge"],
        reference_time=number["reference_time"],
        exponent=number["exponent"],
        onset=number["onset"],
        xp=Symbols,
    )
    model.rhs[charge] = current
    model.initial_conditions[charge] = pybamm.Scalar(0.0)
    return charge, current
