"""Do the products add up? Mass ratios against the reduction of an argyrodite, charge against products, lithium."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lithostat.diffraction.calls import percent
from lithostat.diffraction.study import PatternStudy
from lithostat.experiment.finding import Finding
from lithostat.materials.phase import composition
from lithostat.physics.constants import FARADAY

HALIDES = ("Cl", "Br", "I")
ELECTRONS = 8  # per formula unit: Li6PS5X + 8 Li -> 5 Li2S + Li3P + LiX (Wenzel et al. 2018; Duan et al. 2023)
APART = 2.0  # times, from which a mass ratio contradicts the reaction

# kg/mol, standard atomic weights
_WEIGHTS = {"Li": 6.94e-3, "P": 30.974e-3, "S": 32.06e-3, "Cl": 35.45e-3, "Br": 79.904e-3, "I": 126.904e-3}


def molar_mass(formula: str) -> float:
    """Of a compound of Li, P, S and halogens [kg/mol]."""
    return sum(count * _WEIGHTS[name] for name, count in composition(formula).items())


@dataclass(frozen=True)
class Reduction:
    """Full reduction of one argyrodite: mass of each product over that of all, and charge per mass reduced [C/kg]."""

    host: str
    products: dict[str, float]
    charge: float


def reduction(halide: str) -> Reduction:
    """Li6PS5X + 8 Li -> 5 Li2S + Li3P + LiX; X one of `HALIDES`."""
    host = f"Li6PS5{halide}"
    masses = {"Li2S": 5.0 * molar_mass("Li2S"), "Li3P": molar_mass("Li3P"), f"Li{halide}": molar_mass(f"Li{halide}")}
    total = sum(masses.values())
    return Reduction(
        host, {name: mass / total for name, mass in masses.items()}, ELECTRONS * FARADAY / molar_mass(host)
    )


def chemistry(study: PatternStudy, *, mass: float | None = None, charge: float | None = None) -> tuple[Finding, ...]:
    """What the phases of an argyrodite pellet say together.

    `mass` of the pellet in the beam [kg] and `charge` that passed one way [C], None where nobody said.
    """
    halide = next((x for x in HALIDES if (call := study.call(f"Li6PS5{x}")) and call.call == "present"), None)
    if halide is None:
        return ()
    made = reduction(halide)
    findings = [*_ratio(study, made, f"Li{halide}"), *_phosphide(study, made)]
    findings += _needed(study, made, mass, charge)
    if mass is not None and charge is not None:
        findings += _metal(study, mass, charge)
    return tuple(findings)


def _weight(study: PatternStudy, name: str) -> tuple[float, float, float] | None:
    call = study.call(name)
    if call is None or call.call not in ("present", "possible") or not np.isfinite(call.weight):
        return None
    return call.weight, call.low, call.high


def _ratio(study: PatternStudy, made: Reduction, salt: str) -> list[Finding]:
    """Halide over sulfide against the reaction."""
    sulfide, halide = _weight(study, "Li2S"), _weight(study, salt)
    if sulfide is None or halide is None or sulfide[0] <= 0.0:
        return []
    ideal = made.products[salt] / made.products["Li2S"]
    found = halide[0] / sulfide[0]
    low, high = halide[1] / max(sulfide[2], 1e-9), halide[2] / max(sulfide[1], 1e-9)
    if low > APART * ideal:
        verdict = (
            f"contradicts full reduction, which makes {ideal:.2f}: {salt} is left from elsewhere, or Li2S is amorphous"
        )
    elif high < ideal / APART:
        verdict = (
            f"contradicts full reduction, which makes {ideal:.2f}: Li2S is left from elsewhere, or {salt} is amorphous"
        )
    else:
        verdict = f"does not contradict full reduction, which makes {ideal:.2f}"
    return [
        Finding(
            f"mass of {salt} over that of Li2S",
            found,
            "1",
            (f"between {low:.2f} and {high:.2f}; {verdict}",),
            formula=f"{made.host} + 8 Li -> 5 Li2S + Li3P + {salt}",
        )
    ]


def _phosphide(study: PatternStudy, made: Reduction) -> list[Finding]:
    """Li3P that full reduction would leave beside the sulfide, against what would have been seen."""
    sulfide, call = _weight(study, "Li2S"), study.call("Li3P")
    if sulfide is None or call is None or call.limit is None or call.call != "not seen":
        return []
    expected = sulfide[0] * made.products["Li3P"] / made.products["Li2S"]
    if expected > call.limit.weight:
        verdict = "it would have been seen: phosphorus ended in something else, or amorphous"
    else:
        verdict = f"it would not have been seen (limit {percent(call.limit.weight)}): nothing follows"
    return [Finding("Li3P that full reduction would leave", expected, "1", (verdict,), formula="16/71 of Li2S by mass")]


def _needed(study: PatternStudy, made: Reduction, mass: float | None, charge: float | None) -> list[Finding]:
    """Charge that the seen sulfide asks for, and what passed."""
    sulfide = _weight(study, "Li2S")
    if sulfide is None:
        return []
    reduced = sulfide[0] / (5.0 * molar_mass("Li2S")) * molar_mass(made.host)  # of the pellet, as host
    if mass is None:
        return [
            Finding(
                "charge that the seen Li2S takes, per mass of pellet",
                reduced * made.charge,
                "C/kg",
                ("the mass of the pellet in the beam would make it a charge",),
                formula="8 F per Li6PS5X, 5 Li2S each",
            )
        ]
    needed = reduced * made.charge * mass
    said = ["as the pellet's mass and the weight fraction say; amorphous products take more"]
    if charge is not None:
        verdict = "more than passed: not all of it is a product of the cell" if needed > charge else "less than passed"
        said.append(f"{charge:.3g} C passed one way, {verdict}")
    return [
        Finding("charge that the seen Li2S takes", needed, "C", tuple(said), formula="8 F per Li6PS5X, 5 Li2S each")
    ]


def _metal(study: PatternStudy, mass: float, charge: float) -> list[Finding]:
    """Lithium that the charge could have plated, against what would have been seen."""
    call = study.call("Li")
    plated = charge / FARADAY * _WEIGHTS["Li"]
    share = plated / (mass + plated)
    if call is None or call.limit is None or call.call != "not seen":
        return []
    if share < call.limit.weight:
        verdict = f"all of it in the pellet would not have been seen (limit {percent(call.limit.weight)})"
    else:
        verdict = f"all of it in the pellet would have been seen (limit {percent(call.limit.weight)})"
    return [
        Finding("lithium that the charge could plate, of the pellet's mass", share, "1", (verdict,), formula="Q M / F")
    ]
