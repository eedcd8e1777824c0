"""Self-contained HTML pages: figures as inline SVG, no request to anywhere."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from importlib import resources
from typing import TYPE_CHECKING

from lithostat.experiment.errors import sentence_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def svg(figure: Figure) -> str:
    """A figure as an SVG element that can stand in a page."""
    from lithostat.show.style import style  # what draws nothing needs no matplotlib

    buffer = io.StringIO()
    with style():
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    return re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r'\1 class="figure" role="img"', text, count=1)


def svgs(drawn: Mapping[str, Callable[[], Figure]]) -> tuple[dict[str, str], list[str]]:
    """Each figure that `drawn` makes as an SVG element, and a sentence for each that cannot be drawn."""
    found, missing = {}, []
    for name, draw in drawn.items():
        try:
            found[name] = svg(draw())
        except BaseException as error:
            missing.append(f"the figure of {name} could not be drawn: {sentence_of(error)}")
    return found, missing


def page(template: str, *, package: str = "lithostat.show", **contents: object) -> str:
    """Fill a template of a package, which may use those of this one; all that is not marked safe is escaped."""
    import jinja2

    folders = [resources.files(name) / "templates" for name in (package, "lithostat.show")]
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.loader = jinja2.FunctionLoader(
        lambda name: next(folder / name for folder in folders if (folder / name).is_file()).read_text(encoding="utf-8")
    )
    return environment.get_template(template).render(**contents)
