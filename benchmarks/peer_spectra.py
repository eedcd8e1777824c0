"""Fits a series of spectra with impedance.py and with pyimpspec; run by `benchmarks/spectra.py` in their own
environment. Reads an .npz, prints JSON."""

from __future__ import annotations

import json
import sys
import time
import warnings
from typing import Any

import numpy as np

TEXT = "R0-p(R1,CPE1)-p(R2,CPE2)"


def impedance_py(frequency: np.ndarray, z: np.ndarray, guess: np.ndarray) -> np.ndarray:
    from impedance.models.circuits import CustomCircuit

    fitted = CustomCircuit(TEXT, initial_guess=guess.tolist())
    fitted.fit(frequency, z, weight_by_modulus=True)
    return np.asarray(fitted.parameters_)


def pyimpspec(
    frequency: np.ndarray, z: np.ndarray, guess: np.ndarray, method: str = "least_squares", weight: str = "modulus"
) -> np.ndarray:
    import pyimpspec as peer

    r0, r1, q1, n1, r2, q2, n2 = guess
    text = f"R{{R={r0}}}(R{{R={r1}}}Q{{Y={q1},n={n1}}})(R{{R={r2}}}Q{{Y={q2},n={n2}}})"
    data = peer.DataSet(frequencies=frequency, impedances=z)
    found = peer.fit_circuit(peer.parse_cdc(text), data, method=method, weight=weight, num_procs=1)
    first, *arcs = found.circuit.get_elements()
    values = [first.get_value("R")]
    for resistor, phase in zip(arcs[::2], arcs[1::2], strict=True):
        values += [resistor.get_value("R"), phase.get_value("Y"), phase.get_value("n")]
    return np.array(values)


def searched(frequency: np.ndarray, z: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """pyimpspec's own search: every method with every weight, the best of them."""
    return pyimpspec(frequency, z, guess, method="auto", weight="auto")


def main() -> None:
    warnings.simplefilter("ignore")
    stored = np.load(sys.argv[1])
    result: dict[str, Any] = {}
    peers = [("impedance.py", impedance_py), ("pyimpspec", pyimpspec)]
    if "--search" in sys.argv:
        peers.append(("pyimpspec, its search", searched))
    for name, fit in peers:
        try:
            fit(stored["frequency"], stored["z"][0], stored["guess"])  # imports and first-call costs stay outside
        except ImportError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        except Exception:
            pass
        began = time.perf_counter()
        values: list[list[float] | None] = []
        for z in stored["z"]:
            try:
                values.append(fit(stored["frequency"], z, stored["guess"]).tolist())
            except Exception:
                values.append(None)
        result[name] = {"seconds": time.perf_counter() - began, "values": values}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
