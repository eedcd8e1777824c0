"""What the standard normal variables of a posterior stand for: parameters, and an offset for every group."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import jax.scipy.special as special
import numpy as np

from lithostat.calibration.calibration import Calibration, Diagnostics
from lithostat.calibration.data import Data
from lithostat.calibration.likelihood import Offsets
from lithostat.calibration.packed import Packed
from lithostat.calibration.parameter import Parameter, values_at
from lithostat.experiment.versions import version
from lithostat.model.parameters import Laws


class Layout(NamedTuple):
    """What the standard normal variables z of a posterior stand for, in this order."""

    parameters: tuple[Parameter, ...]
    groups: tuple[str, ...]  # whose lives have an offset of their own
    resistance_groups: tuple[str, ...]  # and whose resistances

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.parameters) + len(self.groups) + len(self.resistance_groups)

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each."""
        offsets = tuple(f"offset of {group}" for group in self.groups)
        others = tuple(f"resistance offset of {group}" for group in self.resistance_groups)
        return (*(one.name for one in self.parameters), *offsets, *others)

    @property
    def counts(self) -> tuple[int, int]:
        """Number of offsets of lives and of resistances."""
        return len(self.groups), len(self.resistance_groups)


def layout_of(parameters: tuple[Parameter, ...], data: Data) -> Layout:
    """Offsets of groups are learnt where their spread is, and where there are several.

    The level of one group alone cannot be told from the numbers of the model, which are then taken as that group's.
    """
    names = {one.name for one in parameters}
    lives = _several(data.groups) if "life_spread" in names else ()
    return Layout(parameters, lives, _several(data.resistance_groups) if "resistance_spread" in names else ())


def _several(groups: tuple[str, ...]) -> tuple[str, ...]:
    return groups if len(groups) > 1 else ()


def unpacked(
    z: Any, parameters: tuple[Parameter, ...], counts: tuple[int, int], packed: Packed
) -> tuple[dict[str, Any], Offsets]:
    """Values [SI] and offsets of the groups at z (parameters and offsets,); where none are learnt there are none."""
    values = values_at(z[: len(parameters)], parameters, jnp, special)
    first = len(parameters) + counts[0]
    lives, resistances = z[len(parameters) : first], z[first:]
    return values, Offsets(
        values["life_spread"] * lives if counts[0] else jnp.zeros(1 + len(packed.group)),
        values["resistance_spread"] * resistances if counts[1] else jnp.zeros(1 + len(packed.point_group)),
    )


def drawn(
    z: np.ndarray,
    layout: Layout,
    data: Data,
    laws: Laws,
    numbers: Mapping[str, float],
    diagnostics: Diagnostics,
    seed: int,
) -> Calibration:
    """Draws z (n, size) of standard normal variables in SI, with their offsets; without likelihoods."""
    chosen = layout.parameters
    values = {one.name: np.asarray(one.value(z[:, i])) for i, one in enumerate(chosen)}
    first, second = len(chosen), len(chosen) + len(layout.groups)
    offsets = dict.fromkeys(data.groups, np.zeros(len(z)))
    offsets |= {group: values["life_spread"] * z[:, first + i] for i, group in enumerate(layout.groups)}
    others = dict.fromkeys(data.resistance_groups, np.zeros(len(z)))
    others |= {
        group: values["resistance_spread"] * z[:, second + i] for i, group in enumerate(layout.resistance_groups)
    }
    return Calibration(
        draws=values,
        laws=laws,
        parameters=chosen,
        data=data,
        numbers=numbers,
        log_likelihood=np.zeros((len(z), 0)),
        diagnostics=diagnostics,
        seed=seed,
        offsets=offsets,
        resistance_offsets=others,
        provenance=_provenance(),
    )


def standard_of(calibration: Calibration, layout: Layout) -> np.ndarray:
    """Inverse of `drawn`: the draws as standard normal variables (n, layout.size)."""
    columns = [calibration.standard()]
    for groups, offsets, spread in (
        (layout.groups, calibration.offsets, "life_spread"),
        (layout.resistance_groups, calibration.resistance_offsets, "resistance_spread"),
    ):
        nothing = np.zeros(calibration.count)
        columns += [(np.asarray(offsets.get(group, nothing)) / calibration.draws[spread])[:, None] for group in groups]
    return np.concatenate(columns, axis=1)


def _provenance() -> dict[str, Any]:
    names = ("lithostat", "jax", "numpyro", "arviz", "numpy")
    return {"versions": {name: version(name) for name in names}, "python": platform.python_version()}
