"""What a pattern says to a person: the study of one pattern, or of a series, as a `Report`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from lithostat.diffraction.calls import PhaseCall, percent
from lithostat.diffraction.figures import amounts_figure, pattern_figure, series_figure, zoom_figure
from lithostat.diffraction.plan import Planned
from lithostat.diffraction.series import PatternSeries
from lithostat.diffraction.study import PatternStudy
from lithostat.experiment.finding import Finding
from lithostat.experiment.report import Column, Drawing, Number, Report, Section, Table, Tone

TONES: dict[str, Tone] = {"present": "good", "possible": "doubtful", "not seen": "", "cannot tell": "doubtful"}
MOST_LINES = 25  # left-over lines that are printed


def study_report(
    study: PatternStudy,
    *,
    chemistry: Sequence[Finding] = (),
    planned: Sequence[Planned] = (),
    source: str = "",
) -> Report:
    """The report of one pattern."""
    return Report(
        title=study.pattern.name or "pattern",
        answer=answer(study),
        lead=_lead(study),
        numbers=_numbers(study),
        sections=(
            _phases(study),
            _blind(study),
            _unseen(study),
            _leftover(study),
            Section("Do the products add up?", findings=tuple(chemistry)),
            _planned(planned),
            _fit(study),
        ),
        warnings=study.warnings,
        data=study.as_json()
        | {
            "chemistry": [finding.as_json() for finding in chemistry],
            "plan": [each.as_json() for each in planned],
        },
        source=source,
    )


def series_report(
    series: PatternSeries, *, record: Sequence[tuple[np.ndarray, np.ndarray, str]] = (), **told: Any
) -> Report:
    """The report of a series: that of its sum, after the courses of its phases."""
    whole = study_report(series.study, **told)
    changed = [course for course in series.courses if course.changed]
    text = (
        "Beyond scatter changed: " + "; ".join(f"{course.name} by {100 * course.change:+.1f} %" for course in changed)
        if changed
        else "No phase changed beyond the scatter of the patterns."
    )
    along = Section(
        "Along time",
        text=(text,),
        drawings=(
            Drawing(
                "series",
                partial(series_figure, series, record),
                "Patterns from the first (below) to the last; amounts over their mean with one standard error; what "
                "the cell did, with the time of every pattern.",
            ),
        ),
        tables=(_courses(series),),
    )
    return Report(
        title=whole.title,
        answer=f"{whole.answer} {text}",
        lead=f"{len(series.patterns)} patterns; {whole.lead}",
        numbers=whole.numbers,
        sections=(along, *whole.sections),
        warnings=(*series.warnings, *whole.warnings),
        data=series.as_json() | {"chemistry": whole.data["chemistry"], "plan": whole.data["plan"]},
        source=whole.source,
    )


def answer(study: PatternStudy) -> str:
    """The result in two sentences."""
    present, possible = study.called("present"), study.called("possible")
    words = ", ".join(f"{call.name} {_weight(call)}" for call in present)
    said = f"Present: {words}." if present else "No crystalline phase is certain."
    if possible:
        said += f" Possible: {', '.join(call.name for call in possible)}."
    lithium = study.call("Li")
    if lithium is not None and lithium.call == "not seen":
        said += f" Lithium metal is not seen; it {lithium.why}."
    elif lithium is not None and lithium.call == "cannot tell":
        said += f" Whether there is lithium metal, the pattern cannot tell: {lithium.why}."
    return said


def _weight(call: PhaseCall) -> str:
    if not np.isfinite(call.weight):
        return "(share unknown)"
    return f"{percent(call.weight)} ({percent(call.low)} to {percent(call.high)})"


def _lead(study: PatternStudy) -> str:
    pattern = study.pattern
    x = pattern.degrees
    lines = " and ".join(f"{length * 1e10:.5f}" for length, _ in pattern.lines)
    return (
        f"{len(pattern)} points from {x[0]:.2f} to {x[-1]:.2f} degrees at {lines} angstrom, {pattern.geometry}; "
        "shares are by weight of the crystalline phases named"
    )


def _numbers(study: PatternStudy) -> tuple[Number, ...]:
    found = [
        Number(str(len(study.called("present"))), "phases present", "good"),
        Number(str(len(study.called("possible"))), "possible", "doubtful" if study.called("possible") else ""),
        Number(str(len(study.leftover)), "lines left over", "doubtful" if study.leftover else ""),
    ]
    lithium = study.call("Li")
    if lithium is not None and lithium.limit is not None and np.isfinite(lithium.limit.weight):
        found.append(Number(percent(lithium.limit.weight), "lithium metal that would have been seen, by weight"))
    found.append(Number(f"{study.fit.goodness:.2f}", "goodness of fit (1: counting noise only)"))
    return tuple(found)


def _phases(study: PatternStudy) -> Section:
    called = study.called("present", "possible")
    table = Table(
        "",
        (
            Column("phase", tuple(call.name for call in called)),
            Column("call", tuple(call.call for call in called), tones=tuple(TONES[call.call] for call in called)),
            Column("weight", tuple(percent(c.weight) if np.isfinite(c.weight) else "" for c in called), True),
            Column("between", tuple(_between(call) for call in called), True),
            Column("intensity", tuple(percent(c.intensity) for c in called), True),
            Column("cell against card", tuple(_against(call) for call in called), True),
            Column("why", tuple(call.why for call in called), notes=tuple(_alternatives(call) for call in called)),
        ),
        brief=True,
        caption="Between: lowest and highest weight under other choices of shift, background and texture, with the "
        "error of the fit. Cell: free edges against those of the card, in ppm.",
    )
    drawings = [
        Drawing(
            "pattern",
            partial(pattern_figure, study),
            "Root axis. Ticks: reflections of each phase where the fit puts them; a question mark stands for possible. "
            "Below: measured less calculated over sigma, triangles at lines that no phase explains.",
        ),
        Drawing("zoom", partial(zoom_figure, study), "The clearest line of each phase, with it and without it."),
    ]
    return Section("Phases", drawings=tuple(drawings[: 2 if called else 1]), tables=(table,) if called else ())


def _between(call: PhaseCall) -> str:
    return f"{percent(call.low)} and {percent(call.high)}" if np.isfinite(call.high) else ""


def _against(call: PhaseCall) -> str:
    return ", ".join(f"{name} {ppm:+.0f}" for name, (_, _, ppm) in call.cell.items() if name in "abc")


def _alternatives(call: PhaseCall) -> str:
    if call.evidence is None or not call.evidence.rivals:
        return ""
    told = ", ".join(f"{name} ({100 * part:.0f} %)" for name, part in call.evidence.rivals[:3])
    return f"in its place, of what it explains: {told}"


def _blind(study: PatternStudy) -> Section:
    reasons: dict[str, list[str]] = {}
    for call in study.called("cannot tell"):
        reasons.setdefault(call.why, []).append(call.name)
    return Section(
        "What this pattern cannot tell",
        points=tuple(f"{', '.join(names)}: {why}" for why, names in reasons.items()),
        spoken=True,
    )


def _unseen(study: PatternStudy) -> Section:
    hidden = [call for call in study.called("not seen") if call.limit is not None]
    table = Table(
        "",
        (
            Column("phase", tuple(call.name for call in hidden)),
            Column("would be seen from, by weight", tuple(percent(call.high) for call in hidden), True),
            Column("by volume", tuple(percent(c.limit.volume) if c.limit else "" for c in hidden), True),
            Column(
                "card",
                tuple(f"{' and '.join(call.unverified)} from memory" if call.unverified else "" for call in hidden),
            ),
        ),
        brief=True,
        caption="A phase with this share would have been called in 95 % of patterns like this one.",
    )
    drawing = Drawing(
        "amounts", partial(amounts_figure, study), "What is there, and the least that would have been seen."
    )
    shown = hidden or any(np.isfinite(call.weight) for call in study.called("present", "possible"))
    return Section("What would have been seen", drawings=(drawing,) if shown else (), tables=(table,) if hidden else ())


def _leftover(study: PatternStudy) -> Section:
    lines = sorted(study.leftover, key=lambda line: -line.z)[:MOST_LINES]
    table = Table(
        "",
        (
            Column(
                "left-over line at 2θ / degrees", tuple(f"{np.degrees(line.two_theta):.3f}" for line in lines), True
            ),
            Column("d / angstrom", tuple(f"{line.spacing * 1e10:.4f}" for line in lines), True),
            Column("of the highest line", tuple(percent(line.height) for line in lines), True),
            Column("standard deviations", tuple(f"{line.z:.0f}" for line in lines), True),
            Column("maybe", tuple(line.ghost for line in lines)),
        ),
        brief=True,
    )
    return Section("Lines that no phase explains", tables=(table,) if lines else ())


def _planned(planned: Sequence[Planned]) -> Section:
    table = Table(
        "",
        (
            Column("phase", tuple(each.name for each in planned)),
            Column("seen now from", tuple(percent(each.limit) for each in planned), True),
            Column("wanted", tuple(percent(each.wanted) for each in planned), True),
            Column(
                "count",
                tuple(
                    f"{each.times:.2g} times as long" if np.isfinite(each.times) else "no time is enough: misfit"
                    for each in planned
                ),
                True,
            ),
            Column(
                "main line",
                tuple(f"{each.counts:.2g} counts" if np.isfinite(each.counts) else "" for each in planned),
                True,
            ),
        ),
        brief=True,
    )
    return Section("How long to count", tables=(table,) if planned else ())


def _fit(study: PatternStudy) -> Section:
    fit = study.fit
    moved, error = fit.value("shift")
    kind = fit.model.instrument.shift
    amount = np.degrees(moved) if kind == "zero" else 1e3 * moved
    unit = "degrees" if kind == "zero" else "thousandths of the radius"
    points = [
        f"R_wp {100 * fit.weighted_profile:.2f} %, goodness {fit.goodness:.2f}, errors widened by {fit.inflation:.1f}",
        f"{kind} {amount:+.4f} {unit}"
        + (f" ± {(np.degrees(error) if kind == 'zero' else 1e3 * error):.4f}" if np.isfinite(error) else ""),
        f"sigma from {fit.pattern.sigma_from}; attenuation: {fit.pattern.attenuation}",
    ]
    free = [name for name, lines in zip(fit.names, fit.model.phases, strict=True) if lines.free]
    if free:
        points.append(f"free intensities (Pawley) for {', '.join(free)}: its lines need not follow its structure")
    tried = sorted({name for band in study.bands for name in band.variants})
    if tried:
        points.append(f"weights tried with: {'; '.join(tried)}")
    return Section("How it was fitted", points=tuple(points))


def _courses(series: PatternSeries) -> Table:
    return Table(
        "",
        (
            Column("phase", tuple(course.name for course in series.courses)),
            Column(
                "change", tuple(f"{100 * c.change:+.2f} % ± {100 * c.change_error:.2f}" for c in series.courses), True
            ),
            Column("standard deviations", tuple(f"{course.z:.1f}" for course in series.courses), True),
            Column(
                "onset",
                tuple(
                    f"{c.onset[0] / 3600.0:.3f} to {c.onset[1] / 3600.0:.3f} h"
                    if c.onset
                    else "none clear of the scatter"
                    for c in series.courses
                ),
            ),
        ),
        brief=True,
    )
