"""Circuits as text and elements as data: what they mean, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lithostat.experiment.errors import InputError
from lithostat.impedance.circuits.circuit import circuit
from lithostat.impedance.circuits.elements import ELEMENTS

ROOT = Path(__file__).resolve().parents[3]

F = np.geomspace(1e-3, 1e6, 61)
W = 2.0 * np.pi * F
VALUES = {"R": 3.0, "C": 2e-5, "L": 1e-6, "Q": 3e-4, "n": 0.8, "A": 5.0, "tau": 0.02, "m": 0.6}
VALUES |= {"Rion": 7.0, "Rel": 2.0, "Rct": 5.0, "Ro": 4.0}


@pytest.mark.parametrize("symbol", ELEMENTS)
def test_the_printed_equation_is_the_function(symbol: str) -> None:
    element = ELEMENTS[symbol]
    values = [VALUES[parameter.letter] for parameter in element.parameters]
    names = {parameter.letter: value for parameter, value in zip(element.parameters, values, strict=True)}
    printed = eval(element.equation, {"j": 1j, "w": W, "sqrt": np.sqrt, "tanh": np.tanh, "sinh": np.sinh, **names})
    np.testing.assert_allclose(element.impedance(W, *values), printed * np.ones(len(W)), rtol=1e-12)


@pytest.mark.parametrize("symbol", ELEMENTS)
def test_every_element_has_bounds_a_unit_and_a_source(symbol: str) -> None:
    for parameter in ELEMENTS[symbol].parameters:
        assert parameter.low < parameter.high
        assert parameter.unit
        assert not parameter.logarithmic or parameter.low > 0.0
    assert any(year in ELEMENTS[symbol].source for year in ("19", "20"))


def test_a_hyphen_adds_impedances_and_a_bracket_adds_admittances() -> None:
    z = circuit("R0-p(R1,C1)").impedance(F, {"R0": 2.0, "R1": 10.0, "C1": 1e-3})
    np.testing.assert_allclose(z, 2.0 + 10.0 / (1.0 + 1j * W * 10.0 * 1e-3), rtol=1e-14)


def test_brackets_nest() -> None:
    z = circuit("R0-p(R1-p(R2,C2),C1)").impedance(F, {"R0": 1.0, "R1": 2.0, "R2": 3.0, "C2": 1e-2, "C1": 1e-5})
    inner = 2.0 + 3.0 / (1.0 + 1j * W * 3e-2)
    np.testing.assert_allclose(z, 1.0 + 1.0 / (1.0 / inner + 1j * W * 1e-5), rtol=1e-14)


def test_spaces_do_not_matter() -> None:
    assert circuit(" R0 - p( R1 , C1 ) ").text == "R0-p(R1,C1)"


def test_a_zarc_is_a_resistor_beside_a_constant_phase_element() -> None:
    r, tau, n = 7.0, 3e-3, 0.77
    one = circuit("ZARC1").impedance(F, {"ZARC1_R": r, "ZARC1_tau": tau, "ZARC1_n": n})
    two = circuit("p(R1,CPE1)").impedance(F, {"R1": r, "CPE1_Q": tau**n / r, "CPE1_n": n})
    np.testing.assert_allclose(one, two, rtol=1e-12)


def test_finite_diffusion_is_half_infinite_when_fast_and_a_resistor_or_a_capacitor_when_slow() -> None:
    r, tau = 5.0, 100.0
    fast, slow = np.array([1e4]), np.array([1e-9])
    warburg = circuit("W1").impedance(fast, {"W1": r / np.sqrt(2.0 * tau)})
    for symbol in ("Ws", "Wo"):
        z = circuit(f"{symbol}1").impedance(fast, {f"{symbol}1_R": r, f"{symbol}1_tau": tau})
        np.testing.assert_allclose(z, warburg, rtol=1e-9)
    np.testing.assert_allclose(circuit("Ws1").impedance(slow, {"Ws1_R": r, "Ws1_tau": tau}), r, rtol=1e-6)
    blocked = circuit("Wo1").impedance(slow, {"Wo1_R": r, "Wo1_tau": tau})
    np.testing.assert_allclose(blocked.real, r / 3.0, rtol=1e-5)
    np.testing.assert_allclose(blocked.imag, -r / (2.0 * np.pi * slow * tau), rtol=1e-9)


def test_finite_diffusion_does_not_overflow_at_high_frequency() -> None:
    z = circuit("Wo1-Ws1").impedance(np.array([1e9]), {"Wo1_R": 1.0, "Wo1_tau": 1e8, "Ws1_R": 1.0, "Ws1_tau": 1e8})
    assert np.isfinite(z).all()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the end where an element should stand"),
        ("R0-", "the end where an element should stand"),
        ("R0--R1", "'-' where an element"),
        ("p(R1)", "single branch"),
        ("R0-p(R1,C1", "not closed"),
        ("R0-p(R1,)", "')' where an element"),
        ("R1)", "unexpected ')'"),
        ("R0-R0", "stands twice"),
        ("R0-CPR1", "did you mean 'CPE'"),
        ("__import__('os').system('true')", "'_' where an element"),
        ("p(" * 40 + "R1,R2" + ")" * 40, "more than 20 brackets"),
    ],
)
def test_a_faulty_text_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(InputError, match="character") as error:
        circuit(text)
    assert says in str(error.value)


@given(st.text(alphabet="RCLWGop(),-0123456789 CPEZARHN_", max_size=40))
def test_any_text_is_a_circuit_or_an_input_error(text: str) -> None:
    try:
        chosen = circuit(text)
    except InputError:
        return
    assert circuit(chosen.text) == chosen


def test_unknown_and_missing_values_are_named() -> None:
    chosen = circuit("R0-CPE1")
    with pytest.raises(InputError, match="has no parameter 'CPE1_q'"):
        chosen.impedance(F, {"R0": 1.0, "CPE1_q": 1.0, "CPE1_n": 1.0})
    with pytest.raises(InputError, match="no value for CPE1_n"):
        chosen.impedance(F, {"R0": 1.0, "CPE1_Q": 1.0})


def test_the_table_of_the_documentation_is_the_table_of_elements() -> None:
    page = (ROOT / "docs" / "impedance.md").read_text(encoding="utf-8")
    for symbol, element in ELEMENTS.items():
        values = ", ".join(f"{parameter.letter} [{parameter.unit}]" for parameter in element.parameters)
        assert f"| `{symbol}` | {element.equation} | {values} |" in page, symbol
