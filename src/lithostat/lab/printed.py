"""Numbers and findings as pages print them."""

from __future__ import annotations

import math

from lithostat.experiment.finding import Finding


def printed(finding: Finding) -> dict[str, str]:
    """A finding as a row of a table, its value with its uncertainty."""
    value = "not known" if finding.value is None or not math.isfinite(finding.value) else f"{finding.value:.4g}"
    if finding.uncertainty is not None:
        value += f" ± {finding.uncertainty:.2g}"
    notes = [*finding.evidence, *([f"uncertainty from {finding.uncertainty_from}"] if finding.uncertainty_from else [])]
    return {
        "name": finding.name,
        "value": value,
        "unit": finding.unit,
        "formula": finding.formula,
        "notes": "; ".join(notes),
    }


def pair(value: float, error: float) -> str:
    """'12.3 ± 0.2' with the digits that its error allows, '' for a value that is not there."""
    if not math.isfinite(value):
        return ""
    if not math.isfinite(error) or error <= 0.0:
        return f"{value:.4g}"
    digits = max(2, min(8, 2 + math.floor(math.log10(abs(value) / error)))) if value else 2
    return f"{value:.{digits}g} ± {error:.2g}"
