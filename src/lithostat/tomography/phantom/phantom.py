"""What a made tomogram shows, and how it was taken."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lithostat.experiment.errors import InputError

PORES = ("none", "blobs", "spheres", "edges")
# attenuation over that of the electrolyte; lithium and polycarbonate at about 40 keV in a pellet of 82 % density
# (0.083, 0.27 and 1.30 /cm, Elam tables by xraydb)
LITHIUM, WALL, VOID = 0.064, 0.208, 0.0
CONTENTS = {"lithium": LITHIUM, "void": VOID}
# labels of the truth
OUTSIDE, ELECTRODE_1, ELECTROLYTE, PORE, ELECTRODE_2, FILAMENT, CRACK = range(7)


@dataclass(frozen=True)
class Strand:
    """A filament along grain boundaries. `reach`: tip depth over the thickness; `width` in voxels; `at`: (y, x) of its
    root over the radius, from the axis; `root`: the electrode it grows from, 1 or 2."""

    reach: float = 0.6
    width: float = 4.0
    content: str = "lithium"
    at: tuple[float, float] = (0.1, -0.2)
    root: int = 1


@dataclass(frozen=True)
class Crack:
    """An empty disc parallel to the electrodes: `depth` over the thickness, `radius` over that of the pellet, `width`
    in voxels."""

    depth: float = 0.5
    radius: float = 0.4
    width: float = 3.0


@dataclass(frozen=True)
class Camera:
    """How greys were taken, amplitudes over the contrast between electrolyte and void.

    `contrast_to_noise` of a voxel; `blur` [voxels]; `rings` additive in every detector row; `cupping` multiplicative,
    from the axis to the rim; `fringes` at edges (phase contrast); `streaks` from the metal at both ends.
    """

    contrast_to_noise: float = 4.0
    blur: float = 0.8
    rings: float = 0.0
    cupping: float = 0.0
    fringes: float = 0.0
    streaks: float = 0.0
    noise_seed: int = 1


@dataclass(frozen=True)
class Motion:
    """How the cell lies in the scanner: `shift` [voxels, z y x], `turn` about the axis and `tilt` about x [degrees],
    `squeeze`: the share by which it is thinner."""

    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    turn: float = 0.0
    tilt: float = 0.0
    squeeze: float = 0.0

    def matrix(self, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
        """(A, b) with which a voxel at x shows the cell's point A x + b; x from the first voxel, (3, 3) and (3,)."""
        turn, tilt = np.deg2rad((self.turn, self.tilt))
        about_z = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])
        about_x = np.array([[np.cos(tilt), -np.sin(tilt), 0], [np.sin(tilt), np.cos(tilt), 0], [0, 0, 1]])
        squeeze = np.diag([1.0 / (1.0 - self.squeeze), 1.0, 1.0])
        whole = squeeze @ about_z @ about_x
        centre = 0.5 * (np.array(shape) - 1.0)
        return whole, centre - whole @ (centre + np.array(self.shift))

    @property
    def still(self) -> bool:
        """True if the cell lies as it was made."""
        return self == Motion()


@dataclass(frozen=True)
class Phantom:
    """A cell between two lithium electrodes and the scan of it; everything that its greys and its truth follow from.

    Lengths in voxels: `grain` the size of the grains, `pore_size` a typical diameter. `pore_share` is the share of the
    pellet that is pores; `thickness` and `radius` of the pellet are shares of the height and of the width.
    """

    shape: tuple[int, int, int] = (192, 192, 192)
    voxel_size: float = 1.18e-6
    seed: int = 0
    pores: str = "blobs"
    pore_share: float = 0.03
    pore_size: float = 5.0
    grain: float = 28.0
    thickness: float = 0.62
    radius: float = 0.40
    roughness: float = 0.5
    slope: float = 0.01
    strands: tuple[Strand, ...] = ()
    cracks: tuple[Crack, ...] = ()
    camera: Camera = field(default_factory=Camera)
    motion: Motion = field(default_factory=Motion)
    dtype: str = "uint16"
    field_of_view: bool = True  # zeros outside of a circle

    def __post_init__(self) -> None:
        """Refuse names that are none."""
        if self.pores not in PORES:
            raise InputError(f"received the pores '{self.pores}'", expected=f"one of {', '.join(PORES)}")
        for strand in self.strands:
            if strand.content not in CONTENTS or strand.root not in (1, 2):
                raise InputError(f"received {strand}", expected=f"content {' or '.join(CONTENTS)}, root 1 or 2")
