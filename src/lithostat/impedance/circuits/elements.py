"""Elements of equivalent circuits, as data: equation, parameters with units and bounds, source.

`impedance` of an element takes the angular frequency [rad/s] and the values of its parameters in SI, and gives complex
ohms; a capacitor has a negative imaginary part. The same function runs in NumPy and in JAX (`xp`). `equation` is what
people read; a test holds it against the function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

QUARTER = 0.5j * math.pi  # logarithm of j

BARSOUKOV = "Barsoukov & Macdonald 2018, Impedance Spectroscopy, 3rd ed., Wiley"
BOUKAMP = "Boukamp & Bouwmeester 2003, Solid State Ionics 157, 29 (Gerischer impedance)"
FRANCESCHETTI = "Franceschetti & Macdonald 1979, J. Electroanal. Chem. 101, 307 (finite-length diffusion)"
HAVRILIAK = "Havriliak & Negami 1967, Polymer 8, 161"


@dataclass(frozen=True)
class Parameter:
    """One number of an element: its letter, unit, and the bounds no fit leaves. `logarithmic` ones are positive."""

    letter: str
    unit: str
    low: float
    high: float
    logarithmic: bool = True


@dataclass(frozen=True)
class Element:
    """A two-terminal element. `equation` is in terms of w [rad/s], j and the parameters' letters."""

    symbol: str
    name: str
    equation: str
    parameters: tuple[Parameter, ...]
    source: str
    impedance: Callable[..., Any]


def _power(omega: Any, exponent: Any, xp: Any) -> Any:
    """(j w)^n, without the complex power whose derivative is undefined at a whole n."""
    return xp.exp(exponent * (xp.log(omega) + QUARTER))


def _resistor(omega: Any, r: Any, *, xp: Any = np) -> Any:
    return r + 0j * omega


def _capacitor(omega: Any, c: Any, *, xp: Any = np) -> Any:
    return 1.0 / (1j * omega * c)


def _inductor(omega: Any, inductance: Any, *, xp: Any = np) -> Any:
    return 1j * omega * inductance


def _lossy_inductor(omega: Any, inductance: Any, n: Any, *, xp: Any = np) -> Any:
    return inductance * _power(omega, n, xp)


def _constant_phase(omega: Any, q: Any, n: Any, *, xp: Any = np) -> Any:
    return 1.0 / (q * _power(omega, n, xp))


def _warburg(omega: Any, a: Any, *, xp: Any = np) -> Any:
    return a * (1.0 - 1j) / xp.sqrt(omega)


def _root(omega: Any, tau: Any, xp: Any) -> Any:
    """sqrt(j w tau), as two real parts."""
    return (1.0 + 1j) * xp.sqrt(0.5 * omega * tau)


def _coth_of_root(omega: Any, tau: Any, xp: Any) -> Any:
    """coth(sqrt(j w tau)) from decaying exponentials, which cannot overflow."""
    decay = xp.exp(-2.0 * _root(omega, tau, xp))
    return (1.0 + decay) / (1.0 - decay)


def _warburg_short(omega: Any, r: Any, tau: Any, *, xp: Any = np) -> Any:
    return r / (_coth_of_root(omega, tau, xp) * _root(omega, tau, xp))


def _warburg_open(omega: Any, r: Any, tau: Any, *, xp: Any = np) -> Any:
    return r * _coth_of_root(omega, tau, xp) / _root(omega, tau, xp)


def _gerischer(omega: Any, r: Any, tau: Any, *, xp: Any = np) -> Any:
    return r / xp.sqrt(1.0 + 1j * omega * tau)


def _zarc(omega: Any, r: Any, tau: Any, n: Any, *, xp: Any = np) -> Any:
    return r / (1.0 + _power(omega * tau, n, xp))


def _havriliak_negami(omega: Any, r: Any, tau: Any, n: Any, m: Any, *, xp: Any = np) -> Any:
    return r * xp.exp(-m * xp.log(1.0 + _power(omega * tau, n, xp)))


_OHM = Parameter("R", "ohm", 1e-6, 1e12)
_TAU = Parameter("tau", "s", 1e-10, 1e8)
_EXPONENT = Parameter("n", "1", 0.2, 1.0, logarithmic=False)

ELEMENTS: dict[str, Element] = {
    element.symbol: element
    for element in (
        Element("R", "resistor", "R", (_OHM,), BARSOUKOV, _resistor),
        Element("C", "capacitor", "1/(j*w*C)", (Parameter("C", "F", 1e-16, 1e6),), BARSOUKOV, _capacitor),
        Element("L", "inductor", "j*w*L", (Parameter("L", "H", 1e-13, 1e3),), BARSOUKOV, _inductor),
        Element(
            "La",
            "lossy inductor (leads with eddy currents)",
            "L*(j*w)**n",
            (Parameter("L", "H s^(n-1)", 1e-13, 1e3), _EXPONENT),
            BARSOUKOV,
            _lossy_inductor,
        ),
        Element(
            "CPE",
            "constant phase element",
            "1/(Q*(j*w)**n)",
            (Parameter("Q", "S s^n", 1e-16, 1e6), _EXPONENT),
            BARSOUKOV,
            _constant_phase,
        ),
        Element(
            "W",
            "Warburg, half-infinite diffusion",
            "A*(1-j)/sqrt(w)",
            (Parameter("A", "ohm s^-0.5", 1e-6, 1e10),),
            BARSOUKOV,
            _warburg,
        ),
        Element(
            "Ws",
            "Warburg, finite length, far end open to exchange (short)",
            "R*tanh(sqrt(j*w*tau))/sqrt(j*w*tau)",
            (_OHM, _TAU),
            FRANCESCHETTI,
            _warburg_short,
        ),
        Element(
            "Wo",
            "Warburg, finite length, far end blocked (open); also a de Levie pore",
            "R/(tanh(sqrt(j*w*tau))*sqrt(j*w*tau))",
            (_OHM, _TAU),
            FRANCESCHETTI,
            _warburg_open,
        ),
        Element("G", "Gerischer", "R/sqrt(1+j*w*tau)", (_OHM, _TAU), BOUKAMP, _gerischer),
        Element(
            "ZARC",
            "resistor and constant phase element in parallel, by its time constant (Cole-Cole)",
            "R/(1+(j*w*tau)**n)",
            (_OHM, _TAU, _EXPONENT),
            BARSOUKOV,
            _zarc,
        ),
        Element(
            "HN",
            "Havriliak-Negami",
            "R/(1+(j*w*tau)**n)**m",
            (_OHM, _TAU, _EXPONENT, Parameter("m", "1", 0.2, 1.0, logarithmic=False)),
            HAVRILIAK,
            _havriliak_negami,
        ),
    )
}
