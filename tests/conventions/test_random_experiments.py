"""Any cell under any protocol ends in a record that adds up or in a sentence; nothing else.

LITHOSTAT_CAMPAIGN=1 tries twenty times as many, at random and under all laws.
"""

import json
import math
import os
import sys

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lithostat import Cell, LithostatError, Protocol, ledger, simulate
from lithostat.experiment import document

CAMPAIGN = os.environ.get("LITHOSTAT_CAMPAIGN") == "1"
TRIES = settings(
    max_examples=300 * (20 if CAMPAIGN else 1),
    derandomize=not CAMPAIGN,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
NONSENSE = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        7,
        math.nan,
        math.inf,
        "",
        "x",
        "1",
        "-3 mm",
        "1e999 m",
        "0 mm",
        "1 furlong",
        "5 kg",
        [],
        {},
        [1],
        "ü mm",
    ]
)


def quantity(unit: str, low: float, high: float):
    """Text of a number spread evenly over the decades between two bounds."""
    return st.floats(math.log10(low), math.log10(high)).map(lambda x: f"{10**x:.4g} {unit}".strip())


def often(strategy, share=40):
    """Mostly the strategy, now and then nonsense."""
    return st.integers(0, share).flatmap(lambda n: NONSENSE if n == share else strategy)


TIME = quantity("h", 1e-2, 3e3)
PRESSURE = quantity("MPa", 1e-3, 300) | st.just("0 MPa")
CURRENT = quantity("uA/cm2", 1, 2e3) | quantity("mA", 1e-3, 3)
LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "time": TIME,
        "voltage": quantity("V", 1e-4, 2),
        "pressure_above": PRESSURE,
        "pressure_below": PRESSURE,
    },
)
CHARGED = st.fixed_dictionaries({"charge": quantity("mAh/cm2", 1e-3, 30)}, optional={"voltage": quantity("V", 1e-4, 2)})


def step(verb, value, **beside):
    return st.fixed_dictionaries({verb: often(value)}, optional={key: often(value) for key, value in beside.items()})


SETTING = st.one_of(
    step("set_pressure", PRESSURE, **{"for": TIME}),
    step("press", PRESSURE, **{"for": TIME}),
    step("release", PRESSURE),
)
WAITING = st.one_of(
    step("hold", TIME, until=st.fixed_dictionaries({"pressure_below": PRESSURE})),
    step("rest", TIME, until=st.fixed_dictionaries({"pressure_above": PRESSURE})),
    step("measure_impedance", st.none() | st.just({"from": "1 MHz", "to": "1 Hz"})),
    step("set_temperature", st.floats(-60, 120).map(lambda t: f"{t:.1f} degC")),
)
FLOWING = st.one_of(
    st.fixed_dictionaries({"plate": often(CURRENT), "for": often(TIME)}, optional={"until": LIMITS}),
    st.fixed_dictionaries({"strip": often(CURRENT), "for": often(TIME)}, optional={"until": LIMITS}),
    st.fixed_dictionaries({"plate": CURRENT, "until": CHARGED}),
    st.fixed_dictionaries({"strip": CURRENT, "until": CHARGED}),
)


FACTOR = st.floats(1.05 if CAMPAIGN else 2.0, 6.0)  # a longer table compiles anew
RAMPS = st.one_of(
    st.fixed_dictionaries(
        {"of": st.just("current"), "from": often(quantity("uA/cm2", 10, 500)), "to": quantity("mA/cm2", 0.1, 5)}
        | {"factor": often(FACTOR), "charge": often(quantity("mAh/cm2", 1e-3, 3))},
        optional={
            "way": often(st.sampled_from(["alternating", "plate", "strip"])),
            "back": quantity("uA/cm2", 10, 500),
            "cycles": often(st.integers(1, 2)),
        },
    ),
    st.fixed_dictionaries(
        {"of": st.just("pressure"), "from": PRESSURE, "to": PRESSURE, "factor": FACTOR, "for": often(TIME)},
        optional={"current": quantity("uA/cm2", 10, 500)},
    ),
)
RAMPED = st.fixed_dictionaries({"ramp": RAMPS}, optional={"until": st.just({"voltage": "0.2 V"}) | LIMITS})
ATTACHED = st.fixed_dictionaries(
    {"pressure": often(PRESSURE), "kind": often(st.sampled_from(["isostatic", "uniaxial"])), "for": often(TIME)}
).map(lambda said: {"attach": said})


