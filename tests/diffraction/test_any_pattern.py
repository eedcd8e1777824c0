"""Whatever a pattern holds, identification ends in calls with sane numbers, or in a sentence."""

from __future__ import annotations

import contextlib
import os

import numpy as np
import pytest

from lithostat.diffraction.identify import Question, identify
from lithostat.diffraction.report import study_report
from lithostat.diffraction.study import PatternStudy
from lithostat.experiment.errors import InputError
from lithostat.experiment.pattern import GEOMETRIES, Pattern
from lithostat.experiment.radiation import read_lines
from lithostat.materials.phase import phases

SEEDS = range(200 if os.environ.get("LITHOSTAT_CAMPAIGN") == "1" else 8)
TUBES = ("Mo Ka", "Cu Ka1", "Ag Ka", "0.4959 angstrom", "2.5 angstrom")
CARDS = tuple(card for card in phases().values() if card.kind != "hump")


def any_pattern(seed: int) -> Pattern:
    """Few points or many, dark or bright, no line or ten of any width, at any angles."""
    random = np.random.default_rng(seed)
    first = random.uniform(0.5, 60.0)
    count = int(random.choice([50, 60, 300, 1200]))
    x = np.radians(first + random.choice([0.01, 0.05, 0.1]) * np.arange(count))
    level, height = random.choice([0.0, 1.0, 300.0, 1e5], 2)
    mean = np.full(count, level)
    for _ in range(random.integers(0, 10)):
        width = np.radians(random.choice([0.02, 0.1, 0.5, 3.0]))
        mean += height * np.exp(-(((x - random.uniform(x[0], x[-1])) / width) ** 2))
    counts = random.poisson(mean).astype(float) - (random.uniform() < 0.2) * 5.0
    kind = str(random.choice(list(GEOMETRIES)))
    lines = read_lines(str(random.choice(TUBES)))
    return Pattern(
        x, counts, np.sqrt(np.maximum(counts, 1.0)), "counts", lines=lines, geometry=kind, name=f"seed {seed}"
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_any_pattern_ends_in_calls_or_a_sentence(seed: int) -> None:
    random = np.random.default_rng([seed, 1])
    chosen = tuple(CARDS[k] for k in random.permutation(len(CARDS))[:12])
    host = (chosen[0],) if random.uniform() < 0.5 else ()
    with contextlib.suppress(InputError):
        _check(
            identify(any_pattern(seed), Question(chosen, host=host, spread=bool(random.uniform() < 0.3))), seed % 4 == 0
        )


def _check(study: PatternStudy, drawn: bool) -> None:
    assert len({call.name for call in study.calls}) == len(study.calls)
    for call in study.calls:
        assert np.isnan(call.weight) or -1e-9 <= call.low <= call.weight + 1e-9 <= call.high + 2e-9 <= 1.0 + 3e-9
        assert call.limit is None or np.isnan(call.limit.weight) or 0.0 < call.limit.weight <= 1.0
    report = study_report(study)
    assert report.answer
    for section in report.sections:
        for drawing in section.drawings:
            if drawn:
                drawing.draw()
