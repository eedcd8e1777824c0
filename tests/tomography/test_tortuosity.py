"""Conduction through voxels against closed forms, bounds, another solver, and a published value."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.ndimage import gaussian_filter

from lithostat.experiment.errors import InputError
from lithostat.tomography.tortuosity import connected, transport

AXES = (0, 1, 2)
PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "09_volumes_tortuosity" / "electrode.tiff"


@pytest.mark.parametrize("axis", AXES)
def test_a_full_block_conducts_as_its_phase_does(axis):
    found = transport(np.ones((5, 7, 9), bool), axis)
    assert found.effective == pytest.approx(1.0, rel=1e-6)
    assert found.tortuosity == pytest.approx(1.0, rel=1e-6)
    assert found.share == found.connected == 1.0


@pytest.mark.parametrize("axis", AXES)
def test_straight_channels_conduct_by_their_share_and_not_across(axis):
    phase = np.zeros((8, 8, 8), bool)
    place = [slice(1, 4), slice(2, 4), slice(5, 6)]
    place[axis] = slice(None)
    phase[tuple(place)] = True
    along = transport(phase, axis)
    assert along.effective == pytest.approx(along.share, rel=1e-6)
    assert along.tortuosity == pytest.approx(1.0, rel=1e-6)
    across = transport(phase, (axis + 1) % 3)
    assert (across.connected, across.effective, across.tortuosity) == (0.0, 0.0, float("inf"))


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_path_one_voxel_wide_is_a_series_of_resistors(rows):
    depth, width = 2 * rows + 1, 6  # whole rows, and between them one voxel at alternating ends
    phase = np.zeros((depth, 3, width), bool)
    phase[1::2, 1, :] = True
    phase[0::4, 1, 0], phase[2::4, 1, -1] = True, True
    voxels = int(phase.sum())
    assert voxels == rows * width + rows + 1
    found = transport(phase)
    assert found.connected == pytest.approx(voxels / phase.size)
    assert found.effective == pytest.approx(depth / (3 * width) / voxels, rel=1e-5)


@settings(max_examples=15, deadline=None)
@given(seed=some.integers(0, 10**6), share=some.floats(0.35, 0.95), axis=some.sampled_from(AXES))
def test_random_phases_conserve_current_and_keep_to_their_bounds(seed, share, axis):
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal((14, 16, 18)), 1.0)
    phase = noise < np.quantile(noise, share)
    found = transport(phase, axis)
    assert 0.0 <= found.effective <= found.connected <= found.share  # Wiener: no more than in parallel
    assert found.imbalance < 1e-4
    flipped = transport(np.flip(phase, axis), axis)
    assert flipped.effective == pytest.approx(found.effective, rel=1e-4)
    assert transport(np.moveaxis(phase, axis, 0)).effective == pytest.approx(found.effective, rel=1e-4)


def test_another_solver_says_the_same(made_block):
    assert transport(made_block).effective == pytest.approx(_by_relaxation(made_block), rel=1e-5)


@pytest.fixture
def made_block() -> np.ndarray:
    noise = gaussian_filter(np.random.default_rng(3).standard_normal((10, 10, 10)), 1.0)
    return noise < np.quantile(noise, 0.6)


def _by_relaxation(phase: np.ndarray) -> float:
    """Effective conductivity by successive averages over neighbours, written without a matrix."""
    path = connected(phase, 0)
    padded = np.pad(path, ((0, 0), (1, 1), (1, 1)))
    level = np.zeros(padded.shape)
    total = sum(np.roll(padded, step, axis).astype(float) for axis in (1, 2) for step in (1, -1))
    up, down = np.zeros(padded.shape), np.zeros(padded.shape)
    up[1:], down[:-1] = padded[:-1], padded[1:]
    total += up + down
    total[0] += 2.0
    total[-1] += 2.0
    for _ in range(4000):
        near = sum(np.roll(level * padded, step, axis) for axis in (1, 2) for step in (1, -1))
        near[1:] += (level * padded)[:-1]
        near[:-1] += (level * padded)[1:]
        near[0] += 2.0
        level = np.where(padded, near / np.maximum(total, 1.0), 0.0)
    into = 2.0 * (1.0 - level[0])[padded[0]].sum()
    return float(into * phase.shape[0] / (phase.shape[1] * phase.shape[2]))


def test_an_empty_phase_is_refused():
    with pytest.raises(InputError, match="empty"):
        transport(np.zeros((4, 4, 4), bool))


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="no measured volumes beside the checkout (shared/data)")
@pytest.mark.skipif(not os.environ.get("LITHOSTAT_CAMPAIGN"), reason="a minute of processor time; part of the campaign")
def test_a_published_tortuosity_is_met():
    import tifffile

    found = transport(tifffile.imread(PUBLISHED) == 0)
    # published with that volume: effective diffusivity 0.2166, tortuosity 2.0776 (by its own share and rounding)
    assert found.effective == pytest.approx(0.2166, abs=5e-5)
    assert found.tortuosity == pytest.approx(2.0776, rel=5e-4)
