"""Phase cards as people write them in YAML, checked into a `Phase`."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from lithostat.experiment import document
from lithostat.experiment.errors import nearest
from lithostat.experiment.quantity import reader
from lithostat.experiment.source import TAGS, Source
from lithostat.materials.phase import ANGLES, ASSUMED_DISPLACEMENT, EDGES, Hump, Phase, Site, composition

RIGHT = 0.5 * math.pi


def _coordinate(value: Any) -> float:
    """A number or a fraction such as '1/3', which a decimal cannot say exactly."""
    try:
        number = float(Fraction(value.replace(" ", ""))) if isinstance(value, str) else float(value)
    except (ValueError, TypeError, ZeroDivisionError):
        raise ValueError(f"received {value!r}; expected a coordinate such as 0.25 or 1/3") from None
    if not math.isfinite(number) or abs(number) > 2.0:
        raise ValueError(f"received {value!r}; expected a fractional coordinate between -2 and 2")
    return number


Edge = Annotated[float, BeforeValidator(reader("lattice_parameter"))]
Angle = Annotated[float, BeforeValidator(reader("lattice_angle"))]
Displacement = Annotated[float, BeforeValidator(reader("mean_square_displacement"))]
Density = Annotated[float, BeforeValidator(reader("density"))]
Share = Annotated[float, BeforeValidator(reader("fraction"))]
Coordinate = Annotated[float, BeforeValidator(_coordinate)]


class _CardPart(BaseModel):
    """A part of a card with where it was read and how much that is worth."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    tag: Literal[tuple(TAGS)]  # type: ignore[valid-type]
    unverified: bool = False
    note: str | None = None

    @model_validator(mode="after")
    def _memory_is_named(self) -> _CardPart:
        if (self.tag == "M") != self.unverified:
            raise ValueError("a number from memory has tag M and 'unverified: true', any other has neither")
        return self


class _CellPart(_CardPart):
    a: Edge
    b: Edge | None = None
    c: Edge | None = None
    alpha: Angle = RIGHT
    beta: Angle = RIGHT
    gamma: Angle = RIGHT


class _SpreadPart(_CardPart):
    a: tuple[Edge, Edge] | None = None
    b: tuple[Edge, Edge] | None = None
    c: tuple[Edge, Edge] | None = None


class _Atom(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    atom: str
    at: tuple[Coordinate, Coordinate, Coordinate]
    occupancy: Share = 1.0
    u: Displacement | None = None


class _SitesPart(_CardPart):
    atoms: tuple[_Atom, ...]


class _DisplacementPart(_CardPart):
    u: Displacement


class _DensityPart(_CardPart):
    value: Density


class _HumpLine(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    d: Edge
    width: Share
    area: Share


class _HumpsPart(_CardPart):
    lines: tuple[_HumpLine, ...]


class PhaseCard(BaseModel):
    """The file. A 'structure' needs cell and sites, a 'cell' only a cell, a 'hump' only humps."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["structure", "cell", "hump"]
    about: str
    formula: str = ""
    space_group: str = ""
    sources: dict[str, dict[str, str]]
    cell: _CellPart | None = None
    spread: _SpreadPart | None = None
    sites: _SitesPart | None = None
    displacement: _DisplacementPart | None = None
    density: _DensityPart | None = None
    humps: _HumpsPart | None = None
    texture: tuple[int, int, int] | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> PhaseCard:
        needed = {"structure": ("cell", "sites"), "cell": ("cell",), "hump": ("humps",)}[self.kind]
        for part in ("cell", "sites", "humps"):
            if (getattr(self, part) is not None) != (part in needed):
                raise ValueError(f"a phase of kind '{self.kind}' has {' and '.join(needed)} and nothing else of these")
        if self.kind != "hump" and not (self.formula and self.space_group):
            raise ValueError("a phase with a cell needs 'formula' and 'space_group'")
        for name, each in self.parts().items():
            if each.source not in self.sources:
                raise ValueError(f"source '{each.source}' of {name} is not listed{nearest(each.source, self.sources)}")
        return self

    def parts(self) -> dict[str, _CardPart]:
        """The parts that the card has, by name."""
        names = ("cell", "spread", "sites", "displacement", "density", "humps")
        return {name: part for name in names if (part := getattr(self, name)) is not None}


def read_phase(path: str | Path) -> Phase:
    """A phase card of your own from a YAML file."""
    return phase_from(document.read(path))


def phase_from(page: document.Document) -> Phase:
    """The checked card as a `Phase`; a fault is one sentence with file, line and place."""
    card = page.build(PhaseCard)
    for key, entry in card.sources.items():
        if not entry.get("cite"):
            raise page.error("has no 'cite'", ("sources", key), "a mapping with 'cite' and, if there is one, 'doi'")
    if card.formula:
        composition(card.formula)
    sources = {key: Source(key, entry["cite"], entry.get("doi")) for key, entry in card.sources.items()}
    parts = card.parts()
    return Phase(
        name=card.name,
        kind=card.kind,
        formula=card.formula,
        about=card.about,
        space_group=card.space_group,
        cell=_cell(card.cell) if card.cell else (),
        spread={name: span for name in EDGES if card.spread and (span := getattr(card.spread, name))},
        sites=_sites(card),
        humps=tuple(Hump(each.d, each.width, each.area) for each in card.humps.lines) if card.humps else (),
        density=card.density.value if card.density else None,
        texture=card.texture,
        sources={name: sources[part.source] for name, part in parts.items()},
        tags={name: part.tag for name, part in parts.items()},
        notes=tuple(part.note for part in parts.values() if part.note),
        file=page.file,
    )


def _sites(card: PhaseCard) -> tuple[Site, ...]:
    """Atoms; one without a displacement of its own takes the card's, else what is assumed of any."""
    if card.sites is None:
        return ()
    usual = card.displacement.u if card.displacement else ASSUMED_DISPLACEMENT
    return tuple(
        Site(each.atom, each.at, each.occupancy, usual if each.u is None else each.u) for each in card.sites.atoms
    )


def _cell(part: _CellPart) -> tuple[float, ...]:
    edges = (part.a, part.b if part.b is not None else part.a, part.c if part.c is not None else part.a)
    return (*edges, *(getattr(part, name) for name in ANGLES))
