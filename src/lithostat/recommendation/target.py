"""target_hours(current, ...): how long a cell shall last, however that was said."""

from __future__ import annotations

from lithostat.experiment.errors import InputError


def target_hours(
    current: float,
    *,
    hours: float | None = None,
    cycles: float | None = None,
    half_cycle: float | None = None,
    capacity: float | None = None,
) -> float:
    """Hours of cycling of a target given as hours, as `cycles` of two half-cycles [s], or as cumulative charge [C/m2].

    `capacity` counts both directions, at `current` [A/m2]. Exactly one of the three, or `InputError`.
    """
    given = [
        name for name, value in (("hours", hours), ("cycles", cycles), ("capacity", capacity)) if value is not None
    ]
    if len(given) != 1:
        raise InputError(
            f"received {' and '.join(given) or 'no target'}", expected="one of hours, cycles and cumulative capacity"
        )
    if cycles is not None:
        if half_cycle is None or not half_cycle > 0.0:
            raise InputError("a number of cycles says nothing alone", expected="the time of a half-cycle too")
        return 2.0 * cycles * half_cycle / 3600.0
    if capacity is not None:
        if not current > 0.0:
            raise InputError(f"received a current of {current:g} A/m2", expected="a current density above 0")
        return capacity / current / 3600.0
    assert hours is not None
    return hours
