"""Conductivity against temperature: points with errors, the Arrhenius line with its band, the bend if there is one."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithostat.impedance.laws.arrhenius import Arrhenius
from lithostat.physics.constants import FARADAY
from lithostat.show.style import BLUE, GREEN, MUTED, ORANGE, RED, VIOLET, blank, style

_COLOURS = (BLUE, ORANGE, GREEN, VIOLET, RED)


def arrhenius_figure(fits: Arrhenius | Mapping[str, Arrhenius], title: str = "") -> Figure:
    """One fit or several: sigma on a logarithmic axis against 1000/T, degC above, the distance to the line below."""
    named = {"": fits} if isinstance(fits, Arrhenius) else dict(fits)
    with style():
        figure, (axis, below) = blank(7.2, 6.2, 2, 1, sharex=True, height_ratios=(3.6, 1.0))
        for k, (name, fit) in enumerate(named.items()):
            _one(axis, below, fit, name, _COLOURS[k % len(_COLOURS)])
        axis.set_yscale("log")
        axis.set_ylabel("conductivity / S m$^{-1}$")
        axis.legend(loc="lower left")
        below.axhline(0.0, color=MUTED, linewidth=0.8)
        below.set_ylabel("off the line / %")
        below.set_xlabel("1000 K / T")
        _celsius(axis, np.concatenate([fit.temperature for fit in named.values()]))
        if title:
            figure.suptitle(title, x=0.01, ha="left", parse_math=False, fontweight="bold", fontsize=11)
    return figure


def _one(axis: Axes, below: Axes, fit: Arrhenius, name: str, colour: str) -> None:
    x = 1e3 / fit.temperature
    wide = np.linspace(x.min(), x.max(), 200)
    size = fit.error if fit.error is not None else None
    energy, error = fit.sigma.activation_energy / FARADAY, fit.errors[1] / FARADAY
    label = f"{name}: " if name else ""
    other = fit.sigma_t.activation_energy / FARADAY
    digits, sure = _digits(error), f" ± {error:.2g}" if error > 0.0 else ""
    label += rf"$E_\sigma$ = {energy:.{digits}f}{sure} eV, $E_{{\sigma T}}$ = {other:.{digits}f} eV"
    axis.errorbar(x, fit.conductivity, yerr=size, fmt="o", color=colour, markersize=5, capsize=2.5, zorder=3)
    axis.plot(wide, fit.at(1e3 / wide), color=colour, label=label)
    axis.fill_between(wide, *fit.band(1e3 / wide), color=colour, alpha=0.15, linewidth=0)
    straight = fit.at(fit.temperature)
    off = 100.0 * (fit.conductivity / straight - 1.0)
    below.errorbar(
        x,
        off,
        yerr=None if size is None else 100.0 * size / straight,
        fmt="o",
        color=colour,
        markersize=4,
        capsize=2.0,
        zorder=3,
    )
    if fit.vft is not None:
        bent = fit.vft.a * np.exp(-fit.vft.b / (1e3 / wide - fit.vft.t0))
        told = f"{name + ', ' if name else ''}VFT, $T_0$ = {fit.vft.t0:.0f} K"
        axis.plot(wide, bent, color=colour, linewidth=1.0, linestyle=(0, (4, 2)), label=told)
        below.plot(wide, 100.0 * (bent / fit.at(1e3 / wide) - 1.0), color=colour, linewidth=1.0, linestyle=(0, (4, 2)))


def _digits(error: float) -> int:
    """Decimals of a number whose error has two significant digits: 3 to 6; 3 without an error."""
    return min(max(3, 1 - math.floor(math.log10(error))), 6) if error > 0.0 else 3


def _celsius(axis: Axes, kelvin: np.ndarray) -> None:
    """Temperatures above the figure, where people look for them."""
    step = 20 if np.ptp(kelvin) > 60.0 else 10
    low, high = float(kelvin.min()) - 273.15, float(kelvin.max()) - 273.15
    ticks = step * np.arange(int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9)) + 1)
    top = axis.secondary_xaxis("top")
    top.set_xticks(1e3 / (ticks + 273.15), [f"{tick} °C" for tick in ticks])
    top.tick_params(length=3, color=MUTED)
    axis.tick_params(labelbottom=False)
