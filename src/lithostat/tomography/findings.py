"""What follows from a tomogram, as findings: each with its formula, its evidence and its uncertainty."""

from __future__ import annotations

import numpy as np

from lithostat.experiment.finding import Finding
from lithostat.materials.card import find
from lithostat.physics.constants import FARADAY
from lithostat.physics.contact import loaded_contact
from lithostat.tomography.tomogram import Tomogram

MICRON = 1e6
_CARD = "lithium|Li6PS5Cl"


def charge_bound(charge: float) -> float:
    """The most lithium that a charge [C], counted in both directions, can have plated [m3]: Q Omega / F."""
    return charge * find("lithium").value("molar_volume").value / FARADAY


def findings(of: Tomogram) -> tuple[Finding, ...]:
    """All findings of a tomogram; those that could not be had have no value and say why."""
    if of.phases is None or of.filaments is None:
        why = "no bright layer between two darker ends is seen"
        return (Finding("spans both electrodes", None, "", (why,)), Finding("filaments", None, "", (why,)))
    return (*_filaments(of), *_volumes(of), *_interfaces(of), *_quality(of))


def _filaments(of: Tomogram) -> list[Finding]:
    assert of.filaments is not None
    assert of.phases is not None
    each, null = of.filaments.each, of.filaments.null
    answer = {"yes": 1.0, "no": 0.0}.get(of.spans)
    alone = of.difference is None
    how = "longer than the pores of this pellet get" if alone else "dark now and not in the earlier scan"
    found = [
        Finding("spans both electrodes", answer, "", (of.spans, of.filaments.why), formula="1 yes, 0 no"),
        Finding("filaments", float(len(each)), "", (how, *_more(of)), formula="dark components that are no pores"),
    ]
    thick = of.phases.layout.thickness * of.volume.voxel_size
    reaches = [one.reach for one in each if one.reach is not None]
    if reaches:
        low, high = max(reaches, key=lambda pair: pair[1])
        found.append(
            Finding(
                "deepest filament", MICRON * 0.5 * (low + high), "um",
                (f"{MICRON * low:.4g} to {MICRON * high:.4g} um of {MICRON * thick:.4g} um",),
                uncertainty=MICRON * 0.5 * (high - low),
                uncertainty_from="pores that may lie at its tip" if alone else "voxel",
                formula="depth from the interface it starts at",
            )
        )  # fmt: skip
    if alone:
        size = MICRON * of.volume.voxel_size
        found.append(
            Finding(
                "longest pore expected", size * null.longest(1.0), "um",
                () if null.known else ("too few pores to learn it from: a cautious length stands in",),
                formula="exponential tail of the lengths of dark components",
            )
        )  # fmt: skip
    return found


def _more(of: Tomogram) -> list[str]:
    assert of.filaments is not None
    said = []
    if of.filaments.unfollowed:
        said.append(f"{of.filaments.unfollowed} more were too large to be followed")
    if of.filaments.undescribed:
        said.append(f"{of.filaments.undescribed} more are not described")
    return said


def _volumes(of: Tomogram) -> list[Finding]:
    dark = of.dark_volume
    assert dark is not None
    assert of.filaments is not None
    assert of.phases is not None
    void = of.filaments.void
    measured = "30 to 60 keV allow 1.03 to 1.14" if void is None else f"{void.number} empty pores show {void.value:.3f}"
    pellet = of.pellet_volume()
    cube = MICRON**3
    found = [
        _between(
            "dark volume", dark, cube, "um3", (f"low: all void, high: all lithium; void over lithium: {measured}",)
        )
    ]
    found.append(
        _between(
            "porosity seen", (dark[0] / pellet, dark[1] / pellet), 1.0, "", (_SEEN,), formula="dark volume / pellet"
        )
    )
    volume = of.new_dark if of.new_dark is not None else None
    name = "new dark volume"
    if volume is None and of.filaments.each:
        volume = tuple(float(sum(one.volume[k] for one in of.filaments.each)) for k in range(2))  # type: ignore[assignment]
        name = "filament volume"
    if volume is not None:
        found.append(_between(name, volume, cube, "um3", ()))
    if of.charge_bound is not None:
        found.append(_charge(of, volume))
    if of.asked.pellet_mass is not None:
        found += _mass(of, dark[1] / pellet)
    return found


_SEEN = "pores below the resolution are not seen: the true porosity is higher"


