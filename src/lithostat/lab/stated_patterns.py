"""The diffraction patterns of a cell, as its note states them: findings beside those of the record, and figures."""

from __future__ import annotations

import fnmatch
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from lithostat.experiment.cell_note import PatternState
from lithostat.experiment.errors import InputError, sentence_of
from lithostat.experiment.finding import Finding
from lithostat.experiment.pattern import Pattern
from lithostat.experiment.report import Drawing, Section
from lithostat.lab.specimen import Specimen
from lithostat.reading.patterns import Stated


class CellPatterns(NamedTuple):
    """What all patterns of a cell say: findings, a section with a figure for each, and sentences."""

    findings: tuple[Finding, ...] = ()
    sections: tuple[Section, ...] = ()
    warnings: tuple[str, ...] = ()


def read_stated_patterns(loaded: Specimen) -> CellPatterns:
    """Study every pattern that the note names; a bad file takes no other."""
    findings: list[Finding] = []
    sections: list[Section] = []
    told: list[str] = []
    for entry in loaded.note.patterns:
        files = [path for path in loaded.patterns if _is(path, entry.files)]
        if not files:
            told.append(f"patterns: no file is called '{entry.files}'")
        for path in files:
            try:
                of_file = _studied(path, entry, loaded)
            except BaseException as error:
                told.append(f"pattern not used: {path.name}: {sentence_of(error).removeprefix(f'{path}: ')}")
                continue
            findings += of_file.findings
            sections += of_file.sections
            told += of_file.warnings
    return CellPatterns(tuple(findings), tuple(sections), tuple(dict.fromkeys(told)))


def _is(path: Path, name: str) -> bool:
    return fnmatch.fnmatchcase(path.as_posix(), f"*/{name}") or fnmatch.fnmatchcase(path.name, name)


def _studied(path: Path, entry: PatternState, loaded: Specimen) -> CellPatterns:
    """What the scans of one file say, each on the cell's timeline."""
    from lithostat.diffraction.chemistry import chemistry
    from lithostat.diffraction.figures import pattern_figure
    from lithostat.diffraction.identify import Question, identify
    from lithostat.diffraction.report import answer
    from lithostat.materials.phase import find_phase, phases
    from lithostat.reading.patterns import read_patterns
    from lithostat.reading.patterns_log import on_timeline

    stated = _stated(entry)
    symbols = frozenset(entry.elements.replace(",", " ").split()) if entry.elements else None
    question = Question(
        tuple(phase for phase in phases().values() if phase.kind != "hump"),
        elements=symbols,
        host=(find_phase(entry.host),) if entry.host else (),
        blank=_blank(entry, loaded),
    )
    findings: list[Finding] = []
    sections: list[Section] = []
    told: list[str] = []
    for pattern in on_timeline(read_patterns(path, stated), loaded.record.start):
        study = identify(pattern, question)
        about = _about(pattern)
        findings += [replace(each, name=f"{about}: {each.name}") for each in (*study.findings, *chemistry(study))]
        told += [f"{about}: {text}" for text in study.warnings]
        drawing = Drawing(f"pattern {about}", partial(pattern_figure, study), "Measured, fitted and what is left over.")
        sections.append(Section(f"Diffraction: {about}", text=(answer(study),), drawings=(drawing,)))
    return CellPatterns(tuple(findings), tuple(sections), tuple(told))


def _stated(entry: PatternState) -> Stated:
    from lithostat.experiment.radiation import read_lines

    lines = read_lines(entry.wavelength) if entry.wavelength else ()
    return Stated(lines=lines, geometry=entry.geometry, radius=entry.radius, region=entry.region)


def _blank(entry: PatternState, loaded: Specimen) -> Pattern | None:
    from lithostat.reading.patterns import read_patterns

    if entry.blank is None:
        return None
    files = [path for path in loaded.patterns if _is(path, entry.blank)]
    if not files:
        raise InputError(f"there is no blank '{entry.blank}'", expected="the name of a file of the cell")
    return read_patterns(files[0], _stated(entry))[0]


def _about(pattern: Pattern) -> str:
    """A pattern's name, the part of the cell it met, and when."""
    region = f", {pattern.region}" if pattern.region else ""
    when = f", at {pattern.time / 3600.0:.3g} h" if pattern.time is not None else ""
    return f"{pattern.name}{region}{when}"
