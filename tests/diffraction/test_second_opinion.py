"""rietx beside the own engine: the same weights of a simulated mixture, and the own ones stay the answer."""

from __future__ import annotations

import numpy as np
import pytest

from lithostat.diffraction.amounts import amounts
from lithostat.diffraction.identify import quantify
from lithostat.diffraction.instrument import Instrument
from lithostat.diffraction.second_opinion import rietx_weights
from lithostat.diffraction.simulate import exposure, simulate_pattern
from lithostat.experiment.errors import InputError
from lithostat.experiment.radiation import read_lines
from lithostat.materials.phase import find_phase

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not pytest.importorskip("rietx", reason="rietx is not installed"), reason="rietx is missing"),
]


def test_two_engines_agree_on_a_simulated_mixture() -> None:
    """Within 3 wt%, which is what different profiles and backgrounds of two engines leave."""
    mixture = {find_phase("Si"): 0.6, find_phase("LiF"): 0.4}
    told = exposure(np.radians(20.0), np.radians(90.0), np.radians(0.15), 5e3, 300.0)
    made = Instrument(read_lines("Cu Ka"), "reflection", "displacement")
    fit = quantify(simulate_pattern(mixture, made, told, 2), list(mixture))
    theirs = rietx_weights(fit)
    for own in amounts(fit):
        assert own.weight == pytest.approx(0.6 if own.name == "Si" else 0.4, abs=0.02)
        assert theirs[own.name] == pytest.approx(own.weight, abs=0.03)


def test_it_is_asked_only_for_what_it_can_treat() -> None:
    told = exposure(np.radians(6.0), np.radians(35.0), np.radians(0.3), 1e4, 1e3)
    pattern = simulate_pattern(
        {find_phase("Li6PS5Cl"): 1.0}, Instrument(read_lines("Mo Ka"), "transmission", "zero"), told
    )
    with pytest.raises(InputError, match="phases with a structure"):
        rietx_weights(quantify(pattern, [find_phase("Li3P7")]))
