"""Figure 5 of the seed paper: what its patterns can carry, said with its figures."""

from __future__ import annotations

import pytest

from lithostat.papers.doux2020 import patterns


@pytest.fixture(scope="module")
def figure() -> patterns.Figure5:
    with pytest.MonkeyPatch.context() as small:
        small.setattr(patterns, "SEEDS", (0, 1))
        return patterns.figure_5()


def test_before_only_the_electrolyte_is_present(figure: patterns.Figure5) -> None:
    assert [call.name for call in figure.before.called("present", "possible")] == ["Li6PS5Cl"]


def test_after_the_products_are_present_and_the_metal_is_not_seen(figure: patterns.Figure5) -> None:
    present = {call.name: call.weight for call in figure.after.called("present")}
    assert {"Li6PS5Cl", "Li2S", "LiCl"} <= set(present)
    assert present["Li2S"] == pytest.approx(0.071, abs=0.01)
    lithium = figure.after.call("Li")
    assert lithium is not None
    assert lithium.call == "not seen"
    assert lithium.limit is not None
    assert lithium.limit.weight > patterns.METAL


def test_phases_known_by_their_cell_are_never_present(figure: patterns.Figure5) -> None:
    for name in patterns.NAMED:
        call = figure.after.call(name)
        assert call is not None
        assert call.call == "cannot tell"


def test_the_section_says_what_profile_matching_proves(figure: patterns.Figure5) -> None:
    section = patterns.figure_5_section(figure, ())
    said = " ".join(section.points)
    assert "P4 and Li3P7 cannot rest on profile matching" in said
    assert f"Li3P7 {100 * figure.shares[0.10]['Li3P7']:.0f} and {100 * figure.shares[0.30]['Li3P7']:.0f} %" in said
    assert figure.shares[0.30]["Li3P7"] > 0.6
    assert '"Not detected" holds, "no lithium" would not.' in said
    assert any("does not contradict full reduction" in text for each in section.findings for text in each.evidence)
