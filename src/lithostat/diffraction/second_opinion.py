"""A second opinion on the weights from rietx, an optional package: the same phases and points in another engine."""

from __future__ import annotations

import math
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lithostat.diffraction.amounts import amounts
from lithostat.diffraction.leftover import line_width
from lithostat.diffraction.pattern_fit import PatternFit
from lithostat.diffraction.study import PatternStudy
from lithostat.experiment.errors import InputError, LithostatError, MissingPackage
from lithostat.experiment.radiation import anode_of
from lithostat.experiment.report import Column, Report, Section, Table
from lithostat.materials.phase import Phase

if TYPE_CHECKING:
    from types import ModuleType

PLAN = "mccusker_default"  # scale, background, zero, cell, widths
APART = 0.05  # weight fraction by which two engines must differ before a reader is told


def cif_text(phase: Phase) -> str:
    """A phase as a minimal CIF."""
    edges = [edge * 1e10 for edge in phase.cell[:3]]
    angles = np.degrees(phase.cell[3:]).tolist()
    names = ("a", "b", "c", "alpha", "beta", "gamma")
    lines = ["data_phase", f"_symmetry_space_group_name_H-M '{phase.space_group}'"]
    for name, value in zip(names, (*edges, *angles), strict=True):
        lines.append(f"_cell_{'length' if name in 'abc' else 'angle'}_{name} {value:.6f}")
    heads = ("label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy", "U_iso_or_equiv")
    lines += ["loop_", *(f"_atom_site_{head}" for head in heads)]
    for number, site in enumerate(phase.sites):
        x, y, z = site.at
        lines.append(
            f"{site.element}{number + 1} {site.element} {x:.6f} {y:.6f} {z:.6f} {site.occupancy:.4f} "
            f"{site.displacement * 1e20:.5f}"
        )
    return "\n".join(lines) + "\n"


def rietx_weights(fit: PatternFit) -> dict[str, float]:
    """Weight fractions of the phases of a fit by rietx, which starts from their cards and the width found here.

    Raises `MissingPackage` where rietx is not installed, `InputError` where it cannot treat the measurement.
    """
    try:
        import rietx
    except ImportError:
        raise MissingPackage("--engine rietx needs rietx: pip install 'lithostat[second-opinion]'") from None
    if not all(ready.known for ready in fit.crystals) or not fit.choices:
        raise InputError("rietx is asked only for phases with a structure", expected="phases with a structure")
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # its notes on peaks and versions say nothing about the weights
        try:
            return _weights(_refined(rietx, fit, Path(folder)), fit)
        except LithostatError:
            raise
        except Exception as error:  # it raises kinds of its own
            raise InputError(f"rietx stopped ({type(error).__name__}: {str(error)[:160]})") from None


def _refined(rietx: ModuleType, fit: PatternFit, folder: Path) -> Any:
    """Rietx's own refinement of the phases of a fit; their cards go through files in `folder`."""
    pattern = fit.pattern
    data = rietx.schemas.PatternData(
        two_theta=pattern.degrees.tolist(), intensity=pattern.counts.tolist(), sigma=pattern.sigma.tolist()
    )
    instrument = _instrument(rietx, fit)
    width = math.degrees(line_width(fit))
    instrument.profile.w.value, instrument.profile.x.value = (0.6 * width) ** 2, 0.6 * width
    instrument.background = rietx.auto_background(data, kind="chebyshev").background
    parts = []
    for number, choice in enumerate(fit.choices):
        path = folder / f"phase{number}.cif"
        path.write_text(cif_text(choice.phase), encoding="utf-8")
        parts += rietx.Structure.from_cif(path, phase_name=f"phase{number}").phases
    return rietx.refine(data, rietx.Structure(phases=parts), instrument, plan=PLAN, telemetry=False)


def _instrument(rietx: ModuleType, fit: PatternFit) -> Any:
    pattern = fit.pattern
    if pattern.geometry == "reflection":
        anode = anode_of(pattern.lines)
        if anode is None:
            raise InputError("rietx knows reflection with a tube only", expected="a tube's wavelength")
        name = f"{anode}Ka" if len(pattern.lines) > 1 else f"{anode}Ka1"
        radius = 1e3 * (pattern.radius or 0.2)  # only turns its displacement into a length, which is not read
        return rietx.Instrument.bragg_brentano(radiation=name, goniometer_radius_mm=radius)
    return rietx.Instrument.debye_scherrer(pattern.wavelength * 1e10, polarization=0.5 * (1.0 - pattern.polarisation))


def _weights(result: Any, fit: PatternFit) -> dict[str, float]:
    """Weight fractions by phase name from rietx's table of phases."""
    found = {}
    for number, name in enumerate(fit.names):
        rows = [row for row in result.qpa.phases if row.name == f"phase{number}"] if result.qpa is not None else []
        if rows and rows[0].weight_fraction is not None:
            found[name] = float(rows[0].weight_fraction)
    if not found:
        raise InputError("rietx gave no weights", expected="phases with lines in the range")
    return found


def compared(report: Report, study: PatternStudy) -> Report:
    """The report with rietx's weights beside its own; the own ones stay the answer."""
    theirs = rietx_weights(study.fit)
    own = {amount.name: amount.weight for amount in amounts(study.fit)}
    names = tuple(name for name in own if name in theirs)
    table = Table(
        "",
        (
            Column("phase", names),
            Column("weight here", tuple(f"{100 * own[name]:.1f} %" for name in names), True),
            Column("weight by rietx", tuple(f"{100 * theirs[name]:.1f} %" for name in names), True),
        ),
        brief=True,
    )
    apart = [name for name in names if abs(own[name] - theirs[name]) > APART]
    said = (f"rietx gives other weights for {', '.join(apart)} (more than 5 % by weight apart)",) if apart else ()
    return replace(
        report,
        sections=(*report.sections, Section("Second opinion", tables=(table,))),
        warnings=(*report.warnings, *said),
        data=report.data | {"second_opinion": {"engine": "rietx", "weights": theirs}},
    )
