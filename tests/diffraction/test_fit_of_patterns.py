"""A fit gives back what a pattern was made of: cells, amounts, shifts, their errors; a plan keeps its promise."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from independent import pattern_of
from scipy import stats
from seed_case import study

from lithostat.diffraction.amounts import amounts
from lithostat.diffraction.chemistry import chemistry, molar_mass, reduction
from lithostat.diffraction.fit import fit
from lithostat.diffraction.identify import Question, identify
from lithostat.diffraction.instrument import Instrument, instrument_of
from lithostat.diffraction.optics import lorentz_polarisation
from lithostat.diffraction.peak_shape import shapes
from lithostat.diffraction.plan import plan, planned_study
from lithostat.diffraction.profile_matching import foreign_share
from lithostat.diffraction.series import series
from lithostat.diffraction.setup import Choice
from lithostat.diffraction.simulate import exposure, simulate_pattern
from lithostat.experiment.errors import InputError
from lithostat.experiment.pattern import Pattern
from lithostat.experiment.radiation import read_lines
from lithostat.materials.phase import Phase, find_phase

CAMPAIGN = os.environ.get("LITHOSTAT_CAMPAIGN") == "1"
MO = Instrument(read_lines("Mo Ka"), "transmission", "zero")
HOST = find_phase("Li6PS5Cl")


def counted(peak: float = 1e4, background: float = 2e3, width: float = 0.1):
    """An exposure like the seed's."""
    return exposure(np.radians(6.0), np.radians(35.0), np.radians(width), peak, background)


def test_a_line_has_the_area_that_it_should() -> None:
    """Gauss, Lorentz and half-half: the area is one, half of the height at half of the width."""
    x = np.linspace(0.1, 0.5, 8001)
    for share in (0.0, 0.5, 1.0):
        drawn = shapes(x, np.array([0.3]), np.array([0.004]), np.array([share]), 40.0).value.toarray()[:, 0]
        assert np.trapezoid(drawn, x) == pytest.approx(1.0, abs=0.02 * share + 1e-6)
        inside = x[drawn > 0.5 * drawn.max()]
        assert np.ptp(inside) == pytest.approx(0.004, abs=1e-4)


def test_lorentz_and_polarisation() -> None:
    """Closed form of a powder: (1 + cos2 2theta) / (sin2 theta cos theta), up to a constant."""
    angles = np.radians(np.array([10.0, 30.0, 60.0, 90.0, 120.0]))
    closed = (1.0 + np.cos(angles) ** 2) / (np.sin(0.5 * angles) ** 2 * np.cos(0.5 * angles))
    ratio = lorentz_polarisation(angles) / closed
    assert ratio == pytest.approx(np.full(5, ratio[0]), rel=1e-12)


@pytest.mark.parametrize("shift", ["displacement", "zero"])
def test_a_standard_within_100_ppm_and_inside_its_interval(shift: str) -> None:
    """Silicon in reflection, 100 um above or below the focus of 145 mm: cell and peak seem to disagree, and do not."""
    silicon = find_phase("Si")
    made = Instrument(read_lines("Cu Ka"), "reflection", shift)
    moved = -2.0 * 1e-4 / 0.145 if shift == "displacement" else np.radians(0.05)
    told = exposure(np.radians(20.0), np.radians(120.0), np.radians(0.1), 2e4, 300.0)
    pattern = simulate_pattern({silicon: 1.0}, made, replace(told, shift=moved), 5)
    found = fit(pattern, [Choice(silicon)], made)
    off, error = found.value("cell a", 0)
    assert abs(off) < 1e-4
    assert abs(off) < 3.0 * error
    value, sure = found.value("shift")
    assert abs(value - moved) < 4.0 * sure
    assert sure > 0.0  # it was free


def test_errors_of_a_weight_hold() -> None:
    """z of patterns with 4 wt% of Li2S, made by other code: mean near 0, spread near 1 (99.8 % limits of both)."""
    count = 40 if CAMPAIGN else 4
    z = []
    sulfide = find_phase("Li2S")
    for seed in range(count):
        pattern = pattern_of({HOST: 0.96, sulfide: 0.04}, width=0.15, seed=seed, grains=0.0)
        found = amounts(fit(pattern, [Choice(HOST), Choice(sulfide)], instrument_of(pattern)))
        z.append((found[1].weight - 0.04) / found[1].error)
    assert abs(np.mean(z)) < 3.1 / np.sqrt(count)
    least, most = np.sqrt(stats.chi2.ppf([0.001, 0.999], count - 1) / (count - 1))
    assert least < np.std(z, ddof=1) < most


def test_the_simulation_is_that_of_other_code() -> None:
    """Two phases by weight, own simulation against gemmi's structure factors and lines drawn elsewhere."""
    mixture = {HOST: 0.8, find_phase("LiCl"): 0.2}
    told = exposure(np.radians(6.0), np.radians(35.0), np.radians(0.2), 1e6, 1e3)
    mine = simulate_pattern(mixture, MO, told, 1)
    theirs = pattern_of(mixture, width=0.2, seed=1, peak=1e6, background=1e3, grains=0.0, offset=0.0, step=0.02)
    for low, high in ((8.0, 8.6), (11.3, 12.1), (15.3, 16.4), (21.0, 22.1), (23.0, 24.2)):
        sums = [
            np.trapezoid(each.counts[inside] - 1e3 * (1.0 if each is mine else 1.2), each.degrees[inside])
            for each in (mine, theirs)
            if (inside := (each.degrees > low) & (each.degrees < high)).any()
        ]
        reference = [
            np.trapezoid(each.counts[inside], each.degrees[inside])
            for each in (mine, theirs)
            if (inside := (each.degrees > 13.2) & (each.degrees < 14.9)).any()
        ]
        assert sums[0] / reference[0] == pytest.approx(sums[1] / reference[1], rel=0.05)


