"""The suggested circuit: the ladder is left early only where its upper rungs change nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits import suggestion
from lithostat.impedance.circuits.suggestion import IN_VAIN, LADDER, Candidate, suggest, too_poor
from lithostat.impedance.validity.check import check, clean
from lithostat.reading.read import read

DATA = Path(__file__).parents[4] / "shared" / "data"
EIS = DATA / "05_EIS_circuits_and_instruments"
DRT = DATA / "06_DRT_benchmark_bayes-drt"
real = pytest.mark.skipif(not EIS.is_dir(), reason="no measured files beside the checkout (shared/data)")
ARC, TWO = "R0-p(R1,CPE1)", "R0-p(R1,CPE1)-p(R2,CPE2)"


def rung(*criteria: float, doubt: str = "") -> list[Candidate]:
    return [Candidate("R0", one, 0.01, doubt) for one in criteria]


def test_the_climb_ends_after_rungs_in_vain() -> None:
    worse = [rung(-5.0), rung(-6.0, -4.0), rung(-7.0)]
    assert len(worse) == IN_VAIN
    assert suggestion._in_vain([rung(-1.0), rung(-10.0), *worse])
    assert not suggestion._in_vain([rung(-10.0), *worse[1:]]), "two are not enough"
    assert not suggestion._in_vain([rung(-10.0), *worse[:2], rung(-11.0)])
    assert not suggestion._in_vain([rung(-10.0), *worse[:2], rung(-11.0, doubt="not determined")]), (
        "there is more in it"
    )
    assert not suggestion._in_vain([rung(-10.0, doubt="not determined"), *worse]), "nothing to be content with"
    assert suggestion._in_vain([rung(-10.0), *worse[:2], []]), "more values than points"
    assert not suggestion._in_vain([])


def arcs(count: int, seed: int) -> Spectrum:
    """A spectrum of so many arcs, well apart, with Gaussian noise."""
    random = np.random.default_rng(seed)
    f = np.geomspace(1e6, 0.01, 50)
    w = 2j * np.pi * f
    z = 20.0 + sum(60.0 / (1.0 + (w * 10.0 ** (1.0 - 2.5 * k)) ** 0.85) for k in range(count))
    return Spectrum(f, z * (1.0 + 3e-3 * (random.standard_normal(50) + 1j * random.standard_normal(50))))


@pytest.mark.parametrize(("count", "tried"), [(1, 5), (2, 8)])
def test_the_choice_is_that_of_the_whole_ladder(count: int, tried: int, monkeypatch: pytest.MonkeyPatch) -> None:
    case = arcs(count, seed=count)
    short = suggest([case])
    assert len(short) == tried
    monkeypatch.setattr(suggestion, "IN_VAIN", len(LADDER))
    whole = suggest([case])
    assert len(whole) == len(LADDER)
    assert short[0] == whole[0]
    assert short[0].text == (ARC, TWO)[count - 1]


@real
@pytest.mark.parametrize("name", ["Circuit1_EIS_1.z", "Circuit2_EIS_1.z", "Circuit3_EIS_2.z"])
def test_real_circuits_of_one_arc_are_called_that(name: str) -> None:
    held = check(read(EIS / name).spectra[0])
    found = suggest([clean(held.spectrum, held)[0]])
    assert found[0].text == ARC
    assert len(found) == 5, "its upper rungs are left out"


@real
def test_two_arcs_are_found_though_two_rungs_before_them_are_no_better_and_one_arc_leaves_no_structure() -> None:
    assert suggest(read(DRT / "Z_2ZARC_uniform_1.0.csv").spectra)[0].text == TWO


@pytest.mark.parametrize(("henry", "tried"), [(2e-6, 7), (0.0, 5)])
def test_with_long_leads_no_circuit_without_them_is_tried_in_the_end(
    henry: float, tried: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = arcs(1, seed=4)
    wired = Spectrum(case.frequency, case.impedance + 2j * np.pi * case.frequency * henry)
    short = suggest([wired])
    assert len(short) == tried
    monkeypatch.setattr(suggestion, "IN_VAIN", len(LADDER))
    monkeypatch.setattr(suggestion, "DECISIVE", np.inf)
    whole = suggest([wired])
    assert len(whole) == (2 if henry else 1) * len(LADDER)
    assert short[0] == whole[0]
    assert short[0].text == ("L0-" if henry else "") + ARC


def test_a_circuit_that_leaves_far_more_than_another_is_passed_over() -> None:
    poor, vague = Candidate("R0-CPE1", -440.0, 0.2, ""), Candidate("p(R1,CPE1)-CPE2", -764.0, 0.06, "not determined")
    assert too_poor([poor, vague]) == [poor._replace(doubt="leaves 20% of |Z| over"), vague]
    noisy = vague._replace(noise=0.19)
    assert too_poor([poor, noisy]) == [poor, noisy], "where all leave as much, it is the noise"
    fine = poor._replace(noise=0.04)
    assert too_poor([fine, vague._replace(noise=0.01)])[0] == fine


@real
def test_an_arc_that_is_plain_to_see_is_in_the_suggested_circuit() -> None:
    best = suggest(read(EIS / "exampleDataGamry.DTA").spectra)[0]
    assert "p(R1,CPE1)" in best.text
    assert best.noise < 0.07
