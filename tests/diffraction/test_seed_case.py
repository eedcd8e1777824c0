"""What must hold for the seed's own question: products of reduction and lithium in a pellet of Li6PS5Cl."""

from __future__ import annotations

import os

import numpy as np
import pytest
from independent import pattern_of
from seed_case import WIDTHS, study

from lithostat.diffraction.identify import Question, identify
from lithostat.materials.phase import find_phase

CAMPAIGN = os.environ.get("LITHOSTAT_CAMPAIGN") == "1"
SEEDS = range(40) if CAMPAIGN else range(1)
PRODUCTS = {"Li2S": 0.01, "LiCl": 0.01}


@pytest.mark.parametrize("width", WIDTHS)
def test_products_of_one_percent_are_present(width: float) -> None:
    """95 % of the phases, which a binomial count of the campaign may miss by two standard deviations."""
    calls = [study(PRODUCTS, width, seed).call(name) for seed in SEEDS for name in PRODUCTS]
    seen = np.mean([call is not None and call.call == "present" for call in calls])
    assert seen >= 0.95 - 2.0 * np.sqrt(0.05 * 0.95 / len(calls))


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_seen_in_a_pure_pellet(width: float) -> None:
    """At most 1 % of the phases sought, and lithium never."""
    wrong, asked = 0, 0
    for seed in SEEDS:
        found = study({}, width, 1000 + seed)
        wrong += sum(call.name != "Li6PS5Cl" for call in found.called("present"))
        asked += sum(call.call != "cannot tell" for call in found.calls)
        lithium = found.call("Li")
        assert lithium is not None
        assert lithium.call in ("not seen", "cannot tell")
    assert wrong <= 0.01 * asked


def test_two_percent_of_lithium_are_below_what_would_be_seen() -> None:
    """The seed's negative finding: nobody would have seen them, and the page says from where on."""
    for seed in SEEDS[:10]:
        found = study({"Li": 0.02}, 0.10, 2000 + seed)
        lithium = found.call("Li")
        assert lithium is not None
        assert lithium.call in ("not seen", "possible")
        if lithium.call == "not seen":
            assert lithium.limit is not None
            assert 0.02 < lithium.limit.weight < 0.06


def test_a_phase_known_by_its_cell_only_is_never_present() -> None:
    """Lines that belong to nothing: Li3P7 could index some of them, and is told apart from a random cell."""
    for seed in SEEDS[:10]:
        found = study({"Li3PO4 (gamma)": 0.04, **PRODUCTS}, 0.10, 3000 + seed)
        for name in ("Li3P7", "P (white, alpha)"):
            call = found.call(name)
            assert call is not None
            assert call.call == "cannot tell"
            assert "known by its cell only" in call.why


@pytest.mark.parametrize("name", ["Li2S", "LiCl", "Li"] if CAMPAIGN else ["Li2S"])
def test_a_phase_at_its_limit_is_called_in_95_percent(name: str) -> None:
    """Injection: the limit of a pure pellet, put into others of the same kind."""
    clean = study({}, 0.10, 4000)
    call = clean.call(name)
    assert call is not None
    assert call.limit is not None
    count = 100 if CAMPAIGN else 4
    called = [study({name: call.limit.weight}, 0.10, 4001 + seed).call(name) for seed in range(count)]
    share = np.mean([each is not None and each.call in ("present", "possible") for each in called])
    assert share >= 0.90 - (0.0 if CAMPAIGN else 0.2)


def test_not_even_as_a_host_is_it_present() -> None:
    """A person who says that Li3P7 is there is told that the pattern cannot tell."""
    pattern = pattern_of({find_phase("Li6PS5Cl"): 1.0}, width=0.30, seed=5000)
    found = identify(pattern, Question((find_phase("Li6PS5Cl"),), host=(find_phase("Li3P7"),), spread=False))
    call = found.call("Li3P7")
    assert call is not None
    assert call.call == "cannot tell"
    assert [each.name for each in found.calls].count("Li3P7") == 1