def test_the_same_seed_gives_the_same_pattern_and_another_does_not() -> None:
    one, same, other = (simulate_pattern({HOST: 1.0}, MO, counted(), seed).counts for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


def test_a_mixture_without_weight_or_structure_is_a_sentence() -> None:
    for mixture in ({}, {HOST: 0.0}, {HOST: 1.0, find_phase("Li"): -0.1}, {find_phase("Li3P7"): 1.0}):
        with pytest.raises(InputError):
            simulate_pattern(mixture, MO, counted())


def test_a_second_phase_that_is_not_there_does_not_diverge() -> None:
    """Its scale ends at zero or within its error of it, and the main phase stays where it was."""
    pattern = simulate_pattern({HOST: 1.0}, MO, counted(), 3)
    found = amounts(fit(pattern, [Choice(HOST), Choice(find_phase("LiF")), Choice(find_phase("Li"))], MO))
    assert found[0].weight > 0.9
    assert all(each.weight < 4.0 * each.error + 1e-9 for each in found[1:])


def test_a_plan_keeps_its_promise() -> None:
    """Counted as long as planned, the limit is what was wanted."""
    sought = (find_phase("Li2S"), find_phase("Li"))
    short = planned_study(HOST, sought, MO, counted())
    for each in plan(short, [call.limit for call in short.called("not seen") if call.limit], 0.02):
        longer = planned_study(HOST, sought, MO, counted(1e4 * each.times, 2e3 * each.times))
        call = longer.call(each.name)
        assert call is not None
        assert call.limit is not None
        assert call.limit.weight == pytest.approx(0.02, rel=0.25)


def test_a_cell_with_free_intensities_explains_lines_that_belong_to_nothing() -> None:
    """Which is why it is never called: Li3P7 takes most of them, Li2S with its few lines nearly none."""
    told = [find_phase("Li3P7"), find_phase("Li2S")]
    between = (float(np.radians(9.0)), float(np.radians(25.0)))
    share = foreign_share(HOST, told, MO, counted(width=0.3), between, (0, 1))
    assert share["Li3P7"] > 0.6
    assert share["Li2S"] < 0.3


def test_a_main_phase_that_nobody_named_leaves_no_share() -> None:
    """With the host missing among the candidates nothing is present and no share is given."""
    pattern = simulate_pattern({HOST: 0.9, find_phase("Li2S"): 0.1}, MO, counted(), 4)
    found = identify(pattern, Question((find_phase("LiCl"), find_phase("Li2S")), spread=False))
    assert found.explained < 0.7
    assert not found.called("present")
    assert all(np.isnan(call.weight) for call in found.calls)
    assert any("the main phase is not among the candidates" in text for text in found.warnings)


# --- chemistry --------------------------------------------------------------------------------------------------------


def test_full_reduction_of_the_argyrodite() -> None:
    """71 : 16 : 13 by mass, and 8 F per formula unit: 1 % of 5 mg takes 0.144 C."""
    made = reduction("Cl")
    assert made.products == pytest.approx({"Li2S": 0.71, "Li3P": 0.16, "LiCl": 0.13}, abs=0.005)
    assert 0.01 * 5e-6 * made.charge == pytest.approx(0.144, abs=0.001)
    assert molar_mass("Li6PS5Cl") == pytest.approx(0.26842, rel=1e-3)


def test_as_much_chloride_as_sulfide_contradicts_full_reduction() -> None:
    found = chemistry(study({"Li2S": 0.03, "LiCl": 0.03}, 0.30, 7), mass=5e-6, charge=0.41)
    ratio = next(finding for finding in found if finding.name == "mass of LiCl over that of Li2S")
    assert ratio.value == pytest.approx(1.0, abs=0.25)
    assert "contradicts full reduction" in ratio.evidence[0]
    charge = next(finding for finding in found if finding.name == "charge that the seen Li2S takes")
    assert charge.unit == "C"
    assert charge.value == pytest.approx(0.03 * 5e-6 / (5 * molar_mass("Li2S")) * 8 * 96485.0, rel=0.2)


# --- series -----------------------------------------------------------------------------------------------------------


def along(shares: list[float], phase: Phase) -> list[Pattern]:
    """Patterns one hour apart with these weights of a phase."""
    return [
        replace(simulate_pattern({HOST: 1.0 - share, phase: share}, MO, counted(width=0.2), 20 + k), time=3600.0 * k)
        for k, share in enumerate(shares)
    ]


def test_what_changed_has_an_interval_and_what_did_not_is_not_called() -> None:
    sulfide = find_phase("Li2S")
    question = Question((HOST, sulfide), host=(HOST,), spread=False)
    half = 3 if CAMPAIGN else 2
    step = series(along([0.01] * half + [0.05] * half, sulfide), question, events=((half - 0.6) * 3600.0,))
    course = next(each for each in step.courses if each.name == "Li2S")
    assert course.changed
    assert course.onset is not None
    assert course.onset[0] <= (half - 1) * 3600.0
    assert course.onset[1] >= half * 3600.0
    (event,) = course.at_events
    assert event[1] > 4.0 * event[2]
    assert step.joined
    still = series(along([0.03] * 2 * half, sulfide), question)
    assert not any(each.changed for each in still.courses)


def test_patterns_of_two_instruments_are_no_series() -> None:
    first = simulate_pattern({HOST: 1.0}, MO, counted(), 1)
    other = replace(first, geometry="capillary")
    question = Question((HOST,))
    with pytest.raises(InputError, match="one instrument"):
        series([first, other], question)
    with pytest.raises(InputError, match="at least two"):
        series([first], question)
