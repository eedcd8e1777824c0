"""The result: draws of the posterior with everything that is needed to judge, use and keep them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lithostat.calibration.data import Data
from lithostat.calibration.earlier import upgraded
from lithostat.calibration.parameter import Parameter
from lithostat.experiment.errors import InputError
from lithostat.experiment.files import read_text
from lithostat.experiment.record import write_text
from lithostat.model.parameters import Laws

FORMAT = 1
_DRAWN = ("draws", "offsets", "resistance_offsets")  # the last two are not in files of the first version
LARGEST = 1 << 30  # bytes of a saved calibration
DAMAGED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)  # of plain data that is not whole


@dataclass(frozen=True)
class Diagnostics:
    """How the sampling went: worst split R-hat and smallest bulk effective sample size over the parameters.

    `method` is 'NUTS', 'Laplace' or 'prior'. R-hat and sample size are None where they have no meaning.
    """

    method: str
    chains: int
    r_hat: float | None = None
    effective_samples: float | None = None
    divergences: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Calibration:
    """A posterior. `draws` has one array (n,) in SI for every parameter, chain after chain.

    `laws` and `parameters` (with their priors) are what was assumed, `data` what was learnt from. `numbers` are those
    of the reference cell, for what is not learnt (area, thickness, creep of lithium), SI. `log_likelihood` (n,
    observations) is in the order of `data.names`. `offsets` (n,) are by how much ln t of each group of cells, a paper
    or a lab, lies above that of the median group, `resistance_offsets` the same of ln R; 0 where there is but one
    group. `seed` makes it again. `misfits` are those of the `warnings` that say where data and model do not fit
    together.
    """

    draws: Mapping[str, np.ndarray]
    laws: Laws
    parameters: tuple[Parameter, ...]
    data: Data
    numbers: Mapping[str, float]
    log_likelihood: np.ndarray
    diagnostics: Diagnostics
    seed: int
    offsets: Mapping[str, np.ndarray] = field(default_factory=dict)
    resistance_offsets: Mapping[str, np.ndarray] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    misfits: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of draws."""
        return len(next(iter(self.draws.values())))

    def parameter(self, name: str) -> Parameter:
        """The learnt parameter of that name."""
        for one in self.parameters:
            if one.name == name:
                return one
        names = ", ".join(one.name for one in self.parameters)
        raise InputError(f"'{name}' was not learnt", expected=f"one of {names}")

    def standard(self) -> np.ndarray:
        """The draws as standard normal variables of the priors, (n, parameters)."""
        return np.stack([one.standard(self.draws[one.name]) for one in self.parameters], axis=1)

    def interval(self, name: str, share: float = 0.9) -> tuple[float, float, float]:
        """Median and the ends of the central credible interval of one parameter [SI]: (low, median, high)."""
        self.parameter(name)
        low, middle, high = np.quantile(self.draws[name], [0.5 - share / 2, 0.5, 0.5 + share / 2])
        return float(low), float(middle), float(high)

    def inference_data(self) -> Any:
        """The draws and pointwise likelihoods as ArviZ's InferenceData."""
        from lithostat.calibration.arviz import az

        chains = self.diagnostics.chains

        def split(values: np.ndarray) -> np.ndarray:
            return np.reshape(values, (chains, -1, *values.shape[1:]))

        kept = {"observation": split(self.log_likelihood)} if self.log_likelihood.size else None
        return az().from_dict(
            posterior={name: split(np.asarray(values)) for name, values in (dict(self.draws) | self._named()).items()},
            log_likelihood=kept,
        )

    def _named(self) -> dict[str, np.ndarray]:
        both = {"offset": self.offsets, "resistance_offset": self.resistance_offsets}
        return {f"{kind} {group}": values for kind, all_ in both.items() for group, values in all_.items()}

    def thinned(self, most: int) -> Calibration:
        """The same posterior with at most `most` of its draws, evenly spread over them."""
        if self.count <= most:
            return self
        return self.chosen(np.linspace(0, self.count - 1, most).round().astype(int))

    def chosen(self, index: np.ndarray) -> Calibration:
        """The same posterior with the draws of these indices only."""
        drawn: dict[str, Any] = {
            kind: {name: np.asarray(v)[index] for name, v in getattr(self, kind).items()} for kind in _DRAWN
        }
        return dataclasses.replace(self, **drawn, log_likelihood=self.log_likelihood[index])

    def as_dict(self) -> dict[str, Any]:
        """Plain data that `Calibration.from_dict` takes back."""
        return {
            "format": FORMAT,
            **{kind: {name: np.asarray(v).tolist() for name, v in getattr(self, kind).items()} for kind in _DRAWN},
            "laws": self.laws._asdict(),
            "parameters": [one.as_dict() for one in self.parameters],
            "data": self.data.as_dict(),
            "numbers": dict(self.numbers),
            "log_likelihood": self.log_likelihood.tolist(),
            "diagnostics": dataclasses.asdict(self.diagnostics),
            "seed": self.seed,
            "warnings": list(self.warnings),
            "misfits": list(self.misfits),
            "provenance": dict(self.provenance),
        }

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Calibration:
        """Inverse of `as_dict`."""
        drawn: dict[str, Any] = {
            kind: {name: np.asarray(v, float) for name, v in said.get(kind, {}).items()} for kind in _DRAWN
        }
        if not drawn["draws"]:
            raise ValueError("a calibration without draws")
        count = len(next(iter(drawn["draws"].values())))
        return cls(
            **drawn,
            laws=Laws.of(said["laws"]),
            parameters=tuple(Parameter.from_dict(one) for one in said["parameters"]),
            data=Data.from_dict(said["data"]),
            numbers=said["numbers"],
            log_likelihood=np.asarray(said["log_likelihood"], float).reshape(count, -1),
            diagnostics=Diagnostics(**said["diagnostics"]),
            seed=said["seed"],
            warnings=tuple(said["warnings"]),
            misfits=tuple(said.get("misfits", ())),
            provenance=said["provenance"],
        )

    def save(self, path: str | Path) -> Path:
        """Write everything to one JSON file, whole or not at all."""
        return write_text(path, json.dumps(self.as_dict()))


def load_calibration(path: str | Path) -> Calibration:
    """Read what `Calibration.save` wrote; the files of the data are not needed. Anything else raises `InputError`."""
    try:
        said = json.loads(read_text(Path(path), LARGEST))
    except (ValueError, RecursionError):
        raise InputError("is not a saved calibration", file=str(path), expected="JSON") from None
    if not isinstance(said, dict) or "draws" not in said:
        raise InputError("is JSON, but not a saved calibration", file=str(path))
    if said.get("format") != FORMAT:
        raise InputError(f"has calibration format {said.get('format')}", file=str(path), expected=f"format {FORMAT}")
    try:
        return Calibration.from_dict(upgraded(said))
    except DAMAGED:
        raise InputError("is damaged and cannot be read as a calibration", file=str(path)) from None
