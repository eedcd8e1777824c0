"""Tomograms: CPU and peak memory of the whole pipeline out of core, against one pass that reads and makes a histogram.

A made cell is written once as raw greys into a folder and stays there unless --remove is given; from 700^3 on it is one
whose pores repeat (`periodic_phantom`). Each step then runs in a process of its own: writing Zarr with its pyramid, the
read-and-histogram pass, and everything that `lithostat tomogram` does. --peers makes an environment for scikit-image
and dask-image and runs their chains on the same greys.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import common

PEERS = ("scikit-image==0.26.0", "dask-image==2026.5.0", "zarr==3.1.6")
_TIMED = """
import json, resource, sys, time
path, size, dtype = sys.argv[1], int(sys.argv[2]), sys.argv[3]
space = {"path": path, "size": size, "dtype": dtype}
space["sys"] = sys
exec(sys.argv[4], space)
cpu, wall = time.process_time(), time.perf_counter()
exec(sys.argv[5], space)
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps({"cpu_s": cpu, "wall_s": wall, "peak_gb": peak, "said": space.get("said", "")}))
"""
LARGE = 700
MAKE = (
    "import numpy as np\n"
    "from lithostat.tomography.phantom.phantom import Camera, Phantom, Strand\n"
    "from lithostat.tomography.phantom.scan import Scan",
    "camera = Camera(rings=0.02, cupping=0.02, fringes=0.02)\n"
    "strands = (Strand(reach=0.6, width=5.0), Strand(reach=1.0, width=5.0, at=(-0.4, 0.3)))\n"
    "scan = Scan(Phantom(shape=(size,) * 3, pores='spheres', grain=60.0, strands=strands,\n"
    "                    camera=camera, dtype=dtype))\n"
    "with open(path + '/greys.raw.part', 'wb') as stream:\n"
    "    for row in range(0, size, 32):\n"
    "        stream.write(scan[row : row + 32].tobytes())\n"
    "        print(row, file=sys.stderr, flush=True) if row % 128 == 0 else None\n",
)
MAKE_LARGE = (
    "import periodic_phantom\nfrom pathlib import Path",
    "periodic_phantom.write(Path(path) / 'greys.raw.part', size, dtype)",
)
_READ = (
    "from lithostat.reading.volumes.raw import Layout\n"
    "from lithostat.reading.volumes.read_volume import Stated, read_volume\n"
    "stated = Stated(1.18e-6, outside=0.0, layout=Layout((size,) * 3, dtype, 'little'))\n"
)
INGEST = (
    _READ + "from lithostat.reading.volumes.ingest import ingest",
    "ingest(read_volume(path + '/greys.raw', stated=stated), path + '/greys.zarr')",
)
HISTOGRAM = (
    "import numpy as np, zarr\ngreys = zarr.open_array(path + '/greys.zarr/0', mode='r')",
    "total = np.zeros(256 ** np.dtype(dtype).itemsize, np.int64)\n"
    "for row in range(0, size, 32):\n"
    "    flat = greys[row : row + 32].reshape(-1)\n"
    "    for k in range(0, flat.size, 2**18):\n"  # in pieces that stay in the cache: five times faster than at once
    "        total += np.bincount(flat[k : k + 2**18], minlength=len(total))\n",
)
STUDY = (
    "from pathlib import Path\n"
    "from lithostat.reading.volumes.read_volume import read_volume\n"
    "from lithostat.tomography.study import study_volume",
    "result = study_volume(read_volume(path + '/greys.zarr'), folder=Path(path) / 'study')\n"
    "said = f'{len(result.filaments.each)} filaments, spans {result.spans}'",
)
SEGMENT = (
    "from pathlib import Path\n"
    "from lithostat.reading.volumes.read_volume import read_volume\n"
    "from lithostat.tomography.segment import segment",
    "result = segment(read_volume(path + '/greys.zarr'), folder=Path(path) / 'study')\n"
    "said = f'{len(result.dark.size)} components'",
)
# the chains of other packages, on greys in memory (dask: on chunks)
_IN_CORE = "import numpy as np, zarr\nfrom scipy import ndimage\nfrom skimage import filters, measure\n"
MEDIAN = (
    _IN_CORE,
    "greys = zarr.open_array(path + '/greys.zarr/0', mode='r')[:]\n"
    "greys = ndimage.median_filter(greys, 3)\nmask = greys < filters.threshold_otsu(greys)\n"
    "labels = measure.label(mask, connectivity=1)\nsaid = f'{len(measure.regionprops(labels))} components'",
)
GAUSS_CROPPED = (
    _IN_CORE + "import math",
    "across = slice(math.ceil(0.1 * size), math.floor(0.9 * size))\n"
    "part = slice(math.ceil(0.2 * size), math.floor(0.8 * size)), across, across\n"
    "greys = zarr.open_array(path + '/greys.zarr/0', mode='r')[part]\n"
    "greys = ndimage.gaussian_filter(greys.astype(np.float32), 0.7)\nmask = greys < filters.threshold_otsu(greys)\n"
    "said = f'{int(measure.label(mask, connectivity=1).max())} components'",
)
DASK = (
    "import dask.array as da, numpy as np, zarr\nfrom dask_image import ndfilters, ndmeasure\n"
    "from skimage import filters",
    "greys = da.from_zarr(path + '/greys.zarr/0').rechunk((128, 128, 128))\n"
    "smooth = ndfilters.gaussian_filter(greys.astype(np.float32), 0.7)\n"
    "mask = smooth < filters.threshold_otsu(greys[::4, ::4, ::4].compute())\n"
    "labels, number = ndmeasure.label(mask)\n"
    "area = da.histogram(labels, bins=int(number) + 1, range=[0, int(number) + 1])[0]\n"
    "area = area.compute(scheduler='synchronous')\n"
    "said = f'{int(number)} components'",
)
CHAINS = (
    ("median, Otsu, label, regionprops", MEDIAN),
    ("Gaussian, Otsu, label, cropped", GAUSS_CROPPED),
    ("dask-image: Gaussian, Otsu, label", DASK),
)


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--size", type=int, default=500, help="voxels along each axis")
    options.add_argument("--dtype", default="uint16", choices=("uint8", "uint16"))
    options.add_argument("--folder", type=Path, help="where greys are kept; a temporary folder without it")
    options.add_argument("--remove", action="store_true", help="remove the raw greys once they are Zarr")
    options.add_argument("--peers", action="store_true", help="install scikit-image and dask-image, run their chains")
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (args.folder or Path(temporary)).absolute()
        rows = list(measured(folder, args.size, args.dtype, args.remove, args.peers))
        if args.peers:
            python = environment(Path(temporary) / "peers")
            for name, job in CHAINS:
                rows.append(run(name, python, folder, args.size, args.dtype, job))
    base = next((row["cpu_s"] for row in rows if row["step"] == "read and histogram" and row["cpu_s"]), None)
    ours = next((row["cpu_s"] for row in rows if row["step"] == "segment and label" and row["cpu_s"]), None)
    for row in rows:
        row["of_histogram"] = row["cpu_s"] / base if base and row["cpu_s"] else None
        row["of_ours"] = row["cpu_s"] / ours if ours and row["cpu_s"] else None
    if args.json:
        print(json.dumps(rows))
        return
    print(f"{args.size}^3 {args.dtype}")
    print(f"{'step':<36}{'CPU s':>9}{'ns/voxel':>10}{'wall s':>9}{'peak GB':>9}{'/hist':>7}{'/ours':>7}")
    for row in rows:
        if row["cpu_s"] is None:
            print(f"{row['step']:<36} {row['said']}")
            continue
        each = 1e9 * row["cpu_s"] / args.size**3
        print(f"{row['step']:<36}{row['cpu_s']:9.1f}{each:10.1f}{row['wall_s']:9.1f}{row['peak_gb']:9.2f}"
              f"{row['of_histogram'] or 0:7.1f}{row['of_ours'] or 0:7.1f}  {row['said']}")  # fmt: skip


def measured(folder: Path, size: int, dtype: str, remove: bool, peers: bool) -> list[dict[str, Any]]:
    """Our own steps; greys that are there are not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    raw, group = folder / "greys.raw", folder / "greys.zarr"
    rows = []
    if not raw.exists() and not group.exists():
        rows.append(run("the phantom", sys.executable, folder, size, dtype, MAKE_LARGE if size > LARGE else MAKE))
        (folder / "greys.raw.part").rename(raw)
    if not group.exists():
        rows.append(run("Zarr with pyramid", sys.executable, folder, size, dtype, INGEST))
    if remove:
        raw.unlink(missing_ok=True)
    rows.append(run("read and histogram", sys.executable, folder, size, dtype, HISTOGRAM))
    jobs = (("segment and label", SEGMENT),) if peers else ()
    for name, job in (*jobs, ("all of lithostat tomogram", STUDY)):
        shutil.rmtree(folder / "study", ignore_errors=True)
        rows.append(run(name, sys.executable, folder, size, dtype, job))
    shutil.rmtree(folder / "study", ignore_errors=True)
    return rows


def run(name: str, python: str, folder: Path, size: int, dtype: str, job: tuple[str, str]) -> dict[str, Any]:
    """CPU, wall time and peak memory of a step in a process of its own, without its imports."""
    command = [python, "-c", _TIMED, str(folder), str(size), dtype, *job]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent)
    if done.returncode:
        return {"step": name, "cpu_s": None, "wall_s": None, "peak_gb": None, "said": f"failed ({done.returncode})"}
    return {"step": name} | json.loads(done.stdout.splitlines()[-1])


def environment(folder: Path) -> str:
    """The interpreter of a new environment that holds the peers."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True, stderr=subprocess.DEVNULL)
    return python


if __name__ == "__main__":
    main()
