import pytest

from lithostat.physics.plating import (
    constant_focusing,
    flat_velocity,
    length_focusing,
    pressure_focusing,
    retracts,
    stays,
    structure_focusing,
)

COMMON = {"focusing": 2.7, "molar_volume": 13.02e-6}
BY_LENGTH, BY_PRESSURE = COMMON | {"focusing_length": 100e-6}, COMMON | {"focusing_pressure": 10e6}
FLAT = 0.75 * 13.02e-6 / 96485.33212


def test_one_milliamp_hour_per_square_centimetre_is_4_86_micrometres():
    assert flat_velocity(36000.0 / 3600.0, molar_volume=13.02e-6) * 3600.0 == pytest.approx(4.858e-6, rel=1e-3)


def test_faradays_law():
    assert flat_velocity(0.75, molar_volume=13.02e-6) == pytest.approx(FLAT, rel=1e-14)
    assert flat_velocity(-0.75, molar_volume=13.02e-6) == pytest.approx(-FLAT, rel=1e-14)


@pytest.mark.parametrize("length", [0.0, 1e-6, 1e-3])
@pytest.mark.parametrize("pressure", [0.0, 25e6])
def test_constant_focusing_depends_on_current_alone(length, pressure):
    assert constant_focusing(0.75, length, pressure, 1e-5, **COMMON) == pytest.approx(2.7 * FLAT, rel=1e-14)


def test_length_focusing_is_the_default_at_its_reference_length_and_proportional_to_length():
    assert length_focusing(0.75, 100e-6, 1.0, 1e-5, **BY_LENGTH) == pytest.approx(2.7 * FLAT, rel=1e-14)
    assert length_focusing(0.75, 300e-6, 1.0, 1e-5, **BY_LENGTH) == pytest.approx(8.1 * FLAT, rel=1e-14)
    assert length_focusing(0.75, 0.0, 1.0, 1e-5, **BY_LENGTH) == 0.0


def test_pressure_focusing_is_the_default_at_its_reference_pressure_and_proportional_to_pressure():
    assert pressure_focusing(0.75, 1.0, 10e6, 1e-5, **BY_PRESSURE) == pytest.approx(2.7 * FLAT, rel=1e-14)
    assert pressure_focusing(0.75, 1.0, 5e6, 1e-5, **BY_PRESSURE) == pytest.approx(1.35 * FLAT, rel=1e-14)


@pytest.mark.parametrize(
    ("law", "numbers"),
    [(constant_focusing, COMMON), (length_focusing, BY_LENGTH), (pressure_focusing, BY_PRESSURE)],
)
def test_no_current_no_growth(law, numbers):
    assert law(0.0, 50e-6, 25e6, 1e-5, **numbers) == 0.0


def test_structure_focusing_is_a_flat_front_for_a_short_filament_and_grows_with_its_length_over_the_reach():
    numbers = {"structure_factor": 0.8, "molar_volume": 13.02e-6}
    assert structure_focusing(0.75, 0.0, 5e6, 23e-6, **numbers) == pytest.approx(FLAT, rel=1e-14)
    assert structure_focusing(0.75, 46e-6, 5e6, 23e-6, **numbers) == pytest.approx(2.6 * FLAT, rel=1e-14)


def test_stripping_takes_back_a_share_of_what_plating_adds():
    assert stays(1e-9) == 0.0
    assert retracts(1e-9, reversibility=0.846) == pytest.approx(0.846e-9, rel=1e-14)