def repeated(leaves):
    """Steps, and repeats of steps inside each other."""

    def repeat(inner):
        several = st.lists(inner, min_size=1, max_size=3)
        return st.fixed_dictionaries({"repeat": often(st.integers(1, 4)), "steps": several}, optional={"until": LIMITS})

    return st.recursive(leaves, repeat, max_leaves=6)


WITHOUT_PRESSURE = st.lists(repeated(FLOWING | WAITING), min_size=1, max_size=5)
STEPS = st.one_of(
    st.tuples(quantity("MPa", 0.3, 100), WITHOUT_PRESSURE).map(lambda both: [{"press": both[0]}, *both[1]]),
    st.tuples(quantity("MPa", 5, 60), WITHOUT_PRESSURE).map(lambda both: [{"press": both[0]}, *both[1]]),
    st.lists(repeated(SETTING | FLOWING | WAITING), min_size=1, max_size=5),
    st.tuples(ATTACHED, SETTING, st.lists(FLOWING | RAMPED, max_size=3)).map(lambda all_: [*all_[:2], *all_[2]]),
)
FRAMES = st.just({}) | st.fixed_dictionaries(
    {"kind": st.just("fixed gap"), "stiffness": often(quantity("MPa/um", 1e-4, 10))},
    optional={"relaxation": st.fixed_dictionaries({"fraction": often(st.floats(0, 1)), "time": often(TIME)})},
)
MEASURED = st.lists(PRESSURE, min_size=2, max_size=5).map(
    lambda values: {"kind": "measured", "times": [f"{3 * i} h" for i in range(len(values))], "pressures": values}
)
PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "toughness": often(quantity("MPa m^0.5", 1e-3, 10)),
        "throat_radius": often(quantity("um", 1e-3, 100)),
        "focusing": often(quantity("", 1e-2, 1e4).map(float)),
        "creep_exponent": often(st.floats(1, 20)),
        "contact_pressure": often(quantity("MPa", 1e-2, 1e3)),
        "ripening_time": quantity("h", 1e-4, 1e4),
        "unloading_exponent": st.floats(0, 10),
        "void_height": quantity("um", 1e-3, 1e3),
        "stripping_current": quantity("mA/cm2", 1e-4, 100),
        "interphase_constant": quantity("m2/s", 1e-24, 1e-14) | st.just("0 m2/s"),
        "interphase_initial": quantity("nm", 0.1, 1e3),
        "interphase_volume_change": st.floats(-0.9, 10),
        "overpressure_transmission": often(st.floats(0, 1)),
        "short_resistance": quantity("ohm", 1e-3, 1e6),
        "soft_short_resistance": quantity("ohm", 1e-3, 1e6),
        "hardening_time": quantity("h", 1e-3, 1e3),
        "conductivity": quantity("mS/cm", 1e-4, 100),
    },
)
LAWS = st.sampled_from([{}, {}, {}, {"growth": "length_focusing", "entry": "threshold", "failure": "percolation"}])
if CAMPAIGN:
    LAWS = st.fixed_dictionaries(
        {
            "growth": st.sampled_from(["constant_focusing", "length_focusing", "pressure_focusing"]),
            "entry": st.sampled_from(["open", "threshold"]),
            "failure": st.sampled_from(["fracture", "percolation"]),
        }
    )


def experiments(fixtures, steps, laws=LAWS):
    """A cell in one of the fixtures, and what is done to it."""
    electrode = {"thickness": often(quantity("um", 1, 1e3)), "diameter": often(quantity("mm", 1, 12))}
    pellet = {
        "material": st.just("Li6PS5Cl"),
        "thickness": often(quantity("mm", 1e-2, 3)),
        "diameter": st.just("13 mm"),
    }
    density = {"porosity": often(st.floats(0.0, 0.6)), "mass": often(quantity("mg", 1, 1e3))}
    cell = st.fixed_dictionaries(
        {"electrode": st.fixed_dictionaries(electrode), "electrolyte": st.fixed_dictionaries(pellet, optional=density)},
        optional={
            "fixture": fixtures,
            "laws": laws,
            "parameters": PARAMETERS,
            "counter": often(st.sampled_from(["limits", "does not limit", "inert"])),
            "collector": often(st.sampled_from([1, 2])),
        },
    )
    temperature = st.floats(-40, 100).map(lambda t: f"{t:.1f} degC")
    protocol = st.fixed_dictionaries(
        {"steps": steps}, optional={"after_short": often(TIME), "temperature": often(temperature)}
    )
    return st.fixed_dictionaries({"cell": cell, "protocol": protocol})


