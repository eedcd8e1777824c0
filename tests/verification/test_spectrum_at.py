"""Spectra about any state: limits, the stack's own law, a short in parallel, Kramers and Kronig, and a step in time."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lithostat import simulate
from lithostat.experiment.errors import InputError
from lithostat.impedance.validity.check import check
from lithostat.physics.impedance import stack_impedance
from lithostat.simulation.sensor import sense
from lithostat.simulation.spectrum_at import linearised, spectrum_at

WIDE = np.logspace(8, -9, 120)
SWEEP = {"measure_impedance": {"from": "1 MHz", "to": "0.1 Hz"}}
# at 5 MPa 0.53 mA/cm2 can be stripped for ever: 0.8 mA/cm2 leaves voids, plating closes them again
VOIDED = [
    {"press": "25 MPa", "for": "1 min"},
    {"release": "5 MPa", "for": "10 min"},
    SWEEP,
    {"plate": "0.1 mA/cm2", "for": "1 h"},
    SWEEP,
    {"strip": "0.8 mA/cm2", "for": "10 min"},
    {"plate": "0.2 mA/cm2", "for": "10 min"},
]
SHORTED = [{"press": "75 MPa", "for": "1 min"}, {"rest": "10 min"}, SWEEP, {"plate": "0.1 mA/cm2", "for": "10 min"}]


@pytest.fixture(scope="module")
def voided(run):
    return run(VOIDED)


@pytest.fixture(scope="module")
def clamped(run):
    frame = {"kind": "fixed gap", "stiffness": "0.5 MPa/um", "relaxation": {"fraction": "12 %", "time": "5 h"}}
    return run([{"press": "10 MPa"}, {"rest": "2 h"}, {"plate": "0.1 mA/cm2", "for": "1 h"}, SWEEP], fixture=frame)


@pytest.fixture(scope="module")
def shorted(run):
    record = run(
        SHORTED, after_short="20 min", parameters={"soft_short_resistance": "200 ohm", "short_resistance": "20 ohm"}
    )
    assert record.outcome.shorted
    return record


def row_at(record, time):
    return int(np.flatnonzero(np.isclose(record.column("test_time_second"), time, rtol=1e-12))[-1])


def test_at_a_measuring_step_it_is_the_measured_spectrum(voided, clamped, shorted):
    for record in (voided, clamped, shorted):
        for measured in record.spectra:
            step = int(measured.name.removeprefix("step "))
            found = spectrum_at(record, measured.time, frequency=measured.frequency, step=step)
            assert found.impedance == pytest.approx(measured.impedance, rel=1e-9)
            assert (found.area, found.pressure) == (measured.area, pytest.approx(measured.pressure, rel=1e-9))


def test_the_two_limits_to_machine_precision(voided, clamped, shorted):
    """Above everything bulk and constriction, with the short in parallel; without slow modes below, dV/dj."""
    for record in (voided, clamped, shorted):
        end = record.column("test_time_second")[-1]
        for linear in linearised(record, [0.3 * end, 0.5 * end]):
            high = linear.impedance([1e14])[0]
            assert high.real == pytest.approx(linear.series, rel=1e-14)
            assert abs(high.imag) < 1e-11 * linear.series
    rest = linearised(voided, [300.0])[0]
    low = rest.impedance([1e-7])[0]
    assert low.real == pytest.approx(rest.resistance, rel=1e-14)


def test_the_limits_are_those_of_the_record(voided, shorted):
    """The same two numbers from the record's columns and parameters alone."""
    for record in (voided, shorted):
        numbers, area = record.provenance["parameters"], record.spectra[0].area
        time = record.spectra[0].time
        step = int(record.spectra[0].name.removeprefix("step "))
        linear = linearised(record, [time], step=step)[0]
        row = row_at(record, time)
        ionic = record.column("internal_resistance_ohm")[row] * area
        film = record.column("interphase_thickness_metre")[row] / numbers["interphase_conductivity"]
        film += numbers["charge_transfer_resistance"]
        leak = 1.0 / linear.resistance - 1.0 / ionic
        assert linear.series == pytest.approx(1.0 / (1.0 / (ionic - 2.0 * film) + leak), rel=1e-9)
        if record is voided:
            assert abs(leak) < 1e-12 / ionic
        else:
            assert 1.0 / (200.0 * area) <= leak <= 1.0 / (20.0 * area)


def test_between_double_layer_and_slow_states_it_is_the_resistance_of_the_equations(voided):
    """Stripping into voids: what is left beside dV/dj and the double layer dies as 1/frequency above the slow modes."""
    linear = linearised(voided, [voided.spectra[1].time + 300.0])[0]
    numbers = voided.provenance["parameters"]
    film = np.full(2, 0.5 * (linear.resistance - linear.series))
    frequency = np.array([1.0, 10.0, 100.0])
    stack = stack_impedance(
        frequency, series=linear.series, interface=film, capacitance=numbers["double_layer_capacitance"]
    )
    rest = np.abs(linear.impedance(frequency) - stack) / linear.resistance
    assert rest[2] < 1e-5
    assert rest[:2] / rest[1:] == pytest.approx([10.0, 10.0], rel=0.01)
    assert abs(linear.impedance([1e-7])[0] / linear.resistance - 1.0) > 0.01, "voids answer to slower currents"