def _between(
    name: str, pair: tuple[float, float], scale: float, unit: str, evidence: tuple[str, ...], formula: str = ""
) -> Finding:
    """A finding that is an interval: its middle, and half of its width."""
    low, high = scale * pair[0], scale * pair[1]
    said = (f"{low:.4g} to {high:.4g} {unit}".rstrip(), *evidence)
    return Finding(
        name, 0.5 * (low + high), unit, said, 0.5 * (high - low), "lithium or void", formula or "grey integral"
    )


def _charge(of: Tomogram, volume: tuple[float, float] | None) -> Finding:
    bound, cube = of.charge_bound or 0.0, MICRON**3
    said = [f"charge in both directions {of.asked.charge:.4g} C{of.asked.charge_from}"]
    if volume is not None:
        if volume[0] > bound:
            said.append(f"at least {cube * (volume[0] - bound):.3g} um3 of what is dark cannot be plated lithium")
        else:
            said.append(f"{100.0 * volume[0] / bound:.3g} to {100.0 * volume[1] / bound:.3g} % of it is seen as dark")
    return Finding("lithium that was plated at most", cube * bound, "um3", tuple(said), formula="Q Omega / F")


def _mass(of: Tomogram, seen: float) -> list[Finding]:
    """Porosity by the pellet's mass, and whether what is seen fits into it."""
    asked = of.asked
    parts = (asked.pellet_area, asked.pellet_thickness, asked.theoretical_density)
    if asked.pellet_mass is None or any(one is None for one in parts):
        return []
    area, thickness, density = (float(one) for one in parts if one is not None)
    porosity = 1.0 - asked.pellet_mass / (area * thickness * density)
    said = (
        "fits: more pores than are seen" if porosity >= seen else "less than is seen as dark: mass, size or threshold"
    )
    assert of.phases is not None
    measured = of.phases.layout.thickness * of.volume.voxel_size
    odd = abs(measured - thickness) / thickness
    more = (f"stated {1e3 * thickness:.3g} mm thick, the scan shows {1e3 * measured:.3g} mm",) if odd > 0.05 else ()
    return [Finding("porosity by mass", porosity, "", (said, *more), formula="1 - m / (A L rho)")]


def _interfaces(of: Tomogram) -> list[Finding]:
    found = []
    before = bool(of.interfaces_before) or of.volume.state.stage == "before"
    when = "before cycling" if before else "in this scan"
    for one in of.interfaces_before or of.interfaces:
        found.append(
            Finding(
                f"roughness of the interface at {one.name}", MICRON * one.roughness, "um",
                (f"{when}; 1 to 99 %: {MICRON * one.range:.3g} um; {100 * one.open_share:.2g} % of it sinks by more",),
                formula="rms of the height less its slope",
            )
        )  # fmt: skip
        contact = one.contact
        evidence = [when, one.why]
        pressure = of.volume.state.pressure
        if pressure is not None:
            scale = find(_CARD).value("contact_pressure").value
            model = float(loaded_contact(np.asarray(pressure / scale)))
            evidence.append(f"the model's contact on first loading at this pressure is {model:.2f}, at any scale")
        value = None if contact is None else 0.5 * (contact[0] + contact[1])
        width = None if contact is None else 0.5 * (contact[1] - contact[0])
        found.append(
            Finding(
                f"contact at {one.name}", value, "", tuple(evidence), width, None, "share of the area without a gap"
            )
        )
    return found


def _quality(of: Tomogram) -> list[Finding]:
    assert of.phases is not None
    greys, size = of.phases.layout.greys, MICRON * of.volume.voxel_size
    found = [
        Finding("contrast to noise", greys.contrast_to_noise, "", (), formula="(electrolyte - dark) / voxel noise"),
        Finding("blur", None if of.blur is None else size * of.blur, "um", (), formula="edge of the interface"),
        Finding(
            "resolution", None if of.resolution is None else MICRON * of.resolution, "um",
            ("no filament thinner than this is claimed",), formula="thinnest that is seen all along",
        ),
    ]  # fmt: skip
    if of.electrolyte is not None:
        found.append(
            Finding(
                "tortuosity of the electrolyte", of.electrolyte.tortuosity, "",
                ("by what is resolved; unresolved pores add to it",), formula="share / effective conductivity",
            )
        )  # fmt: skip
    if of.difference is not None:
        placement = of.difference.placement
        moved = placement.shift(0.5 * (np.array(of.volume.shape) - 1.0)) * size
        found.append(
            Finding(
                "compression since the earlier scan", 100.0 * placement.compression, "%",
                (f"shift {moved[0]:.3g}, {moved[1]:.3g}, {moved[2]:.3g} um, turn {np.rad2deg(placement.turn):.3g} deg",
                 f"blocks agree within {placement.residual:.2g} voxels"), formula="registration",
            )
        )  # fmt: skip
    return found
