"""The short model inside PyBaMM: stack pressure, contact, filaments and shorts as states beside any half-cell model.

    values = pybamm.ParameterValues("Xu2019")
    values.update(short_parameters(area=1.54e-4, lithium_thickness=5e-4, ...), check_already_exists=False)
    model = add_short_model(pybamm.lithium_ion.DFN({"working electrode": "positive"}))
    pybamm.Simulation(model, parameter_values=values, experiment=...).solve()

Three currents, in A/m2 and positive while the cell charges: what the cycler applies, j; what passes the electrolyte and
plates lithium, j_ion = j - V G with the conductance G of the short; and what leaves the active material,
j_host = j_ion - j_ox where electrolyte is oxidised. The host model is driven by j_host, which one algebraic equation
ties to j. Constriction and interphase add j_ion R to the host's voltage; charge transfer at lithium stays the host's.
The host's own separator and lithium kinetics see j_host where they should see j_ion; the oxidation between them is a
few uA/cm2, so that this misses less than 0.2 mV, and nothing where no oxidation is modelled.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from lithostat.experiment.errors import InputError
from lithostat.fullcell import interface
from lithostat.fullcell.cathode import Losses, NoLosses, SteppedLosses
from lithostat.fullcell.engine import Symbols, pybamm
from lithostat.fullcell.numbers import Numbers
from lithostat.model.interface import CONTACT_LOST, FILAMENT_LENGTH, View, critical_length
from lithostat.model.parameters import Laws
from lithostat.physics import contact, fixture, short_circuit
from lithostat.physics.constants import FARADAY
from lithostat.physics.types import Values

SWITCH = 1e-8  # filament length over which a short sets in, where no event does it [m]
# Surface stoichiometry at which the cathode counts as empty or full: beyond it the open-circuit curve means nothing,
# and with no voltage limit PyBaMM's models run on to any voltage.
EMPTY, FULL = 0.2, 0.993
BRIM = 0.9999  # of any host's cathode
STRIPS = 1e-6  # current from which an electrode counts as stripped [A/m2]
PLENTY = 1e3  # units of lithium of an electrode that nobody asks for any
_VOLTAGE_EVENTS = (
    "Minimum voltage [V]",
    "Maximum voltage [V]",
    "Minimum voltage switch [V]",
    "Maximum voltage switch [V]",
)


class Control(NamedTuple):
    """What acts on the cell from outside, as PyBaMM expressions, and how a short begins.

    `current` [A] is PyBaMM's, positive on discharge. `shorted` is None where nobody watches: the filament itself then
    switches the short on, and the memory of the contact follows the pressure by a rate; else it is 0 or 1 from whoever
    watches the event 'Short' and brings the memory up between solves. `constant_voltage` is 1 while `voltage` [V] is
    held.
    """

    current: Values
    pressure: Values  # the fixture is set to [Pa]
    fabrication: Values  # pressure before the start [Pa]
    growth: Values = 0.0  # of the stack when the pressure was set [m]
    clamped: Values = 0.0  # 1 while the pressure is kept whatever the fixture
    shorted: Values = None
    constant_voltage: Values = 0.0
    voltage: Values = 0.0
    flowing: Values = 1.0  # 0 while no current is applied


class _HostCurrent(pybamm.external_circuit.BaseModel):
    """The host's current as an algebraic variable; its equation is added once the voltage is known."""

    def get_fundamental_variables(self) -> dict[str, Any]:
        """The variable, under the names that the host's submodels ask for."""
        current = pybamm.Variable("Host current [A]", scale=self.param.Q)
        density = current / (self.param.n_electrodes_parallel * self.param.A_cc)
        return {
            "Host current [A]": current,
            "Total current density [A.m-2]": density,
            "Current variable [A]": self.param.current_with_time,
            "Current [A]": self.param.current_with_time,
            "C-rate": self.param.current_with_time / self.param.Q,
        }

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """A guess."""
        self.initial_conditions[variables["Host current [A]"]] = pybamm.Scalar(0.0)


