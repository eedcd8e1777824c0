"""Sentences that a reader of the weights must know: misfit, walls, shift, foreign light, texture, sigma."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lithostat.diffraction.amounts import amounts
from lithostat.diffraction.bands import WORTH_NAMING, suggested_texture
from lithostat.diffraction.calls import ENOUGH
from lithostat.diffraction.leftover import Leftover
from lithostat.diffraction.pattern_fit import PatternFit

EXPLAINED = 0.9  # of the lines, below which a phase is missing
POOR = 4.0  # goodness of fit above which the model misses what the counts show
TOO_GOOD = 0.8  # goodness of fit below which the sigma cannot be right
HIDDEN = 0.05  # weight fraction of a phase whose card rests on memory, from which that is said


def doubts(final: PatternFit, left: Sequence[Leftover], share: float) -> tuple[str, ...]:
    """Warnings about a fit, the gravest first; `share` of the lines is explained."""
    return (
        *_unknown(share),
        *_weights(final),
        *_walls(final),
        *_light(left),
        *_texture(final),
        *_cards(final),
        *_always(final),
    )


def _unknown(share: float) -> list[str]:
    if share >= EXPLAINED:
        return []
    said = f"the phases found explain {100.0 * share:.0f} % of what stands above the background"
    if share < ENOUGH:
        return [
            f"{said}: the main phase is not among the candidates (name it by --phases, a CIF will do), or the "
            "wavelength is wrong; no share is given"
        ]
    return [f"{said}: a phase is missing among the candidates, and every share is too high by as much"]


def _weights(final: PatternFit) -> list[str]:
    found = []
    good = final.goodness
    if not final.optimum.converged:
        found.append("the fit did not come to rest; its errors are too small")
    if good < TOO_GOOD:
        found.append(
            f"the fit is better than its sigma allows (goodness {good:.2f}): the counts were smoothed, averaged or "
            "scaled before they were written, so errors and limits are not to be trusted"
        )
    elif good > POOR:
        found.append(
            f"the model misses what the counts show (goodness {good:.1f}): errors are widened by "
            f"{final.inflation:.1f}, and small phases cannot be told from misfit"
        )
    return found


def _walls(final: PatternFit) -> list[str]:
    found = []
    layout = final.model.layout
    at_wall = final.at_wall & final.moved
    ends: dict[int, list[str]] = {}
    for place in np.flatnonzero(at_wall):
        each = layout.parameters[place]
        if each.name == "shift":
            found.append(
                f"the {final.model.instrument.shift} of the sample is at the end of what is plausible: is the "
                "wavelength right?"
            )
        elif each.phase is not None and each.name.startswith("cell"):
            ends.setdefault(each.phase, []).append(each.name[5:])
        elif each.name in ("size", "strain") and final.optimum.values[place] > 0.5 * each.high:
            found.append(
                f"the lines of {final.names[each.phase or 0]} are as broad as a line may be: part of them may be "
                "background"
            )
    found += [
        f"the cell of {final.names[number]} ends at the wall of what is published ({', '.join(names)}): its weight is "
        "uncertain, and it may be another phase"
        for number, names in ends.items()
    ]
    return found


def _light(left: Sequence[Leftover]) -> list[str]:
    ghosts = [line for line in left if line.ghost]
    angles = [f"{np.degrees(line.two_theta):.2f}" for line in ghosts]
    return (
        [
            f"{len(ghosts)} left-over line{'s' if len(ghosts) > 1 else ''} ({', '.join(angles)} degrees) lie "
            f"{ghosts[0].ghost}: no phase"
        ]
        if ghosts
        else []
    )


def _texture(final: PatternFit) -> list[str]:
    found = suggested_texture(final)
    if found is None or found[2] < WORTH_NAMING:
        return []
    number, axis, gain = found
    return [
        f"{final.names[number]} seems textured along {' '.join(map(str, axis))}: it would take away {100 * gain:.0f} % "
        "of the misfit, and the weights move by what the band shows"
    ]


def _cards(final: PatternFit) -> list[str]:
    found = []
    for choice, amount in zip(final.choices, amounts(final), strict=True):
        if "sites" in choice.phase.unverified and amount.weight > HIDDEN:
            found.append(f"the structure of {choice.phase.name} rests on memory: its weight may be off by a third")
    return found


def _always(final: PatternFit) -> list[str]:
    if not final.choices:
        return ["no crystalline phase was found: nothing can be said about weights"]
    return [
        "weights are shares of the crystalline phases named here; what is amorphous, outside the beam or unnamed is "
        "in none"
    ]
