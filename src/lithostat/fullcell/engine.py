"""PyBaMM as this package uses it: no telemetry, no ceiling on states, its functions under the names the laws use."""

from __future__ import annotations

import os

import numpy as np

from lithostat.experiment.errors import MissingPackage
from lithostat.physics.types import Values

os.environ["PYBAMM_DISABLE_TELEMETRY"] = "true"  # before the import
try:
    import pybamm
except ImportError as reason:
    raise MissingPackage(
        "full cells need PyBaMM, which is not installed; install it with: pip install 'lithostat[fullcell]'"
    ) from reason

__all__ = ["Symbols", "pybamm"]

# The filament coordinate (a / 10 um)^(n+1) passes PyBaMM's ceiling of 1e5, which is there to catch divergence.
pybamm.settings.max_y_value = np.inf


class Symbols:
    """The array namespace `xp` of the laws, on PyBaMM's expression trees; plain numbers stay plain numbers."""

    @staticmethod
    def exp(x: Values) -> Values:
        """Exponential."""
        return pybamm.exp(x) if isinstance(x, pybamm.Symbol) else np.exp(x)

    @staticmethod
    def log(x: Values) -> Values:
        """Natural logarithm."""
        return pybamm.log(x) if isinstance(x, pybamm.Symbol) else np.log(x)

    @staticmethod
    def sqrt(x: Values) -> Values:
        """Square root."""
        return pybamm.sqrt(x) if isinstance(x, pybamm.Symbol) else np.sqrt(x)

    @staticmethod
    def maximum(a: Values, b: Values) -> Values:
        """The larger of two, exact."""
        return pybamm.maximum(a, b)

    @staticmethod
    def minimum(a: Values, b: Values) -> Values:
        """The smaller of two, exact."""
        return pybamm.minimum(a, b)

    @staticmethod
    def where(condition: Values, a: Values, b: Values) -> Values:
        """`a` where the condition holds, else `b`; both must be finite."""
        return condition * a + (1.0 - condition) * b
