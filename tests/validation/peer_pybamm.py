"""The short model of a symmetric cell, written a second time: as a PyBaMM model, integrated by SUNDIALS.

The laws are those of `lithostat.physics`, called with PyBaMM's functions in place of NumPy's. The algebra that joins
them, the protocol and the short are written here from the equations in the documentation and share no code with
`lithostat.simulation`. It covers a constant force at constant temperature, the default laws, and the first short.

How the protocol is solved. A PyBaMM user has three ways to switch a current: an `Experiment` (bound to the battery
models), one `step` for each half-cycle with the current as an input, or one `solve` with a current that is a function
of time and `t_eval` at its jumps. The last is the fastest, by a factor of about two: all half-cycles stay inside one
call of the compiled solver, IDAKLU, which restarts at every point of `t_eval`, so that no step straddles a jump.
`solve_stepping` does the second, as a check on the first and for its time.
"""

from __future__ import annotations

import itertools
import os
from typing import Any, NamedTuple

import numpy as np

os.environ["PYBAMM_DISABLE_TELEMETRY"] = "true"  # before the import
import pybamm

from lithostat.physics import (
    conduction,
    contact,
    creep,
    fracture,
    interphase,
    plating,
    short_circuit,
    voids,
)
from lithostat.physics.constants import FARADAY

pybamm.settings.max_y_value = np.inf  # the filament coordinate is a high power of the length

UNIT_LENGTH = 1e-5  # a = UNIT_LENGTH u^(1/(n+1)) [m]
JUMP = 1e-6  # how far a jump of the current lies before its restart [s], lest rounding decide its side there


class Symbols:
    """What the laws ask of an array namespace, on PyBaMM's expression trees; plain numbers stay plain numbers."""

    @staticmethod
    def exp(x: Any) -> Any:
        return pybamm.exp(x) if isinstance(x, pybamm.Symbol) else np.exp(x)

    @staticmethod
    def log(x: Any) -> Any:
        return pybamm.log(x) if isinstance(x, pybamm.Symbol) else np.log(x)

    @staticmethod
    def sqrt(x: Any) -> Any:
        return pybamm.sqrt(x) if isinstance(x, pybamm.Symbol) else np.sqrt(x)

    @staticmethod
    def maximum(a: Any, b: Any) -> Any:
        return pybamm.maximum(a, b)

    @staticmethod
    def minimum(a: Any, b: Any) -> Any:
        return pybamm.minimum(a, b)

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        return condition * a + (1.0 - condition) * b


class Protocol(NamedTuple):
    """Pressed for a while, released, then turns of plating and stripping. SI."""

    press: float = 25e6
    press_time: float = 60.0
    pressure: float = 5e6
    current: float = 0.75
    half_cycle: float = 3600.0
    cycles: int = 500

    @property
    def breaks(self) -> np.ndarray:
        """Where pressure or current jump, start and end included [s]."""
        return np.concatenate([[0.0], self.press_time + self.half_cycle * np.arange(2 * self.cycles + 1)])

    @property
    def inputs(self) -> dict[str, float]:
        """Values of the model's inputs."""
        return {
            "Press [Pa]": self.press,
            "Press time [s]": self.press_time,
            "Pressure [Pa]": self.pressure,
            "Current density [A.m-2]": self.current,
            "Half-cycle [s]": self.half_cycle,
        }


class Result(NamedTuple):
    """What a run gives: resistance at `times`, and when it shorted (infinite if it did not)."""

    times: np.ndarray  # [s]
    resistance: np.ndarray  # [ohm m2]
    short_time: float  # [s]


