"""Phases that a pattern is searched for: crystal structures, cells without a structure, and broad humps."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources

from lithostat.experiment import document
from lithostat.experiment.errors import InputError, nearest
from lithostat.experiment.source import Source

EDGES, ANGLES = ("a", "b", "c"), ("alpha", "beta", "gamma")
ASSUMED_DISPLACEMENT = 6.3e-23  # m2, B of 0.5 square angstrom as of most hard salts: where a source gives none (tag M)
NARROWEST = 0.002  # relative half width of the box of a cell edge, at least: temperature and solid solution


@dataclass(frozen=True)
class Site:
    """One atom of the asymmetric unit: fractional coordinates, occupancy, mean square displacement [m2]."""

    element: str
    at: tuple[float, float, float]
    occupancy: float = 1.0
    displacement: float = ASSUMED_DISPLACEMENT


@dataclass(frozen=True)
class Hump:
    """A broad maximum of something without long-range order: spacing d [m], full width over d, relative area."""

    spacing: float
    width: float
    area: float


@dataclass(frozen=True, eq=False)  # compared by identity, so that a phase can be a key
class Phase:
    """What a pattern is searched for.

    Args:
        name: as people and tables call it.
        kind: 'structure' (cell and atoms), 'cell' (positions of lines, no intensities), 'hump'.
        formula: of one formula unit; '' for a hump.
        about: one sentence.
        space_group: Hermann-Mauguin symbol with its setting, as gemmi reads it; '' for a hump.
        cell: edges [m] and angles [rad], in the order a, b, c, alpha, beta, gamma.
        spread: lowest and highest published value of an edge [m], before the box is widened to `NARROWEST`.
        sites: atoms of the asymmetric unit; empty unless `kind` is 'structure'.
        humps: maxima of a 'hump'.
        density: as published [kg/m3], None where nobody printed one.
        texture: direction (hkl) along which crystals of this phase like to lie, None where unknown.
        sources, tags: of every part of the card ('cell', 'sites', 'spread', 'displacement', 'density', 'humps').
    """

    name: str
    kind: str
    formula: str = ""
    about: str = ""
    space_group: str = ""
    cell: tuple[float, ...] = ()
    spread: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    sites: tuple[Site, ...] = ()
    humps: tuple[Hump, ...] = ()
    density: float | None = None
    texture: tuple[int, int, int] | None = None
    sources: Mapping[str, Source] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    file: str = ""

    @property
    def unverified(self) -> tuple[str, ...]:
        """Which parts of the card rest on memory."""
        return tuple(part for part, tag in self.tags.items() if tag == "M")

    @property
    def elements(self) -> frozenset[str]:
        """Symbols of the elements in the formula."""
        return frozenset(composition(self.formula)) if self.formula else frozenset()

    def box(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest edge that counts as this phase [m]: what was published, and `NARROWEST` around it."""
        edges = {}
        for name, edge in zip(EDGES, self.cell, strict=False):
            low, high = self.spread.get(name, (edge, edge))
            edges[name] = (min(low, edge * (1.0 - NARROWEST)), max(high, edge * (1.0 + NARROWEST)))
        return edges


_TOKEN = re.compile(r"([A-Z][a-z]?)|(\()|(\))|(\d+\.?\d*|\.\d+)")


@functools.cache
def composition(formula: str) -> Mapping[str, float]:
    """Atoms per formula unit: composition('Ti2(OF3)2') -> {'Ti': 2.0, 'O': 2.0, 'F': 6.0}.

    Raises `InputError` for what is no formula.
    """
    stack: list[dict[str, float]] = [{}]
    last: dict[str, float] = {}
    for symbol, opens, closes, count in _TOKEN.findall(formula):
        if count:
            for name, number in last.items():
                stack[-1][name] += number * (float(count) - 1.0)
            last = {}
        elif opens:
            stack.append({})
        elif closes and len(stack) == 1:
            stack = []  # closes what was never opened
            break
        else:
            last = stack.pop() if closes else {symbol: 1.0}
            for name, number in last.items():
                stack[-1][name] = stack[-1].get(name, 0.0) + number
    if len(stack) != 1 or not stack[0] or _TOKEN.sub("", formula).strip():
        raise InputError(f"received the formula '{formula}'", expected="a formula such as Li6PS5Cl or La(OH)3")
    return stack[0]


@functools.cache
def phases() -> Mapping[str, Phase]:
    """All phase cards that come with the package, by name."""
    from lithostat.materials.phase_card import phase_from

    folder = resources.files("lithostat.materials") / "cards" / "phases"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name)
    cards = [phase_from(document.parse(entry.read_text(encoding="utf-8"), entry.name)) for entry in files]
    return {phase.name: phase for phase in cards}


def find_phase(name: str) -> Phase:
    """The phase of that name; an unknown name raises an error that suggests the nearest one."""
    known = phases()
    if name not in known:
        raise InputError(
            f"there is no phase '{name}'{nearest(name, known)}",
            expected="a name that `lithostat diffraction --list` shows, or a .yaml card or .cif file of your own",
        )
    return known[name]
