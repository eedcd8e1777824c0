import math

import pytest

from lithostat.physics.conduction import bulk_resistance, conductivity, conductivity_at_density


def test_conductivity_doubles_where_arrhenius_says_so():
    energy, reference = 35e3, 298.15
    twice = 1.0 / (1.0 / reference - 8.314462618 * math.log(2.0) / energy)
    got = conductivity(twice, reference=0.28, activation_energy=energy, reference_temperature=reference)
    assert got == pytest.approx(0.56, rel=1e-12)


def test_density_law_passes_through_both_ends_of_the_published_pellets():
    # Doux et al. 2020 (J. Mater. Chem. A): 0.99 mS/cm at 68 %, 2.28 mS/cm at 77 %
    exponent = math.log(2.28 / 0.99) / math.log(0.77 / 0.68)
    assert conductivity_at_density(0.228, 0.68, reference_density=0.77, exponent=exponent) == pytest.approx(
        0.099, rel=1e-12
    )
    assert conductivity_at_density(0.228, 0.77, reference_density=0.77, exponent=exponent) == 0.228


def test_density_exponent_of_zero_leaves_conductivity_alone():
    assert conductivity_at_density(0.3, 0.5, reference_density=0.8, exponent=0.0) == 0.3


def test_slab_of_one_millimetre_and_2_8_millisiemens_per_centimetre():
    assert bulk_resistance(1e-3, 0.28) == pytest.approx(35.714285714285714e-4, rel=1e-12)  # 35.7 ohm cm2
