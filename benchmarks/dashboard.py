"""Zooms into 4 traces of 10 million samples: processor time of an answer, of building the pyramid, memory, bytes.

With `--panel PYTHON` (an environment of its own with panel, holoviews and datashader) the same zooms are asked of the
usual way there: a datashader curve of each trace aggregated for every zoom.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from common import parser, report

from lithostat.dashboard.app import as_bytes
from lithostat.dashboard.pyramid import BLOCK, open_pyramid, write_pyramid

TRACES, COLUMNS, ZOOMS = 4, 1500, 40
PANEL = """
import json, sys, time
import numpy as np
import datashader as ds, pandas as pd
samples, traces, columns, zooms = map(int, sys.argv[1:5])
rng = np.random.default_rng(0)
frame = pd.DataFrame({"t": np.arange(samples) * 0.1} | {f"y{k}": rng.normal(size=samples) for k in range(traces)})
end = frame.t.iloc[-1]
def zoom(start, stop):
    for k in range(traces):
        ds.Canvas(columns, 140, x_range=(start, stop), y_range=(-6, 6)).line(frame, "t", f"y{k}", agg=ds.any())
zoom(0, end)
out = []
for width in (1.0, 0.1, 0.01):
    began = time.process_time()
    for start in rng.uniform(0, (1 - width) * end, zooms):
        zoom(start, start + width * end)
    out.append(1e3 * (time.process_time() - began) / zooms)
print(json.dumps(out))
"""


def chunks(samples: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Noise at ten samples a second."""
    rng = np.random.default_rng(0)
    for start in range(0, samples, BLOCK):
        count = min(BLOCK, samples - start)
        yield (start + np.arange(count)) * 0.1, rng.normal(size=(TRACES, count))


def processor(work: Callable[[], Any]) -> float:
    """Processor time of a call [s]."""
    began = time.process_time()
    work()
    return time.process_time() - began


def measured(samples: int) -> dict[str, Any]:
    """The results of one run."""
    rng, end = np.random.default_rng(1), 0.1 * samples
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "traces"
        making = processor(lambda: [None for _ in chunks(samples)])
        build = processor(lambda: write_pyramid(path, samples, chunks(samples), [{}] * TRACES)) - making
        pyramid = open_pyramid(path)
        result: dict[str, Any] = {"samples a trace": samples, "traces": TRACES, "building [s]": round(build, 2)}
        sizes = sum(low.nbytes + high.nbytes for low, high in pyramid.levels) / TRACES / 1e6
        result |= {
            "pyramid above the samples [MB a trace]": round(sizes, 2),
            "file [MB]": round(path.stat().st_size / 1e6),
        }
        for width in (1.0, 0.1, 0.01):
            starts = rng.uniform(0.0, (1.0 - width) * end, ZOOMS)

            def zooms(starts: np.ndarray = starts, width: float = width) -> int:
                return sum(len(as_bytes(pyramid.between(at, at + width * end, COLUMNS))) for at in starts)

            result[f"zoom to {100 * width:g} % [ms]"] = round(1e3 * processor(zooms) / ZOOMS, 2)
            result[f"zoom to {100 * width:g} % [kB]"] = round(zooms() / ZOOMS / 1e3, 1)
    return result


if __name__ == "__main__":
    made = parser(__doc__)
    made.add_argument("--samples", type=int, default=10_000_000)
    made.add_argument("--panel", help="a Python with panel's datashader, to ask the same of it")
    said = made.parse_args()
    result = measured(said.samples)
    if said.panel:
        command = [said.panel, "-c", PANEL, *map(str, (said.samples, TRACES, COLUMNS, ZOOMS))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stderr)
        for width, value in zip((100, 10, 1), json.loads(done.stdout), strict=True):
            result[f"zoom to {width} % in datashader [ms]"] = round(value, 2)
    report(result, said.json)
