"""Elements of equivalent circuits, as data: equation, parameters with units and bounds, source.

`impedance` of an element takes the angular frequency [rad/s] and the values of its parameters in SI, and gives complex
ohms; a capacitor has a negative imaginary part. The same function runs in NumPy and in JAX (`xp`). `equation` is what
people read; a test holds it against the function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lithostat.physics.types import Namespace, Waves

QUARTER = 0.5j * math.pi  # logarithm of j

BARSOUKOV = "Barsoukov & Macdonald 2018, Impedance Spectroscopy, 3rd ed., Wiley"
BOUKAMP = "Boukamp & Bouwmeester 2003, Solid State Ionics 157, 29 (Gerischer impedance)"
FRANCESCHETTI = "Franceschetti & Macdonald 1979, J. Electroanal. Chem. 101, 307 (finite-length diffusion)"
HAVRILIAK = "Havriliak & Negami 1967, Polymer 8, 161"
BISQUERT = "Bisquert, Garcia-Belmonte, Fabregat-Santiago & Compte 1999, Electrochem. Commun. 1, 429 (two rails)"
SIROMA = "Siroma, Sato, Takeuchi, Nagai, Ota & Ioroi 2016, J. Power Sources 316, 215 (where the rails are contacted)"


@dataclass(frozen=True)
class ElementParameter:
    """One number of an element: its letter, unit, and the bounds no fit leaves. `logarithmic` ones are positive."""

    letter: str
    unit: str
    low: float
    high: float
    logarithmic: bool = True


@dataclass(frozen=True)
class Element:
    """A two-terminal element. `equation` is in terms of w [rad/s], j and the parameters' letters.

    `log_slopes`, of an element that is a power of the frequency, takes ln(j w) and gives the derivative of ln Z by each
    fit coordinate (the logarithm of a logarithmic parameter).
    """

    symbol: str
    name: str
    equation: str
    parameters: tuple[ElementParameter, ...]
    source: str
    impedance: Callable[..., Waves]
    log_slopes: Callable[[Waves], tuple[Waves, ...]] | None = None


def _power(omega: Waves, exponent: Waves, xp: Namespace) -> Waves:
    """(j w)^n, without the complex power whose derivative is undefined at a whole n."""
    return xp.exp(exponent * xp.log(omega)) * xp.exp(exponent * QUARTER)


def _resistor(omega: Waves, r: Waves, *, xp: Namespace = np) -> Waves:
    return r + 0j * omega


def _capacitor(omega: Waves, c: Waves, *, xp: Namespace = np) -> Waves:
    return 1.0 / (1j * omega * c)


def _inductor(omega: Waves, inductance: Waves, *, xp: Namespace = np) -> Waves:
    return 1j * omega * inductance


def _lossy_inductor(omega: Waves, inductance: Waves, n: Waves, *, xp: Namespace = np) -> Waves:
    return inductance * _power(omega, n, xp)


def _constant_phase(omega: Waves, q: Waves, n: Waves, *, xp: Namespace = np) -> Waves:
    return 1.0 / (q * _power(omega, n, xp))


def _warburg(omega: Waves, a: Waves, *, xp: Namespace = np) -> Waves:
    return a * (1.0 - 1j) / xp.sqrt(omega)


def _root(omega: Waves, tau: Waves, xp: Namespace) -> Waves:
    """sqrt(j w tau), as two real parts."""
    return (1.0 + 1j) * xp.sqrt(0.5 * omega * tau)


def _coth_of_root(omega: Waves, tau: Waves, xp: Namespace) -> Waves:
    """coth(sqrt(j w tau)) from decaying exponentials, which cannot overflow."""
    decay = xp.exp(-2.0 * _root(omega, tau, xp))
    return (1.0 + decay) / (1.0 - decay)


def _warburg_short(omega: Waves, r: Waves, tau: Waves, *, xp: Namespace = np) -> Waves:
    return r / (_coth_of_root(omega, tau, xp) * _root(omega, tau, xp))


def _warburg_open(omega: Waves, r: Waves, tau: Waves, *, xp: Namespace = np) -> Waves:
    return r * _coth_of_root(omega, tau, xp) / _root(omega, tau, xp)


def _gerischer(omega: Waves, r: Waves, tau: Waves, *, xp: Namespace = np) -> Waves:
    return r / xp.sqrt(1.0 + 1j * omega * tau)


def _zarc(omega: Waves, r: Waves, tau: Waves, n: Waves, *, xp: Namespace = np) -> Waves:
    return r / (1.0 + _power(omega * tau, n, xp))


def _arc(omega: Waves, r: Waves, c: Waves, n: Waves, *, xp: Namespace = np) -> Waves:
    return r / (1.0 + _power(omega * (r * c), n, xp))


def _havriliak_negami(omega: Waves, r: Waves, tau: Waves, n: Waves, m: Waves, *, xp: Namespace = np) -> Waves:
    return r * xp.exp(-m * xp.log(1.0 + _power(omega * tau, n, xp)))


def _loop(omega: Waves, r: Waves, tau: Waves, *, xp: Namespace = np) -> Waves:
    return -r / (1.0 + 1j * omega * tau)


def _coth_and_sinh(nu: Waves, xp: Namespace) -> tuple[Waves, Waves]:
    """(coth nu / nu, 1 / (nu sinh nu)) from decaying exponentials, which cannot overflow."""
    once, twice = xp.exp(-nu), xp.expm1(-2.0 * nu)
    return -(2.0 + twice) / (nu * twice), -2.0 * once / (nu * twice)


def _rails(first: Waves, second: Waves, interface: Waves, xp: Namespace) -> Waves:
    """Two resistive rails with `interface` [ohm, of the whole electrode] between them, contacted at opposite ends."""
    both = first + second
    straight, across = _coth_and_sinh(xp.sqrt(both / interface), xp)
    return (first * second * (1.0 + 2.0 * across) + (first**2 + second**2) * straight) / both


def _line(
    omega: Waves, ion: Waves, electron: Waves, transfer: Waves, q: Waves, n: Waves, *, xp: Namespace = np
) -> Waves:
    return _rails(ion, electron, 1.0 / (1.0 / transfer + q * _power(omega, n, xp)), xp)


def _line_blocking(omega: Waves, ion: Waves, electron: Waves, q: Waves, n: Waves, *, xp: Namespace = np) -> Waves:
    return _rails(ion, electron, 1.0 / (q * _power(omega, n, xp)), xp)


def _line_symmetric(omega: Waves, contacted: Waves, other: Waves, q: Waves, n: Waves, *, xp: Namespace = np) -> Waves:
    both = contacted + other
    nu = xp.sqrt(both * q * _power(omega, n, xp))
    decay = xp.expm1(-nu)
    return contacted / both * (other - contacted * 2.0 * decay / ((2.0 + decay) * nu))


_OHM = ElementParameter("R", "ohm", 1e-6, 1e12)
_TAU = ElementParameter("tau", "s", 1e-10, 1e8)
_EXPONENT = ElementParameter("n", "1", 0.2, 1.0, logarithmic=False)
_FARAD, _HENRY = ElementParameter("C", "F", 1e-16, 1e6), ElementParameter("L", "H", 1e-13, 1e3)
_CHARGE = ElementParameter("Q", "S s^n", 1e-16, 1e6)
_ION, _ELECTRON, _TRANSFER = (ElementParameter(letter, "ohm", 1e-6, 1e12) for letter in ("Rion", "Rel", "Rct"))

ELEMENTS: dict[str, Element] = {
    element.symbol: element
    for element in (
        Element("R", "resistor", "R", (_OHM,), BARSOUKOV, _resistor, lambda _: (1.0,)),
        Element("C", "capacitor", "1/(j*w*C)", (_FARAD,), BARSOUKOV, _capacitor, lambda _: (-1.0,)),
        Element("L", "inductor", "j*w*L", (_HENRY,), BARSOUKOV, _inductor, lambda _: (1.0,)),
        Element(
            "La",
            "lossy inductor (leads with eddy currents)",
            "L*(j*w)**n",
            (ElementParameter("L", "H s^(n-1)", 1e-13, 1e3), _EXPONENT),
            BARSOUKOV,
            _lossy_inductor,
            lambda log_jw: (1.0, log_jw),
        ),
        Element(
            "CPE",
            "constant phase element",
            "1/(Q*(j*w)**n)",
            (_CHARGE, _EXPONENT),
            BARSOUKOV,
            _constant_phase,
            lambda log_jw: (-1.0, -log_jw),
        ),
        Element(
            "W",
            "Warburg, half-infinite diffusion",
            "A*(1-j)/sqrt(w)",
            (ElementParameter("A", "ohm s^-0.5", 1e-6, 1e10),),
            BARSOUKOV,
            _warburg,
            lambda _: (1.0,),
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
            "ARC",
            "resistor and constant phase element in parallel, by its capacitance",
            "R/(1+(j*w*R*C)**n)",
            (_OHM, _FARAD, _EXPONENT),
            BARSOUKOV,
            _arc,
        ),
        Element(
            "HN",
            "Havriliak-Negami",
            "R/(1+(j*w*tau)**n)**m",
            (_OHM, _TAU, _EXPONENT, ElementParameter("m", "1", 0.2, 1.0, logarithmic=False)),
            HAVRILIAK,
            _havriliak_negami,
        ),
        Element(
            "RL",
            "low-frequency loop: what a relaxation takes away from the resistance",
            "-R/(1+j*w*tau)",
            (_OHM, _TAU),
            BARSOUKOV,
            _loop,
        ),
        Element(
            "TL",
            "transmission line of a composite electrode: ionic and electronic rail, charge transfer between them",
            "(Rion*Rel*(1+2/(sqrt((Rion+Rel)*(1/Rct+Q*(j*w)**n))*sinh(sqrt((Rion+Rel)*(1/Rct+Q*(j*w)**n)))))"
            "+(Rion**2+Rel**2)/(sqrt((Rion+Rel)*(1/Rct+Q*(j*w)**n))*tanh(sqrt((Rion+Rel)*(1/Rct+Q*(j*w)**n)))))"
            "/(Rion+Rel)",
            (_ION, _ELECTRON, _TRANSFER, _CHARGE, _EXPONENT),
            BISQUERT,
            _line,
        ),
        Element(
            "TLB",
            "the same with an interface that only charges",
            "(Rion*Rel*(1+2/(sqrt((Rion+Rel)*Q*(j*w)**n)*sinh(sqrt((Rion+Rel)*Q*(j*w)**n))))"
            "+(Rion**2+Rel**2)/(sqrt((Rion+Rel)*Q*(j*w)**n)*tanh(sqrt((Rion+Rel)*Q*(j*w)**n))))/(Rion+Rel)",
            (_ION, _ELECTRON, _CHARGE, _EXPONENT),
            BISQUERT,
            _line_blocking,
        ),
        Element(
            "TLS",
            "transmission line contacted on one rail at both ends (ion- or electron-blocking symmetric cell); "
            "R is the contacted rail, Ro the other",
            "R/(R+Ro)*(Ro+2*R*tanh(sqrt((R+Ro)*Q*(j*w)**n)/2)/sqrt((R+Ro)*Q*(j*w)**n))",
            (_OHM, ElementParameter("Ro", "ohm", 1e-6, 1e12), _CHARGE, _EXPONENT),
            SIROMA,
            _line_symmetric,
        ),
    )
}