def build(p: dict[str, float], *, switching: bool = True) -> pybamm.BaseModel:
    """The model with the numbers `p` (SI, by name). `switching`: pressure and current follow the time, not inputs."""
    xp, n = Symbols, p["creep_exponent"]
    pressing, pressure, current = _drive(switching)
    u = [pybamm.Variable(f"Filament coordinate {i}", scale=1.0) for i in (1, 2)]
    x = pybamm.Variable("Conformity", scale=1.0)
    w = [pybamm.Variable(f"Void thickness {i} [m]", scale=1e-3) for i in (1, 2)]
    d = pybamm.Variable("Interphase thickness [m]", scale=1e-7)
    lithium = [pybamm.Variable(f"Lithium thickness {i} [m]", scale=1e-5) for i in (1, 2)]
    length = [UNIT_LENGTH * xp.exp(xp.log(xp.maximum(ui, 1e-200)) / (n + 1.0)) for ui in u]

    pressed = contact.contact_fraction(pressure, pressing, x, exponent=p["unloading_exponent"], xp=xp)
    touching = [pressed * voids.left_exponentially(wi, void_height=p["void_height"], xp=xp) for wi in w]
    narrow = [contact.constriction_resistance(ci, scale=p["constriction_resistance"]) for ci in touching]
    sigma = conduction.conductivity(
        p["temperature"],
        reference=p["conductivity"],
        activation_energy=p["conductivity_activation_energy"],
        reference_temperature=p["conductivity_temperature"],
    )
    film = p["charge_transfer_resistance"] + d / p["interphase_conductivity"]
    resistance = conduction.bulk_resistance(p["thickness"], sigma) + narrow[0] + narrow[1] + 2.0 * film

    growth = interphase.interphase_rate(d, parabolic_constant=p["interphase_constant"])
    replenished = voids.critical_stripping_current(
        pressure,
        reference=p["stripping_current"],
        reference_pressure=p["stripping_pressure"],
        exponent=p["stripping_exponent"],
        xp=xp,
    )
    flow = creep.throat_velocity(
        pressure,
        UNIT_LENGTH,
        p["throat_radius"],
        p["temperature"],
        xp=xp,
        reference_rate=p["creep_rate"],
        reference_stress=p["creep_stress"],
        exponent=n,
        activation_energy=p["creep_activation_energy"],
        reference_temperature=p["creep_temperature"],
    )
    model = pybamm.BaseModel("symmetric cell")
    for i, side in enumerate((1.0, -1.0)):
        j = side * current  # positive where lithium arrives
        tip = plating.constant_focusing(
            xp.maximum(j, 0.0), length[i], pressure, 0.0, focusing=p["focusing"], molar_volume=p["molar_volume"]
        )
        consumed = p["interphase_charge"] * p["molar_volume"] / FARADAY * growth
        model.rhs[u[i]] = (n + 1.0) / UNIT_LENGTH * (flow + tip * xp.maximum(u[i], 0.0) * UNIT_LENGTH / length[i])
        model.rhs[w[i]] = voids.constant_closure(
            -j, pressed, w[i], replenished, molar_volume=p["molar_volume"], void_height=p["void_height"], xp=xp
        )
        model.rhs[lithium[i]] = plating.flat_velocity(j, molar_volume=p["molar_volume"]) - consumed
    model.rhs[d] = growth
    model.rhs[x] = contact.ripening_rate(
        pressure, x, scale=p["contact_pressure"], time=p["ripening_time"], stress_exponent=n, xp=xp
    )
    model.initial_conditions = {
        **dict.fromkeys([*u, *w], pybamm.Scalar(0.0)),
        **dict.fromkeys(lithium, pybamm.Scalar(p["lithium_thickness"])),
        x: pressing / p["contact_pressure"],
        d: pybamm.Scalar(p["interphase_initial"]),
    }
    eta = [xp.maximum(s * current, 0.0) * (ri + film) for s, ri in zip((1.0, -1.0), narrow, strict=True)]
    limits = []
    for ei in eta:
        extra = fracture.plating_overpressure(
            ei, transmission=p["overpressure_transmission"], molar_volume=p["molar_volume"]
        )
        critical = fracture.critical_flaw(pressure + extra, toughness=p["toughness"], xp=xp)
        limits.append(fracture.runs_or_penetrates(critical, p["thickness"], xp=xp))
    left = xp.minimum(limits[0] - length[0], limits[1] - length[1])
    model.events = [pybamm.Event("Short", left / UNIT_LENGTH)]
    model.variables = {
        "Resistance [Ohm.m2]": resistance,
        "Voltage [V]": short_circuit.cell_voltage(current, resistance, 0.0),
    }
    return model


def _drive(switching: bool) -> tuple[Any, Any, Any]:
    """(highest pressure, pressure, current), as functions of time or as inputs."""
    press, pressure = pybamm.InputParameter("Press [Pa]"), pybamm.InputParameter("Pressure [Pa]")
    current = pybamm.InputParameter("Current density [A.m-2]")
    if not switching:
        return press, pressure, current
    since = pybamm.t + JUMP - pybamm.InputParameter("Press time [s]")
    cycling = since > 0.0
    # 1 in even half-cycles, -1 in odd ones
    turn = 1.0 - 2.0 * pybamm.Modulo(pybamm.Floor(since / pybamm.InputParameter("Half-cycle [s]")), 2.0)
    return press, press + cycling * (pressure - press), cycling * turn * current


class Peer:
    """The model, discretised and with its solver set up on first use."""

    def __init__(self, p: dict[str, float], *, switching: bool = True, rtol: float = 1e-8, atol: float = 1e-10) -> None:
        self.model = build(p, switching=switching)
        pybamm.Discretisation().process_model(self.model)
        self.solver = pybamm.IDAKLUSolver(rtol=rtol, atol=atol, root_tol=1e-10, options={"max_num_steps": 1_000_000})

    def solve(self, protocol: Protocol, times: np.ndarray | None = None) -> Result:
        """The whole protocol in one call, with results at `times` (or at the breaks alone)."""
        times = protocol.breaks if times is None else np.unique(times)
        solution = self.solver.solve(
            self.model, t_eval=protocol.breaks, inputs=protocol.inputs, t_interp=np.union1d(times, protocol.breaks)
        )
        return _result(solution, times)

    def solve_stepping(self, protocol: Protocol) -> Result:
        """One solve for each half-cycle, with current and pressure as inputs. Needs `switching=False`."""
        solution, breaks = None, protocol.breaks
        for k, (begin, end) in enumerate(itertools.pairwise(breaks)):
            inputs = {
                "Press [Pa]": protocol.press,
                "Pressure [Pa]": protocol.press if k == 0 else protocol.pressure,
                "Current density [A.m-2]": 0.0 if k == 0 else protocol.current * (1.0 if k % 2 else -1.0),
            }
            solution = self.solver.step(solution, self.model, end - begin, inputs=inputs, save=True)
            if solution.termination.startswith("event"):
                break
        return _result(solution, np.array([]))


def _result(solution: pybamm.Solution, times: np.ndarray) -> Result:
    shorted = solution.termination.startswith("event")
    kept = times[times <= solution.t[-1]]
    resistance = solution["Resistance [Ohm.m2]"](kept) if kept.size else kept
    return Result(kept, resistance, float(solution.t[-1]) if shorted else np.inf)