def add_short_model(
    host: Values,
    *,
    control: Control | None = None,
    counter: str = "lithium",
    losses: Losses | SteppedLosses | NoLosses | None = None,
    single_ion: bool = False,
    laws: Laws | None = None,
    collector: bool = False,
) -> Values:
    """A new model: the half-cell `host` (SPM, SPMe or DFN, working electrode positive) with the short model beside it.

    `control` None takes current, pressures and the switch from the parameter set ('Current function [A]',
    'Stack pressure [Pa]', 'Fabrication pressure [Pa]'), as `pybamm.Simulation` and `Experiment` expect. `counter`
    'lithium' has filaments, 'alloy' (Li-In) has neither filaments nor a contact law, only books. `losses` are those of
    the cathode. `single_ion` keeps the salt concentration constant, exact where the transference number is 1, and saves
    its states. `laws` chooses among the laws of `physics.families`. With `collector` the metal
    begins without lithium. The host is not changed. Raises `InputError` for a
    model that is no half-cell with a positive electrode.
    """
    options = dict(host.options)
    if options.get("working electrode") != "positive":
        raise InputError(
            f"received a model with working electrode '{options.get('working electrode')}'",
            expected="a PyBaMM half-cell model, e.g. pybamm.lithium_ion.DFN({'working electrode': 'positive'})",
        )
    if counter not in ("lithium", "alloy"):
        raise InputError(f"received counter electrode '{counter}'", expected="'lithium' or 'alloy'")
    losses = losses or NoLosses()
    model = type(host)({**options, **losses.options}, name=f"{host.name} with the short model", build=False)
    model.submodels["external circuit"] = _HostCurrent(model.param, model.options)
    if single_ion:
        model.submodels["electrolyte diffusion"] = pybamm.electrolyte_diffusion.ConstantConcentration(
            model.param, model.options
        )
    model.build_model()
    given = control or Control(
        current=model.param.current_with_time,
        pressure=pybamm.Parameter("Stack pressure [Pa]"),
        fabrication=pybamm.Parameter("Fabrication pressure [Pa]"),
    )
    _couple(model, given, losses, laws or Laws(), metal=counter == "lithium", collector=collector)
    return model


def _couple(
    model: Values,
    control: Control,
    losses: Losses | SteppedLosses | NoLosses,
    laws: Laws,
    *,
    metal: bool,
    collector: bool,
) -> None:
    """Add states, rates, the equation of the current, voltage, events and variables to a built host."""
    p: Values = Numbers()
    variables, area = model.variables, model.param.n_electrodes_parallel * model.param.A_cc
    y = interface.states(1 if metal else 0)
    books = _Books.opened()
    host_current, host_voltage = variables["Host current [A]"], variables["Voltage [V]"]
    temperature = model.param.T_init
    j_host = -host_current / area
    lost = losses.couple(model, j_host, host_voltage, temperature)  # the host's voltage is against lithium
    j_ion = j_host + lost.oxidation
    inserted = books.ionic - lost.variables["Oxidised charge [C.m-2]"]

    cathode = -p.lithiation_volume * inserted / FARADAY
    growth = interface.swelling(y, p) + cathode if metal else cathode
    pressure = _pressed(control, y, growth, p, metal)
    resistance, seen, limit = _in_series(model, y, pressure, j_ion, laws, metal)
    # PyBaMM's half-cells count against lithium whatever 'Negative electrode OCP [V]' says
    counter: Values = pybamm.Scalar(0.0) if metal else pybamm.Parameter("Counter electrode potential [V]")
    voltage = host_voltage - counter + j_ion * resistance
    j_leak = short_circuit.leak_current(voltage, books.conductance)
    applied = -(j_ion + j_leak) * area

    model.algebraic[host_current] = (1.0 - control.constant_voltage) * (applied - control.current) / model.param.Q + (
        control.constant_voltage
    ) * (voltage - control.voltage)
    books.keep(model, j_ion, j_leak)
    if metal and seen is not None:
        _grow(model, control, y, seen, j_ion, pressure, temperature, laws)
        model.rhs[books.conductance] = conductance_rate(control.shorted, books.conductance, seen.filament, limit, p)
    _replace_events(model, control, voltage, seen, limit, y)
    if collector and seen is not None:
        _let_it_be_bare(model, control, y, j_ion)
    variables.update(
        {
            "Host voltage [V]": host_voltage,
            "Voltage [V]": voltage,
            "Battery voltage [V]": voltage * pybamm.Parameter("Number of cells connected in series to make a battery"),
            "Applied current density [A.m-2]": -applied / area,
            "Ionic current density [A.m-2]": j_ion,
            "Leak current density [A.m-2]": j_leak,
            "Stack pressure [Pa]": pressure,
            "Stack growth [m]": growth,
            "Charge out of active material [C.m-2]": inserted,
            **books.variables,
            **lost.variables,
            **(_seen_variables(seen, limit, y) if metal and seen is not None else {}),
        }
    )


