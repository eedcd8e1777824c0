"""Larger cells short earlier: a cell is as good as its worst spot."""

from __future__ import annotations

import numpy as np

from lithostat.physics.types import Namespace, Values


def links(area: Values, *, reference_area: Values, exponent: Values) -> Values:
    """Number of independent spots in a cell, relative to the reference area [-]: M = (A / A_ref)^kappa.

    kappa = 1 is Weibull's weakest link, kappa = 0 says area does not matter.
    """
    return (area / reference_area) ** exponent


def worst_of(uniform: Values, links: Values, *, xp: Namespace = np) -> Values:
    """Quantile of the worst of `links` spots: u -> u^(1/M), for a property in which large is bad.

    If one spot's property has distribution function F, the largest of M has F^M; sampling it by inversion gives this
    exponent. M = 1 leaves u unchanged. Exact for independent spots.
    """
    return xp.exp(log_worst_of(uniform, links, xp=xp))


def log_worst_of(uniform: Values, links: Values, *, xp: Namespace = np) -> Values:
    """ln of `worst_of`: of a cell much smaller than the reference the quantile itself is less than any number."""
    return xp.log(uniform) / links
