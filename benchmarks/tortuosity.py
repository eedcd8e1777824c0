"""Conduction through a made porous block: effective conductivity and processor time beside PoreSpy, in one run.

PoreSpy (with OpenPNM) is installed into an environment of its own. It holds the potentials in the middle of the first
and the last layer and we on their outer faces, so that the two differ by less than one part in the length in voxels.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
import venv
from pathlib import Path

import common
import numpy as np
from scipy.ndimage import gaussian_filter

from lithostat.tomography.tortuosity import transport

PEERS = ("porespy==3.2.0", "openpnm==3.6.4")
THEIRS = """
import json, sys, time
import numpy as np
import porespy
phase = np.load(sys.argv[1])
porespy.simulations.tortuosity_fd(phase[:12, :12, :12] | True, axis=0)  # compiles
rows = []
for axis in (0, 1, 2):
    began = time.process_time()
    found = porespy.simulations.tortuosity_fd(phase, axis=axis)
    rows.append([1.0 / found.formation_factor, time.process_time() - began])
print("\\n" + json.dumps(rows))
"""


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--size", type=int, default=80, help="voxels along each axis")
    options.add_argument("--share", type=float, default=0.4, help="of the volume that conducts")
    args = options.parse_args()
    noise = gaussian_filter(np.random.default_rng(0).standard_normal((args.size,) * 3), 2.0)
    phase = noise < np.quantile(noise, args.share)
    transport(phase[:12, :12, :12])
    result: dict[str, float] = {"size": args.size}
    for axis, (theirs, cpu) in enumerate(_peer(phase)):
        began = time.process_time()
        found = transport(phase, axis)
        ours = time.process_time() - began
        result |= {
            f"axis_{axis}_effective": found.effective,
            f"axis_{axis}_porespy_effective": theirs,
            f"axis_{axis}_difference": theirs / found.effective - 1.0,
            f"axis_{axis}_processor_s": ours,
            f"axis_{axis}_porespy_processor_s": cpu,
        }
    common.report(result, args.json)


def _peer(phase: np.ndarray) -> list[list[float]]:
    """Effective conductivity and processor time [s] of PoreSpy along every axis."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        venv.create(folder / "peers", with_pip=True)
        python = str(folder / "peers" / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True, stderr=subprocess.DEVNULL)
        np.save(folder / "phase.npy", phase)
        command = [python, "-W", "ignore", "-c", THEIRS, str(folder / "phase.npy")]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        rows: list[list[float]] = json.loads(done.stdout.splitlines()[-1])
        return rows


if __name__ == "__main__":
    main()
