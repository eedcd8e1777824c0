import numpy as np
import pytest
from scipy.stats import kstest

from lithostat.physics.weakest_link import links, worst_of


def test_links_grow_with_area():
    assert links(4.0, reference_area=2.0, exponent=1.0) == 2.0
    assert links(4.0, reference_area=2.0, exponent=0.0) == 1.0
    assert links(4.0, reference_area=2.0, exponent=0.5) == pytest.approx(2.0**0.5, rel=1e-14)


@pytest.mark.parametrize("m", [0.25, 1.0, 2.0, 37.0])
def test_survival_of_the_area_is_that_of_one_link_to_the_power_of_links(m):
    """worst_of(u) <= q exactly for u <= q^M: a share q^M of cells stays below what a share q of spots stays below."""
    q = np.linspace(0.01, 0.99, 99)
    assert worst_of(q**m, m) == pytest.approx(q, rel=1e-12)


def test_one_link_changes_nothing():
    u = np.linspace(0.01, 0.99, 9)
    assert worst_of(u, 1.0) == pytest.approx(u, rel=1e-14)


def test_samples_are_distributed_as_the_largest_of_independent_spots():
    rng = np.random.default_rng(20200211)
    drawn = worst_of(rng.random(20_000), 5.0)
    largest = rng.random((20_000, 5)).max(axis=1)
    assert kstest(drawn, largest).pvalue > 1e-3
    assert kstest(drawn, lambda q: q**5).pvalue > 1e-3
