"""A result beyond what the laws were held against carries a sentence; one within carries none."""

import pytest


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ([{"plate": "75 uA/cm2", "for": "1 h"}], "the voltage reaches 7.95e+06 V"),
        ([{"press": "10 MPa"}, {"plate": "5 A/cm2", "for": "1 h"}], "which no cell stands"),
        ([{"press": "10 GPa"}, {"rest": "1 h"}], "far beyond the 75 MPa"),
    ],
)
def test_absurd_results_are_said_to_be(run, steps, sentence):
    assert sentence in " ".join(run(steps).warnings)


def test_the_published_range_is_inside(run):
    record = run([{"press": "75 MPa"}, {"release": "5 MPa"}, {"plate": "1 mA/cm2", "for": "10 min"}])
    assert not record.warnings
