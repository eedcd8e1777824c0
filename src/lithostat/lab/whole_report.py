"""All that a cell says, in one report: the call, its impedance studied, its tomograms, and what to do next."""

from __future__ import annotations

from dataclasses import replace

from lithostat.experiment.errors import sentence_of
from lithostat.experiment.output_names import Named
from lithostat.experiment.report import Report, Section
from lithostat.lab.analyze import AnalysedCell, report_of
from lithostat.lab.next_steps import next_steps
from lithostat.show.spectra_figure import drawn_spectra


def first_report(cell: AnalysedCell) -> Report:
    """What `analyze` says of a cell, and what to do next; for one that could not be analysed, the reason."""
    report = report_of(cell)
    if cell.loaded is None or cell.analysis is None or cell.complete is None:
        return report
    section = Section("What to do next", points=next_steps(cell.loaded, cell.analysis, cell.complete))
    why, *others = report.sections
    return replace(report, sections=(why, section, *others))


def is_more(cell: AnalysedCell) -> bool:
    """Whether `whole_report` would say more than `first_report`."""
    return cell.analysis is not None and cell.loaded is not None and bool(_studied(cell) or cell.loaded.volumes)


def whole_report(cell: AnalysedCell, named: Named) -> Report:
    """The first report with impedance fitted and tomograms read, which takes longer; `named` is where volumes are kept.

    What cannot be studied is a warning and takes nothing of the rest.
    """
    report = first_report(cell)
    if cell.analysis is None or cell.loaded is None:
        return report
    sections, warnings = report.sections, report.warnings
    if _studied(cell):
        try:
            deeper = _of_spectra(cell)
            sections = _in_place(sections, "Impedance", deeper.sections)
            warnings = (*warnings, *(line for line in deeper.warnings if line not in warnings))
        except BaseException as error:
            warnings = (*warnings, f"the impedance could not be studied: {sentence_of(error)}")
    if cell.loaded.volumes:
        from lithostat.lab.tomograms import read_tomograms, tomogram_section

        scans = read_tomograms(cell.loaded, cell.analysis, named, draw=False)
        sections = _in_place(sections, "", tuple(map(tomogram_section, scans)))
    return replace(report, sections=sections, warnings=warnings)


def _studied(cell: AnalysedCell) -> bool:
    return cell.loaded is not None and bool(drawn_spectra(cell.loaded.spectra))


def _of_spectra(cell: AnalysedCell) -> Report:
    """The report of the cell's spectra, its parts named as such."""
    from lithostat.lab.spectra_report import spectra_report
    from lithostat.lab.spectra_study import Question, study_spectra

    assert cell.loaded is not None
    clock = cell.loaded.record.start is not None
    study = study_spectra(cell.loaded.record.spectra, cell.loaded.note, Question(), clock=clock)
    report = spectra_report(cell.loaded, study)
    first, *others = (section for section in report.sections if not section.empty)
    head = first._replace(title="Impedance", text=(report.answer, *first.text))
    titled = [each._replace(title="Findings from impedance") if each.title == "Findings" else each for each in others]
    return replace(report, sections=(head, *titled))


def _in_place(sections: tuple[Section, ...], title: str, new: tuple[Section, ...]) -> tuple[Section, ...]:
    """The sections with those in place of the one with that title; before what is known of the cell without one."""
    at = next((k for k, section in enumerate(sections) if title and section.title == title), None)
    if at is not None:
        return (*sections[:at], *new, *sections[at + 1 :])
    end = max(len(sections) - 2, 0)  # what is known, and the files
    return (*sections[:end], *new, *sections[end:])
