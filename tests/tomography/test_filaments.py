"""What is called a filament, held against cells whose truth is known."""

from __future__ import annotations

import os

import numpy as np
import pytest
import second_generator as second
from cells import before, cell

from lithostat.tomography.phantom.phantom import Motion, Strand
from lithostat.tomography.segment import segment
from lithostat.tomography.study import study_volume

MOVED = Motion(shift=(1.3, -2.2, 0.7), turn=0.5, squeeze=0.005)
CAMPAIGN = os.environ.get("LITHOSTAT_CAMPAIGN") == "1"
TALL = (240, 104, 104)  # a filament must be longer than the pores of so many voxels get


def test_what_is_new_since_an_earlier_scan_is_found() -> None:
    made = cell(Strand(reach=0.6, width=4.0), motion=MOVED)
    found = study_volume(made.volume, before=before(made))
    (filament,) = found.filaments.each
    said = found.as_json()
    assert {"volume", "phases", "filaments", "spans", "dark_volume", "charge_bound", "warnings"} <= said.keys()
    assert set(said["phases"][0]) == {"name", "low", "high"}
    assert said["dark_volume"]["low"] < said["dark_volume"]["high"]
    assert made.recall(found) >= 0.9
    assert made.precision(found) >= 0.8
    assert found.spans == "no"
    assert filament.touches == ("electrode 1",)
    thick = 0.62 * 0.995 * 144 * made.phantom.voxel_size
    assert abs(filament.reach[1] - 0.6 * thick) < 2.5 * made.phantom.voxel_size
    truth = made.truth.filament.sum() * made.phantom.voxel_size**3
    assert filament.volume[0] < truth < filament.volume[1]
    moved = found.difference.placement.shift(0.5 * (np.array(made.volume.shape) - 1.0))
    assert np.abs(moved - MOVED.shift).max() < 0.3
    assert abs(found.difference.placement.compression - 0.005) < 0.002


def test_an_unchanged_cell_that_turned_and_shrank_has_no_filament() -> None:
    made = cell(motion=MOVED)
    found = study_volume(made.volume, before=before(made))
    assert found.filaments.each == ()
    assert found.difference.counts.max(initial=0) == 0
    assert found.spans == "no"


def test_a_new_filament_from_end_to_end_spans() -> None:
    made = cell(Strand(reach=1.0, width=5.0))
    found = study_volume(made.volume, before=before(made))
    assert found.spans == "yes"
    assert set(found.filaments.each[0].touches) == {"electrode 1", "electrode 2"}


def test_without_an_earlier_scan_a_filament_is_found_and_never_said_to_span() -> None:
    made = cell(Strand(reach=0.6, width=4.0), shape=TALL)
    found = study_volume(made.volume)
    assert made.recall(found) >= 0.9
    assert found.spans != "yes"
    filament = found.filaments.each[0]
    truth = made.truth.filament.sum() * made.phantom.voxel_size**3
    assert filament.volume[0] <= truth <= filament.volume[1]
    tip = 0.6 * 0.62 * TALL[0] * made.phantom.voxel_size
    assert filament.reach[0] <= tip <= filament.reach[1] + made.phantom.voxel_size


@pytest.mark.parametrize("pores", ["blobs", "edges"])
def test_among_pores_that_get_as_long_nothing_is_said_to_span(pores: str) -> None:
    made = cell(Strand(reach=0.6, width=4.0), pores=pores)
    assert study_volume(made.volume).spans != "yes"


def test_what_is_too_thin_to_be_seen_is_not_denied() -> None:
    made = cell(Strand(reach=1.0, width=1.5))
    found = study_volume(made.volume)
    assert found.spans != "yes"
    if found.spans == "no":
        width = float(found.filaments.why.split("wider than ")[1].split(" um")[0])
        assert width > 1.5e6 * made.phantom.voxel_size


def test_dark_volume_holds_the_truth_between_void_and_lithium() -> None:
    made = cell(pores="spheres", pore_size=9.0, pore_share=0.04)
    found = study_volume(made.volume)
    rows = made.truth.labels[:, 52 - 30 : 52 + 30, 52 - 30 : 52 + 30]
    share = (rows == 3).sum() / np.isin(rows, (2, 3)).sum()  # of pores in the middle of the pellet
    low, high = (value / found.pellet_volume() for value in found.dark_volume)
    assert low < 1.1 * share
    assert high > 0.9 * share
    assert high - low < 0.15 * high


@pytest.mark.parametrize("seed", range(20 if CAMPAIGN else 2))
@pytest.mark.parametrize("pores", second.PORES)
def test_a_clean_cell_of_another_generator_has_no_filament(pores: str, seed: int) -> None:
    found = study_volume(second.cell(seed, pores=pores).volume)
    assert found.filaments.each == ()
    assert found.spans == "no"


@pytest.mark.parametrize("seed", range(100, 110 if CAMPAIGN else 101))
@pytest.mark.parametrize("pores", second.PORES)
def test_a_filament_of_another_generator(pores: str, seed: int) -> None:
    made = second.cell(seed, pores=pores, reach=0.6, width=4.8)  # 4 voxels where it is narrowest
    found = study_volume(made.volume, before=second.cell(seed, pores=pores, noise_seed=1).volume)
    body = np.zeros(made.volume.shape, bool)
    for each in found.filaments.bodies:
        body[tuple(each.T)] = True
    inside = np.arange(body.shape[0])[:, None, None] > made.ends[0] + 3.0
    assert body[(made.filament > 0.5) & inside].mean() >= 0.9
    assert made.filament[body].mean() > 0.4
    assert found.spans == "no"


def test_noise_that_neighbours_share_makes_nothing_new() -> None:
    later, earlier = (second.cell(4, alike=0.5, noise_seed=seed).volume for seed in range(2))
    found = study_volume(later, before=earlier)
    assert found.filaments.each == ()
    assert found.difference.gone < 100
    assert not any("brighter" in line for line in found.warnings)


@pytest.mark.skipif(not CAMPAIGN, reason="twenty phantoms; set LITHOSTAT_CAMPAIGN=1")
@pytest.mark.parametrize("seed", range(20))
def test_content_is_never_wrong(seed: int) -> None:
    rng = np.random.default_rng(seed)
    content, width = rng.choice(["lithium", "void"]), float(rng.uniform(2.0, 8.0))
    made = cell(Strand(1.0, width, content), seed=seed, pore_size=max(4.0, width), shape=(176, 160, 160))
    found = study_volume(made.volume, before=before(made))
    assert all(one.content.kind in (content, "cannot tell") for one in found.filaments.each)


def test_slabs_of_any_height_give_the_same_components() -> None:
    made = cell(Strand(reach=1.0, width=5.0), shape=(120, 88, 88))
    seen = []
    for height in (8, 32, 33):
        phases = segment(made.volume, height=height)
        seen.append(
            (np.sort(phases.faint.size), np.sort(phases.dark.size), phases.counts, np.asarray(phases.labels[:]))
        )
        crossing = (phases.faint.touches & 3) == 3
        assert crossing.sum() == 1
    for sizes, dark, counts, labels in seen[1:]:
        np.testing.assert_array_equal(sizes, seen[0][0])
        np.testing.assert_array_equal(dark, seen[0][1])
        np.testing.assert_array_equal(counts, seen[0][2])
        np.testing.assert_array_equal(labels, seen[0][3])
