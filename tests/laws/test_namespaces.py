"""Every law gives the same numbers whether it computes with NumPy or with JAX."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lithostat.physics import (
    conduction,
    constants,
    contact,
    creep,
    filament,
    fixture,
    fracture,
    impedance,
    interphase,
    plating,
    short_circuit,
    voids,
    weakest_link,
)

P = [0.0, 1e3, 5e6, 25e6]
T = [280.0, 298.15, 320.0, 350.0]
CREEP = {
    "reference_rate": 7.7e-3,
    "reference_stress": 1e6,
    "exponent": 6.56,
    "activation_energy": 37e3,
    "reference_temperature": 299.0,
}
HEAT = {"activation_energy": 34e3, "reference_temperature": 298.15}
TIP = {"focusing": 2.7, "molar_volume": 13e-6}

VOID = {"void_height": 12e-6, "molar_volume": 13e-6}
CREPT = {
    "throat_radius": 0.74e-6,
    "creep_rate": 7.7e-3,
    "creep_stress": 1e6,
    "creep_exponent": 6.56,
    "creep_activation_energy": 37e3,
    "creep_temperature": 299.0,
}
FLAW = {"flaw_size": 6.7e-6, "fracture_exponent": 6.56}

CALLS = {
    constants.arrhenius: ((T,), HEAT),
    conduction.conductivity: ((T,), {"reference": 0.28} | HEAT),
    conduction.conductivity_at_density: ((0.28, [0.7, 0.8]), {"reference_density": 0.82, "exponent": 6.7}),
    conduction.bulk_resistance: ((1e-3, [0.1, 0.28]), {}),
    contact.loaded_contact: (([0.0, 1e-6, 1.0, 50.0],), {}),
    contact.contact_fraction: ((P, [0.0, 1e3, 25e6, 25e6], [0.0, 1e-4, 4.0, 4.0]), {"exponent": 0.11}),
    contact.ripening_rate: ((P, [0.0, 1e-3, 4.0, 4.0]), {"scale": 6e6, "time": 2e3, "stress_exponent": 6.56}),
    contact.constriction_resistance: (([1e-9, 0.5, 1.0],), {"scale": 53e-4}),
    contact.composite_resistance: ((P,), {"reference": 1e-3, "reference_pressure": 5e6, "adhesion": 1e6}),
    creep.strain_rate: ((P, T), CREEP),
    creep.throat_velocity: ((P, 1e-5, 0.74e-6, T), CREEP),
    fixture.frame_pressure: ((25e6, [0.0, 1e-6], 1e5), {"stiffness": 1e12}),
    fixture.relaxation_rate: ((25e6, [0.0, 1e6]), {"fraction": 0.3, "time": 4e3}),
    fixture.relaxed: ((25e6, 1e6, [0.0, 1e3, 1e12]), {"fraction": 0.3, "time": 4e3}),
    fracture.plating_overpressure: (([0.0, 0.01],), {"transmission": 0.5, "molar_volume": 13e-6}),
    filament.crept_length: (([0.0, 1.0, 1e9],), {"creep_exponent": 6.56}),
    filament.crept_slope: (([0.0, 1.0], 1e-5), {"creep_exponent": 6.56}),
    filament.creep_rate_of_coordinate: ((P, T), CREPT),
    filament.at_any_pressure: ((P,), {}),
    filament.above_threshold: ((P,), {"entry_pressure": 4e6}),
    filament.flaw_length: (([1.0, 0.5, 1e-6],), FLAW),
    filament.flaw_slope: (([1.0, 0.5], 1e-5), {"fracture_exponent": 6.56}),
    filament.delayed_fracture: ((P, T), FLAW | {"fracture_velocity": 1.6e-10, "toughness": 0.18e6}),
    filament.coupled: (([0.0, 1.0], [2.0, 3.0], 3.0), {}),
    filament.additive: (([0.0, 1.0], [2.0, 3.0], 3.0), {}),
    fracture.stress_intensity: ((P, 1e-5), {}),
    fracture.critical_flaw: ((P,), {"toughness": 0.2e6}),
    fracture.runs_or_penetrates: (([1e-5, 1.0], 1e-3), {}),
    fracture.penetrates: (([1e-5, 1.0], 1e-3), {}),
    impedance.stack_impedance: (([0.0, 1e3, 1e6],), {"series": 4e-3, "interface": [3e-4, 2e-4], "capacitance": 0.2}),
    interphase.interphase_rate: (([5e-9, 5e-7],), {"parabolic_constant": 1e-19}),
    interphase.interphase_thickness: (([0.0, 1e6],), {"initial": 5e-9, "parabolic_constant": 1e-19}),
    plating.flat_velocity: (([-0.75, 0.75],), {"molar_volume": 13e-6}),
    plating.constant_focusing: (([0.0, 0.75], 1e-5, 25e6, 2e-5), TIP),
    plating.length_focusing: (([0.0, 0.75], 1e-5, 25e6, 2e-5), TIP | {"focusing_length": 1e-4}),
    plating.pressure_focusing: (([0.0, 0.75], 1e-5, 25e6, 2e-5), TIP | {"focusing_pressure": 1e7}),
    plating.structure_focusing: (
        ([0.0, 0.75], 1e-5, 25e6, 2e-5),
        {"structure_factor": 0.8, "molar_volume": 13e-6},
    ),
    plating.stays: (([0.0, 1e-9],), {}),
    plating.retracts: (([0.0, 1e-9],), {"reversibility": 0.8}),
    short_circuit.cell_voltage: (([-0.75, 0.75], 5e-3, [0.0, 8e3]), {}),
    short_circuit.leak_current: (([-0.1, 0.1], 8e3), {}),
    short_circuit.hardening_rate: (([80.0, 7900.0],), {"hard": 7900.0, "time": 3600.0}),
    voids.critical_stripping_current: ((P,), {"reference": 2.0, "reference_pressure": 3e6, "exponent": 1.9}),
    voids.constant_closure: (([-1.0, 0.0, 3.0], 0.5, [1e-6, 0.0, 0.0], 2.0), VOID),
    voids.proportional_closure: (([-1.0, 0.0, 3.0], 0.5, [1e-6, 0.0, 0.0], 2.0), VOID),
    voids.left_exponentially: (([-1e-9, 0.0, 1e-6, 1.0],), {"void_height": 1e-6}),
    voids.left_linearly: (([-1e-9, 0.0, 1e-6, 1.0],), {"void_height": 1e-6}),
    voids.crowding: (([1.0, 0.5, 0.0],), {"void_focusing": 1.0}),
    weakest_link.links: (([1e-4, 1e-3],), {"reference_area": 1e-4, "exponent": 1.0}),
    weakest_link.worst_of: (([0.1, 0.9], 7.0), {}),
    weakest_link.log_worst_of: (([0.1, 0.9], 1e-6), {}),
}


def call(law, xp):
    def given(value):
        return xp.asarray(value) if isinstance(value, list) else value

    args, keywords = CALLS[law]
    extra = {"xp": xp} if "xp" in inspect.signature(law).parameters else {}
    return np.asarray(law(*map(given, args), **{k: given(v) for k, v in keywords.items()}, **extra))


@pytest.mark.parametrize("law", CALLS, ids=lambda law: law.__name__)
def test_numpy_and_jax_agree(law):
    with jax.enable_x64(True):
        by_jax = call(law, jnp)
    np.testing.assert_allclose(by_jax, call(law, np), rtol=1e-12, atol=0.0)  # exp and log may differ in the last digits


@pytest.mark.parametrize("law", CALLS, ids=lambda law: law.__name__)
def test_every_number_is_finite(law):
    assert np.all(np.isfinite(call(law, np)))


def test_no_law_is_left_out():
    modules = (
        conduction,
        constants,
        contact,
        creep,
        filament,
        fixture,
        fracture,
        impedance,
        interphase,
        plating,
        short_circuit,
        voids,
        weakest_link,
    )
    written = {
        member
        for module in modules
        for _, member in inspect.getmembers(module, inspect.isfunction)
        if member.__module__ == module.__name__
    }
    assert written == set(CALLS)
