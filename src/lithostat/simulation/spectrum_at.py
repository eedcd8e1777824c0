"""Impedance of a simulated cell about any state on its record, through the model's own equations.

The voltage and the rates of the state are linearised by automatic differentiation about the state at that time, and

    Z(w) = D + C (jw - A)^-1 B

is the response of the voltage to a small current. The double layer of each interface, which the equations take as
always charged (its voltage follows the current at once), comes in as one more state: the film's current is what passes
through charge transfer and interphase, the rest charges the double layer. Everything else that a current moves (voids,
lithium and with it the pressure of a clamped stack, the interphase) is in A, B and C. The electronic path after a short
lies in parallel.

A record does not hold all states: conformity, highest pressure, what the frame gave up, the conductance of the short.
They are rebuilt by running the record's own cell and protocol again, and the result is held against the record.

Validity: the state is taken to stand still meanwhile (frozen coefficients), so frequencies below the inverse of the
time in which it drifts have no measurable counterpart. Where a state grows by itself (voids under a stripping current),
A has an eigenvalue above 0; such a spectrum exists on paper only and does not obey Kramers and Kronig.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from lithostat.engine import engine
from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.quantity import span
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.model.parameters import Laws, Parameters, parameters_of, used
from lithostat.physics.short_circuit import cell_voltage
from lithostat.physics.types import Values
from lithostat.simulation import compiled, equations
from lithostat.simulation.equations import SCALE, State
from lithostat.simulation.pieces import Tolerance, suited
from lithostat.simulation.plan import Drive
from lithostat.simulation.schedule import schedule

FREQUENCY = np.logspace(6, -1, 71)  # [Hz]
SAMPLES = 12  # states kept in every step, as `simulate` does
CLOSE = 1e-6  # relative difference between the voltage rebuilt and the record's


class Linearised(NamedTuple):
    """The cell about one state: dx/dt = A x + B j, V = C x + D j, with j [A/m2], V [V], time in s.

    `x` is in the units of `equations.SCALE`, the double layer last [V]. `resistance` is dV/dj of the equations at once,
    `series` what is left above all frequencies (both [ohm m2], with the electronic path in parallel).
    """

    a: np.ndarray  # (K, K)
    b: np.ndarray  # (K,)
    c: np.ndarray  # (K,)
    d: float
    resistance: float
    series: float
    pressure: float  # [Pa]
    temperature: float  # [K]
    area: float  # [m2]

    @property
    def poles(self) -> np.ndarray:
        """Eigenvalues of A [1/s], (K,) complex: a positive real part is a state that grows by itself."""
        return np.linalg.eigvals(self.a)

    def impedance(self, frequency: Values) -> np.ndarray:
        """Complex area-specific impedance [ohm m2] at `frequency` [Hz] (F,)."""
        omega = 2.0 * np.pi * np.asarray(frequency, float)
        matrix = 1j * omega[:, None, None] * np.eye(len(self.a)) - self.a
        inner = np.linalg.solve(matrix, np.broadcast_to(self.b[:, None], (len(omega), len(self.b), 1)))[..., 0]
        return np.asarray(self.d + inner @ self.c)


def spectrum_at(
    record: Record, time: float | Sequence[float], *, frequency: Values = FREQUENCY, step: int | None = None
) -> Values:
    """The spectrum [ohm] that this simulated cell has at `time` [s]; for several times, a tuple of spectra.

    Where steps meet at one instant the state after all of them counts; `step` names one of them by its `step_count`.
    Raises `InputError` for a record that is not a simulation of a symmetric cell, or a time outside of it.
    """
    wanted = np.atleast_1d(np.asarray(time, float))
    hertz = np.asarray(frequency, float)
    if hertz.ndim != 1 or not len(hertz) or not (np.isfinite(hertz) & (hertz > 0.0)).all():
        raise InputError("received a frequency that is not above 0", expected="one or more frequencies in Hz")
    spectra = tuple(
        Spectrum(
            hertz,
            linear.impedance(hertz) / linear.area,
            time=float(at),
            pressure=linear.pressure,
            temperature=linear.temperature,
            area=linear.area,
            name=f"simulated at {span(float(at))}",
        )
        for at, linear in zip(wanted, linearised(record, wanted, step=step), strict=True)
    )
    return spectra if np.ndim(time) else spectra[0]


def linearised(record: Record, times: Values, *, step: int | None = None) -> tuple[Linearised, ...]:
    """The cell as a linear system about its state at each of `times` [s]. Errors as in `spectrum_at`."""
    p, laws, timetable = _rebuilt(record)
    wanted = np.atleast_1d(np.asarray(times, float))
    with engine():
        p64 = jax.tree.map(np.float64, p)
        fractions = (np.arange(SAMPLES) / SAMPLES) ** 2
        _, pieces, count = compiled.trajectory(p64, laws, timetable.plan, fractions, Tolerance())
        pieces = jax.tree.map(lambda leaf: np.asarray(leaf)[: int(count)], pieces)
        lengths = pieces.times[:, -1]
        starts = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
        steps = np.array([timetable.rows[row].step for row in pieces.row])
        found = []
        for at in wanted:
            index = _piece(starts, lengths, steps, float(at), step)
            state, drive = _state(pieces, index, float(at) - starts[index], p64, laws)
            _agrees(record, float(at), int(steps[index]), state, drive, p64, laws)
            found.append(_linear(state, drive, p64, laws))
    return tuple(found)


def _rebuilt(record: Record) -> tuple[Parameters, Laws, Values]:
    """Parameters, laws and schedule of the run that made this record."""
    made = record.provenance
    if made.get("made_by") != "simulation" or "parameters" not in made or "contact_fraction_1" not in record.table:
        raise InputError(
            "this record does not say which state the cell was in: only the states of a simulated symmetric cell can "
            "be rebuilt",
            expected="a record that lithostat.simulate made, not sensed, measured or of a full cell",
        )
    laws = Laws.of(made["laws"])
    missing = [name for name in Parameters._fields if used(name, laws) and name not in made["parameters"]]
    if missing:
        raise InputError(f"the record's provenance lacks the parameter '{missing[0]}'", expected="all parameters")
    p = parameters_of(made["parameters"])
    cell, protocol = Cell.from_dict(made["cell"], si=True), Protocol.from_dict(made["protocol"], si=True)
    return p, laws, schedule(cell, protocol)


def _piece(starts: np.ndarray, lengths: np.ndarray, steps: np.ndarray, at: float, step: int | None) -> int:
    """The last solve that holds this time, of that step if one is named."""
    end = starts[-1] + lengths[-1]
    if not 0.0 <= at <= end * (1.0 + 1e-12):
        raise InputError(f"received the time {at:g} s", expected=f"a time within the record, 0 to {end:g} s")
    slack = 1e-9 + 1e-12 * at
    holds = (starts <= at + slack) & (at <= starts + lengths + slack)
    if step is not None:
        holds &= steps == step
    if not holds.any():
        raise InputError(f"step {step} is not under way at {at:g} s", expected="a step that is, or none")
    return int(np.flatnonzero(holds)[-1])


def _state(pieces: Values, index: int, local: float, p: Parameters, laws: Laws) -> tuple[State, Drive]:
    """State and drive at `local` seconds into a solve, integrated from the last one saved before."""
    saved = pieces.times[index]
    local = min(max(local, 0.0), float(saved[-1]))
    before = np.flatnonzero(np.isfinite(saved) & (saved <= local))
    nearest = int(before[-1]) if len(before) else 0
    state = jax.tree.map(lambda leaf: jnp.asarray(leaf[index, nearest]), pieces.states)
    drive = jax.tree.map(lambda leaf: jnp.asarray(leaf[index]), pieces.drive)
    state, drive = _restarted(float(saved[nearest]), state, drive, p)
    rest = local - float(saved[nearest])
    if rest > 0.0:
        state, drive = _restarted(rest, _onward(state, drive, rest, p, laws), drive, p)
    return state, drive


def _restarted(after: float, state: State, drive: Drive, p: Parameters) -> tuple[State, Drive]:
    """A state `after` seconds of a solve and its drive, as the start of another."""
    state = equations.handed_on(after, state, drive, p)
    return state, drive._replace(pressure=drive.pressure + drive.ramp * after)


@functools.partial(jax.jit, static_argnames="laws")
def _onward(state: State, drive: Drive, duration: Values, p: Parameters, laws: Laws) -> State:
    import diffrax

    from lithostat.simulation import integrate

    def field(t: Values, y: State, _: None) -> State:
        speed = equations.rates(t * duration, jax.tree.map(jnp.multiply, y, SCALE), drive, p, laws)
        return jax.tree.map(lambda rate, unit: duration / unit * rate, speed, SCALE)

    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(field),
        suited(laws, integrate.ACCURATE),
        t0=0.0,
        t1=1.0,
        dt0=None,
        y0=jax.tree.map(jnp.divide, state, SCALE),
        stepsize_controller=diffrax.PIDController(rtol=Tolerance().relative, atol=Tolerance().absolute),
        max_steps=20_000,
    )
    return jax.tree.map(lambda leaf, unit: leaf[-1] * unit, solution.ys, SCALE)


def _agrees(record: Record, at: float, step: int, state: State, drive: Drive, p: Parameters, laws: Laws) -> None:
    """Raise `InputError` if the record has a row at this instant and it is not what was rebuilt."""
    same = np.isclose(record.column("test_time_second"), at, rtol=1e-12, atol=1e-9) & (
        record.column("step_count") == step
    )
    if not same.any():
        return
    seen = equations.observe(0.0, state, drive, p, laws)
    row = int(np.flatnonzero(same)[-1])
    for name, value in (("measured_pressure_pa", seen.pressure), ("contact_fraction_1", seen.contact[0])):
        rows = record.column(name)[same]
        if not np.isclose(rows, float(value), rtol=CLOSE, atol=1e-9).any():
            raise InputError(
                f"the record has {name} {record.column(name)[row]:.6g} at {at:g} s, its cell and protocol run again "
                f"give {float(value):.6g}",
                expected="a record made by this version, unchanged since",
            )


def _linear(state: State, drive: Drive, p: Parameters, laws: Laws) -> Linearised:
    """Linearise about one state."""
    a, b, c, d, resistance, series, pressure = jax.tree.map(np.asarray, _jacobians(state, drive, p, laws))
    return Linearised(
        a, b, c, float(d), float(resistance), float(series), float(pressure), float(drive.temperature), float(p.area)
    )


@functools.partial(jax.jit, static_argnames="laws")
def _jacobians(state: State, drive: Drive, p: Parameters, laws: Laws) -> tuple[Values, ...]:
    moving = jax.tree.map(jnp.divide, _seen(state), _seen(SCALE))
    seen = equations.observe(0.0, state, drive, p, laws)
    layer = seen.film * seen.ionic_current  # of one interface [V]; both carry one current through like films
    flat, unravel = ravel_pytree((moving, layer))

    def unpack(x: Values) -> tuple[State, Values]:
        values, eta = unravel(x)
        return _with(state, jax.tree.map(jnp.multiply, values, _seen(SCALE))), eta

    def parts(x: Values, j: Values) -> tuple[Values, Values, Values]:
        """Voltage [V], ionic current [A/m2] and film [ohm m2] with the double layers at their own voltage."""
        here, eta = unpack(x)
        observed = equations.observe(0.0, here, drive, p, laws)
        series = observed.bulk + observed.constriction.sum()
        layers = equations.INTERFACES * eta
        # the current that the electronic path leaves to the ions: V = i series + layers, j = i + G V
        volts = cell_voltage(j + layers / series, series, here.conductance)
        return volts, (volts - layers) / series, observed.film

    def voltage(x: Values, j: Values) -> Values:
        return parts(x, j)[0]

    def speed(x: Values, j: Values) -> Values:
        here, eta = unpack(x)
        _, ionic, film = parts(x, j)
        through = eta / film
        intact = here._replace(conductance=jnp.zeros_like(here.conductance))
        moved = equations.rates(0.0, intact, drive._replace(current=through), p, laws)
        own = equations.rates(0.0, here, drive, p, laws).conductance
        rates = jax.tree.map(jnp.divide, _seen(moved._replace(conductance=own)), _seen(SCALE))
        return ravel_pytree((rates, (ionic - through) / p.double_layer_capacitance))[0]

    j = drive.current
    resistance = jax.jacfwd(
        lambda current: equations.observe(0.0, state, drive._replace(current=current), p, laws).voltage
    )(j)
    series = cell_voltage(1.0, seen.bulk + seen.constriction.sum(), state.conductance)
    a, b = jax.jacfwd(speed, argnums=(0, 1))(flat, j)
    c, d = jax.jacfwd(voltage, argnums=(0, 1))(flat, j)
    return a, b, c, d, resistance, series, seen.pressure


def _seen(state: State) -> dict[str, Any]:
    """States that a current can move and the voltage can feel: not filaments, not the sums of charge."""
    return {
        "void": state.lithium.void,
        "metal": state.lithium.metal,
        "memory": state.memory,
        "conductance": state.conductance,
    }


def _with(state: State, seen: dict[str, Any]) -> State:
    """Inverse of `_seen` on top of a state."""
    lithium = state.lithium._replace(void=seen["void"], metal=seen["metal"])
    return state._replace(lithium=lithium, memory=seen["memory"], conductance=seen["conductance"])
