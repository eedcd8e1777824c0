"""What the figures of a study show, as tables: every point with its residuals, the fitted curves, the distributions."""

from __future__ import annotations

import numpy as np
import polars as pl

from lithostat.lab.spectra_study import SpectraStudy

DENSE = 200  # frequencies of a fitted curve


def points(study: SpectraStudy) -> pl.DataFrame:
    """Every measured point: what was measured, whether it breaks with the others, and what the circuit leaves of it.

    Of a sweep that was referred to its middle, the residuals are those of the referred one.
    """
    frames = []
    for held, fit in zip(study.validities, study.series.fits, strict=True):
        sweep = held.spectrum
        used = np.isin(sweep.frequency, fit.spectrum.frequency)
        left = np.full(len(used), np.nan + 0j)
        left[used] = fit.residuals
        frames.append(
            pl.DataFrame(
                {
                    "spectrum": [fit.spectrum.name] * len(used),
                    "frequency_hertz": sweep.frequency,
                    "real_impedance_ohm": sweep.impedance.real,
                    "imaginary_impedance_ohm": sweep.impedance.imag,
                    "stray": held.stray,
                    "fitted": used,
                    "kramers_kronig_residual_real": held.residual.real,
                    "kramers_kronig_residual_imaginary": held.residual.imag,
                    "fit_residual_real": left.real,
                    "fit_residual_imaginary": left.imag,
                }
            )
        )
    return pl.concat(frames)


def curves(study: SpectraStudy) -> pl.DataFrame:
    """The fitted circuits at many frequencies."""
    frames = []
    for fit in study.series.fits:
        f = np.geomspace(fit.spectrum.frequency.max(), fit.spectrum.frequency.min(), DENSE)
        z = fit.impedance(f)
        frames.append(
            pl.DataFrame(
                {
                    "spectrum": [fit.spectrum.name] * DENSE,
                    "frequency_hertz": f,
                    "real_impedance_ohm": z.real,
                    "imaginary_impedance_ohm": z.imag,
                }
            )
        )
    return pl.concat(frames)


def distributions(study: SpectraStudy) -> pl.DataFrame:
    """The distributions of relaxation times with their bands."""
    frames = []
    for fit, each in zip(study.series.fits, study.relaxations, strict=True):
        inside = np.zeros(len(each.tau), bool)
        inside[each.window] = True
        frames.append(
            pl.DataFrame(
                {
                    "spectrum": [fit.spectrum.name] * len(each.tau),
                    "relaxation_time_second": each.tau,
                    "gamma_ohm": each.gamma,
                    "gamma_lower_ohm": each.lower,
                    "gamma_upper_ohm": each.upper,
                    "measured": inside,
                }
            )
        )
    return pl.concat(frames)
