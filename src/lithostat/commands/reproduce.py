"""lithostat reproduce: a paper's experiments simulated and held against its numbers."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lithostat.commands.options import Json, Output, ready, save, save_page, tell
from lithostat.commands.tomogram import packages
from lithostat.experiment.errors import InputError, MissingPackage, nearest
from lithostat.terminal import named_steps, open_console, print_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lithostat.papers.doux2020.patterns import Figure5
    from lithostat.papers.doux2020.reproduce import Reproduction

PAPERS = ("doux2020",)


def _patterns() -> Figure5 | None:
    """The diffraction patterns; None where the packages for them are missing, as for full cells."""
    try:
        from lithostat.papers.doux2020.patterns import figure_5

        return figure_5()
    except MissingPackage as error:
        warnings.warn(f"figure 5 is left out: {error}", UserWarning, stacklevel=1)
        return None


def reproduce(
    paper: Annotated[str, typer.Argument(help=f"A published paper: {', '.join(PAPERS)}.")],
    output: Output = Path("lithostat-out"),
    as_json: Json = False,
) -> None:
    """Simulate a paper's experiments and hold them against its numbers: a table, figures, and a page with both."""
    if paper not in PAPERS:
        raise InputError(f"there is no paper '{paper}'{nearest(paper, PAPERS)}", expected=f"one of {', '.join(PAPERS)}")
    ready(output)
    with named_steps(open_console(), "importing", 22) as step:
        from lithostat.experiment.record import write_text
        from lithostat.experiment.report import plain
        from lithostat.papers.doux2020.answer import answer
        from lithostat.papers.doux2020.figures import figures
        from lithostat.papers.doux2020.page import paper_report
        from lithostat.papers.doux2020.reproduce import reproduce as reproduce_paper

        result = reproduce_paper(step)
        step("calibrating, half a minute the first time")
        answered = answer()
        step("patterns")
        patterns = _patterns()
        result, pictures = _pictured(result, step)
        step("figures")
        folder = output / paper
        drawn = figures(result) | {"pressure window": answered.figure} | pictures
        drawn |= patterns.figures() if patterns is not None else {}
        written = [save(one, folder / f"{name.replace(' ', '-')}.png") for name, one in drawn.items()]
        written += [record.write_parquet(folder / f"{name}.parquet") for name, record in result.records.items()]
        step("page")
        rows = [row.as_dict() for row in result.rows]
        written.append(write_text(folder / "table.json", json.dumps(plain(rows), indent=1)))
        report = paper_report(result, drawn, answered, patterns)
        written.append(save_page(report, folder / "index.html"))
    if as_json:
        print_json(rows)
    else:
        tell(report.with_written(written[-1:]), as_json=False)
    if not result.passed:
        raise typer.Exit(1)


def _pictured(result: Reproduction, step: Callable[[str], None]) -> tuple[Reproduction, dict[str, Figure]]:
    """The result with what scans of the paper's cells would show, and those figures; as it was without the packages."""
    try:
        packages()
    except MissingPackage:
        return result, {}
    from lithostat.papers.doux2020.imaged import creep_pellet_figure, figure_5, imaged, rows

    seen = imaged(step)
    drawn = {"figure 5": figure_5(seen), "creep through pores": creep_pellet_figure(seen)}
    return result.with_rows(rows(seen)), drawn
