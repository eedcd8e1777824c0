"""The same model in another code: voltages and the time to short agree with PyBaMM and SUNDIALS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pybamm")
import peer_pybamm

from lithostat import Cell, Protocol, Record, read_experiment, simulate

pytestmark = pytest.mark.peer
EXAMPLE = Path(__file__).parents[2] / "examples" / "doux2020_25MPa.yaml"
PROMISED = 1e-4  # largest difference of voltages [V]
SEEN = 1e-8  # what the two codes reach with their tolerances here, with room to spare [V]


def cell() -> Cell:
    return read_experiment(EXAMPLE).cell


def protocol(wanted: peer_pybamm.Protocol) -> Protocol:
    turn = [{verb: f"{wanted.current} A/m2", "for": f"{wanted.half_cycle} s"} for verb in ("plate", "strip")]
    return Protocol.model_validate(
        {
            "temperature": "25 degC",
            "steps": [
                {"press": f"{wanted.press} Pa", "for": f"{wanted.press_time} s"},
                {"release": f"{wanted.pressure} Pa"},
                {"repeat": wanted.cycles, "steps": turn},
            ],
        }
    )


def numbers(record: Record) -> dict[str, float]:
    """What the record was made with, as the peer reads it."""
    return record.provenance["parameters"] | {"temperature": 298.15}


def apart(record: Record, p: dict[str, float], wanted: peer_pybamm.Protocol) -> float:
    """Largest difference between the two voltages over all samples of the record until its short [V]."""
    end = min(record.outcome.time, wanted.breaks[-1])
    before = record.column("test_time_second") < end
    times = record.column("test_time_second")[before]
    result = peer_pybamm.Peer(p).solve(wanted, times)
    assert result.times[-1] == times[-1]
    density = record.column("current_ampere")[before] / p["area"]
    voltage = density * result.resistance[np.searchsorted(result.times, times)]
    return float(np.max(np.abs(voltage - record.column("voltage_volt")[before])))


def late(record: Record, p: dict[str, float], wanted: peer_pybamm.Protocol) -> float:
    """How much later the peer shorts, relative to the time of the short."""
    return peer_pybamm.Peer(p).solve(wanted).short_time / record.outcome.time - 1.0


SURVIVES = peer_pybamm.Protocol(pressure=5e6)
SHORTS = peer_pybamm.Protocol(pressure=25e6)


@pytest.fixture(scope="module")
def surviving() -> Record:
    return simulate(cell(), protocol(SURVIVES))


@pytest.fixture(scope="module")
def shorting() -> Record:
    return simulate(cell(), protocol(SHORTS))


def test_voltages_agree_over_a_thousand_hours(surviving: Record) -> None:
    assert surviving.outcome.kind == "survived"
    assert surviving.outcome.time == pytest.approx(SURVIVES.breaks[-1])
    difference = apart(surviving, numbers(surviving), SURVIVES)
    assert difference < PROMISED
    assert difference < SEEN


def test_voltages_agree_until_the_short(shorting: Record) -> None:
    assert apart(shorting, numbers(shorting), SHORTS) < SEEN


def test_time_to_short_agrees(shorting: Record) -> None:
    assert shorting.outcome.kind == "short"
    assert abs(late(shorting, numbers(shorting), SHORTS)) < 1e-3
    assert abs(late(shorting, numbers(shorting), SHORTS)) < 1e-5


def test_voltages_agree_while_voids_come_and_go() -> None:
    wanted = peer_pybamm.Protocol(pressure=2e6, current=1.0, cycles=10)  # strips faster than creep replenishes
    record = simulate(cell(), protocol(wanted))
    assert record.outcome.kind == "survived"
    assert record.column("void_thickness_1_metre").max() > 1e-7
    p = numbers(record)
    assert apart(record, p, wanted) < 1e-6
    assert apart(record, p | {"stripping_current": 1.01 * p["stripping_current"]}, wanted) > 1e-6


def test_stepping_and_one_call_agree(shorting: Record) -> None:
    p = numbers(shorting)
    stepped = peer_pybamm.Peer(p, switching=False).solve_stepping(SHORTS)
    assert stepped.short_time == pytest.approx(shorting.outcome.time, rel=1e-5)


@pytest.mark.parametrize("name", ["toughness", "focusing", "throat_radius", "creep_rate", "molar_volume"])
def test_a_perturbed_parameter_is_seen_in_the_time_to_short(shorting: Record, name: str) -> None:
    p = numbers(shorting)
    assert abs(late(shorting, p | {name: 1.02 * p[name]}, SHORTS)) > 1e-3


@pytest.mark.parametrize(
    "name", ["conductivity", "constriction_resistance", "unloading_exponent", "interphase_constant"]
)
def test_a_perturbed_parameter_is_seen_in_the_voltage(surviving: Record, name: str) -> None:
    p = numbers(surviving)
    assert apart(surviving, p | {name: 1.01 * p[name]}, SURVIVES) > SEEN
