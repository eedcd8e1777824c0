"""From a protocol to the steps a full cell goes through, one after another, with their currents and limits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from lithostat.experiment.errors import InputError
from lithostat.experiment.protocol import (
    CHARGE_VERBS,
    CURRENT_VERBS,
    FULL_VERBS,
    PRESSURE_VERBS,
    Protocol,
    Step,
)
from lithostat.experiment.quantity import show

FOREVER = 3.2e9  # longest step, 100 years [s]


class Action(NamedTuple):
    """One step as it is carried out, SI. Current is positive while the cell charges; limits are None where absent."""

    step: int  # counts executed steps, from 1
    cycle: int  # 0 before the first cycle
    verb: str
    duration: float  # [s]
    current: float = 0.0  # [A/m2]
    pressure: float | None = None  # to set [Pa]
    clamped: bool = False
    voltage: float | None = None  # to hold [V]
    upper: float | None = None  # [V]
    lower: float | None = None  # [V]
    least_current: float | None = None  # that ends a held voltage, in size [A/m2]
    pressure_above: float | None = None  # [Pa]
    pressure_below: float | None = None  # [Pa]


class Scale(NamedTuple):
    """What turns words into currents: electrode area [m2], and the charge that 1C passes in an hour [C/m2] or None."""

    area: float
    capacity: float | None
    full: bool = True


def actions(protocol: Protocol, scale: Scale) -> Iterator[Action]:
    """The steps in their order, repeats unrolled as they come."""
    counts = {"step": 0, "cycle": 0}
    yield from _walk(protocol.steps, scale, counts)


def count(protocol: Protocol) -> int:
    """Number of steps that `actions` gives."""

    def steps(items: tuple[Step, ...]) -> int:
        return sum(step.value * steps(step.steps) if step.verb == "repeat" else 1 for step in items)

    return steps(protocol.steps)


def limits(protocol: Protocol) -> frozenset[str]:
    """Names of the events (`plant.limits`) that the protocol's limits can bring about."""
    found = set()
    for step in _flat(protocol.steps):
        until = step.until
        if until.voltage is not None:
            found |= {"Upper voltage", "Lower voltage"}
        if until.current is not None:
            found.add("Least current")
        if until.pressure_above is not None:
            found.add("Pressure above")
        if until.pressure_below is not None:
            found.add("Pressure below")
    return frozenset(found)


def check(protocol: Protocol, scale: Scale) -> None:
    """Refuse what this engine cannot carry out, before anything runs."""
    highs, lows = [], []
    for step in _flat(protocol.steps):
        wrong = CURRENT_VERBS if scale.full else FULL_VERBS
        if step.verb in wrong:
            better = "'charge' or 'discharge'" if scale.full else "'plate' or 'strip'"
            raise InputError(
                f"'{step.verb}' is a word for {'symmetric' if scale.full else 'full'} cells", expected=better
            )
        if step.verb in ("measure_impedance", "set_temperature"):
            raise InputError(f"'{step.verb}' is not available for full cells", expected="a protocol without it")
        if step.verb == "repeat" and step.until.model_dump(exclude_none=True):
            raise InputError("a repeat of a full cell has a limit", expected="the limit on the steps inside")
        _current(step, scale)
        if step.verb == "charge" and step.until.voltage is not None:
            highs.append(step.until.voltage)
        if step.verb == "discharge" and step.until.voltage is not None:
            lows.append(step.until.voltage)
    if highs and lows and min(highs) <= max(lows):
        raise InputError(
            f"the voltage limits cross: a charge ends at {show(min(highs), 'upper_voltage')} and a discharge at "
            f"{show(max(lows), 'upper_voltage')}",
            expected="every charge to end above every discharge",
        )


def _flat(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _flat(step.steps)


def _walk(steps: tuple[Step, ...], scale: Scale, counts: dict[str, int]) -> Iterator[Action]:
    for step in steps:
        if step.verb == "repeat":
            innermost = any(inner.verb in (*CURRENT_VERBS, *CHARGE_VERBS) for inner in step.steps)
            for _ in range(step.value):
                counts["cycle"] += innermost
                yield from _walk(step.steps, scale, counts)
            continue
        counts["step"] += 1
        yield _action(step, scale, counts)


def _action(step: Step, scale: Scale, counts: dict[str, int]) -> Action:
    current, until = _current(step, scale), step.until
    times = [t for t in (step.duration, until.time) if t is not None]
    if until.charge is not None and current:
        times.append(until.charge / abs(current))
    flowing = step.verb in (*CHARGE_VERBS, "hold_voltage")
    towards = step.verb in CURRENT_VERBS and until.voltage is not None  # symmetric: along the current
    sign = math.copysign(1.0, current)
    return Action(
        step=counts["step"],
        cycle=counts["cycle"],
        verb=step.verb,
        duration=min([*times, FOREVER]) if times or flowing else 0.0,
        current=current,
        pressure=step.value if step.verb in PRESSURE_VERBS else None,
        clamped=step.verb == "hold",
        voltage=step.value if step.verb == "hold_voltage" else None,
        upper=until.voltage if step.verb == "charge" or (towards and sign > 0) else None,
        lower=until.voltage if step.verb == "discharge" else -(until.voltage or 0.0) if towards and sign < 0 else None,
        least_current=None if until.current is None else _density(until.current, scale),
        pressure_above=until.pressure_above,
        pressure_below=until.pressure_below,
    )


def _current(step: Step, scale: Scale) -> float:
    """Current density of a step [A/m2], positive while the cell charges."""
    if step.verb not in (*CURRENT_VERBS, *CHARGE_VERBS):
        if step.until.current is not None:
            _density(step.until.current, scale)
        return 0.0
    size = _density(step, scale)
    return size if step.verb in ("charge", "plate") else -size


def _density(said: Any, scale: Scale) -> float:
    if said.absolute:
        return float(said.value / scale.area)
    if not said.c_rate:
        return float(said.value)
    if scale.capacity is None:
        raise InputError(
            "a C-rate is stated, but not the capacity it counts",
            place="cell.cathode",
            expected="'specific_capacity' of the cathode, e.g. 150 mAh/g, or a current like '53 uA/cm2'",
        )
    return float(said.value * scale.capacity / 3600.0)
