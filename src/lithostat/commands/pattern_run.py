"""Steps of `lithostat diffraction` between the options and the report: reading, asking, writing, printing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lithostat.experiment.errors import InputError, sentence_of

if TYPE_CHECKING:
    from lithostat.diffraction.identify import Question
    from lithostat.experiment.output_names import Named
    from lithostat.experiment.pattern import Pattern
    from lithostat.experiment.record import Record
    from lithostat.experiment.report import Drawing, Report
    from lithostat.reading.patterns import Stated

MOST_FILES = 2000

Way = tuple[Path, "Callable[[Path], Any]"]  # a file, and what writes it


@dataclass(frozen=True)
class PatternOptions:
    """What one call of the command wants of every file."""

    question: Question
    stated: Stated
    within: str | None
    exclude: tuple[str, ...]
    blank: Path | None
    record: Path | None
    log: Path | None
    mass: str | None
    wanted: str | None
    engine: str


def angles(text: str) -> tuple[float, float]:
    """'5:60' degrees as two angles [rad]."""
    import numpy as np

    found = re.fullmatch(r"\s*([0-9.]+)\s*:\s*([0-9.]+)\s*(?:deg|degrees)?\s*", text)
    values = [float(part) for part in found.groups()] if found else []
    if len(values) != 2 or not 0.0 <= values[0] < values[1] <= 180.0:
        raise InputError(f"received the angles '{text}'", expected="two angles in degrees such as 5:60")
    return float(np.radians(values[0])), float(np.radians(values[1]))


def share(text: str | None) -> float:
    """'1 %' as a fraction; 1 % where nobody asked."""
    from lithostat.diffraction.plan import WANTED
    from lithostat.experiment.quantity import parse

    return WANTED if text is None else parse(text, "fraction")


def groups(
    paths: Sequence[Path], asked: PatternOptions, series: bool
) -> Iterator[tuple[str, tuple[Pattern, ...] | str]]:
    """Patterns that are studied together, with a name; a file that cannot be read is a sentence instead."""
    files = _files(paths)
    if series:
        patterns: list[tuple[Pattern, ...]] = []
        refused: list[str] = []
        for file in files:
            found = _read(file, asked)
            if isinstance(found, str):
                refused.append(found)
            else:
                patterns.append(found)
        flat = [pattern for found in patterns for pattern in found]
        if refused and not flat:
            yield "series", refused[0]
            return
        said = tuple(f"not read: {text}" for text in refused)
        if flat:
            flat[0] = replace(flat[0], warnings=(*flat[0].warnings, *said))
        yield f"{paths[0].stem or 'patterns'}-series", tuple(flat)
        return
    for file in files:
        found = _read(file, asked)
        if isinstance(found, str):
            yield file.name, found
            continue
        for pattern in found:
            yield pattern.name if len(found) > 1 else file.name, (pattern,)


def _files(paths: Sequence[Path]) -> list[Path]:
    """Files that were named, and those of named folders that may be patterns."""
    from lithostat.reading.patterns import SUFFIXES

    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(
                each for each in path.iterdir() if each.suffix.lower() in SUFFIXES and not each.name.startswith(".")
            )
            if not inside:
                raise InputError("holds no file of a diffractometer", file=str(path), expected=".xrdml, .xy, .raw ...")
            files += inside
        else:
            files.append(path)
    if len(files) > MOST_FILES:
        raise InputError(f"received {len(files)} files", expected=f"at most {MOST_FILES} at a time")
    return files


def _read(file: Path, asked: PatternOptions) -> tuple[Pattern, ...] | str:
    """The patterns of a file within the asked range and on the cell's clock, or why there are none."""
    from lithostat.diffraction.points import within, without
    from lithostat.reading.patterns import read_patterns

    try:
        patterns = read_patterns(file, asked.stated)
        if asked.within is not None:
            patterns = tuple(within(each, *angles(asked.within)) for each in patterns)
        if asked.exclude:
            ranges = [angles(part) for part in asked.exclude]
            patterns = tuple(without(each, ranges) for each in patterns)
        return _clocked(patterns, asked)
    except BaseException as error:  # one bad file takes no other
        return sentence_of(error)


def _clocked(patterns: tuple[Pattern, ...], asked: PatternOptions) -> tuple[Pattern, ...]:
    if asked.log is not None:
        from lithostat.reading.patterns_log import read_log, with_log

        patterns = with_log(patterns, read_log(asked.log))
    if asked.record is not None:
        from lithostat.reading.patterns_log import on_timeline

        patterns = on_timeline(patterns, _record(asked.record).start)
    return patterns


