"""Lithium through the pores of a made pellet to a short: python examples/pellet_growth.py [VOXELS]

Laplacian growth in a block of 100 x 100 x 100 voxels by default; the page docs/tomography.md says what it costs.
"""

import sys

from lithostat.microstructure.figures import growth_figure
from lithostat.microstructure.growth import grow
from lithostat.microstructure.pellet import make_pellet

voxels = int(sys.argv[1]) if len(sys.argv) > 1 else 100
pellet = make_pellet("blobs", void=0.25, shape=(voxels,) * 3, voxel_size=0.5e-6, feature=3e-6, seed=1)
growth = grow(pellet, reach=20e-6, progress=lambda share: print(f"\r{share:4.0%} of the way", end="", flush=True))
end = "short" if growth.shorted else "stopped in closed pores"
print(
    f"\n{end} after {growth.charge[-1] / 36e3:.3g} mAh/cm2 in the pores, focusing {growth.focusing[-1]:.2g} at the end"
)
growth_figure(growth).savefig("pellet-growth.png", dpi=200)
