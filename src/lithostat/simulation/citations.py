"""What each law rests on, for the provenance of a record. The docstrings in `physics` say more."""

from __future__ import annotations

from lithostat.model.parameters import Laws

_ALWAYS = {
    "conduction": "Arrhenius branch, Singh et al. 2022, 10.1016/j.xcrp.2022.101043",
    "contact": "c = 1 - exp(-P/P_c), released as (P/P_max)^beta; this package, after Doux et al. 2020, "
    "10.1002/aenm.201903253",
    "ripening": "growth of a plastic contact by power-law creep, textbook",
    "stripping": "critical stripping current against pressure, Kasemchainan et al. 2019, Nat. Mater. 18, 1105",
    "creep": "Norton law, Masias et al. 2019, 10.1007/s10853-018-2971-3",
    "throat": "pipe flow of a power-law material, textbook",
    "interphase": "parabolic growth, Aktekin et al. 2023, 10.1038/s41467-023-42512-y",
    "impedance": "series resistance and one R||C arc per interface, textbook",
    "weakest link": "Weibull statistics, textbook",
}
_CHOSEN = {
    ("growth", "constant_focusing"): "tip at g times Faraday's flat front; this package",
    (
        "growth",
        "structure_focusing",
    ): "tip that draws current from about its own length, Laplace's equation; this package",
    ("growth", "length_focusing"): "tip speed proportional to length (current focusing); this package",
    ("growth", "pressure_focusing"): "tip speed proportional to stack pressure; this package",
    ("reversal", "none"): "stripping leaves filaments; this package",
    (
        "reversal",
        "partial",
    ): "stripping takes part of them back; sign after Sandoval et al. 2025, D5EB00111K, and Kazyak "
    "et al. 2020, 10.1016/j.matt.2020.02.008",
    ("filament", "coupled"): "entry feels what was plated; this package",
    ("filament", "additive"): "what was plated lies beyond what entered; this package",
    ("entry", "throat_creep"): "throats open at any pressure; this package",
    (
        "entry",
        "threshold",
    ): "no throat entered below a pressure (capillarity and plastic constraint), a hypothesis; this package",
    ("entry", "delayed_fracture"): "subcritical growth of a flaw, Charles 1958, J. Appl. Phys. 29, 1549",
    (
        "failure",
        "fracture",
    ): "penny crack under internal pressure, Sneddon 1946; plating overpressure as in Porz et al. "
    "2017, Adv. Energy Mater. 7, 1701003",
    ("failure", "percolation"): "lithium crosses the pellet without fracture; this package",
    ("voids", "constant_closure"): "creep closes voids at one rate; this package",
    (
        "voids",
        "proportional_closure",
    ): "creep closes voids in proportion to their share; this package, after Singh et al. "
    "2022, 10.1016/j.xcrp.2022.101043",
}


def citations(laws: Laws) -> dict[str, str]:
    """Citation of every law in use, by name of the law or its family."""
    return _ALWAYS | {family: f"{name}: {_CHOSEN[family, name]}" for family, name in laws._asdict().items()}
