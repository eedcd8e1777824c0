"""What a worker does for a page: one cell read, analysed and rendered into a folder, its traces beside it."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
from typing import TYPE_CHECKING, Any

from lithostat.dashboard.render import render
from lithostat.dashboard.traces import write_traces
from lithostat.dashboard.worker import Job
from lithostat.experiment.errors import sentence_of
from lithostat.experiment.output_names import Named
from lithostat.experiment.report import Report
from lithostat.lab.analyze import AnalysedCell, analyze_specimen
from lithostat.lab.cell_report import marks_of
from lithostat.lab.folder import CellFolder, load
from lithostat.lab.specimen import Specimen
from lithostat.lab.whole_report import first_report, is_more, whole_report

if TYPE_CHECKING:
    from lithostat.cycling.analysis import Analysis

DRAWN = ("time",)  # the figures that traces in the page stand for


def prepare(job: Job) -> None:
    """Do a job. A fault of whatever kind becomes the report; the folder is there whole or not at all."""
    making = job.report.with_name(f".{job.report.name}-{os.getpid()}")
    making.mkdir(parents=True, exist_ok=True)
    try:
        try:
            analysed = _analysed(job)
            about = _traced(job, analysed)
            named = Named(job.report.with_name("volumes"))
            report = whole_report(analysed, named) if job.whole else first_report(analysed)
            render(report, making, drawn=DRAWN, **about)
        except BaseException as error:
            fault = Report(job.cell.name, sentence_of(error), word="not analysed", tone="doubtful")
            render(fault, making, **_NOTHING)
        with contextlib.suppress(OSError):  # another dashboard was faster
            os.replace(making, job.report)
    finally:
        shutil.rmtree(making, ignore_errors=True)


_NOTHING: dict[str, Any] = {"marks": [], "gaps": [], "more": False, "resistance": False}


def _analysed(job: Job) -> AnalysedCell:
    try:
        loaded = _loaded(job.cell, job.state)
    except BaseException as error:
        return AnalysedCell(job.cell.name, error=sentence_of(error))
    return analyze_specimen(loaded if job.until is None else loaded.until(job.until), repeats=job.repeats)


@functools.lru_cache(maxsize=4)
def _loaded(cell: CellFolder, _state: str) -> Specimen:
    """The cell, read once while its files stay as they are: a replay and what takes longer come back to it."""
    return load(cell)


def _traced(job: Job, analysed: AnalysedCell) -> dict[str, Any]:
    """Write the traces, and say what is marked on them. Those of a replay are of all that was recorded."""
    if job.traces is not None and not job.traces.exists():
        whole = analysed if job.until is None else analyze_specimen(_loaded(job.cell, job.state), repeats=1)
        if whole.analysis is not None:
            write_traces(whole.analysis.trace.seen, job.traces, resistance=_symmetric(whole.analysis))
    found = analysed.analysis
    if found is None:
        return _NOTHING
    gaps = [(gap["start_second"], gap["end_second"]) for gap in found.trace.seen.provenance.get("gaps", ())]
    marks = [mark._asdict() for mark in marks_of(found)]
    more = job.until is None and is_more(analysed)
    return {"marks": marks, "gaps": gaps, "more": more, "resistance": _symmetric(found)}


def _symmetric(found: Analysis) -> bool:
    """Whether V/I over time says something of the cell."""
    return found.kind == "symmetric" and len(found.half_cycles) > 0
