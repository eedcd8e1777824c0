"""The noun: something dark in the pellet that is no pore, with how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lithostat.tomography.content import Content


@dataclass(frozen=True)
class Filament:
    """SI. `volume` (low, high) [m3]: of its body as void, and of all that hangs together with it as lithium. `reach`
    (low, high) [m]: depth of its deepest point from the electrode that it touches, less the longest pore that may lie
    at its tip, and as it stands; None if it touches none. `touches`: names of the electrodes. `spans`: yes | no |
    cannot tell; `at`: whether it spans at each threshold. `rarity`: how many pores as long are expected in the pellet
    (None where it is known to be new). `box`: first and last voxel (z, y, x).
    """

    number: int
    volume: tuple[float, float]
    reach: tuple[float, float] | None
    length: float
    width: float
    touches: tuple[str, ...]
    spans: str
    at: dict[str, bool]
    content: Content
    rarity: float | None
    new_volume: tuple[float, float] | None
    box: tuple[tuple[int, int, int], tuple[int, int, int]]

    def as_json(self) -> dict[str, Any]:
        """Plain data, SI, units in the keys."""
        return {
            "number": self.number,
            "volume_m3": {"low": self.volume[0], "high": self.volume[1]},
            "reach_m": None if self.reach is None else {"low": self.reach[0], "high": self.reach[1]},
            "length_m": self.length,
            "width_m": self.width,
            "touches": list(self.touches),
            "spans": self.spans,
            "spans_at": dict(self.at),
            "content": self.content.kind,
            "content_why": self.content.why,
            "pores_as_long_expected": self.rarity,
            "new_volume_m3": None
            if self.new_volume is None
            else {"low": self.new_volume[0], "high": self.new_volume[1]},
            "box_voxels": {"low": list(self.box[0]), "high": list(self.box[1])},
        }
