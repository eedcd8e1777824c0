"""The paper's page: its figures and numbers with the model's, and what that rests on."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from lithostat.experiment.quantity import show
from lithostat.experiment.source import TAGS
from lithostat.model.resolve import resolve
from lithostat.papers.doux2020.answer import Answer
from lithostat.papers.doux2020.published import cell, published
from lithostat.papers.doux2020.reproduce import Reproduction
from lithostat.papers.row import Row
from lithostat.show.page import page, svg


def paper_page(result: Reproduction, drawn: dict[str, Figure], answer: Answer | None = None) -> str:
    """The whole page as HTML text; `drawn` are the paper's figures, by name, `answer` the pressure it recommends."""
    data = published()
    resolved = resolve(cell())
    fitted = [name for entry in data["fitted"] for name in entry["parameters"]]
    others = [value for name, value in resolved.values.items() if name not in fitted]
    with_target = [row for row in result.rows if row.passed is not None]
    full = _full_cells(result)
    return page(
        "paper.html",
        paper=data,
        rows=[_printed(row) for row in result.rows],
        figures={name: svg(figure) for name, figure in drawn.items()},
        met=sum(bool(row.passed) for row in with_target),
        aimed=len(with_target),
        shown=len(result.rows) - len(with_target),
        fitted_count=len(fitted) + (sum(entry["names"].count(",") + 1 for entry in full["fitted"]) if full else 0),
        fitted=[_fitted(entry, resolved.values) for entry in data["fitted"]],
        others=[
            {"name": v.name, "text": v.text, "source": v.source.cite, "tag": v.tag, "unverified": v.unverified}
            for v in others
        ],
        summary=summary(),
        tags=TAGS,
        full=full,
        answer=answer.printed() if answer is not None else None,
        versions=result.records["fig4"].provenance["versions"],
    )


def _full_cells(result: Reproduction) -> dict[str, Any] | None:
    """What the page says of Figures 1, 2c and 3: what was fitted to them, and what each run needed."""
    if not result.full_cells:
        return None
    from lithostat.papers.doux2020.full_cells import published_full

    data = published_full()
    values = result.records["fig3"].provenance["values"]
    fitted = [
        {
            "names": ", ".join(entry["parameters"]),
            "numbers": ", ".join(values[name]["text"] for name in entry["parameters"]),
            "to": entry["to"],
            "note": entry["note"],
        }
        for entry in data["fitted"]
    ]
    needed = [{"what": one["what"], "why": one["why"]} for one in data["experiments"].values() if "why" in one]
    return {"fitted": fitted, "needed": needed}


def summary() -> str:
    """One paragraph on what the agreement is worth."""
    return (
        "Toughness, throat radius and focusing (three numbers) were fitted to the very times to short that they are "
        "compared with here, and three contact parameters to the impedance points. Agreement with those rows shows "
        "that the model can describe the paper, not that it predicts other cells. One cell per pressure was measured."
    )


def _fitted(entry: dict[str, Any], values: dict[str, Any]) -> dict[str, str]:
    names = entry["parameters"]
    texts = [show(values[name].value, name) for name in names]
    return {"names": ", ".join(names), "numbers": ", ".join(texts), "to": entry["to"], "note": entry["note"]}


def _printed(row: Row) -> dict[str, Any]:
    """A row with its numbers as text."""
    return row.as_dict() | {
        "measured": row.measured_text or _number(row.measured),
        "simulated": _number(row.simulated) if row.simulated is not None else "none",
        "ratio": "" if row.ratio is None else f"{row.ratio:.2f}",
    }


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if 0.0 < abs(value) < 1e-3:
        return "< 0.001"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
