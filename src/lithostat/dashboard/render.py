"""A report for the dashboard: its head as JSON for tiles, what stands below it as HTML, every figure as a file."""

from __future__ import annotations

import html
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from lithostat.experiment.record import write_text
from lithostat.experiment.report import Report, Section, plain
from lithostat.show.page import page, svgs
from lithostat.show.report_page import printed

HEAD, BODY = "head.json", "body.html"


def render(report: Report, folder: Path, *, drawn: Collection[str] = (), **about: Any) -> None:
    """Write a report into a folder. Drawings whose names are in `drawn` are shown in another way and left out here;
    `about` goes into the head."""
    sections = [_without(section, drawn) for section in report.sections]
    sections = [section for section in sections if not section.empty]
    drawings = {drawing.name: drawing for section in sections for drawing in section.drawings}
    figures, missing = svgs({name: drawing.draw for name, drawing in drawings.items()})
    elements = {}
    for number, (name, text) in enumerate(figures.items()):
        write_text(folder / figure_file(number), text.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1))
        elements[name] = _element(number, drawings[name].caption or name)
    body = page(
        "body.html",
        package="lithostat.dashboard",
        sections=sections,
        warnings=(*report.warnings, *missing),
        figures=elements,
        printed=lambda findings: [printed(finding) for finding in findings],
    )
    write_text(folder / BODY, body)
    write_text(folder / HEAD, json.dumps(plain(head_of(report) | about)))


def head_of(report: Report) -> dict[str, Any]:
    """The head of a report as plain data: what a tile shows."""
    return {
        "title": report.title,
        "word": report.word,
        "tone": report.tone,
        "answer": report.answer,
        "lead": report.lead,
        "numbers": [number._asdict() for number in report.numbers],
        "warnings": len(report.warnings),
    }


def figure_file(number: int) -> str:
    """The file of a figure in the folder of a report."""
    return f"figure-{number}.svg"


def _without(section: Section, drawn: Collection[str]) -> Section:
    return section._replace(drawings=tuple(each for each in section.drawings if each.name not in drawn))


def _element(number: int, caption: str) -> str:
    """Where a figure stands: an image of its own, so that no page needs style inside of elements."""
    return f'<img class="figure" src="figure/{number}" alt="{html.escape(caption)}">'
