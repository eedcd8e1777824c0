"""The files of `lithostat impedance`: tables always, the page and the figures where they are asked for, a card."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lithostat.commands.options import save, save_page
from lithostat.experiment.errors import InputError
from lithostat.experiment.output_names import FIGURE_FILES, Named

if TYPE_CHECKING:
    from lithostat.experiment.report import Report
    from lithostat.impedance.laws.contact_memory import Memory
    from lithostat.lab.specimen import Specimen
    from lithostat.lab.spectra_study import SpectraStudy

Way = tuple[Path, Callable[[Path], Any]]  # a file, and what writes it


class Drawn(NamedTuple):
    """What is drawn: the page, and files of every figure by the endings of their names."""

    page: bool
    files: tuple[str, ...] = ()


def kinds_of_figures(text: str | None) -> tuple[str, ...]:
    """'svg,pdf' as endings of names; another kind is an `InputError`."""
    kinds = tuple(kind.strip().lower().removeprefix(".") for kind in (text or "").split(",") if kind.strip())
    for kind in kinds:
        if kind not in FIGURE_FILES:
            raise InputError(f"no figure can be a '{kind}'", expected=f"one or more of {', '.join(FIGURE_FILES)}")
    return kinds


def spectra_ways(
    study: SpectraStudy, report: Report, drawn: Drawn, named: Named, sampled: list[tuple[str, list[dict[str, Any]]]]
) -> list[Way]:
    """What is written for one cell; nothing is drawn before it is written."""
    from lithostat.lab.spectra_tables import curves, distributions, points

    tables: dict[str, Callable[[], Any]] = {
        "": study.table,
        "-points": partial(points, study),
        "-curves": partial(curves, study),
    }
    tables["-distributions"] = partial(distributions, study)
    ways: list[Way] = [
        (named.path(f"-spectra{end}.csv"), partial(_write_table, table)) for end, table in tables.items()
    ]
    if drawn.page:
        ways.append((named.path("-spectra.html"), partial(save_page, report)))
    drawings = [drawing for section in report.sections for drawing in section.drawings]
    ways += [
        (named.path(f"-{drawing.name}.{kind}"), partial(_write_figure, drawing.draw))
        for drawing in drawings
        for kind in drawn.files
    ]
    return ways + ([_sampled_way(sampled, named)] if sampled else [])


def _write_table(table: Callable[[], Any], path: Path) -> Path:
    from lithostat.experiment.record import write_csv

    return write_csv(path, table())


def _write_figure(draw: Callable[[], Any], path: Path) -> Path:
    return save(draw(), path)


def _sampled_way(sampled: list[tuple[str, list[dict[str, Any]]]], named: Named) -> Way:
    """The posteriors as a table: one row per value of each spectrum."""
    import polars as pl

    from lithostat.experiment.record import write_csv

    columns = ("name", "value", "uncertainty", "unit")
    rows = [
        {"spectrum": name} | {key: one[key] for key in columns} | {"evidence": "; ".join(one["evidence"])}
        for name, each in sampled
        for one in each
    ]
    table = pl.DataFrame(rows, infer_schema_length=None)
    return named.path("-posterior.csv"), lambda path: write_csv(path, table)


def card_way(loaded: Specimen, memory: Memory, card: str, named: Named) -> Way:
    """The contact law as a card of that name."""
    from lithostat.impedance.laws.contact_memory_card import interface_card
    from lithostat.impedance.laws.fitted_card import write_card

    source = f"fitted to the spectra of {loaded.name}"
    return named.path(".yaml"), lambda path: write_card(path, interface_card(memory, card, source=source))