EXPERIMENTS = st.one_of(
    experiments(FRAMES, STEPS),
    experiments(FRAMES, STEPS),
    experiments(MEASURED, WITHOUT_PRESSURE, LAWS if CAMPAIGN else st.just({})),  # each choice of laws compiles anew
)


def unrolled(steps) -> int:
    """Steps that these become; a longer table than the smallest compiles anew."""
    times = [s["repeat"] if isinstance(s.get("repeat"), int) else 40 if "ramp" in s else 1 for s in steps]
    return sum(n * unrolled(s["steps"]) if "steps" in s else 1 for n, s in zip(times, steps, strict=True))


def rounding(record) -> float:
    """What rounding alone may add to the books: the last digits of the electrodes against the lithium that moved."""
    p, film = record.provenance["parameters"], record.column("interphase_thickness_metre")
    time, current = record.column("test_time_second"), np.abs(record.column("current_ampere"))
    moved = np.sum(current[1:] * np.diff(time)) / p["area"] * p["molar_volume"] / 96485.33212
    bound = 2 * np.ptp(film) * p["interphase_charge"] * p["molar_volume"] / 96485.33212
    thickest = 2 * p["lithium_thickness"] + moved
    return 100 * sys.float_info.epsilon * thickest / max(moved, bound, 1e-30)


@TRIES
@given(EXPERIMENTS)
def test_an_experiment_ends_in_a_record_that_adds_up_or_in_a_sentence(experiment):
    assume(CAMPAIGN or unrolled(experiment["protocol"]["steps"]) <= 64)
    try:
        page = document.parse(json.dumps(experiment, ensure_ascii=False))
        record = simulate(page.build(Cell, ("cell",)), page.build(Protocol, ("protocol",)))
    except LithostatError:
        return
    for name in record.table.columns:
        assert np.all(np.isfinite(record.column(name))), name
    assert np.all(np.diff(record.column("test_time_second")) >= 0.0)
    for name in ("contact_fraction_1", "contact_fraction_2"):
        assert np.all(record.column(name) >= 0.0), name
        assert np.all(record.column(name) <= 1.0), name
    assert record.outcome.time <= record.column("test_time_second")[-1]
    assert ledger(record).worst < 1e-8 + rounding(record), ledger(record)


WORDS = st.sampled_from(
    [
        "plate",
        "press",
        "rest",
        "repeat",
        "steps",
        "until",
        "for",
        "charge",
        "voltage",
        "time",
        "measure_impedance",
        "from",
        "temperature",
        "cell",
        "electrode",
        "electrolyte",
        "fixture",
        "kind",
        "thickness",
        "diameter",
        "material",
        "parameters",
    ]
)
ANYTHING = st.recursive(
    NONSENSE | st.text(max_size=20) | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
PAGES = st.fixed_dictionaries(
    {},
    optional={
        "cell": st.dictionaries(WORDS, ANYTHING, max_size=4) | ANYTHING,
        "protocol": st.fixed_dictionaries({"steps": st.lists(st.dictionaries(WORDS, ANYTHING, max_size=3), max_size=2)})
        | ANYTHING,
    },
)


@TRIES
@given(PAGES)
def test_any_data_is_read_or_refused_with_a_sentence(data):
    try:
        page = document.parse(json.dumps(data, ensure_ascii=False))
        for key, model in (("cell", Cell), ("protocol", Protocol)):
            if key in page.data:
                page.build(model, (key,))
    except LithostatError:
        return


@TRIES
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_sentence(text):
    try:
        document.parse(text)
    except LithostatError:
        return
