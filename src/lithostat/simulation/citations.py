"""What each law rests on, for the provenance of a record. The docstrings in `physics` say more."""

from __future__ import annotations

from lithostat.model.parameters import Laws

_ALWAYS = {
    "conduction": "Arrhenius branch, Singh et al. 2022, 10.1016/j.xcrp.2022.101043",
    "contact": "c = 1 - exp(-P/P_c), released as (P/P_max)^beta; this package, after Doux et al. 2020, "
    "10.1002/aenm.201903253",
    "ripening": "growth of a plastic contact by power-law creep, textbook",
    "voids": "critical stripping current against pressure, Kasemchainan et al. 2019, Nature Materials 18, 1105",
    "creep": "Norton law, Masias et al. 2019, 10.1007/s10853-018-2971-3",
    "throat": "pipe flow of a power-law material, textbook",
    "interphase": "parabolic growth, Aktekin et al. 2023, 10.1038/s41467-023-42512-y",
    "impedance": "series resistance and one R||C arc per interface, textbook",
    "weakest link": "Weibull statistics, textbook",
}
_CHOSEN = {
    "constant_focusing": "tip at g times Faraday's flat front; this package",
    "length_focusing": "tip speed proportional to length (current focusing); this package",
    "pressure_focusing": "tip speed proportional to stack pressure; this package",
    "open": "throats open at any pressure; this package",
    "threshold": "no throat entered below a pressure (capillarity and plastic constraint), a hypothesis; this package",
    "fracture": "penny crack under internal pressure, Sneddon 1946; plating overpressure as in Porz et al. 2017, "
    "Adv. Energy Mater. 7, 1701003",
    "percolation": "lithium crosses the pellet without fracture; this package",
}


def citations(laws: Laws) -> dict[str, str]:
    """Citation of every law in use, by name of the law or its family."""
    return _ALWAYS | {family: f"{name}: {_CHOSEN[name]}" for family, name in laws._asdict().items()}
