"""Which numbers of a law are learnt, from which priors, and where those come from."""

from __future__ import annotations

from collections.abc import Iterable

from lithostat.calibration.parameter import Parameter
from lithostat.model.parameters import Laws

_GLASS = (
    "0.23 +- 0.04 MPa m^0.5 of Li2S-P2S5 glass (McGrogan et al. 2017, quoted in Singh 2022 and Duan 2023), which the "
    "literature borrows for Li6PS5Cl; widened to 35 % because no crystalline Li6PS5Cl was measured"
)
_PORES = (
    "pores of 0.2 to 2 um in a model of sulfide pellets (Diallo et al. 2024); widened to a factor 2.7 because throats "
    "are not pores and no pore-size distribution of cold-pressed Li6PS5Cl was found"
)
_REPEATS = "pairs of like cells that differ by factors 1.7 and 2.4 in time to short (Schlenker et al. 2020)"
_PAPERS = "papers that differ by factors of 3 to 20 in life at like settings"
_STRIPPING = (
    "0.2 mA/cm2 at 3 MPa and 1.0 mA/cm2 at 7 MPa (Kasemchainan et al. 2019), with the share in contact (0.37 at 3 MPa) "
    "and an adhesion of 1 MPa taken out"
)
_CRITICAL = (
    "0.2 mA/cm2 at 3 MPa and 1.0 mA/cm2 at 7 MPa (Kasemchainan et al. 2019); widened because 0.3 mA/cm2 at 2 MPa was "
    "also measured (Yan et al. 2022)"
)
_CONTACT = "mostly out of contact below 10 MPa, conformal above 20 MPa (Zhang et al. 2020, model and figure)"
_CONSTRICTION = (
    "13 ohm cm2 at 20 MPa for a fine-grained pellet (Singh et al. 2022: 47 ohm at 6 mm) to 280 ohm cm2 at 10 MPa "
    "(Zhang et al. 2020)"
)
_ALWAYS = (
    Parameter("toughness", 0.23e6, 0.35, (0.02e6, 3e6), "log", _GLASS, "V1"),
    Parameter("life_scatter", 0.5, 0.6, (0.01, 20.0), "log", _REPEATS, "D"),
    Parameter("life_spread", 1.0, 0.5, (0.02, 20.0), "log", _PAPERS, "D"),
    Parameter(
        "stripping_scatter",
        0.5,
        0.6,
        (0.01, 20.0),
        "log",
        "0.3 mA/cm2 measured at 2 MPa (Yan et al. 2022) where the power law of Kasemchainan et al. 2019 has 0.09",
        "D",
    ),
    Parameter("contact_pressure", 8e6, 0.8, (1e4, 1e9), "log", _CONTACT, "V2-fig"),
    Parameter("constriction_resistance", 60e-4, 1.2, (1e-7, 10.0), "log", _CONSTRICTION, "V2-fig"),
    Parameter(
        "unloading_exponent",
        0.5,
        0.0,
        (0.0, 1.0),
        "uniform",
        "nothing known: from contact that stays whole on release (0) to contact in proportion to pressure (1)",
        "D",
    ),
    Parameter(
        "conductivity",
        0.23,
        0.35,
        (1e-4, 10.0),
        "log",
        "1.3 to 3.5 mS/cm over the cold-pressed pellets of the card Li6PS5Cl",
        "V1",
    ),
    Parameter(
        "resistance_scatter",
        0.15,
        0.6,
        (0.005, 5.0),
        "log",
        "32 and 39 ohm of two cells at 25 MPa (Doux et al. 2020, Figure 4 and supplement)",
        "D",
    ),
    Parameter(
        "resistance_spread",
        0.3,
        0.6,
        (0.01, 5.0),
        "log",
        "conductivities of 1.3 to 3.5 mS/cm and pellets of unlike make between papers (card Li6PS5Cl)",
        "D",
    ),
)
_FOCUSING = Parameter(
    "focusing",
    5.0,
    1.2,
    (1e-3, 1e5),
    "log",
    "from 1 (a flat front) to the 5 to 40 that plating stress alone would need to break the glass; 90 % between 0.7 "
    "and 36",
    "D",
)
_THROAT = Parameter("throat_radius", 0.63e-6, 1.0, (1e-9, 1e-3), "log", _PORES, "V1")
_OF_LAWS: dict[tuple[str, str], tuple[Parameter, ...]] = {
    ("growth", "constant_focusing"): (_FOCUSING,),
    ("growth", "length_focusing"): (_FOCUSING,),
    ("growth", "pressure_focusing"): (_FOCUSING,),
    ("growth", "structure_focusing"): (
        Parameter(
            "structure_factor",
            0.8,
            0.3,
            (1e-3, 1e3),
            "log",
            "0.6 to 1 from Laplace's equation in three dimensions",
            "D",
        ),
    ),
    ("entry", "throat_creep"): (_THROAT,),
    ("entry", "threshold"): (
        _THROAT,
        Parameter(
            "entry_pressure",
            5e6,
            0.8,
            (1e4, 1e9),
            "log",
            "a hypothesis: capillarity with a surface energy from memory plus plastic constraint, 5 to 10 MPa",
            "M",
        ),
    ),
    ("entry", "delayed_fracture"): (
        Parameter(
            "flaw_size",
            5e-6,
            0.8,
            (1e-8, 1e-3),
            "log",
            "a surface flaw of 14 um was seen (Singh et al. 2022); smaller ones are not",
            "D",
        ),
        Parameter(
            "fracture_velocity",
            1e-9,
            2.5,
            (1e-18, 1.0),
            "log",
            "nothing known: six orders of magnitude about what the cells of Doux et al. 2020 would need",
            "D",
        ),
    ),
    ("reversal", "partial"): (
        Parameter(
            "reversibility",
            0.5,
            0.0,
            (0.0, 1.0),
            "uniform",
            "only its sign is known: cracks shrink as lithium is stripped (Sandoval et al. 2025; Kazyak et al. 2020)",
            "V1",
        ),
    ),
    ("voids", "constant_closure"): (
        Parameter("stripping_current", 2.0, 0.6, (1e-3, 1e3), "log", _CRITICAL, "V2"),
        Parameter("stripping_exponent", 1.9, 0.35, (0.1, 20.0), "log", _CRITICAL, "D"),
    ),
    ("voids", "proportional_closure"): (
        Parameter("stripping_current", 5.4, 0.4, (1e-3, 1e3), "log", _STRIPPING, "D"),
        Parameter("stripping_exponent", 1.4, 0.3, (0.1, 20.0), "log", _STRIPPING, "D"),
        Parameter(
            "void_focusing",
            1.0,
            1.0,
            (1e-4, 1e4),
            "log",
            "1 is conservation of the current over the area that voids leave; edges of voids draw more, up to 1e4 "
            "(Raj et al. 2020)",
            "D",
        ),
        Parameter(
            "void_height",
            12e-6,
            0.4,
            (1e-8, 1e-2),
            "log",
            "3.1 mAh/cm2 one way without stack pressure before contact was lost (Singh et al. 2022): 15 um of lithium",
            "D",
        ),
    ),
}
NAMES = tuple(dict.fromkeys(one.name for one in (*_ALWAYS, *(one for several in _OF_LAWS.values() for one in several))))


def parameters_for(
    laws: Laws, changed: Iterable[Parameter] = (), *, without: Iterable[str] = ()
) -> tuple[Parameter, ...]:
    """The default parameters that these laws need, with those of the same name in `changed` in their place.

    A changed parameter that is not among the defaults is added: any number of the model can be learnt.
    """
    chosen = {one.name: one for one in _ALWAYS}
    for family, law in laws._asdict().items():
        chosen |= {one.name: one for one in _OF_LAWS.get((family, law), ())}
    chosen |= {parameter.name: parameter for parameter in changed}
    for name in without:
        chosen.pop(name, None)
    return tuple(chosen.values())
