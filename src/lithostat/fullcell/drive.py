"""Carry a plant through a protocol: step by step, through pressures that are set and shorts that happen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from lithostat.fullcell.cathode import SHARE, UNREACHABLE
from lithostat.fullcell.engine import pybamm
from lithostat.fullcell.plant import CONTROLS, FAILED, LIMITS, Plant
from lithostat.fullcell.program import FOREVER, Action

ENDS_TEST = ("Contact lost", "Lithium spent", "Cathode empty", "Cathode full")


Standing = tuple[float, np.ndarray, dict[str, float]]  # time [s], state, inputs


class Piece(NamedTuple):
    """One solve: which action, when it began, what was seen on its way, what ended it."""

    action: Action
    start: float  # [s]
    times: np.ndarray  # local [s]
    seen: dict[str, np.ndarray]
    applied_pressure: float  # [Pa]
    ended_by: str


class Course(NamedTuple):
    """Everything that happened, and how it stands. `states` holds the state at the start of every cycle."""

    pieces: list[Piece]
    short_time: float  # infinite if none [s]
    stopped_by: str | None  # an event that ends the test
    failure: str | None  # what the solver said
    states: dict[int, Standing]


class Conditions(NamedTuple):
    """What does not change from step to step. Times in s."""

    area: float  # [m2]
    soft_conductance: float  # [S/m2]
    contact_pressure: float | None  # P_c [Pa], None where no contact is modelled
    after_short: float
    expected: Callable[[Action], float]  # how long a step without a time limit takes, about
    samples: int
    watched: int | None = None  # the one cycle to save `samples` of, None for all
    loss: Callable[[float, float], float] | None = None  # share in contact, charge moved [C/m2] -> share in contact


def run(
    plant: Plant,
    program: Iterable[Action],
    given: Conditions,
    *,
    progress: Callable[[int], None] | None = None,
    start: Standing | None = None,
) -> Course:
    """Carry out the program. `progress` hears the number of finished steps; `start` resumes from a cycle's start."""
    driver = _Driver(plant, given, start)
    for done, action in enumerate(program):
        if not driver.perform(action):
            break
        if progress is not None:
            progress(done + 1)
    return Course(driver.pieces, driver.short_time, driver.stopped_by, driver.failure, driver.states)


class _Driver:
    """Where a test stands between two solves."""

    def __init__(self, plant: Plant, given: Conditions, start: Standing | None) -> None:
        self.plant, self.given = plant, given
        self.time, self.state, self.acting = start or (0.0, plant.start(), dict(CONTROLS))
        self.pieces: list[Piece] = []
        self.states: dict[int, Standing] = {}
        self.short_time = self.stop = np.inf
        self.stopped_by: str | None = None
        self.failure: str | None = None

    def perform(self, action: Action) -> bool:
        """One step to its end, through a short if there is one; False once the test is over."""
        if action.cycle not in self.states:
            self.states[action.cycle] = (self.time, self.state.copy(), dict(self.acting))
        self._enter(action)
        left = action.duration
        while True:
            span = min(left, self.stop - self.time)
            if not self._stretch(action, max(span, 0.0)):
                return False
            piece = self.pieces[-1]
            if piece.ended_by != "short":
                break
            left -= float(piece.times[-1])
            self._short()
        return self.time < self.stop

    def _enter(self, action: Action) -> None:
        """Set current, limits and pressure; bring the memory of the interface up to the pressure."""
        acting = self.acting
        acting |= {
            "Current function [A]": -action.current * self.given.area,
            "Flowing": float(action.current != 0.0 or action.voltage is not None),
            "Constant voltage": float(action.voltage is not None),
            "Held voltage [V]": action.voltage or 0.0,
            "Upper limit [V]": 1e3 if action.upper is None else action.upper,
            "Lower limit [V]": -1e3 if action.lower is None else action.lower,
            "Pressure above [Pa]": 1e12 if action.pressure_above is None else action.pressure_above,
            "Pressure below [Pa]": -1e12 if action.pressure_below is None else action.pressure_below,
            "Least current [A.m-2]": -1e3 if action.least_current is None else action.least_current,
        }
        seen = self.plant.observe(self.state[:, None], acting)
        here, growth = float(seen["Stack pressure [Pa]"][0]), float(seen["Stack growth [m]"][0])
        renewed = action.clamped or bool(acting["Clamped"])
        if action.pressure is not None or renewed:
            acting["Set pressure [Pa]"] = here = here if action.pressure is None else action.pressure
            acting["Growth at setting [m]"] = growth
            if self.given.contact_pressure is not None:
                self.state = self.plant.put(self.state, relaxed_stack_pressure=0.0)
        acting["Clamped"] = float(action.clamped)
        self._remember(here)

    def _remember(self, pressure: float) -> None:
        """Bring the memory of the interface up to a pressure [Pa] that it has seen."""
        if self.given.contact_pressure is None:
            return
        highest, conformity = (
            self.plant.get(self.state, name) for name in ("Highest stack pressure [Pa]", "Contact conformity")
        )
        self.state = self.plant.put(
            self.state,
            highest_stack_pressure=max(highest, pressure),
            contact_conformity=max(conformity, pressure / self.given.contact_pressure),
        )

    def _stretch(self, action: Action, span: float) -> bool:
        """One solve; False if it ended the test or could not be done."""
        samples = self._samples(action, span) if span > 0.0 else np.zeros(1)
        try:
            times, states, event = self.plant.solve(self.state, max(span, 0.0), samples, self.acting)
        except pybamm.SolverError as error:
            self.failure = str(error).splitlines()[0]
            return False
        kind = "its time" if event is None else LIMITS.get(event, event)
        seen = self.plant.observe(states, self.acting)
        self.pieces.append(Piece(action, self.time, times, seen, self.acting["Set pressure [Pa]"], kind))
        self.time += float(times[-1])
        self.state = states[:, -1].copy()
        self._remember(float(np.max(seen["Stack pressure [Pa]"])))
        if self.given.loss is not None:
            self._lose_contact(seen, self.given.loss)
        if event == FAILED:
            self.failure = "steps became too small"
            return False
        if event is not None and (event in ENDS_TEST or event not in LIMITS):
            self.stopped_by = kind
            return False
        return True

    def _samples(self, action: Action, span: float) -> np.ndarray:
        """Local times to save, denser at the start of a step, even over one whose end is not known."""
        watched = self.given.watched
        n = self.given.samples if watched in (None, action.cycle) else 2
        if action.duration >= FOREVER or action.upper is not None or action.lower is not None:
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
        self.state = self.plant.put(self.state, short_conductance=self.given.soft_conductance)


def expected_duration(capacity: float) -> Callable[[Action], float]:
    """For `Conditions.expected`: the time in which a current passes `capacity` [C/m2], else two hours."""

    def expected(action: Action) -> float:
        return min(capacity / abs(action.current), action.duration) if action.current else 7200.0

    return expected


def flatten(pieces: list[Piece], values: Callable[[Piece], Any]) -> np.ndarray:
    """One column over all pieces; `values` gives an array or a number for each."""
    return np.concatenate([np.broadcast_to(np.asarray(values(piece)), piece.times.shape) for piece in pieces])