def test_it_is_the_law_of_the_stack_where_that_holds(voided):
    """At constant force and rest nothing but the double layer answers: the closed form, at any time."""
    numbers = voided.provenance["parameters"]
    time = float(voided.column("test_time_second")[5])
    row = row_at(voided, time)
    linear = linearised(voided, [time])[0]
    film = voided.column("interphase_thickness_metre")[row] / numbers["interphase_conductivity"]
    film += numbers["charge_transfer_resistance"]
    expected = stack_impedance(
        WIDE, series=linear.series, interface=np.full(2, film), capacitance=numbers["double_layer_capacitance"]
    )
    assert linear.impedance(WIDE) == pytest.approx(expected, rel=1e-9)


def test_states_between_the_rows_are_rebuilt(voided, experiment):
    """At times that this record has no row for, but another of the same cell with more rows has."""
    fine = simulate(*experiment(VOIDED), samples=31)
    begin, end = (float(voided.steps[name][5]) for name in ("start_second", "end_second"))
    time = fine.column("test_time_second")
    rows = np.flatnonzero((time > begin) & (time < end))[5::6]
    assert not np.isclose(time[rows][:, None], voided.column("test_time_second")).any()
    area = voided.spectra[0].area
    found = np.array([one.resistance for one in linearised(voided, time[rows])]) / area
    assert np.ptp(found) > 1.0
    assert found == pytest.approx(fine.column("internal_resistance_ohm")[rows], rel=1e-6)


def test_spectra_obey_kramers_and_kronig(voided, clamped, shorted):
    """Where no state grows by itself; where voids do, the poles say so."""
    for record, time in ((voided, 300.0), (voided, 3000.0), (clamped, 3600.0), (shorted, 600.0)):
        assert linearised(record, [time])[0].poles.real.max() <= 0.0
        spectrum = spectrum_at(record, time, frequency=np.logspace(6, -1, 71))
        noise = np.random.default_rng(7).standard_normal((2, 71))
        error = 1e-4 * np.abs(spectrum.impedance) * (noise[0] + 1j * noise[1])
        held = check(dataclasses.replace(spectrum, impedance=spectrum.impedance + error))
        assert not held.drifting
        assert not held.stray.any()
    growing = linearised(voided, [voided.spectra[1].time + 300.0])[0]
    assert growing.poles.real.max() > 0.0


def test_a_step_of_current_in_time_is_the_step_of_the_linear_system(run, voided):
    """Plate 1 % more in the simulator itself: the voltage follows C A^-1 (exp(A t) - 1) B + D.

    The state moves meanwhile also without the step, and with it the resistance that the step meets at once (what frozen
    coefficients leave out): that part is taken from the record.
    """
    begin = float(voided.steps["start_second"][-1])
    more = [*VOIDED[:-1], {"plate": "0.202 mA/cm2", "for": "10 min"}]
    other = run(more)
    linear = linearised(voided, [begin], step=len(VOIDED))[0]  # at the start of the last step
    last = voided.column("step_count") == len(VOIDED)
    seconds = voided.column("test_time_second")[last] - begin
    ohm = voided.column("internal_resistance_ohm")[last] * voided.spectra[0].area
    change = (other.column("voltage_volt") - voided.column("voltage_volt"))[last]
    early = (seconds > 0.0) & (seconds < 40.0)  # later the state has moved
    size = 0.02  # A/m2
    direct = linear.resistance * size
    value, vector = np.linalg.eig(linear.a)
    weight = (linear.c @ vector) * np.linalg.solve(vector, linear.b.astype(complex))
    moving = np.abs(value) > 0.0
    grown = [
        (weight[moving] * np.expm1(value[moving] * t) / value[moving]).sum() + weight[~moving].sum() * t
        for t in seconds[early]
    ]
    expected = size * (linear.d + np.real(grown))
    slow = np.abs(expected - direct)
    assert early.sum() >= 2
    assert slow.max() > 1e-3 * direct, "the voids must answer for this to test anything"
    assert change[early] - size * ohm[early] == pytest.approx(expected - direct, rel=0.1)


def test_several_times_and_one(voided):
    two = spectrum_at(voided, [300.0, 900.0])
    assert [spectrum.time for spectrum in two] == [300.0, 900.0]
    assert np.array_equal(two[0].impedance, spectrum_at(voided, 300.0).impedance)


def test_what_has_no_state_is_refused(voided):
    with pytest.raises(InputError, match="only the states of a simulated symmetric cell"):
        spectrum_at(sense(voided, seed=1), 300.0)
    with pytest.raises(InputError, match="a time within the record"):
        spectrum_at(voided, 1e9)
    with pytest.raises(InputError, match="above 0"):
        spectrum_at(voided, 300.0, frequency=np.array([1.0, 0.0]))
    with pytest.raises(InputError, match="step 1 is not under way"):
        spectrum_at(voided, 900.0, step=1)
    numbers = voided.provenance["parameters"] | {"contact_pressure": 7e6}
    changed = dataclasses.replace(voided, provenance=voided.provenance | {"parameters": numbers})
    with pytest.raises(InputError, match="run again"):
        spectrum_at(changed, float(voided.column("test_time_second")[5]))


def test_a_record_read_back_is_as_good(voided, tmp_path):
    from lithostat import read_parquet

    back = read_parquet(voided.write_parquet(tmp_path / "cell.parquet"))
    assert np.array_equal(spectrum_at(back, 300.0).impedance, spectrum_at(voided, 300.0).impedance)
