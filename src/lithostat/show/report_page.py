"""A report as a page: self-contained HTML with its figures inside."""

from __future__ import annotations

import math
from dataclasses import replace
from importlib.metadata import version

from lithostat.experiment.finding import Finding
from lithostat.experiment.report import Report
from lithostat.show.page import page, svgs


def report_page(report: Report) -> str:
    """The page as HTML text. Drawings are made here and nowhere before; one that cannot be made is a warning."""
    sections = [section for section in report.sections if not section.empty]
    figures, missing = svgs({drawing.name: drawing.draw for section in sections for drawing in section.drawings})
    return page(
        "report.html",
        report=replace(report, warnings=(*report.warnings, *missing)),
        sections=sections,
        figures=figures,
        printed=lambda findings: [printed(finding) for finding in findings],
        version=version("lithostat"),
    )


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
