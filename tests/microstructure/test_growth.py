"""Growth of lithium through pores: the field against another solve and conservation, the growth against limits."""

import numpy as np
import pytest

from lithostat.experiment.errors import InputError
from lithostat.microstructure.field import Field
from lithostat.microstructure.growth import grow
from lithostat.microstructure.pellet import Pellet, make_pellet


def pellet(void):
    return Pellet(void, 1e-6, "measured")


def channel(length=10, width=7):
    void = np.zeros((length, width, width), bool)
    void[:, width // 2, width // 2] = True
    return pellet(void)


@pytest.mark.parametrize("seed", [0, 1])
def test_current_into_lithium_is_current_from_the_far_face(seed):
    rng = np.random.default_rng(seed)
    void = rng.random((12, 9, 8)) < 0.2
    metal = void & (rng.random(void.shape) < 0.5)
    field = Field(~void, 3.0)
    potential = field.solve(metal)
    into = (field.conductance(metal) * potential).sum()
    out = (2.0 * (1.0 - field.spread(potential)[-1]))[~void[-1]].sum()
    assert into == pytest.approx(out, rel=1e-6)


def test_a_dense_block_is_resistances_in_series():
    field = Field(np.ones((10, 4, 4), bool), 5.0)
    potential = field.spread(field.solve(np.zeros((10, 4, 4), bool)))
    density = 1.0 / (5.0 + 10.0)
    exact = density * (5.0 + 0.5 + np.arange(10))
    assert potential[:, 2, 1] == pytest.approx(exact, rel=1e-7)


def test_a_hierarchy_that_is_used_again_solves_the_new_field():
    rng = np.random.default_rng(5)
    void = rng.random((14, 10, 10)) < 0.25
    kept = Field(~void, 2.0)
    kept.solve(np.zeros(void.shape, bool))
    again, fresh = kept.solve(void), Field(~void, 2.0).solve(void)
    assert again == pytest.approx(fresh, abs=1e-7)


def test_one_channel_is_filled_from_end_to_end():
    grown = grow(channel(), reach=5e-6)
    assert grown.shorted
    assert np.array_equal(grown.lithium, channel().void)
    assert grown.depth == pytest.approx(1e-6 * np.arange(11))
    faraday_per_voxel = 1e-6 * 96485.33 / 13.0e-6 / 49
    assert grown.charge[-1] == pytest.approx(10 * faraday_per_voxel, rel=0.01)
    assert np.all(np.diff(grown.focusing[1:9]) > 0.0)  # the longer, the more it draws


def test_focusing_vanishes_where_the_interface_holds_the_current():
    strong, weak = (grow(channel(), reach=reach).focusing[8] for reach in (1e-6, 1e-3))
    assert weak == pytest.approx(1.0, abs=0.02)
    assert strong > 1.5


def test_pores_that_are_closed_never_short():
    void = channel().void.copy()
    void[5] = False
    grown = grow(pellet(void), reach=5e-6)
    assert not grown.shorted
    assert grown.depth[-1] == pytest.approx(5e-6)
    assert not grown.lithium[6:].any()


def test_lithium_stays_in_pores_hangs_together_and_repeats_with_its_seed():
    import cc3d

    made = make_pellet("blobs", void=0.3, shape=(24, 24, 24), voxel_size=1e-6, feature=4e-6, seed=2)
    first, again, other = (grow(made, reach=2e-5, seed=seed) for seed in (1, 1, 2))
    assert not (first.lithium & ~made.void).any()
    labels = cc3d.connected_components(first.lithium, connectivity=6, binary_image=True)
    assert set(np.unique(labels)) - {0} == set(np.unique(labels[0])) - {0}  # all of it hangs on the electrode
    assert np.array_equal(first.lithium, again.lithium)
    assert not np.array_equal(first.lithium, other.lithium)


def test_a_face_without_pores_is_refused():
    void = channel().void.copy()
    void[0] = False
    with pytest.raises(InputError, match="no pore at its first face"):
        grow(pellet(void), reach=5e-6)
