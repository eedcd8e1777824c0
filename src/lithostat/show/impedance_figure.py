"""Measured, fitted and simulated spectra in one figure: Nyquist plane, modulus and phase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lithostat.experiment.errors import InputError
from lithostat.experiment.quantity import span
from lithostat.experiment.spectrum import Spectrum
from lithostat.show.style import INK, MUTED, ORANGE, plain, style

_Kind = tuple[str, str, Literal["", "-", "--"]]  # name, marker, line
MOST = 12  # spectra drawn of each kind; of more, an even choice
SEVERAL = 8  # up to so many, each has its name beside its colour
SIMULATED = ORANGE  # where there is one spectrum of each kind, so that line and line differ
TALL = 8.0  # times the largest marked resistance, from which the plane is cut to it
_CORNER: dict[str, Any] = {"ha": "right", "va": "bottom", "fontsize": 8, "color": MUTED}
FLAT = 6.0  # width over height of the data from which one scale for both would show nothing
_MARK: dict[str, Any] = {
    "marker": "^",
    "markersize": 7,
    "markeredgecolor": INK,
    "markeredgewidth": 0.6,
    "linestyle": "",
}
_DENSE = 200  # frequencies of a fitted line


class Fitted(Protocol):
    """What a figure needs of a fit, so that the room of figures needs no engine; `impedance.fit.Fit` has it."""

    @property
    def spectrum(self) -> Spectrum:
        """What was fitted."""
        ...

    def impedance(self, frequency: np.ndarray | None = None) -> np.ndarray:
        """Complex impedance [ohm] of the fitted circuit at `frequency` [Hz]."""
        ...


def impedance_figure(
    measured: Sequence[Spectrum] = (),
    *,
    fits: Sequence[Fitted] = (),
    simulated: Sequence[Spectrum] = (),
    marked: np.ndarray | None = None,
    area: float | None = None,
    title: str = "",
) -> Figure:
    """Measured spectra as points, fits as lines, simulated spectra as broken lines.

    The k-th of each kind share a colour, so that what belongs together is seen together. Impedances in ohm; with `area`
    [m2] a second scale has them per area. `marked` (spectra,) are resistances of the electrolyte [ohm], NaN where there
    is none. Raises `InputError` where nothing is given.
    """
    count = max(len(measured), len(fits), len(simulated))
    if not count:
        raise InputError("there is no spectrum to draw", expected="measured, fits or simulated")
    chosen = range(0, count, max(1, -(-count // MOST)))
    with style():
        figure, (nyquist, modulus, phase) = _panels()
        colours = mpl.colormaps["viridis"](np.linspace(0.05, 0.85, max(len(chosen), 2)))
        names: list[tuple[Any, str]] = []
        for colour, k in zip(colours, chosen, strict=False):
            every = [group[k] for group in (measured, [one.spectrum for one in fits], simulated) if k < len(group)]
            names.append((colour, label_of(every[0])))
            if k < len(measured):
                _draw((nyquist, modulus, phase), measured[k], color=colour, **_POINTS)
            if k < len(fits):
                _draw((nyquist, modulus, phase), _dense(fits[k]), color=colour, linewidth=1.3, zorder=4)
            if marked is not None and k < len(marked) and np.isfinite(marked[k]):
                nyquist.plot([marked[k]], [0.0], color=colour, zorder=6, **_MARK)
            if k < len(simulated):
                own = SIMULATED if len(chosen) == 1 else colour
                _draw((nyquist, modulus, phase), simulated[k], color=own, **_BROKEN)
        _axes(nyquist, modulus, phase)
        cut = marked is not None and _near(nyquist, marked)
        if area is not None:
            _per_area(nyquist, area)
        kinds: list[_Kind] = [("measured", "o", ""), ("fit", "", "-"), ("simulated", "", "--")]
        shown = [kind for kind, group in zip(kinds, (measured, fits, simulated), strict=True) if len(group)]
        if marked is not None and np.isfinite(marked).any():
            shown.append(("electrolyte", "^", ""))
        _legends(nyquist, names, shown, cut)
        if title:
            figure.suptitle(title, x=0.01, ha="left", parse_math=False, fontweight="bold", fontsize=11)
    return figure


_POINTS: dict[str, Any] = {"marker": "o", "markersize": 3.0, "linestyle": "", "alpha": 0.5}
_BROKEN: dict[str, Any] = {"linewidth": 1.4, "linestyle": (0, (4, 3)), "zorder": 5}


def _panels() -> tuple[Figure, tuple[Axes, Axes, Axes]]:
    """An empty figure: Nyquist plot, modulus and phase."""
    figure = Figure(figsize=(10.0, 4.6), layout="constrained")
    grid = figure.add_gridspec(2, 2, width_ratios=(1.25, 1.0))
    nyquist, modulus = figure.add_subplot(grid[:, 0]), figure.add_subplot(grid[0, 1])
    return figure, (nyquist, modulus, figure.add_subplot(grid[1, 1], sharex=modulus))


def _draw(axes: tuple[Any, Any, Any], spectrum: Spectrum, **look: Any) -> None:
    order = np.argsort(spectrum.frequency)
    f, z = spectrum.frequency[order], spectrum.impedance[order]
    axes[0].plot(z.real, -z.imag, **look)
    axes[1].plot(f, np.abs(z), **look)
    axes[2].plot(f, -np.degrees(np.angle(z)), **look)


def _dense(found: Fitted) -> Spectrum:
    f = found.spectrum.frequency
    fine = np.geomspace(f.min(), f.max(), _DENSE)
    return Spectrum(fine, found.impedance(fine))


def _axes(nyquist: Axes, modulus: Axes, phase: Axes) -> None:
    _scale(nyquist)
    nyquist.set_xlabel("Re Z / Ω")
    nyquist.set_ylabel("-Im Z / Ω")
    modulus.set_xscale("log")
    size = np.concatenate([line.get_ydata() for line in modulus.lines])
    if size.max() > 5.0 * size.min() > 0.0:
        modulus.set_yscale("log")
    modulus.set_ylabel("|Z| / Ω")
    modulus.tick_params(labelbottom=False)
    phase.set_ylabel("-phase / degree")
    phase.set_xlabel("frequency / Hz")


def _scale(axis: Axes) -> None:
    """One scale for both axes, or a stretched one, and said, where small arcs lie far apart."""
    across, up = (np.concatenate([np.asarray(line.get_xydata())[:, k] for line in axis.lines]) for k in (0, 1))
    if np.ptp(across) <= FLAT * np.ptp(up):
        axis.set_aspect("equal", adjustable="datalim")
        return
    axis.margins(x=0.08, y=0.45)
    axis.text(0.99, 0.02, "vertical scale stretched", transform=axis.transAxes, **_CORNER)


def _near(axis: Axes, marked: np.ndarray) -> bool:
    """Where blocking electrodes make the rest of the plane many times larger than what is marked, show only this.

    True if that was done.
    """
    known = marked[np.isfinite(marked)]
    across, up = (np.concatenate([np.asarray(line.get_xydata())[:, k] for line in axis.lines]) for k in (0, 1))
    if not len(known) or max(np.abs(across).max(), np.abs(up).max()) < TALL * known.max():
        return False
    axis.set_aspect("auto")
    axis.set_xlim(-0.05 * known.max(), 2.0 * known.max())
    axis.set_ylim(-0.1 * known.max(), 1.5 * known.max())
    axis.text(0.99, 0.02, f"cut: goes on to {_si(np.abs(up).max())}Ω", transform=axis.transAxes, **_CORNER)
    return True


def _si(value: float) -> str:
    power = int(np.clip(np.floor(np.log10(value) / 3.0), -2, 4))
    return f"{value / 1e3**power:.3g} {('µ', 'm', '', 'k', 'M', 'G', 'T')[power + 2]}"


def _per_area(axis: Axes, area: float) -> None:
    """A second scale above the Nyquist plane, in ohm cm2."""
    scale = 1e4 * area
    top = axis.secondary_xaxis("top", functions=(lambda x: np.asarray(x) * scale, lambda x: np.asarray(x) / scale))
    top.set_xlabel("Re Z A / Ω cm²", color=MUTED)
    top.tick_params(labelcolor=MUTED)


def _legends(axis: Axes, names: list[tuple[Any, str]], kinds: list[_Kind], cut: bool) -> None:
    """One legend for what a mark means, one for what a colour means."""
    marks = [Line2D([], [], color=INK, marker=marker, linestyle=line, markersize=4) for _, marker, line in kinds]
    first = axis.legend(marks, [name for name, _, _ in kinds], loc="upper right")
    if len(names) <= SEVERAL and any(text for _, text in names):
        axis.add_artist(first)
        lines = [Line2D([], [], color=colour, linewidth=3) for colour, _ in names]
        axis.legend(lines, [text for _, text in names], loc="center right" if cut else "upper left")


def label_of(spectrum: Spectrum) -> str:
    """The state of a spectrum in a few words, else its name."""
    parts = []
    if spectrum.pressure is not None:
        parts.append(f"{spectrum.pressure / 1e6:.3g} MPa")
    if spectrum.temperature is not None and spectrum.pressure is None:
        parts.append(f"{spectrum.temperature - 273.15:.3g} °C")
    if spectrum.time is not None:
        parts.append(span(spectrum.time))
    return ", ".join(parts) or plain(spectrum.name)
