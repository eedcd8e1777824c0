"""What is learnt: parameters with bounds, scale and a prior that says where it comes from.

Every prior is a monotone map of a standard normal variable z. In z all priors are alike, which is the space that is
sampled and in which a posterior is compared with its prior.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from lithostat.experiment.errors import InputError, nearest
from lithostat.experiment.quantity import QUANTITIES, Quantity, check, show
from lithostat.experiment.source import TAGS

# learnt numbers that no card has
SCATTERS: dict[str, str] = {
    "life_scatter": "standard deviation of ln t between cells of the reference area of one paper or lab",
    "life_spread": "standard deviation of ln t between papers or labs",
    "stripping_scatter": "standard deviation of ln j_crit, and of the void height with it, between cells",
    "resistance_scatter": "standard deviation of ln R between the model and a measured resistance of one paper or lab",
    "resistance_spread": "standard deviation of ln R between papers or labs",
}


def _scipy() -> Any:
    """SciPy's ndtr and ndtri."""
    import scipy.special

    return scipy.special


_FAR = 6.0  # bounds beyond so many standard deviations of the prior cut nothing off


@dataclass(frozen=True)
class Parameter:
    """A number to learn. `median` and `spread` describe the prior on its `scale`, cut off at `bounds`.

    On the 'log' scale `spread` is the standard deviation of the logarithm, on the 'linear' scale that of the value; on
    the 'uniform' scale every value between the bounds is equally likely and `spread` is not used. SI. `tag` is one of
    `source.TAGS`; a prior from memory (M) must be wide, which is checked.
    """

    name: str
    median: float
    spread: float
    bounds: tuple[float, float]
    scale: Literal["log", "linear", "uniform"]
    source: str
    tag: str

    def __post_init__(self) -> None:
        """Refuse a prior that contradicts itself or claims too much."""
        known = (*QUANTITIES, *SCATTERS)
        if self.name not in known:
            raise InputError(f"unknown parameter '{self.name}'{nearest(self.name, known)}")
        low, high = self.bounds
        if self.name in QUANTITIES:
            check(self.median, self.name)
        if not (math.isfinite(low) and math.isfinite(high) and low < high and low <= self.median <= high):
            raise InputError(
                f"the bounds {low:.4g} and {high:.4g} of '{self.name}' do not enclose its median {self.median:.4g}"
            )
        if self.scale == "log" and low <= 0.0:
            raise InputError(f"the lower bound of '{self.name}' is {low:.4g}", expected="above 0 on a log scale")
        if self.scale != "uniform" and not self.spread > 0.0:
            raise InputError(f"the prior of '{self.name}' has spread {self.spread!r}", expected="above 0")
        if self.tag not in TAGS:
            raise InputError(f"the prior of '{self.name}' has tag '{self.tag}'", expected=f"one of {', '.join(TAGS)}")
        relative = self.spread if self.scale == "log" else self.spread / max(abs(self.median), 1e-300)
        if self.tag == "M" and self.scale != "uniform" and relative < 0.5:
            raise InputError(f"the prior of '{self.name}' is from memory and narrow", expected="a spread above 0.5")

    @property
    def quantity(self) -> Quantity:
        """Symbol, units and meaning."""
        return QUANTITIES.get(self.name) or Quantity("s", "", "", SCATTERS[self.name])

    def show(self, value: float, digits: int = 3) -> str:
        """A value with the unit that people use."""
        return show(value, self.name, digits) if self.name in QUANTITIES else f"{value:.{digits}g}"

    def value(self, z: Any, xp: Any = np, special: Any = None) -> Any:
        """The value [SI] at the standard normal variable z; monotone, differentiable. `special` has ndtr and ndtri."""
        special = special or _scipy()
        low, high = self._edges()
        if self.scale == "uniform":
            return low + (high - low) * special.ndtr(z)
        centre = math.log(self.median) if self.scale == "log" else self.median
        below, above = (low - centre) / self.spread, (high - centre) / self.spread
        if below > -_FAR or above < _FAR:
            share = special.ndtr(below) + special.ndtr(z) * (special.ndtr(above) - special.ndtr(below))
            z = special.ndtri(xp.clip(share, 1e-15, 1.0 - 1e-15))
        x = centre + self.spread * z
        return xp.exp(x) if self.scale == "log" else x

    @property
    def plain(self) -> bool:
        """True if the prior is log-normal and its bounds cut nothing off."""
        if self.scale != "log":
            return False
        low, high = (math.log(end / self.median) / self.spread for end in self.bounds)
        return low <= -_FAR and high >= _FAR

    def standard(self, value: Any) -> Any:
        """Inverse of `value` in NumPy: the standard normal variable of a value [SI]."""
        from scipy.special import ndtr, ndtri

        low, high = self._edges()
        if self.scale == "uniform":
            return ndtri(np.clip((np.asarray(value, float) - low) / (high - low), 1e-15, 1.0 - 1e-15))
        centre = math.log(self.median) if self.scale == "log" else self.median
        x = np.log(value) if self.scale == "log" else np.asarray(value, float)
        z = (x - centre) / self.spread
        below, above = (low - centre) / self.spread, (high - centre) / self.spread
        if below > -_FAR or above < _FAR:
            share = (ndtr(z) - ndtr(below)) / (ndtr(above) - ndtr(below))
            z = ndtri(np.clip(share, 1e-15, 1.0 - 1e-15))
        return z

    def _edges(self) -> tuple[float, float]:
        low, high = self.bounds
        return (math.log(low), math.log(high)) if self.scale == "log" else (low, high)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that `Parameter.from_dict` takes back."""
        return asdict(self) | {"bounds": list(self.bounds)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Parameter:
        """Inverse of `as_dict`."""
        low, high = data["bounds"]
        return cls(**(dict(data) | {"bounds": (float(low), float(high))}))


def values_at(z: Any, parameters: tuple[Parameter, ...], xp: Any = np, special: Any = None) -> dict[str, Any]:
    """All values [SI] at the standard normal variables z (parameters,); the plain ones in one operation."""
    centres = np.array([math.log(one.median) if one.plain else 0.0 for one in parameters])
    spreads = np.array([one.spread if one.plain else 0.0 for one in parameters])
    together = xp.exp(centres + spreads * z)
    return {one.name: together[i] if one.plain else one.value(z[i], xp, special) for i, one in enumerate(parameters)}
