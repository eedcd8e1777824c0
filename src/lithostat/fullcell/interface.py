"""Lithium interfaces in PyBaMM: states, what can be seen of them, and their rates, from the laws of `physics`.

One interface for a cell with one lithium electrode, two for a symmetric cell. Both interfaces of a symmetric cell see
the same pressure for the same time, so conformity, interphase and highest pressure are shared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from lithostat.fullcell.engine import Symbols, pybamm
from lithostat.physics import contact, creep, fixture, fracture, interphase, plating, voids
from lithostat.physics.constants import FARADAY

FILAMENT_LENGTH = 1e-5  # unit of the filament coordinate u = (a / unit)^(n+1) [m]
CATCH_UP = 1.0  # in which the memory of an interface follows a pressure above it [s]
_SMALL = 1e-200


@dataclass(frozen=True)
class States:
    """The states, as PyBaMM variables; the tuples have one entry per lithium electrode."""

    filament: tuple[Any, ...]  # u [-]
    void: tuple[Any, ...]  # w [m]
    lithium: tuple[Any, ...]  # metal thickness [m]
    conformity: Any  # x [-]
    interphase: Any  # d [m]
    highest_pressure: Any  # [Pa]
    relaxed: Any  # pressure the frame gave up [Pa]

    @property
    def all(self) -> tuple[Any, ...]:
        """Every variable once."""
        shared = (self.conformity, self.interphase, self.highest_pressure, self.relaxed)
        return (*self.filament, *self.void, *self.lithium, *shared)


def states(count: int) -> States:
    """Fresh variables for `count` lithium electrodes, each with the scale that one tolerance fits."""

    def each(name: str, scale: float) -> tuple[Any, ...]:
        return tuple(pybamm.Variable(name.format(i + 1), scale=scale) for i in range(count))

    return States(
        filament=each("Filament coordinate {}", 1.0),
        void=each("Void thickness {} [m]", 1e-3),
        lithium=each("Lithium thickness {} [m]", 1e-5),
        conformity=pybamm.Variable("Contact conformity", scale=1.0),
        interphase=pybamm.Variable("Interphase thickness [m]", scale=1e-7),
        highest_pressure=pybamm.Variable("Highest stack pressure [Pa]", scale=1e7),
        relaxed=pybamm.Variable("Relaxed stack pressure [Pa]", scale=1e6),
    )


def initial(y: States, p: Any, fabrication: Any) -> dict[Any, Any]:
    """Initial conditions: lithium pressed on at the `fabrication` pressure [Pa] a moment ago, no filament, no void."""
    zero = pybamm.Scalar(0.0)
    return {
        **dict.fromkeys([*y.filament, *y.void, y.relaxed], zero),
        **dict.fromkeys(y.lithium, p.lithium_thickness),
        y.conformity: fabrication / p.contact_pressure,
        y.interphase: p.interphase_initial,
        y.highest_pressure: fabrication,
    }


def interphase_shares(p: Any) -> tuple[Any, Any]:
    """Per thickness of interphase: lithium bound in it, and height of the stack that it adds (lithium aside) [-]."""
    bound = p.interphase_charge * p.molar_volume / FARADAY
    return bound, 1.0 - 1.0 / (1.0 + p.interphase_volume_change) + bound


def swelling(y: States, p: Any) -> Any:
    """Growth of the stack since assembly by lithium, voids and interphases [m]; the cathode's comes on top."""
    _, gain = interphase_shares(p)
    grown: Any = len(y.lithium) * gain * (y.interphase - p.interphase_initial)
    for metal, void in zip(y.lithium, y.void, strict=True):
        grown = grown + (metal - p.lithium_thickness) + void
    return grown


def filament_length(coordinate: Any, p: Any) -> Any:
    """Deepest lithium in the electrolyte [m], from the filament coordinate."""
    u = Symbols.maximum(coordinate, _SMALL)
    return FILAMENT_LENGTH * Symbols.exp(Symbols.log(u) / (p.creep_exponent + 1.0))


class Seen(NamedTuple):
    """What the states amount to at one instant, SI; tuples have one entry per lithium electrode."""

    contact: tuple[Any, ...]  # [-]
    filament: tuple[Any, ...]  # [m]
    constriction: tuple[Any, ...]  # [ohm m2]
    film: Any  # interphase, of one interface [ohm m2]