class _Books(NamedTuple):
    """States that are counted and drive nothing in the host: the electronic path, and charges per area."""

    conductance: pybamm.Variable
    ionic: pybamm.Variable
    leaked: pybamm.Variable

    @classmethod
    def opened(cls) -> _Books:
        """As states of a model, each with its size."""
        charges = (pybamm.Variable(f"{word} charge [C.m-2]", scale=1e4) for word in ("Ionic", "Leaked"))
        return cls(pybamm.Variable("Short conductance [S.m-2]", scale=1.0), *charges)

    @property
    def variables(self) -> dict[str, pybamm.Variable]:
        """The states by their names."""
        return {state.name: state for state in self}

    def keep(self, model: pybamm.BaseModel, j_ion: Values, j_leak: Values) -> None:
        """Their rates and starts; the path does not grow by itself."""
        model.rhs |= {self.ionic: j_ion, self.leaked: j_leak}
        model.initial_conditions |= dict.fromkeys([self.ionic, self.leaked, self.conductance], pybamm.Scalar(0.0))
        model.rhs[self.conductance] = pybamm.Scalar(0.0)


def _in_series(
    model: pybamm.BaseModel, y: interface.States, pressure: Values, j_ion: Values, laws: Laws, metal: bool
) -> tuple[Values, View | None, Values]:
    """What is in series with the host [ohm m2], what is seen of the lithium, and the length that shorts [m]."""
    p: Values = Numbers()
    resistance: Values = pellet_resistance(model) + contact.composite_resistance(
        pressure,
        reference=p.cathode_contact_resistance,
        reference_pressure=p.cathode_contact_pressure,
        adhesion=p.adhesion_pressure,
        xp=Symbols,
    )
    seen: View | None = None
    limit: Values = None
    if metal:
        (seen,) = interface.observe(y, pressure, p, laws)
        resistance = resistance + seen.constriction + seen.film
        eta = Symbols.maximum(j_ion, 0.0) * (seen.constriction + seen.film + p.charge_transfer_seen)
        limit = critical_length(pressure, eta, model.param.s.L, p, laws, xp=Symbols)
    return resistance, seen, limit


def _grow(
    model: pybamm.BaseModel,
    control: Control,
    y: interface.States,
    seen: View,
    j_ion: Values,
    pressure: Values,
    temperature: Values,
    laws: Laws,
) -> None:
    """Rates and starts of the lithium interface."""
    p: Values = Numbers()
    holder = interface.HeldStack(pressure, control.pressure, 1.0 - control.clamped)
    pellet = interface.PelletState(temperature, pellet_conductivity(model), p.charge_transfer_seen)
    model.rhs |= interface.rates(y, (seen,), (j_ion,), holder, pellet, p, laws)
    if control.shorted is None:  # nobody watches
        for state, rate in interface.following(y, pressure, p).items():
            model.rhs[state] = model.rhs[state] + rate
    model.initial_conditions |= interface.initial(y, p, laws, control.fabrication)


def _let_it_be_bare(model: pybamm.BaseModel, control: Control, y: interface.States, j_ion: Values) -> None:
    """A collector may be bare: lithium is only missed where it is taken from it."""
    unasked = Symbols.maximum(1.0 - control.flowing, j_ion > -STRIPS)
    spent = y.lithium[0].metal / 1e-5 + PLENTY * unasked
    model.events = [each for each in model.events if each.name != "Lithium spent"]
    model.events.append(pybamm.Event("Lithium spent", spent))