def _record(path: Path) -> Record:
    from lithostat.reading.read import read

    return read(path)


def studied(
    name: str, patterns: tuple[Pattern, ...] | str, asked: PatternOptions, step: Callable[[str], None]
) -> Report:
    """The report of a pattern, or of a series; raises `InputError` where there is none."""
    if isinstance(patterns, str):
        raise InputError(patterns)
    from lithostat.diffraction.chemistry import chemistry
    from lithostat.diffraction.identify import identify
    from lithostat.diffraction.plan import plan
    from lithostat.diffraction.report import series_report, study_report
    from lithostat.diffraction.series import series
    from lithostat.experiment.quantity import parse

    question = asked.question if asked.blank is None else replace(asked.question, blank=_blank(asked))
    mass = parse(asked.mass, "mass") if asked.mass else None
    charge, curves = _cell_at_work(asked.record)
    if len(patterns) > 1:
        along = series(patterns, question, progress=step)
        study = along.study
    else:
        study = identify(patterns[0], question, step)
    told: dict[str, Any] = {"chemistry": chemistry(study, mass=mass, charge=charge), "source": name}
    if asked.wanted is not None:
        limits = [call.limit for call in study.called("not seen") if call.limit is not None]
        told["planned"] = plan(study, limits, share(asked.wanted))
    report = series_report(along, record=curves, **told) if len(patterns) > 1 else study_report(study, **told)
    if asked.engine == "rietx":
        from lithostat.diffraction.second_opinion import compared

        report = compared(report, study)
    return report


def _blank(asked: PatternOptions) -> Pattern:
    from lithostat.reading.patterns import read_patterns

    assert asked.blank is not None
    return read_patterns(asked.blank, asked.stated)[0]


def _cell_at_work(path: Path | None) -> tuple[float | None, list[tuple[Any, Any, str]]]:
    """Charge that passed in the direction that carried more [C], and the curves that a series is drawn over."""
    if path is None:
        return None, []
    import numpy as np

    record = _record(path)
    time, current = record.column("test_time_second"), record.column("current_ampere")
    steps = np.diff(time, append=time[-1])
    flows = [float(np.nansum(np.maximum(sign * current, 0.0) * steps)) for sign in (1.0, -1.0)]
    curves = [(time, record.column("voltage_volt"), "voltage / V")]
    for column, scale, label in (
        ("measured_pressure_pa", 1e-6, "pressure / MPa"),
        ("applied_pressure_pa", 1e-6, "pressure / MPa"),
    ):
        if column in record.table.columns:
            curves.append((time, record.column(column) * scale, label))
            break
    return max(flows), curves


def write(report: Report, named: Named) -> Report:
    """The report with its files: page, table of phases, figures as SVG and PDF; what failed is a warning."""
    from lithostat.experiment.record import write_each, write_text
    from lithostat.show.report_page import report_page

    def write_page(path: Path) -> Path:
        return write_text(path, report_page(report))

    def write_table(path: Path) -> Path:
        return write_text(path, _csv(report.data))

    ways: list[Way] = [(named.path("-diffraction.html"), write_page), (named.path("-phases.csv"), write_table)]
    for drawing in (each for section in report.sections for each in section.drawings):
        ways += _figure_ways(drawing, named)
    written, problems = write_each(ways)
    told = tuple(f"not written: {line}" for line in problems)
    return replace(report, warnings=(*report.warnings, *told)).with_written(written)


def _figure_ways(drawing: Drawing, named: Named) -> list[Way]:
    """Where a figure goes, and what saves it; none where there is nothing to draw."""
    from lithostat.commands.options import save

    figure = drawing.draw()
    paths = [named.path(f"-{drawing.name}.{suffix}") for suffix in ("svg", "pdf")] if figure is not None else []
    return [(path, partial(save, figure)) for path in paths]


def _csv(data: dict[str, Any]) -> str:
    """One row per phase: what is there, and what would not have been seen."""
    import polars as pl

    from lithostat.experiment.record import without_formulas

    heads = ("name", "formula", "call", "weight_fraction", "low", "high", "standard_error", "volume_fraction", "why")
    rows = [{head: each[head] for head in heads} for each in data["phases"]]
    rows += [
        dict.fromkeys(heads)
        | {"name": each["name"], "call": "not seen", "low": 0.0, "high": each["limit_weight"], "why": "95 % limit"}
        for each in data["not_seen"]
    ]
    schema = dict.fromkeys(heads, pl.String) if not rows else None
    return without_formulas(pl.DataFrame(rows, schema=schema, infer_schema_length=None)).write_csv()
