"""A model made ready to run: discretised, its solver set up, its states reachable, its outputs compiled."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse

from lithostat.fullcell.cathode import SHARE, UNREACHABLE
from lithostat.fullcell.engine import pybamm
from lithostat.fullcell.short_model import Control

RAMP, TEMPERATURE = "Pressure ramp [Pa.s-1]", "Cell temperature [K]"
CONTROLS = {  # inputs of the model and their values where nothing acts
    "Current function [A]": 0.0,  # PyBaMM's, positive on discharge
    "Set pressure [Pa]": 0.0,
    RAMP: 0.0,
    TEMPERATURE: 298.15,
    "Growth at setting [m]": 0.0,
    "Clamped": 0.0,
    "Shorted": 0.0,
    "Constant voltage": 0.0,
    "Held voltage [V]": 0.0,
    "Flowing": 0.0,
    "Upper limit [V]": 1e3,
    "Lower limit [V]": -1e3,
    "Pressure above [Pa]": 1e12,
    "Pressure below [Pa]": -1e12,
    "Least current [A.m-2]": -1e3,
    SHARE: 1.0,
    UNREACHABLE: 0.0,
}
LIMITS = {  # name of an event -> what ended the step
    "Upper voltage": "voltage limit",
    "Lower voltage": "voltage limit",
    "Pressure above": "pressure limit",
    "Pressure below": "pressure limit",
    "Least current": "current limit",
    "Short": "short",
    "Contact lost": "contact lost",
    "Lithium spent": "lithium spent",
    "Cathode empty": "cathode empty",
    "Cathode full": "cathode full",
}
FAILED = "failure"  # where an event would be named
INSTANT = 1e-6  # long enough for the solver to make potentials fit the states [s]


def inputs(*, ramped: bool = False) -> Control:
    """The control of a model that a plant runs: everything an input. `ramped` lets the set pressure rise in a solve."""
    x = pybamm.InputParameter
    held = x("Set pressure [Pa]")
    return Control(
        current=x("Current function [A]"),
        pressure=held + x(RAMP) * pybamm.t if ramped else held,
        fabrication=pybamm.Scalar(0.0),
        growth=x("Growth at setting [m]"),
        clamped=x("Clamped"),
        shorted=x("Shorted"),
        constant_voltage=x("Constant voltage"),
        voltage=x("Held voltage [V]"),
        flowing=x("Flowing"),
    )


def limits(variables: Mapping[str, Any], wanted: Collection[str]) -> list[Any]:
    """Events for those limits of a program that are `wanted`, each an input; a current counts in size [A/m2].

    An event that can never come is not built: the solver looks at each of them in every step.
    """
    voltage, pressure = variables["Voltage [V]"], variables["Stack pressure [Pa]"]
    current = variables["Applied current density [A.m-2]"]
    x = pybamm.InputParameter
    size = pybamm.maximum(current, -current)
    every = {
        "upper": pybamm.Event("Upper voltage", x("Upper limit [V]") - voltage),
        "lower": pybamm.Event("Lower voltage", voltage - x("Lower limit [V]")),
        "pressure_above": pybamm.Event("Pressure above", (x("Pressure above [Pa]") - pressure) / 1e6),
        "pressure_below": pybamm.Event("Pressure below", (pressure - x("Pressure below [Pa]")) / 1e6),
        "least_current": pybamm.Event("Least current", size - x("Least current [A.m-2]")),
    }
    return [event for limit, event in every.items() if limit in wanted]


class SolverTolerance(NamedTuple):
    """Of the solver, relative and absolute (in the unit each state is scaled by), and of the place of an event."""

    relative: float = 1e-6  # at 1e-5 a retention after 100 cycles wanders by 4e-3, for no less time
    absolute: float = 1e-8
    event: float = 1e-8


class Stretch(NamedTuple):
    """One solve: local times [s], states at them (states, times), and what ended it: None, an event or `FAILED`."""

    times: np.ndarray
    states: np.ndarray
    event: str | None


class Plant:
    """A coupled model with numbers put in. `outputs` are the variables that can be observed, by name."""

    def __init__(
        self,
        model: pybamm.BaseModel,
        values: pybamm.ParameterValues,
        outputs: tuple[str, ...],
        tolerance: SolverTolerance,
    ) -> None:
        wanted = {name: model.variables[name] for name in outputs}
        model.variables = {}  # the hundreds of others are never looked at
        values = values.copy()
        values.process_model(model)
        geometry = model.default_geometry if model.default_geometry is not None else {}
        values.process_geometry(geometry)
        mesh = pybamm.Mesh(geometry, model.default_submesh_types, model.default_var_pts)
        disc = pybamm.Discretisation(mesh, model.default_spatial_methods)
        self._slices = self._places(model)
        self.model = disc.process_model(model, inplace=False)
        self.names = outputs
        expressions = [disc.process_symbol(values.process_symbol(expression)) for expression in wanted.values()]
        self._observer = _compiled(expressions, self.model.len_rhs_and_alg)
        self._voltage = expressions[outputs.index("Voltage [V]")]
        self.solver = pybamm.IDAKLUSolver(
            rtol=tolerance.relative,
            atol=tolerance.absolute,
            root_tol=tolerance.event,
            on_failure="ignore",  # gives what was computed until then
            options={
                "max_num_steps": 200_000,
                # SUNDIALS' own default; with PyBaMM's 40 a stale Jacobian is kept for dozens of evaluations
                "max_nonlinear_iterations": 4,
                "suppress_algebraic_error": True,  # potentials follow the states; they need no step of their own
            },
        )
        self._linear: Any = None  # made when it is asked for
        self._at = {name: (disc.y_slices[key][0].start, scale) for name, (key, scale) in self._slices.items()}

    @staticmethod
    def _places(model: pybamm.BaseModel) -> dict[str, tuple[Any, float]]:
        return {
            key.name: (key, float(key.scale.evaluate()))
            for key in (*model.rhs, *model.algebraic)
            if not key.domain and key.scale.is_constant()
        }

    def start(self) -> np.ndarray:
        """The initial state."""
        return np.asarray(self.model.concatenated_initial_conditions.evaluate(0, inputs=CONTROLS), float).ravel()

    def get(self, state: np.ndarray, name: str) -> float:
        """One scalar state, SI."""
        index, scale = self._at[name]
        return float(state[index] * scale)

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the scalar states."""
        return tuple(self._at)

    def put(self, state: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
        """A copy of `state` with scalar states replaced by name, SI."""
        changed = state.copy()
        for name, value in values.items():
            index, scale = self._at[name]
            changed[index] = value / scale
        return changed

    def solve(self, state: np.ndarray, duration: float, samples: np.ndarray, acting: Mapping[str, float]) -> Stretch:
        """Integrate for `duration` [s] or to the first event; results at the local times `samples` and at the end.

        With `duration` 0 the potentials are made to fit and nothing else happens. What was computed before the solver
        failed is given with `FAILED`; `pybamm.SolverError` where there is nothing. An event that holds from the start
        ends it at once.
        """
        before = pybamm.Solution(np.zeros(1), state[:, None], self.model, dict(acting), termination="final time")
        try:
            solution = self.solver.step(
                before,
                self.model,
                duration or INSTANT,
                inputs=dict(acting),
                save=False,
                t_interp=np.append(samples, duration) if duration else None,
            )
        except pybamm.SolverError as error:
            known = re.search(r"Events? \[(.*?)\] (?:are|is) non-positive at initial", str(error))
            if known is None:
                raise
            return Stretch(np.zeros(1), state[:, None], known[1].split(",")[0].strip(" '\""))
        if not duration:
            return Stretch(np.zeros(1), np.asarray(solution.y)[:, :1], None)
        event = solution.termination.removeprefix("event: ") if solution.termination.startswith("event") else None
        if solution.termination == FAILED:
            event = FAILED
        return Stretch(np.asarray(solution.t), np.asarray(solution.y), event)

    def observe(
        self, states: np.ndarray, acting: Mapping[str, float], times: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """The outputs of states (states, times), by name; `times` [s] since the pressure was set, where it rises."""
        held: dict[str, Any] = dict(acting)
        if times is not None and acting[RAMP]:
            held |= {"Set pressure [Pa]": acting["Set pressure [Pa]"] + acting[RAMP] * times, RAMP: 0.0}
        return dict(zip(self.names, self._observer(states, held), strict=True))

    def response(self, state: np.ndarray, acting: Mapping[str, float], frequency: np.ndarray) -> np.ndarray:
        """Small-signal response of the voltage to the applied current about a state [ohm], (frequencies,) complex.

        The model is linearised about the state: M dx/dt = J x + B I, V = C x, so Z = -C (jw M - J)^-1 B with PyBaMM's
        sign of the current. Drift of the state itself is not part of it.
        """
        from scipy.sparse.linalg import spsolve

        if self._linear is None:
            self._linear = _linearised(self.model, self._voltage)
        jacobian, drive, out = (np.asarray(part) for part in self._linear(state, [acting[n] for n in CONTROLS]))
        mass = self.model.mass_matrix.entries.tocsc()
        jacobian = scipy.sparse.csc_matrix(jacobian)
        omega = 2.0 * np.pi * np.asarray(frequency, float)
        return np.array([-(out @ spsolve(1j * w * mass - jacobian, drive.astype(complex)))[0] for w in omega])


def _compiled(expressions: list[Any], size: int) -> Callable[[np.ndarray, Mapping[str, float]], np.ndarray]:
    """One compiled function of all outputs; each expression is a number or a vector of one."""
    import casadi

    y, given = casadi.MX.sym("y", size), casadi.MX.sym("p", len(CONTROLS))
    named = dict(zip(CONTROLS, casadi.vertsplit(given), strict=True))
    rows = [casadi.sum1(casadi.vertcat(each.to_casadi(casadi.MX(0.0), y, inputs=named))) for each in expressions]
    function = casadi.Function("outputs", [y, given], [casadi.vertcat(*rows)])

    def evaluate(states: np.ndarray, acting: Mapping[str, Any]) -> np.ndarray:
        here = np.array([np.broadcast_to(acting[name], states.shape[1]) for name in CONTROLS])
        return np.asarray(function(states, here))

    return evaluate


def _linearised(model: pybamm.BaseModel, voltage: pybamm.Symbol) -> Any:
    """A compiled function of a state and the controls: Jacobians of the equations and of the voltage."""
    import casadi

    size = model.len_rhs_and_alg
    y, given = casadi.MX.sym("y", size), casadi.MX.sym("p", len(CONTROLS))
    named = dict(zip(CONTROLS, casadi.vertsplit(given), strict=True))
    now = casadi.MX(0.0)
    parts = [model.concatenated_rhs, model.concatenated_algebraic]
    speed = casadi.vertcat(*(part.to_casadi(now, y, inputs=named) for part in parts if part.size))
    volts = voltage.to_casadi(now, y, inputs=named)
    current = list(CONTROLS).index("Current function [A]")
    by_current = casadi.jacobian(speed, given)[:, current]
    return casadi.Function("linear", [y, given], [casadi.jacobian(speed, y), by_current, casadi.jacobian(volts, y)])
