"""What the lives under an additive and a coupled filament share: the state at the start of a segment, and a cycle."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp

from lithostat.model.interface import retraction, tip_velocity
from lithostat.model.parameters import Laws, Parameters
from lithostat.model.segments import Pressed, Segments
from lithostat.model.train import Train
from lithostat.physics import contact as contacts
from lithostat.physics.conduction import conductivity
from lithostat.physics.interphase import interphase_thickness
from lithostat.physics.types import Values

NEVER = 1e60  # [s]; entry that takes longer to the limit is slowed no further, which keeps derivatives finite
EARLY = 0.37  # of a time that has passed: when a contact that ripens by a small power of time has its mean


class Start(NamedTuple):
    """A cell at the start of a segment, scalars and (2,) of its interfaces."""

    elapsed: Values  # [s]
    pressed: Pressed
    void: Values  # (2,) open share
    worst: Values  # (2,) the largest so far while stripping, over that which loses the contact
    coordinate: Values  # of what entered without current
    filament: Values  # (2,) what was plated beyond that [m]; with a coupled filament all of it


def speeds(
    here: Train, length: Values, start: Start, segment: Segments, contact: Values, p: Parameters, laws: Laws
) -> tuple[Values, Values]:
    """Speeds at filaments of `length` [m] without crowding: of plating, of what stripping takes back, (2,) [m/s]."""
    reach = _reach(start, segment, contact, p) if laws.growth == "structure_focusing" else 1.0

    def tip(current: Values) -> Values:
        return tip_velocity(current, length, segment.pressures, reach, p, laws, xp=jnp)

    return tip(here.plating), retraction(tip(here.stripping), p, laws, xp=jnp)


def _reach(start: Start, segment: Segments, contact: Values, p: Parameters) -> Values:
    """Conductivity of the pellet times the resistance of an interface [m], which grows an interphase."""
    sigma = conductivity(
        segment.temperatures,
        reference=p.conductivity,
        activation_energy=p.conductivity_activation_energy,
        reference_temperature=p.conductivity_temperature,
        xp=jnp,
    )
    film = interphase_thickness(
        start.elapsed, initial=p.interphase_initial, parabolic_constant=p.interphase_constant, xp=jnp
    )
    narrow = contacts.constriction_resistance(contact, scale=p.constriction_resistance)
    return sigma * (narrow + film / p.interphase_conductivity)


def middle(time: Values, here: Train, reach: Values, back: Values) -> Values:
    """From the first corner of the steps to their middle: the time since the segment began [s], (2,).

    `reach` is what a plating half-cycle adds and `back` what a stripping one takes [m]. Between the peaks of two cycles
    no short falls in the time J = rest of the cycle + what it takes to win back what was stripped.
    """
    count = jnp.maximum(time - here.lag - here.plate, 0.0) / here.period
    gap = here.period - here.plate * (1.0 - jnp.minimum(back / jnp.maximum(reach, 1e-30), 1.0))
    return time + jnp.where(reach > 0.0, 0.5 * gap * jnp.minimum(2.0 * count, 1.0), 0.0)
