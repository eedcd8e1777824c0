"""The figures of a study of spectra: which there are, and what draws each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from lithostat.experiment.spectrum import Spectrum
from lithostat.lab.spectra_study import SpectraStudy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lithostat.lab.specimen import Specimen

HIDDEN = 2.0  # times the resistance, from which the part near it is lost in the whole spectrum


def shown(study: SpectraStudy) -> tuple[str, ...]:
    """Names of the figures that have something to show; nothing is imported or drawn for it."""
    several = ("series", "relaxation-map") if len(study.series.fits) > 1 else ("relaxation",)
    near = ("high-frequency",) if _hidden(study) else ()
    memory = () if study.memory is None else ("memory",)
    arrhenius = () if study.arrhenius is None else ("arrhenius",)
    return ("spectra", "residuals", "validity", *near, *several, *memory, *arrhenius)


def spectra_figures(
    loaded: Specimen, study: SpectraStudy, *, axis: str | None = None, simulated: Sequence[Spectrum] = ()
) -> dict[str, Callable[[], Figure]]:
    """What draws each figure that is `shown`, by name. Each is drawn once, when first called.

    `axis` is what the series runs along, `simulated` spectra are drawn with the measured ones.
    """
    from lithostat.show.arrhenius_figure import arrhenius_figure
    from lithostat.show.high_frequency_figure import high_frequency_figure
    from lithostat.show.impedance_figure import impedance_figure, label_of
    from lithostat.show.memory_figure import memory_figure
    from lithostat.show.relaxation_figure import relaxation_figure
    from lithostat.show.relaxation_map_figure import relaxation_map_figure
    from lithostat.show.residuals_figure import residuals_figure
    from lithostat.show.series_figure import series_figure
    from lithostat.show.validity_figure import validity_figure

    fits, read = study.series.fits, study.electrolyte.resistance
    spectra = [fit.spectrum for fit in fits]
    rows = _hidden(study)
    labels = [label_of(spectrum) for spectrum in spectra]
    area = loaded.note.electrode_area
    figures: dict[str, Callable[[], Figure]] = {
        "spectra": partial(impedance_figure, spectra, fits=fits, simulated=simulated, marked=read[:, 0], area=area),
        "residuals": partial(residuals_figure, fits),
        "validity": partial(validity_figure, study.validities[0]),
        "high-frequency": partial(high_frequency_figure, [fits[k] for k in rows], read[rows]),
        "series": partial(series_figure, study.series, axis or varied(study)),
        "relaxation-map": partial(relaxation_map_figure, study.relaxations, labels),
        "relaxation": partial(relaxation_figure, study.relaxations[0]),
    }
    if study.memory is not None:
        figures["memory"] = partial(memory_figure, study.memory)
    if study.arrhenius is not None:
        lines = {"whole": study.arrhenius, **study.branches} if study.branches else study.arrhenius
        figures["arrhenius"] = partial(arrhenius_figure, lines)
    return {name: cache(figures[name]) for name in shown(study)}


def _hidden(study: SpectraStudy) -> list[int]:
    """Numbers of the spectra whose electrolyte is lost in the rest of them."""
    ohm = study.electrolyte.resistance[:, 0]
    largest = [np.abs(fit.spectrum.impedance).max() for fit in study.series.fits]
    return [k for k in range(len(ohm)) if np.isfinite(ohm[k]) and largest[k] > HIDDEN * ohm[k]]


def varied(study: SpectraStudy) -> str | None:
    """What differs from spectrum to spectrum: pressure, else temperature, else time; None if nothing is known."""
    for axis in ("pressure", "temperature", "time"):
        x = study.series.along(axis)
        if np.isfinite(x).all() and np.ptp(x) > 1e-3 * np.abs(x).max():
            return axis
    return None
