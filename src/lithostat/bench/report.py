"""bench_report(bench) -> Report, and its tables as Markdown: what every law makes of every published cell."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

from lithostat.bench.bench import Bench, BenchRow
from lithostat.experiment.report import Column, Drawing, Number, Report, Section, Table, Tone, table_of
from lithostat.materials.card import find_law
from lithostat.papers.reader import Paper
from lithostat.show.agreement_figure import PredictedCell, agreement_figure

DRAWINGS = ("lives", "critical currents")
_HEADS = ("cell", "measured", "predicted", "90 %", "score", "verdict")
HOW = (
    "ln of the outcome is normal about ln of what a law predicts for the median cell; its variance adds the scatter "
    "between like cells (of the cards) and an offset between papers, whose standard deviation is assumed, not learnt. "
    "A row scores the log density of a dated outcome, or the log probability of its bounds; at -10 it is floored. "
    "A wide interval is no merit: read scores with widths."
)


def bench_report(made: Bench) -> Report:
    """Everything that a bench says, for a page and for the terminal."""
    lives, currents = points(made, "h"), points(made, "mA_cm2")
    drawings = tuple(
        Drawing(name, functools.partial(agreement_figure, panels, quantity), caption)
        for name, panels, quantity, caption in (
            (DRAWINGS[0], lives, "life / h", _CAPTION),
            (DRAWINGS[1], currents, "critical current / mA cm$^{-2}$", "Critical currents, drawn alike."),
        )
        if any(panels.values())
    )
    best = max(made.laws, key=lambda law: made.summary(law).log_score)
    total = made.summary(best)
    return Report(
        title="Laws against published cells",
        answer=f"{len(made.laws)} law{'s' if len(made.laws) > 1 else ''}, {total.scored} scored rows of "
        f"{len(made.papers)} paper{'s' if len(made.papers) > 1 else ''}, as `lithostat bench` predicts them.",
        lead=HOW,
        numbers=tuple(Number(f"{made.summary(law).log_score:.1f}", f"log score of {law}") for law in made.laws),
        sections=(
            Section("The laws", points=tuple(f"{law}: {find_law(law).about}" for law in made.laws)),
            Section("Predicted against measured", drawings=drawings),
            Section("Every paper", tables=(papers_table(made),)),
            Section("Laws side by side", tables=(side_by_side(made),)),
            Section("Every row", tables=tuple(rows_table(made, law) for law in made.laws)),
            Section("What was assumed, and what is missing", tables=(_assumed(made.papers), _missing(made))),
        ),
        warnings=made.warnings,
        data=made.as_json(),
    )


_CAPTION = (
    "Life over all papers. Filled: a dated value; hollow: bounds alone, with an arrow where one side is open and a bar "
    "where both are known; an arrow upward: the model's cell had not failed when it was no longer followed. Grey: a "
    "factor of three. Charges are drawn as hours at their current."
)


def points(made: Bench, unit: str) -> dict[str, list[PredictedCell]]:
    """Scored rows of each law that have a number in `unit` on both sides; charges count as hours at their current."""
    return {law: [point for row in made.of(law) if (point := _point(row, unit)) is not None] for law in made.laws}


def _point(row: BenchRow, unit: str) -> PredictedCell | None:
    cell, predicted = row.cell, row.predicted
    scale = 1.0
    if cell.unit == "mAh_cm2" and unit == "h":
        scale = 1.0 / float(cell.number("plate_mA_cm2") or 1.0)
    elif cell.unit != unit:
        return None
    if predicted is None or not cell.scored or cell.outcome == "sign":
        return None
    return PredictedCell(
        cell.paper, scale * cell.low, scale * cell.high, scale * predicted.middle, beyond=predicted.value is None
    )


def papers_table(made: Bench) -> Table:
    """A row for every law and paper, and for all papers together."""
    found = [
        made.summary(law, paper)
        for paper in (*(paper.name for paper in made.papers), None)
        for law in made.laws
        if made.summary(law, paper).scored or made.summary(law, paper).not_simulated
    ]
    rows = [
        {
            "paper": each.paper,
            "law": each.law,
            "rows": str(each.scored),
            "not simulated": str(each.not_simulated) if each.not_simulated else "",
            "log score": _nats(each.log_score) if each.scored else "",
            "rms ln": "" if each.rms is None else f"{each.rms:.2f}",
            "inside 90 %": f"{each.inside} of {each.dated}" if each.dated else "",
            "90 % spans": "" if each.width is None else f"{each.width:.3g} x",
        }
        for each in found
    ]
    return table_of(
        "", rows, numeric=("rows", "not simulated", "log score", "rms ln"), brief=True, open=True,
        caption="rms ln is of ln(predicted / measured) over dated rows; so is the share inside the interval. "
        "What the interval spans is its high end over its low end.",
    )  # fmt: skip


def side_by_side(made: Bench) -> Table:
    """What every law predicts for every row, with a mark where that lies outside of what was measured."""
    first = [row for row in made.of(made.laws[0]) if row.cell.outcome != "other"]
    beside = {(row.cell.paper, row.cell.id, row.law): row for row in made.rows}
    columns = [
        Column("cell", tuple(f"{row.cell.paper} {row.cell.id}" for row in first)),
        Column("measured", tuple(_with_unit(row) for row in first), numeric=True),
    ]
    for law in made.laws:
        rows = [beside[row.cell.paper, row.cell.id, law] for row in first]
        tones = tuple(_tone(row) for row in rows)
        columns.append(Column(law, tuple(_marked(row) for row in rows), numeric=True, tones=tones))
    caption = "Predicted, in the unit of what was measured; *: beyond its bounds or 90 % interval, or the wrong sign."
    return Table("", tuple(columns), brief=len(made.laws) > 1, open=True, caption=caption)


def _marked(row: BenchRow) -> str:
    said = row.score.verdict.split(": lives ")[-1].split(" than ")[0] if row.cell.outcome == "sign" else _predicted(row)
    return f"{said} *" if _tone(row) == "bad" else said or "none"


def _with_unit(row: BenchRow) -> str:
    return f"{_measured(row)} {row.cell.unit.replace('_cm2', '/cm²')}".rstrip()


def rows_table(made: Bench, law: str) -> Table:
    """Every row under a law, in the unit of what was measured."""
    shown = [row for row in made.of(law) if row.cell.outcome != "other"]
    lines = [_line(row) for row in shown]
    tones = tuple(_tone(row) for row in shown)
    notes = tuple(f"assumed: {', '.join(row.assumed)}" if row.assumed else "" for row in shown)
    columns = tuple(
        Column(
            head,
            tuple(line[head] for line in lines),
            head in ("measured", "predicted", "score"),
            tones if head == "verdict" else (),
            notes if head == "cell" else (),
        )
        for head in _HEADS
    )
    return Table(law, columns, brief=len(made.laws) == 1, open=True)


def _line(row: BenchRow) -> dict[str, str]:
    cell, points = row.cell, row.score.log_score
    low, high = (None if end is None else _shown(end, 2) for end in (row.score.low, row.score.high))
    return {
        "cell": f"{cell.paper} {cell.id}",
        "measured": _with_unit(row),
        "predicted": _predicted(row),
        "90 %": "" if low is None else f"from {low}" if high is None else f"{low} to {high}",
        "score": "" if points is None else _nats(points),
        "verdict": row.score.verdict,
    }


def _measured(row: BenchRow) -> str:
    cell = row.cell
    if cell.outcome == "sign":
        return f"{'longer' if cell.value == 1.0 else 'shorter'} than {cell.columns['than']}"
    if cell.censored == "none":
        return f"{cell.value:.4g}"
    if math.isinf(cell.high):
        return f"> {cell.low:.4g}"
    return f"{cell.low:.3g} to {cell.high:.4g}" if cell.low > 0.0 else f"< {cell.high:.4g}"


def _predicted(row: BenchRow) -> str:
    found = row.predicted
    if found is None:
        return ""
    return f"{'> ' if found.value is None else ''}{_shown(found.middle)}"


def _nats(points: float) -> str:
    return f"{round(points, 2) + 0.0:.2f}"  # no '-0.00'


def _shown(value: float, digits: int = 3) -> str:
    """A number to so many digits, without a power of ten where a person would write none."""
    return f"{value:.0f}" if 1e2 <= value < 1e6 else f"{value:.{digits}g}"


def _tone(row: BenchRow) -> Tone:
    points = row.score.log_score
    if points is None:
        return "doubtful"
    verdict = row.score.verdict
    return "good" if verdict.startswith(("inside", "within", "sign right")) else "bad"


def _assumed(papers: Sequence[Paper]) -> Table:
    lines = [{"paper": paper.cite, "assumed": line} for paper in papers for line in paper.assumed]
    return table_of("Assumed for the rows of a paper, beside what its table marks as not stated", lines)


def _missing(made: Bench) -> Table:
    """Rows that no law here predicts, and why."""
    lines = [
        {"paper": row.cell.paper, "id": row.cell.id, "why": row.score.verdict.removeprefix("not simulated: ")}
        for row in made.of(made.laws[0])
        if row.predicted is None
    ]
    lines += [
        {"paper": paper.name, "id": "", "why": f"left out: {line}"} for paper in made.papers for line in paper.left_out
    ]
    return table_of("What no law here predicts", lines)


def markdown(report: Report) -> str:
    """The tables of a report as a Markdown page; its figures are left to the page."""
    lines = [f"# {report.title}", "", f"{report.answer} {report.lead}", ""]
    for section in report.sections:
        if not section.tables and not section.points:
            continue
        lines += [f"## {section.title}", "", *(f"- {_cell(point)}" for point in section.points)]
        lines += [""] if section.points else []
        for table in section.tables:
            lines += [*([f"{table.title}:", ""] if table.title else []), *_grid(table), ""]
    if report.warnings:
        lines += ["## Warnings of the simulations", "", *(f"- {_cell(line)}" for line in report.warnings), ""]
    return "\n".join(lines)


def _grid(table: Table) -> list[str]:
    if not table.rows:
        return ["none"]
    heads = [column.head for column in table.columns]
    ruled = ["---:" if column.numeric else "---" for column in table.columns]
    body = [[_cell(column.cells[k]) for column in table.columns] for k in range(table.rows)]
    lines = [f"| {' | '.join(row)} |" for row in (heads, ruled, *body)]
    return [*lines, *(["", table.caption] if table.caption else [])]


def _cell(text: str) -> str:
    return " ".join(text.replace("|", r"\|").replace("<", r"\<").split())