def observe(y: States, pressure: Any, p: Any) -> Seen:
    """Contact, filaments and resistances at a stack pressure [Pa]."""
    pressed = contact.contact_fraction(
        pressure,
        Symbols.maximum(y.highest_pressure, pressure),
        Symbols.maximum(y.conformity, pressure / p.contact_pressure),
        exponent=p.unloading_exponent,
        xp=Symbols,
    )
    touching = tuple(pressed * voids.unvoided(void, scale=p.void_height, xp=Symbols) for void in y.void)
    narrow = tuple(
        contact.constriction_resistance(Symbols.maximum(c, 1e-9), scale=p.constriction_resistance) for c in touching
    )
    lengths = tuple(filament_length(u, p) for u in y.filament)
    return Seen(touching, lengths, narrow, y.interphase / p.interphase_conductivity)


def critical_length(pressure: Any, overpotential: Any, thickness: Any, p: Any) -> Any:
    """Filament length that shorts the cell [m], at a plating overpotential [V], for an electrolyte of `thickness`."""
    extra = fracture.plating_overpressure(
        overpotential, transmission=p.overpressure_transmission, molar_volume=p.molar_volume
    )
    limit = fracture.critical_flaw(pressure + extra, toughness=p.toughness, xp=Symbols)
    return fracture.runs_or_penetrates(limit, thickness, xp=Symbols)


class Fixture(NamedTuple):
    """What holds the stack at one instant."""

    held: Any  # pressure the fixture was set to [Pa]
    relaxing: Any  # 0 or 1


def rates(
    y: States, seen: Seen, arriving: tuple[Any, ...], pressure: Any, holder: Fixture, temperature: Any, p: Any
) -> dict[Any, Any]:
    """Time derivative of every state. `arriving` is the current onto each electrode [A/m2], positive if it plates.

    Memory grows here by ripening alone. `observe` takes the larger of memory and present pressure; whoever ends a solve
    brings the memory up, or `following` does while it runs. A rate that switches where the two meet makes a solver
    chatter, and the memory falls behind.
    """
    bound, _ = interphase_shares(p)
    film = interphase.interphase_rate(y.interphase, parabolic_constant=p.interphase_constant)
    replenished = voids.critical_stripping_current(
        pressure,
        reference=p.stripping_current,
        reference_pressure=p.stripping_pressure,
        exponent=p.stripping_exponent,
        xp=Symbols,
    )
    changes: dict[Any, Any] = {y.interphase: film}
    for i, current in enumerate(arriving):
        metal = plating.flat_velocity(current, molar_volume=p.molar_volume) - bound * film
        opening = voids.void_rate(
            -current,
            Symbols.maximum(seen.contact[i], 1e-6),
            y.void[i],
            critical=replenished,
            molar_volume=p.molar_volume,
            xp=Symbols,
        )
        changes |= {y.lithium[i]: metal, y.void[i]: opening}
        changes[y.filament[i]] = _filament_rate(y.filament[i], seen.filament[i], current, pressure, temperature, p)
    sinking = holder.relaxing * fixture.relaxation_rate(
        holder.held, y.relaxed, fraction=p.frame_relaxation, time=p.frame_relaxation_time
    )
    load = pressure / p.contact_pressure
    ripening = contact.ripening_rate(
        pressure,
        Symbols.maximum(y.conformity, load),
        scale=p.contact_pressure,
        time=p.ripening_time,
        stress_exponent=p.creep_exponent,
        xp=Symbols,
    )
    changes[y.conformity] = ripening
    changes[y.highest_pressure] = pybamm.Scalar(0.0)
    changes[y.relaxed] = sinking
    return changes


def following(y: States, pressure: Any, p: Any) -> dict[Any, Any]:
    """Rates that bring the memory up to the pressure [Pa] within a second; it lags by that, `observe` does not."""
    above = Symbols.maximum(pressure / p.contact_pressure - y.conformity, 0.0)
    return {
        y.conformity: above / CATCH_UP,
        y.highest_pressure: Symbols.maximum(pressure - y.highest_pressure, 0.0) / CATCH_UP,
    }


def _filament_rate(coordinate: Any, length: Any, current: Any, pressure: Any, temperature: Any, p: Any) -> Any:
    """du/dt: creep at the unit length, plus plating at the tip times (a / unit)^n."""
    flow = creep.throat_velocity(
        pressure,
        FILAMENT_LENGTH,
        p.throat_radius,
        temperature,
        xp=Symbols,
        reference_rate=p.creep_rate,
        reference_stress=p.creep_stress,
        exponent=p.creep_exponent,
        activation_energy=p.creep_activation_energy,
        reference_temperature=p.creep_temperature,
    )
    tip = plating.constant_focusing(
        Symbols.maximum(current, 0.0), length, pressure, focusing=p.focusing, molar_volume=p.molar_volume
    )
    steps = Symbols.maximum(coordinate, 0.0) * FILAMENT_LENGTH / length  # (a / unit)^n
    return (p.creep_exponent + 1.0) / FILAMENT_LENGTH * (flow + tip * steps)
