"""Carry a plant through a program: step by step, through pressures that are set and shorts that happen."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from lithostat.fullcell.cathode import SHARE, UNREACHABLE
from lithostat.fullcell.engine import pybamm
from lithostat.fullcell.plant import CONTROLS, FAILED, LIMITS, RAMP, TEMPERATURE, Plant
from lithostat.model.interface import InterfaceMemory, attached
from lithostat.model.program import LONGEST, Action, Program

ENDS_TEST = ("Contact lost", "Lithium spent", "Cathode empty", "Cathode full")
_EXITS = {"Upper voltage": "voltage", "Lower voltage": "voltage", "Pressure above": "high", "Pressure below": "low"}
PLATED = "Plated filament"
NO_VOLTAGE = 1e12  # beyond any that a cell without contact shows for the last digits of its current [V]
SPENT = 1e-6  # of a repeat's time [s] or charge [C/m2]: nothing is left


class SolvedAction(NamedTuple):
    """One solve: which action, when it began, what was seen on its way, what ended it."""

    action: Action
    start: float  # [s]
    times: np.ndarray  # local [s]
    seen: dict[str, np.ndarray]
    applied_pressure: np.ndarray  # at these times [Pa]
    ended_by: str
    response: np.ndarray | None = None  # of the voltage to a small current [ohm], where impedance was measured


class Course(NamedTuple):
    """Everything that happened, and how it stands."""

    pieces: list[SolvedAction]
    short_time: float  # infinite if none [s]
    stopped_by: str | None  # an event that ends the test
    failure: str | None  # what the solver said


class Contact(NamedTuple):
    """The numbers that the memory of a contact rests on, SI, by their names in `Parameters`."""

    contact_pressure: float
    creep_exponent: float
    ripening_time: float


class FixedConditions(NamedTuple):
    """What does not change from step to step. Times in s."""

    area: float  # [m2]
    soft_conductance: float  # [S/m2]
    contact: Contact | None  # None where no contact is modelled
    after_short: float
    expected: Callable[[Action], float]  # how long a step without a time limit takes, about
    samples: int
    watched: int | None = None  # the one cycle to save `samples` of, None for all
    loss: Callable[[float, float], float] | None = None  # share in contact, charge moved [C/m2] -> share in contact
    measured: tuple[np.ndarray, np.ndarray] | None = None  # pressure that was measured: times [s], values [Pa]
    collectors: tuple[int, ...] = ()  # electrodes that began without lithium


def run(
    plant: Plant,
    program: Program,
    given: FixedConditions,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Course:
    """Carry out the program. `progress` hears how many steps are done, and of how many."""
    driver = _Driver(plant, given)
    left = [[budget.time, budget.charge] for budget in program.budgets]
    index, whole = 0, len(program.actions)
    while index < whole:
        inside = [k for k, budget in enumerate(program.budgets) if budget.first <= index < budget.end]
        spent = [k for k in inside if min(left[k]) <= SPENT]
        if spent:
            index = max(program.budgets[k].end for k in spent)
            continue
        action = _within(program.actions[index], [left[k] for k in inside])
        before = len(driver.pieces)
        event = driver.perform(action)
        for piece in driver.pieces[before:]:
            for k in inside:
                left[k][0] -= float(piece.times[-1])
                left[k][1] -= abs(action.current) * float(piece.times[-1])
        if driver.over:
            break
        index = getattr(action.exits, _EXITS[event]) if event in _EXITS else index + 1
        if progress is not None:
            progress(min(index, whole), whole)
    return Course(driver.pieces, driver.short_time, driver.stopped_by, driver.failure)


def _within(action: Action, budgets: list[list[float]]) -> Action:
    """The action, no longer than what its repeats have left."""
    longest = [action.duration, *(time for time, _ in budgets)]
    if action.current:
        longest += [charge / abs(action.current) for _, charge in budgets]
    return action._replace(duration=min(longest))


class _Driver:
    """Where a test stands between two solves."""

    def __init__(self, plant: Plant, given: FixedConditions) -> None:
        self.plant, self.given = plant, given
        self.time, self.state, self.acting = 0.0, plant.start(), dict(CONTROLS)
        self.pieces: list[SolvedAction] = []
        self.short_time = self.stop = np.inf
        self.stopped_by: str | None = None
        self.failure: str | None = None

    @property
    def over(self) -> bool:
        """Whether the test has come to its end."""
        return self.stopped_by is not None or self.failure is not None or self.time >= self.stop

    def perform(self, action: Action) -> str | None:
        """One step to its end, through a short if there is one; the event that ended it, None if its time did."""
        self._enter(action)
        left = action.duration
        while True:
            span = min(left, self.stop - self.time, self._until_next_point())
            event = self._stretch(action, max(span, 0.0))
            if self.over:
                return event
            left -= float(self.pieces[-1].times[-1])
            if event == "Short":
                self._short()
            elif event is not None or left <= 1e-9 * action.duration or self.time >= self.stop:
                return event

    def _enter(self, action: Action) -> None:
        """Set current, limits and pressure; bring the memory of the interface up to the pressure."""
        acting = self.acting
        acting |= {
            "Current function [A]": -action.current * self.given.area,
            "Flowing": float(action.flowing),
            "Constant voltage": float(action.voltage is not None),
            "Held voltage [V]": action.voltage or 0.0,
            "Upper limit [V]": NO_VOLTAGE if action.upper is None else action.upper,
            "Lower limit [V]": -NO_VOLTAGE if action.lower is None else action.lower,
            "Pressure above [Pa]": 1e12 if action.pressure_above is None else action.pressure_above,
            "Pressure below [Pa]": -1e12 if action.pressure_below is None else action.pressure_below,
            "Least current [A.m-2]": -1e3 if action.least_current is None else action.least_current,
            TEMPERATURE: action.temperature,
        }
        if self.given.measured is not None:
            acting["Clamped"] = 1.0
            self._follow()
            if action.attach_pressure is not None:
                self._attach(action.attach_pressure, action.duration)
            return
        seen = self.plant.observe(self.state[:, None], acting)
        here, growth = float(seen["Stack pressure [Pa]"][0]), float(seen["Stack growth [m]"][0])
        renewed = action.clamped or bool(acting["Clamped"])
        if action.pressure is not None or renewed:
            acting["Set pressure [Pa]"] = here = here if action.pressure is None else action.pressure
            acting["Growth at setting [m]"] = growth
            if self.given.contact is not None:
                self.state = self.plant.put(self.state, {"Relaxed stack pressure [Pa]": 0.0})
        acting["Clamped"] = float(action.clamped)
        self._settle(here)
        if action.attach_pressure is not None:
            self._attach(action.attach_pressure, action.duration)

    def _attach(self, pressure: float, time: float) -> None:
        """Isostatic pressing at a pressure [Pa] for a time [s]: the contact conforms."""
        if self.given.contact is None:
            return
        before = InterfaceMemory(self.plant.get(self.state, "Contact conformity"), 0.0, 0.0)
        after = attached(before, pressure, time, self.given.contact)  # type: ignore[arg-type]
        self.state = self.plant.put(self.state, {"Contact conformity": float(after.conformity)})

    def _follow(self) -> None:
        """The measured pressure at this moment, and how it goes on."""
        assert self.given.measured is not None
        times, values = self.given.measured
        here = float(np.interp(self.time, times, values))
        after = int(np.searchsorted(times, self.time * (1.0 + 1e-12) + 1e-9, side="right"))
        ramp = 0.0 if after >= len(times) else (values[after] - here) / (times[after] - self.time)
        self.acting |= {"Set pressure [Pa]": here, RAMP: float(ramp)}
        self._settle(here)

    def _until_next_point(self) -> float:
        """Time until the measured pressure turns [s]; sets what it does until then."""
        if self.given.measured is None:
            return math.inf
        self._follow()
        times = self.given.measured[0]
        after = int(np.searchsorted(times, self.time * (1.0 + 1e-12) + 1e-9, side="right"))
        return math.inf if after >= len(times) else float(times[after] - self.time)

    def _settle(self, pressure: float) -> None:
        """Bring the memory up to a pressure [Pa] that the interface has seen; no more is taken back than there was."""
        if self.given.contact is None:
            return
        highest, conformity = (
            self.plant.get(self.state, name) for name in ("Highest stack pressure [Pa]", "Contact conformity")
        )
        plated = {
            name: max(self.plant.get(self.state, name), 0.0) for name in self.plant.states if name.startswith(PLATED)
        }
        self.state = self.plant.put(
            self.state,
            {
                "Highest stack pressure [Pa]": max(highest, pressure),
                "Contact conformity": max(conformity, pressure / self.given.contact.contact_pressure),
            }
            | plated,
        )

    def _stretch(self, action: Action, span: float) -> str | None:
        """One solve; the event that ended it. What ends the test is noted."""
        samples = self._samples(action, span) if span > 0.0 else np.zeros(1)
        try:
            times, states, event = self.plant.solve(self.state, max(span, 0.0), samples, self.acting)
        except pybamm.SolverError as error:
            self.failure = str(error).splitlines()[0]
            return None
        if event == "Lithium spent":
            event = self._bare(action) or event
        kind = "its time" if event is None else LIMITS.get(event, event)
        seen = self.plant.observe(states, self.acting, times)
        applied = self.acting["Set pressure [Pa]"] + self.acting[RAMP] * times
        response = None
        if action.sweep is not None:
            response = self.plant.response(states[:, -1], self.acting, action.sweep.frequencies)
        self.pieces.append(SolvedAction(action, self.time, times, seen, applied, kind, response))
        self.time += float(times[-1])
        self.state = states[:, -1].copy()
        self._settle(float(np.max(seen["Stack pressure [Pa]"])))
        if self.given.loss is not None:
            self._lose_contact(seen, self.given.loss)
        if event == FAILED:
            self.failure = "steps became too small"
        elif event is not None and (event in ENDS_TEST or event not in LIMITS):
            self.stopped_by = kind
        return event

    def _bare(self, action: Action) -> str | None:
        """The limit on voltage that a collector meets when it is stripped bare, if there is one."""
        falls = action.current < 0.0
        limit, electrode = (action.lower, 1) if falls else (action.upper, 2)
        if limit is None or electrode not in self.given.collectors:
            return None
        return "Lower voltage" if falls else "Upper voltage"

    def _samples(self, action: Action, span: float) -> np.ndarray:
        """Local times to save, denser at the start of a step, even over one whose end is not known."""
        watched = self.given.watched
        n = self.given.samples if watched in (None, action.cycle) else 2
        if action.duration >= LONGEST or action.upper is not None or action.lower is not None:
            step = self.given.expected(action) / n
            return np.arange(0.0, min(span, 4.0 * n * step), step)
        return span * (np.arange(n) / n) ** 2

    def _lose_contact(self, seen: dict[str, np.ndarray], loss: Callable[[float, float], float]) -> None:
        """Active material parts with the charge of the solve, and takes along the lithium that it holds."""
        moved = np.ptp(seen["Ionic charge [C.m-2]"][[0, -1]] - seen["Oxidised charge [C.m-2]"][[0, -1]])
        share = self.acting[SHARE]
        left = loss(share, float(moved))
        self.acting[UNREACHABLE] += float(seen["Lithium in cathode [mol.m-2]"][-1]) * (1.0 - left / share)
        self.acting[SHARE] = left

    def _short(self) -> None:
        """The electronic path opens; the same step goes on."""
        self.short_time = self.time
        self.stop = self.time + self.given.after_short
        self.acting["Shorted"] = 1.0
        self.state = self.plant.put(self.state, {"Short conductance [S.m-2]": self.given.soft_conductance})


def expected_duration(capacity: float) -> Callable[[Action], float]:
    """For `Conditions.expected`: the time in which a current passes `capacity` [C/m2], else two hours."""

    def expected(action: Action) -> float:
        return min(capacity / abs(action.current), action.duration) if action.current else 7200.0

    return expected


def flatten(pieces: list[SolvedAction], values: Callable[[SolvedAction], Any]) -> np.ndarray:
    """One column over all pieces; `values` gives an array or a number for each."""
    return np.concatenate([np.broadcast_to(np.asarray(values(piece)), piece.times.shape) for piece in pieces])