def _pressed(control: Control, y: interface.States, growth: Values, p: Values, metal: bool) -> Values:
    """Stack pressure [Pa] that the fixture gives at a growth of the stack [m]."""
    stiffness, relaxing = p.frame_stiffness * (1.0 - control.clamped), 1.0 - control.clamped
    gave_up = relaxing * y.relaxed if metal else 0.0
    held = fixture.frame_pressure(control.pressure, growth - control.growth, gave_up, stiffness=stiffness)
    return Symbols.maximum(held, 0.0)


def _seen_variables(seen: View, limit: Values, y: interface.States) -> dict[str, Values]:
    """What is seen of the lithium electrode."""
    return {
        "Contact fraction": seen.contact,
        "Filament length [m]": seen.filament,
        "Critical filament length [m]": limit,
        "Interphase thickness [m]": y.memory.interphase,
        "Void thickness [m]": y.lithium[0].void,
        "Lithium thickness [m]": y.lithium[0].metal,
        "Interface resistance [Ohm.m2]": seen.constriction + seen.film,
    }


def conductance_rate(shorted: Values, conductance: Values, length: Values, limit: Values, p: Values) -> Values:
    """Growth of the electronic path [S/(m2 s)]: none before the short, then towards the hard one.

    With `shorted` None the filament switches it on within `SWITCH` of the critical length, at first to the soft
    conductance within a second; once there, a path stays (healing is not described). Else the caller sets the soft
    conductance when the event comes.
    """
    hardening = short_circuit.hardening_rate(conductance, hard=p.short_conductance, time=p.hardening_time)
    if shorted is not None:
        return shorted * hardening
    through = pybamm.sigmoid(limit, length, 1.0 / SWITCH)
    on = Symbols.maximum(through, conductance > 0.5 * p.soft_conductance)
    jump = Symbols.maximum(p.soft_conductance - conductance, 0.0) / interface.CATCH_UP
    return on * (hardening + jump)


def pellet_resistance(model: Values) -> Values:
    """What the host leaves out of the separator [ohm m2]: all of it for the SPM, which has no electrolyte."""
    simple = isinstance(model, pybamm.lithium_ion.SPM) and not isinstance(model, pybamm.lithium_ion.SPMe)
    if not simple:
        return pybamm.Scalar(0.0)
    return model.param.s.L / pellet_conductivity(model)


def pellet_conductivity(model: Values) -> Values:
    """Of the separator as the host's parameters have it, mean over its thickness [S/m]."""
    parts = model.param
    sigma = parts.kappa_e(parts.c_e_init, parts.T_init) * parts.s.epsilon_init**parts.s.b_e
    return 1.0 / pybamm.x_average(1.0 / sigma)


def _replace_events(
    model: Values, control: Control, voltage: Values, seen: Values, limit: Values, y: interface.States
) -> None:
    """Voltage limits on the whole cell's voltage; and the short, the lost contact and the spent lithium."""
    event = pybamm.Event
    model.events = [each for each in model.events if each.name not in _VOLTAGE_EVENTS]
    surface = model.variables["X-averaged positive particle surface stoichiometry"]
    if control.shorted is None:
        # a cell that discharges itself through its short fills the cathode, after which no current solves the host
        model.events += [
            event("Minimum voltage [V]", voltage - model.param.voltage_low_cut),
            event("Maximum voltage [V]", model.param.voltage_high_cut - voltage),
            event("Cathode full", BRIM - surface),
        ]
    else:
        model.events += [event("Cathode empty", surface - EMPTY), event("Cathode full", FULL - surface)]
    if seen is None:
        return
    if control.shorted is not None:
        left = (limit - seen.filament) / FILAMENT_LENGTH
        model.events.append(event("Short", left * (1.0 - control.shorted) + control.shorted))
    model.events += [
        event("Contact lost", Symbols.maximum(seen.contact / CONTACT_LOST - 1.0, 1.0 - control.flowing)),
        event("Lithium spent", y.lithium[0].metal / 1e-5),
    ]
