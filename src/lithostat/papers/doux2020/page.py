"""The paper's report: its figures and numbers with the model's, and what that rests on."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from lithostat.experiment.quantity import show
from lithostat.experiment.report import Column, Drawing, Number, Report, Section, Table, Tone, table_of
from lithostat.experiment.source import TAGS, Value
from lithostat.model.resolve import resolve
from lithostat.papers.doux2020.answer import Answer
from lithostat.papers.doux2020.published import cell, published
from lithostat.papers.doux2020.reproduce import Reproduction
from lithostat.papers.row import Row

if TYPE_CHECKING:
    from lithostat.papers.doux2020.patterns import Figure5

_TONES: dict[bool | None, Tone] = {True: "good", False: "bad", None: ""}
_WORTH = (
    "Toughness, throat radius and focusing (three numbers) were fitted to the very times to short that they are "
    "compared with here, and three contact parameters to the impedance points. Agreement with those rows shows that "
    "the model can describe the paper, not that it predicts other cells. One cell per pressure was measured."
)
_WITHOUT = "Figures 1, 2c and 3 are missing: they need PyBaMM (pip install 'lithostat[fullcell]')"
_CAPTIONS = {
    "figure 2b": "Figure 2b: voltage at 75 µA/cm², one hour each way, normalised by its start. Dashed: the published "
    "short. Dotted: the published test was stopped without one.",
    "life against pressure": "Time to short against pressure.",
    "figure 4c": "Figure 4c: impedance remembers the highest pressure.",
    "figure 4d-f": "Figures 4d to f: how deep lithium gets, and how deep it may get at that pressure. The dotted line "
    "is the thickness of the pellet; where fracture needs more than that, lithium has to cross it.",
    "figure 1": "Figure 1: Li-In and lithium against NCA at 25 MPa. The lithium cell shorts in its first charge.",
    "figure 2c": "Figure 2c: one cycle at 5 MPa, then 25 MPa.",
    "figure 3": "Figure 3: 229 cycles at C/10 and 5 MPa.",
    "figure 5": "Figure 5, upper half: made scans at 1.18 µm in place of the paper's, read by lithostat tomogram. Red: "
    "called a filament. Width and shape are assumed, the depth is the paper's.",
    "creep through pores": "Figures 4d to f: lithium (red) in the pores (grey) of a made pellet of 82 % density after "
    "an hour. Times are lower bounds; the dashed line is the deepest lithium anywhere.",
    "figure 5a": "Figure 5a, simulated: the electrolyte before plating and stripping. Root axis; ticks: reflections; "
    "below: what is left over sigma.",
    "figure 5b": "Figure 5b, simulated: the electrolyte after the short.",
    "figure 5b lines": "The clearest line of each phase, with it and without it.",
    "pressure window": "Probability that a cell fails within 1000 h at the paper's current; below, what one more cell "
    "would tell.",
}
_PICTURED = ("figure 5", "creep through pores")


def paper_report(
    result: Reproduction, drawn: Mapping[str, Figure], answer: Answer | None = None, patterns: Figure5 | None = None
) -> Report:
    """What the reproduction says; `drawn` are the paper's figures, by name, `answer` the pressure it recommends."""
    data = published()
    aimed = [row for row in result.rows if row.passed is not None]
    met = sum(bool(row.passed) for row in aimed)
    fitted = _fitted(result)
    numbers = (
        Number(f"{met} of {len(aimed)}", "targets met", "good" if met == len(aimed) else "bad"),
        Number(str(len(result.rows) - len(aimed)), "further numbers shown without a target"),
        Number(str(sum(entry["parameters"].count(",") + 1 for entry in fitted)), "parameters fitted to this paper"),
        Number(str(len(data["inconsistencies"])), "inconsistencies in the paper"),
    )
    sections = (
        _figures("When cells short", drawn, "figure 2b"),
        _figures("", drawn, "life against pressure", "figure 4c"),
        _figures("Why they short", drawn, "figure 4d-f"),
        *(_full_cells(drawn) if result.full_cells else ()),
        *(
            (_figures("What a scan would show", drawn, *_PICTURED)._replace(paired=False),)
            if "figure 5" in drawn
            else ()
        ),
        *((_patterns(patterns, drawn),) if patterns is not None else ()),
        *((_answered(answer, drawn),) if answer is not None else ()),
        Section("Every number", tables=(rows_table(result.rows),)),
        *_rests_on(fitted, _numbers_from_elsewhere()),
        Section(
            "Where the paper does not agree with itself",
            tables=(table_of("", [_disagreement(entry) for entry in data["inconsistencies"]]),),
        ),
        Section("What had to be assumed", points=tuple(data["assumed"])),
    )
    return Report(
        title=f"{data['cite']}, reproduced",
        answer=_WORTH,
        lead=f"{data['title']}, doi {data['doi']}. Every published number beside the simulated one.",
        numbers=numbers,
        sections=sections,
        warnings=() if result.full_cells else (_WITHOUT,),
        data={"rows": [row.as_dict() for row in result.rows]},
    )


def _disagreement(entry: Mapping[str, str]) -> dict[str, str]:
    return {"it says": entry["claim"], "we find": entry["found"], "tag": entry["tag"]}


