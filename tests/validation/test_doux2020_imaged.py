"""Figures 4 d-f and 5 as volumes: what is said of scans whose truth is known."""

from __future__ import annotations

from lithostat.papers.doux2020.imaged import CREPT, PRESSURES, creep_pellet_figure, figure_5, imaged, rows


def test_what_a_scan_shows_and_what_it_cannot() -> None:
    seen = imaged()
    assert seen.before.filaments.each == ()
    assert seen.shorted.spans == "yes"
    assert len(seen.shorted.filaments.each) == 2
    assert seen.crept.spans != "yes"  # throats of 1.5 um are below the resolution, and that is said
    assert seen.crept.resolution > 1.5e-6
    by_id = {row.id: row for row in rows(seen)}
    assert by_id["fig5-before"].passed
    assert by_id["fig5-25MPa"].passed
    assert by_id["fig5-75MPa"].passed is None
    depths = [seen.front.depth_at(CREPT, pressure) for pressure in PRESSURES]
    assert depths == sorted(depths)
    assert len(figure_5(seen).axes) == 3
    assert len(creep_pellet_figure(seen).axes) == 3
