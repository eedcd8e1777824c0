"""What is learnt: parameters with bounds, scale and a prior that says where it comes from.

Every prior is a monotone map of a standard normal variable z. In z all priors are alike, which is the space that is
sampled and in which a posterior is compared with its prior.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from lithostat.experiment.errors import InputError, nearest
from lithostat.experiment.quantity import QUANTITIES, Quantity, check, show
from lithostat.experiment.source import TAGS
from lithostat.model.parameters import Laws

# learnt numbers that no card has
SCATTERS: dict[str, str] = {
    "life_scatter": "standard deviation of ln t between cells of the reference area of one paper or lab",
    "life_spread": "standard deviation of ln t between papers or labs",
    "stripping_scatter": "standard deviation of ln j_crit between cells",
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


_GLASS = (
    "0.23 +- 0.04 MPa m^0.5 of Li2S-P2S5 glass (McGrogan et al. 2017, quoted in Singh 2022 and Duan 2023), which the "
    "literature borrows for Li6PS5Cl; widened to 35 % because no crystalline Li6PS5Cl was measured"
)
_PORES = (
    "pores of 0.2 to 2 um in a model of sulfide pellets (Diallo et al. 2024); widened to a factor 2.7 because throats "
    "are not pores and no pore-size distribution of cold-pressed Li6PS5Cl was found"
)
_REPEATS = "pairs of like cells that differ by factors 1.7 and 2.4 in time to short (Schlenker et al. 2020)"
_PAPERS = "papers that differ by factors of 3 to 20 in life at like settings"
_STRIPPING = (
    "0.2 mA/cm2 at 3 MPa and 1.0 mA/cm2 at 7 MPa (Kasemchainan et al. 2019); widened because 0.3 mA/cm2 at 2 MPa was "
    "also measured (Yan et al. 2022)"
)
_CONTACT = "mostly out of contact below 10 MPa, conformal above 20 MPa (Zhang et al. 2020, model and figure)"
_CONSTRICTION = (
    "13 ohm cm2 at 20 MPa for a fine-grained pellet (Singh et al. 2022: 47 ohm at 6 mm) to 280 ohm cm2 at 10 MPa "
    "(Zhang et al. 2020)"
)

DEFAULTS: dict[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter("toughness", 0.23e6, 0.35, (0.02e6, 3e6), "log", _GLASS, "V1"),
        Parameter("throat_radius", 0.63e-6, 1.0, (1e-9, 1e-3), "log", _PORES, "V1"),
        Parameter(
            "focusing",
            5.0,
            1.2,
            (1e-3, 1e5),
            "log",
            "from 1 (a flat front) to the 5 to 40 that plating stress alone would need to break the glass; 90 % "
            "between 0.7 and 36",
            "D",
        ),
        Parameter("life_scatter", 0.5, 0.6, (0.01, 20.0), "log", _REPEATS, "D"),
        Parameter("life_spread", 1.0, 0.5, (0.02, 20.0), "log", _PAPERS, "D"),
        Parameter("stripping_current", 2.0, 0.6, (1e-3, 1e3), "log", _STRIPPING, "V2"),
        Parameter("stripping_exponent", 1.9, 0.35, (0.1, 20.0), "log", _STRIPPING, "D"),
        Parameter(
            "stripping_scatter",
            0.5,
            0.6,
            (0.01, 20.0),
            "log",
            "0.3 mA/cm2 measured at 2 MPa (Yan et al. 2022) where the power law of Kasemchainan et al. 2019 has 0.09",
            "D",
        ),
        Parameter("contact_pressure", 8e6, 0.8, (1e4, 1e9), "log", _CONTACT, "V2-fig"),
        Parameter("constriction_resistance", 60e-4, 1.2, (1e-7, 10.0), "log", _CONSTRICTION, "V2-fig"),
        Parameter(
            "unloading_exponent",
            0.5,
            0.0,
            (0.0, 1.0),
            "uniform",
            "nothing known: from contact that stays whole on release (0) to contact in proportion to pressure (1)",
            "D",
        ),
        Parameter(
            "conductivity",
            0.23,
            0.35,
            (1e-4, 10.0),
            "log",
            "1.3 to 3.5 mS/cm over the cold-pressed pellets of the card Li6PS5Cl",
            "V1",
        ),
        Parameter(
            "resistance_scatter",
            0.15,
            0.6,
            (0.005, 5.0),
            "log",
            "32 and 39 ohm of two cells at 25 MPa (Doux et al. 2020, Figure 4 and supplement)",
            "D",
        ),
        Parameter(
            "resistance_spread",
            0.3,
            0.6,
            (0.01, 5.0),
            "log",
            "conductivities of 1.3 to 3.5 mS/cm and pellets of unlike make between papers (card Li6PS5Cl)",
            "D",
        ),
    )
}
ENTRY = Parameter(
    "entry_pressure",
    5e6,
    0.8,
    (1e4, 1e9),
    "log",
    "a hypothesis: capillarity with a surface energy from memory plus plastic constraint, 5 to 10 MPa",
    "M",
)


def parameters_for(
    laws: Laws, changed: Iterable[Parameter] = (), *, without: Iterable[str] = ()
) -> tuple[Parameter, ...]:
    """The default parameters that these laws need, with those of the same name in `changed` in their place.

    A changed parameter that is not among the defaults is added: any number of the model can be learnt.
    """
    chosen = dict(DEFAULTS)
    if laws.entry == "threshold":
        chosen[ENTRY.name] = ENTRY
    chosen |= {parameter.name: parameter for parameter in changed}
    for name in without:
        chosen.pop(name, None)
    return tuple(chosen.values())


def values_at(z: Any, parameters: tuple[Parameter, ...], xp: Any = np, special: Any = None) -> dict[str, Any]:
    """All values [SI] at the standard normal variables z (parameters,); the plain ones in one operation."""
    centres = np.array([math.log(one.median) if one.plain else 0.0 for one in parameters])
    spreads = np.array([one.spread if one.plain else 0.0 for one in parameters])
    together = xp.exp(centres + spreads * z)
    return {one.name: together[i] if one.plain else one.value(z[i], xp, special) for i, one in enumerate(parameters)}