def rows_table(rows: tuple[Row, ...]) -> Table:
    """Published and simulated numbers, one row each."""
    tones = tuple(_TONES[row.passed] for row in rows)
    return Table(
        "",
        (
            Column("id", tuple(row.id for row in rows)),
            Column("what", tuple(row.what for row in rows), notes=tuple(row.note for row in rows), page_only=True),
            Column("measured", tuple(row.measured_text or _number(row.measured) for row in rows), numeric=True),
            Column("simulated", tuple(_simulated(row) for row in rows), numeric=True),
            Column("unit", tuple(row.unit for row in rows)),
            Column("ratio", tuple("" if row.ratio is None else f"{row.ratio:.2f}" for row in rows), numeric=True),
            Column("verdict", tuple(row.verdict for row in rows), tones=tones),
            Column("tag", tuple(row.tag for row in rows), page_only=True),
        ),
        brief=True,
        open=True,
    )


def _figures(title: str, drawn: Mapping[str, Figure], *names: str) -> Section:
    drawings = tuple(Drawing(name, functools.partial(drawn.__getitem__, name), _CAPTIONS[name]) for name in names)
    return Section(title, drawings=drawings, paired=len(names) > 1)


def _full_cells(drawn: Mapping[str, Figure]) -> tuple[Section, ...]:
    """Figures 1, 2c and 3, and what each run needed beside the numbers of the cards."""
    from lithostat.papers.doux2020.full_cells import published_full

    needed = [f"{one['what']}: {one['why']}" for one in published_full()["experiments"].values() if "why" in one]
    said = ("What these runs needed beside the numbers of the cards:",) if needed else ()
    return (
        _figures("Full cells", drawn, "figure 1", "figure 2c"),
        _figures("", drawn, "figure 3")._replace(text=said, points=tuple(needed)),
    )


def _patterns(patterns: Figure5, drawn: Mapping[str, Figure]) -> Section:
    """Figure 5, lower half, as far as it is drawn."""
    from lithostat.papers.doux2020.patterns import figure_5_section

    names = ("figure 5a", "figure 5b", "figure 5b lines")
    drawings = tuple(
        Drawing(name, functools.partial(drawn.__getitem__, name), _CAPTIONS[name]) for name in names if name in drawn
    )
    return figure_5_section(patterns, drawings)


def _answered(answer: Answer, drawn: Mapping[str, Figure]) -> Section:
    """The pressure that the paper's cells allow."""
    made = answer.made
    low, high = (f"{100.0 * share:.0f}" for share in made.probability_interval)
    text = (
        "The paper concludes that 5 MPa is optimal, from one cell per pressure. The same cells, survivors and holds "
        f"counted as such, give for a cell of another lab: {made.sentence()} (90 % credible: {low} to {high} %).",
        *(() if made.of_lab is None else (f"{made.of_lab.sentence()}; {made.difference()}.".capitalize(),)),
    )
    points = (
        *(f"At most {level} failures: {window}." for level, window in answer.windows()),
        *(end.why for end in made.limited_by),
        f"Next cell: {made.next_cell.why()}",
        *made.warnings,
    )
    return _figures("At which pressure, then?", drawn, "pressure window")._replace(text=text, points=points)


def _fitted(result: Reproduction) -> list[dict[str, str]]:
    """Parameters that were fitted to this paper, with what to and how."""
    values = resolve(cell()).values
    entries = [
        {
            "parameters": ", ".join(entry["parameters"]),
            "value": ", ".join(show(values[name].value, name) for name in entry["parameters"]),
            "to": entry["to"],
            "note": entry["note"],
        }
        for entry in published()["fitted"]
    ]
    if not result.full_cells:
        return entries
    from lithostat.papers.doux2020.full_cells import published_full

    used = result.records["fig3"].provenance["values"]
    return entries + [
        {
            "parameters": ", ".join(entry["parameters"]),
            "value": ", ".join(used[name]["text"] for name in entry["parameters"]),
            "to": entry["to"],
            "note": entry["note"],
        }
        for entry in published_full()["fitted"]
    ]


def _numbers_from_elsewhere() -> list[Value]:
    fitted = {name for entry in published()["fitted"] for name in entry["parameters"]}
    return [value for name, value in resolve(cell()).values.items() if name not in fitted]


def _rests_on(fitted: list[dict[str, str]], others: list[Value]) -> tuple[Section, ...]:
    notes = tuple(entry["note"] for entry in fitted)
    table = Table(
        "",
        (
            Column("fitted parameters", tuple(entry["parameters"] for entry in fitted)),
            Column("value", tuple(entry["value"] for entry in fitted)),
            Column("to", tuple(entry["to"] for entry in fitted), notes=notes),
        ),
    )
    elsewhere = [
        {
            "parameter": value.name,
            "value": value.text,
            "source": value.source.cite + (" (unverified)" if value.unverified else ""),
            "tag": value.tag,
        }
        for value in others
    ]
    tags = "Tags: " + "; ".join(f"{tag} {meaning}" for tag, meaning in TAGS.items()) + "."
    return (
        Section("What was fitted to these data, and what was not", tables=(table,)),
        Section("", text=("Everything else comes from elsewhere:",), tables=(table_of("", elsewhere, caption=tags),)),
    )


def _simulated(row: Row) -> str:
    return "none" if row.simulated is None else _number(row.simulated)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if 0.0 < abs(value) < 1e-3:
        return "< 0.001"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
