"""The verb: which dark components of a pellet are filaments, and whether one spans both electrodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lithostat.tomography.cluster import Cluster, cluster, joined
from lithostat.tomography.components import TOUCH_FIRST, TOUCH_LAST
from lithostat.tomography.content import GAP, SYSTEMATIC, Content, Contrast, content, contrast, void_reference
from lithostat.tomography.darkness import pieces
from lithostat.tomography.difference import Difference, is_new
from lithostat.tomography.filament import Filament
from lithostat.tomography.one_slab import NEAR
from lithostat.tomography.phases import SHARES, Phases
from lithostat.tomography.rarity import LengthTail, rare, tail
from lithostat.tomography.trim import Body, body

MOST = 40  # filaments that are described
LEAST_NEW = 40  # voxels that became dark, for a component to count as new
BRIDGED = 0.25  # of the thickness: where pores as long as this are expected, spanning is not told from a single scan
LEAST_CONTRAST = 2.0  # to noise
DOUBTFUL = 0.01  # expected number of pores long enough to bridge


@dataclass(frozen=True)
class Filaments:
    """All filaments of a tomogram, the deepest first; whether lithium may cross, and why that answer.

    `null`: the tail of the lengths of pores, `void`: how dark empty pores are (None: unknown), `unfollowed`: number of
    components that were too large to be followed; `undescribed`: further ones beyond the first 40. `bodies`: voxels
    (n, 3) of each, all that is visibly dark; volumes rest on grey integrals and not on their number.
    """

    each: tuple[Filament, ...]
    spans: str
    why: str
    null: LengthTail
    void: Contrast | None
    bodies: tuple[np.ndarray, ...]
    unfollowed: int = 0
    undescribed: int = 0

    @property
    def void_interval(self) -> tuple[float, float]:
        """How dark a void is, lithium being 1: as measured, or what X-rays of 30 to 60 keV allow."""
        if self.void is not None and GAP[0] < self.void.value - 1.0 < GAP[1] and self.void.error < 0.02:
            off = 2.0 * float(np.hypot(self.void.error, SYSTEMATIC))
            return self.void.value - off, self.void.value + off
        return 1.03, 1.14


class _Found(NamedTuple):
    thing: Cluster
    shape: Body
    which: int
    first: np.ndarray
    last: np.ndarray
    depth: tuple[np.ndarray, np.ndarray]


def filaments(of: Phases, difference: Difference | None = None, *, blur: float = 1.0) -> Filaments:
    """Find filaments: with an earlier scan what is new, without one what is longer than the pores of the pellet get.

    Without an earlier scan a filament takes pores along that it touches, so that its depth and volume are intervals,
    and it `spans` only where pores that long are not expected.
    """
    null = tail(of.faint)
    if difference is None:
        chosen = _rare(of, null)
    else:
        chosen = np.flatnonzero(difference.counts >= LEAST_NEW)
        chosen = chosen[np.argsort(-difference.counts[chosen], kind="stable")]
    found, unfollowed = [], 0
    for index in chosen[:MOST]:
        thing = cluster(of, of.faint, int(index), None if difference is None else difference.fall)
        if thing is None:
            unfollowed += 1
        else:
            found.append(_shaped(of, thing, int(index), null, difference))
    references: dict[int, Contrast | None] = {}
    made = [_described(of, one, null, difference, blur, references) for one in found]
    order = sorted(range(len(made)), key=lambda k: -(made[k][0].reach or (0.0, 0.0))[1])
    each = tuple(made[k][0] for k in order)
    spans, why = _spans(of, each, null, difference, unfollowed, blur)
    return Filaments(
        each=tuple(_numbered(one, k + 1) for k, one in enumerate(each)),
        spans=spans,
        why=why,
        null=null,
        void=next((one for one in references.values() if one is not None), None) or void_reference(of, 5.0, blur),
        bodies=tuple(made[k][1] for k in order),
        unfollowed=unfollowed,
        undescribed=max(0, len(chosen) - MOST),
    )


def _rare(of: Phases, null: LengthTail) -> np.ndarray:
    """Rare components; where the faint ones connect to a net, those of the dark ones that are rare among themselves."""
    return rare(of.faint, null)


def _shaped(of: Phases, thing: Cluster, index: int, null: LengthTail, difference: Difference | None) -> _Found:
    """A component with its depths and its body."""
    planes = [of.surfaces.planes(of.volume.shape, k)[thing.at[:, 1], thing.at[:, 2]] for k in range(2)]
    depth = thing.at[:, 0] - planes[0], planes[1] - thing.at[:, 0]
    bits = int(of.faint.touches[index])
    first = (depth[0] <= of.surfaces.margin[0] + NEAR) if bits & TOUCH_FIRST else np.zeros(len(thing.at), bool)
    last = (depth[1] <= of.surfaces.margin[1] + NEAR) if bits & TOUCH_LAST else np.zeros(len(thing.at), bool)
    roots, goals = (first, last) if first.any() else (last, first)
    shape = body(thing, roots=roots, goals=goals, pore=null.longest(1.0))
    if difference is not None:
        shape = shape._replace(kept=is_new(thing.at, thing.fall, difference.drop))
    return _Found(thing, shape, index, first, last, depth)


def _described(
    of: Phases,
    found: _Found,
    null: LengthTail,
    difference: Difference | None,
    blur: float,
    references: dict[int, Contrast | None],
) -> tuple[Filament, np.ndarray]:
    thing, shape, size = found.thing, found.shape, of.volume.voxel_size
    parts = list(pieces(of, thing, shape.kept, blur))
    seen = contrast(parts)
    if 1.0 + GAP[0] < seen.value < 1.0 + GAP[1]:
        parts = list(pieces(of, thing, shape.kept, blur, seen.value))
        seen = contrast(parts)
    whole = parts if shape.kept.all() else list(pieces(of, thing, None, blur))
    volume, error = sum(one.integral for one in parts), float(np.hypot.reduce([one.error for one in parts] or [0.0]))
    width = max(2.0 * float(np.sqrt(max(volume, 0.0) / (np.pi * max(shape.length, 1.0)))), 0.0)
    if difference is not None:
        width = min(width, shape.width + 1.5) if shape.width > 0 else width
    key = round(width)
    if key not in references:
        references[key] = void_reference(of, width, blur) if width >= 4.0 else None
    void = references[key]
    at = _answers(of, found, difference)
    reach = _reach(found, null, difference, size)
    voids = void.value if void is not None and GAP[0] < void.value - 1.0 < GAP[1] else 1.14
    low = max(0.0, (volume - 2.0 * error) / voids)
    if difference is None:
        low = min(low, np.pi / 4.0 * shape.width**2 * shape.length)  # pores along the axis only widen it
    total = sum(one.integral for one in whole) + 2.0 * float(np.hypot.reduce([one.error for one in whole] or [0.0]))
    high = volume + 2.0 * error if difference is not None else max(total, volume)
    made = Filament(
        number=0,
        volume=(low * of.voxel, high * of.voxel),
        reach=reach,
        length=shape.length * size,
        width=width * size,
        touches=tuple(of.volume.ends[k] for k, mask in enumerate((found.first, found.last)) if mask.any()),
        spans=_one_answer(of, found, at, null, difference),
        at=at,
        content=content(seen, width, void) if parts else Content("cannot tell", "too near to the rim"),
        rarity=None if difference is not None else float(null.expected(of.faint.extent[found.which].max())),
        new_volume=None if difference is None else (low * of.voxel, high * of.voxel),
        box=(tuple(int(v) for v in thing.low), tuple(int(v) for v in thing.high)),  # type: ignore[arg-type]
    )
    return made, thing.at[shape.kept]


def _answers(of: Phases, found: _Found, difference: Difference | None) -> dict[str, bool]:
    """Whether the component, or what of it is new, spans at each threshold."""
    thing = found.thing
    counts = np.ones(len(thing.at), bool) if difference is None else found.shape.kept
    shares = (*SHARES, of.layout.faint_share)
    return {
        f"{share:.2g}": joined(thing.at, counts & (thing.share < share), found.first, found.last) for share in shares
    }


def _one_answer(of: Phases, found: _Found, at: dict[str, bool], null: LengthTail, difference: Difference | None) -> str:
    if not any(at.values()):
        # what is new may join with pores that were dark before, which hide lithium that filled them
        return "cannot tell" if difference is not None and found.first.any() and found.last.any() else "no"
    if all(at.values()) and (difference is not None or _trusted(of, null)):
        return "yes"
    return "cannot tell"


def _trusted(of: Phases, null: LengthTail) -> bool:
    """Whether pores that bridge a quarter of the pellet are too rare to have done it."""
    return null.known and null.longest(DOUBTFUL) < BRIDGED * of.layout.thickness


def _reach(found: _Found, null: LengthTail, difference: Difference | None, size: float) -> tuple[float, float] | None:
    depths = [found.depth[k] for k, mask in enumerate((found.first, found.last)) if mask.any()]
    if not depths:
        return None
    kept = found.shape.kept
    deepest = max(float(depth[kept].max()) for depth in depths) + 0.5
    spare = 0.0 if difference is not None else null.longest(1.0)
    return max(0.0, deepest - spare) * size, deepest * size


def _spans(
    of: Phases,
    each: tuple[Filament, ...],
    null: LengthTail,
    difference: Difference | None,
    unfollowed: int,
    blur: float,
) -> tuple[str, str]:
    """The answer for the cell, with its reason."""
    if not all(of.layout.seen):
        return "cannot tell", "one of the electrodes is not in the volume"
    if of.layout.greys.contrast_to_noise < LEAST_CONTRAST:
        return "cannot tell", f"contrast-to-noise is {of.layout.greys.contrast_to_noise:.2g}, below {LEAST_CONTRAST:g}"
    if any(one.spans == "yes" for one in each):
        how = "what is new since the earlier scan" if difference is not None else "dark matter"
        return "yes", f"{how} joins both electrodes at every threshold tried"
    doubtful = [one for one in each if one.spans == "cannot tell"]
    if doubtful:
        said = ", ".join(f"{key}: {'yes' if value else 'no'}" for key, value in doubtful[0].at.items())
        why = f"thresholds disagree ({said})"
        if difference is None and all(value for key, value in doubtful[0].at.items()):
            why = "one spans, but pores of this pellet get long enough to have bridged a part of it"
        return "cannot tell", why
    both = TOUCH_FIRST | TOUCH_LAST
    if unfollowed or (difference is None and ((of.faint.touches & both) == both).any()):
        return "cannot tell", "dark matter joins both electrodes, and no filament can be told from pores in it"
    return "no", f"nothing wider than {1e6 * finest(of, blur) * of.volume.voxel_size:.2g} um joins them"


def finest(of: Phases, blur: float) -> float:
    """Width [voxel] of a round filament that is still seen all along: its middle stays three standard deviations of
    noise below the faintest threshold, after blur and smoothing; never below two voxels."""
    spread = blur**2 + 0.5  # [1 2 1] adds half a voxel squared
    depth = min(1.0 - of.layout.faint_share + 3.0 * of.layout.greys.smooth_noise, 0.999)
    return max(2.0, 2.0 * float(np.sqrt(-2.0 * spread * np.log1p(-depth))))


def _numbered(one: Filament, number: int) -> Filament:
    from dataclasses import replace

    return replace(one, number=number)
