"""The numbers of the model in one table: name, and the card or noun that owns each. Units are in `QUANTITIES`."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from lithostat.physics.families import FAMILIES, SAME, default, taken_by
from lithostat.physics.types import Values

# Who owns a number: what a cell states of itself, or the card of one of its materials.
OWNERS: dict[str, tuple[str, ...]] = {
    "cell": (
        "area",
        "thickness",
        "lithium_thickness",
        "frame_stiffness",
        "frame_relaxation",
        "frame_relaxation_time",
        "short_conductance",
        "soft_conductance",
    ),
    "lithium": (
        "molar_volume",
        "creep_rate",
        "creep_stress",
        "creep_exponent",
        "creep_activation_energy",
        "creep_temperature",
    ),
    "electrolyte": ("conductivity", "conductivity_activation_energy", "conductivity_temperature", "toughness"),
    "interface": (
        "contact_pressure",
        "constriction_resistance",
        "unloading_exponent",
        "adhesion_pressure",
        "ripening_time",
        "charge_transfer_resistance",
        "double_layer_capacitance",
        "stripping_current",
        "stripping_pressure",
        "stripping_exponent",
        "stripping_activation_energy",
        "stripping_ceiling",
        "void_height",
        "void_focusing",
        "throat_radius",
        "focusing",
        "overpressure_transmission",
        "interphase_constant",
        "interphase_conductivity",
        "interphase_initial",
        "interphase_charge",
        "interphase_volume_change",
        "hardening_time",
    ),
}
BETWEEN_CELLS = ("throat_radius", "toughness", "flaw_size")  # log-normal from cell to cell, where a law takes them
SCATTER = ("focusing_scatter", *(f"{name}_scatter" for name in BETWEEN_CELLS), "reference_area", "area_exponent")


class Laws(NamedTuple):
    """Which law of each family in `physics.families.FAMILIES` is used."""

    growth: str = default("growth")
    reversal: str = default("reversal")
    filament: str = default("filament")
    entry: str = default("entry")
    failure: str = default("failure")
    voids: str = default("voids")

    @classmethod
    def of(cls, said: Mapping[str, str]) -> Laws:
        """Laws as a file holds them, of this version or an earlier one; families that it lacks take their default."""
        return cls(**dict(SAME.get((family, law), (family, law)) for family, law in said.items()))

    def functions(self) -> tuple[Any, ...]:
        """The chosen laws themselves."""
        return tuple(FAMILIES[family][name] for family, name in self._asdict().items())


def _of_laws() -> tuple[str, ...]:
    """Numbers that only laws which can be chosen take; the interface card owns them."""
    owned = {name for names in OWNERS.values() for name in names}
    taken = (name for laws in FAMILIES.values() for law in laws.values() for name in taken_by(law))
    return tuple(dict.fromkeys(name for name in taken if name not in owned))


OF_LAWS = _of_laws()
NAMES = tuple(name for names in OWNERS.values() for name in names) + OF_LAWS


def used(name: str, laws: Laws) -> bool:
    """Whether a number matters under these laws: most always do, some belong to one law alone."""
    return name not in OF_LAWS or any(name in taken_by(law) for law in laws.functions())


if TYPE_CHECKING:

    class Parameters:
        """All numbers of one cell by name, SI; see below."""

        _fields: tuple[str, ...]

        def __init__(self, **numbers: Values) -> None: ...
        def __getattr__(self, name: str) -> Values: ...  # noqa: D105
        def _replace(self, **numbers: Values) -> Parameters: ...
        def _asdict(self) -> dict[str, Any]: ...

else:

    class Parameters(namedtuple("Parameters", NAMES, defaults=(float("nan"),) * len(NAMES))):
        """All numbers of one cell by name, SI: scalars, arrays with a member axis, or symbols of an engine.

        Values of an interface hold for every lithium interface of the cell. What is left out is NaN, as the numbers of
        laws that were not chosen are.
        """

        __slots__ = ()


# What the model's functions take: `Parameters`, or whatever gives the same names as symbols of another code.
if TYPE_CHECKING:
    Numbers: TypeAlias = Parameters
else:
    Numbers = Any


def parameters_of(numbers: Mapping[str, Any]) -> Parameters:
    """Those of some numbers that are the model's, by name; others are passed over."""
    return Parameters(**{name: numbers[name] for name in NAMES if name in numbers})
