"""Figures of validity and relaxation: what they draw is what the results say."""

from __future__ import annotations

import numpy as np
from known_distributions import SMOOTH, F, spectrum
from matplotlib.figure import Figure

from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.relaxation.relaxation_times import relaxation_times
from lithostat.impedance.validity.check import check
from lithostat.show.relaxation_figure import relaxation_figure
from lithostat.show.validity_figure import validity_figure


def texts(figure: Figure) -> str:
    figure.canvas.draw()
    legends = [text for axes in figure.axes if axes.get_legend() for text in axes.get_legend().get_texts()]
    return "\n".join(text.get_text() for text in [*(t for axes in figure.axes for t in axes.texts), *legends])


def test_validity_figure_names_the_broken_points() -> None:
    seen = spectrum(SMOOTH["two arcs"], 0.002, 4)
    z = seen.impedance.copy()
    z[40] *= 1.2
    figure = validity_figure(check(Spectrum(F, z)), title="a cell")
    assert f"{F[40]:.3g} Hz" in texts(figure)
    assert "a cell: stray points" in figure.get_suptitle()
    clean = validity_figure(check(seen))
    assert "breaks with it" not in texts(clean)
    assert "valid" in clean.get_suptitle()


def test_relaxation_figure_names_the_processes() -> None:
    found = relaxation_times(spectrum(SMOOTH["two arcs"], 0.001, 1))
    assert len(found.peaks) == 2
    figure = relaxation_figure(found)
    for peak in found.peaks:
        assert f"{peak.tau * (1e6 if peak.tau < 1e-3 else 1e3):.3g} {'µs' if peak.tau < 1e-3 else 'ms'}" in texts(
            figure
        )
    line = figure.axes[0].lines[0]
    assert np.array_equal(np.asarray(line.get_ydata()), found.gamma)


def test_relaxation_figure_shows_negative_processes() -> None:
    truth = SMOOTH["one arc"] - 0.4 * np.roll(SMOOTH["one arc"], 500)
    found = relaxation_times(spectrum(truth, 0.003, 2), signed=True)
    figure = relaxation_figure(found)
    assert figure.axes[0].get_ylim()[0] < found.gamma[found.window].min()
