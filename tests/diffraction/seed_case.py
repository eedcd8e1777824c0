"""The seed's case simulated by code that shares nothing with the package: an argyrodite pellet with a little else."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from independent import pattern_of

from lithostat.diffraction.identify import Question, identify
from lithostat.diffraction.study import PatternStudy
from lithostat.materials.phase import Phase, find_phase, phases

ELEMENTS = frozenset({"Li", "P", "S", "Cl"})
WIDTHS = (0.10, 0.30)  # degrees


@functools.cache
def sought() -> tuple[Phase, ...]:
    """Every card of lithium, phosphorus, sulfur and chlorine, those known by their cell only among them."""
    return tuple(card for card in phases().values() if card.kind != "hump" and card.elements <= ELEMENTS)


def study(parts: Mapping[str, float], width: float, seed: int, **counted: float) -> PatternStudy:
    """The study of Li6PS5Cl with `parts` by weight beside it, 5 % grain noise, the host free."""
    mixture = {find_phase("Li6PS5Cl"): 1.0 - sum(parts.values())}
    mixture |= {find_phase(name): share for name, share in parts.items()}
    pattern = pattern_of(mixture, width=width, seed=seed, **counted)
    question = Question(sought(), host=(find_phase("Li6PS5Cl"),), spread=False)
    return identify(pattern, question)
