"""Numbers with their errors as people read them."""

from __future__ import annotations

import math


def pair(value: float, error: float) -> str:
    """'12.3 ± 0.2' with the digits that its error allows, '' for a value that is not there."""
    if not math.isfinite(value):
        return ""
    if not math.isfinite(error) or error <= 0.0:
        return f"{value:.4g}"
    digits = max(2, min(8, 2 + math.floor(math.log10(abs(value) / error)))) if value else 2
    return f"{value:.{digits}g} ± {error:.2g}"
