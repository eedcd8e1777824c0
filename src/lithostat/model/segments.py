"""What a cell goes through, as arrays: stretches of constant pressure, each with a train of like cycles."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.model import interface
from lithostat.model.interface import InterfaceMemory
from lithostat.model.parameters import Parameters
from lithostat.physics.types import Namespace, Values

ENDLESS = 1e12  # stands for an endless half-cycle [s]: 30 000 years, with room for its square


class Segments(NamedTuple):
    """Exposures as arrays; leading axes are free, the next is that of the segments, the last that of two interfaces.

    In each segment every interface plates at `plating` for `turns` once a `period`; while one plates the other strips.
    What is left of the period is rest, half of it after each half-cycle. One half-cycle is a period of its own length;
    without current both are 0. `filaments` and `limits` (interfaces,) say where filaments start and where voids count.
    """

    durations: Values  # [s]; that of the last segment is not used
    pressures: Values  # stack pressure [Pa]
    attached: Values  # pressure from all sides, which makes contact and loads no flaw; 0 where there is none [Pa]
    temperatures: Values  # [K]
    plating: Values  # (..., segments, 2) [A/m2]
    turns: Values  # (..., segments, 2) [s]
    periods: Values  # [s]
    second: Values  # 1 where interface 2 plates first, else 0
    filaments: Values  # (..., 2)
    limits: Values  # (..., 2)

    def at(self, index: Values) -> Segments:
        """One segment of one exposure."""
        along = (*(column[index] for column in self[:-2]), self.filaments, self.limits)
        return Segments(*along)


class Pressed(NamedTuple):
    """The memory of the contact at the start of a segment, scalars: x^(n+1), which grows linearly, and a pressure."""

    conformity: Values  # [-]
    highest: Values  # stack pressure [Pa]


def pressing(segment: Segments, p: Parameters, xp: Namespace = np) -> Values:
    """What presses lithium on, as the conformity x^(n+1) that it gives at once [-]."""
    load = xp.maximum(segment.pressures, segment.attached) / p.contact_pressure
    return xp.exp((p.creep_exponent + 1.0) * xp.log(xp.maximum(load, 1e-12)))


def entered(pressed: Pressed, segment: Segments, p: Parameters, xp: Namespace = np) -> Pressed:
    """The memory once the pressure of a segment acts."""
    return Pressed(
        xp.maximum(pressed.conformity, pressing(segment, p, xp)), xp.maximum(pressed.highest, segment.pressures)
    )


def ripened(pressed: Pressed, segment: Segments, time: Values, p: Parameters, xp: Namespace = np) -> Pressed:
    """The memory after a `time` [s] in a segment: dx^(n+1)/dt = (P/P_c)^(n+1) / tau, as `contact.ripening_rate`."""
    return pressed._replace(conformity=pressed.conformity + pressing(segment, p, xp) * time / p.ripening_time)


def contact_in(pressed: Pressed, segment: Segments, p: Parameters, xp: Namespace = np) -> Values:
    """Share of the area in contact, voids aside, 0..1."""
    conformity = xp.exp(xp.log(pressed.conformity) / (p.creep_exponent + 1.0))
    memory = InterfaceMemory(conformity, pressed.highest, 0.0)
    return xp.maximum(interface.pressed_contact(memory, segment.pressures, p, xp=xp), 1e-9)
