"""Other packages for relaxation times, in an environment of their own: `python FILE cases.json out.json`.

hybrid-drt (BSD) and pyimpspec's TR-NNLS (GPL), each with its defaults. Nothing of lithostat is imported here.
"""

import contextlib
import io
import json
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")


def hybrid(frequency, z, signed):
    from hybdrt.models import DRT

    with contextlib.redirect_stdout(io.StringIO()):
        model = DRT()
        began = time.perf_counter()
        model.fit_eis(frequency, z, nonneg=not signed)
        seconds = time.perf_counter() - began
        tau = np.logspace(*np.log10(1.0 / (2.0 * np.pi * np.array([frequency.max(), frequency.min()]))), 400)
        gamma = np.asarray(model.predict_distribution(tau))
    return tau, gamma, seconds


def impspec(frequency, z, signed):
    from pyimpspec import DataSet
    from pyimpspec.analysis.drt import calculate_drt_tr_nnls

    data = DataSet(frequency, z)
    began = time.perf_counter()
    result = calculate_drt_tr_nnls(data)
    seconds = time.perf_counter() - began
    return result.get_time_constants(), result.get_gammas(), seconds


def main():
    with open(sys.argv[1]) as file:
        cases = json.load(file)
    out = {}
    for name, case in cases.items():
        frequency = np.array(case["frequency"])
        z = np.array(case["real"]) + 1j * np.array(case["imaginary"])
        for peer, run in (("hybrid-drt", hybrid), ("pyimpspec", impspec)):
            try:
                tau, gamma, seconds = run(frequency, z, case["signed"])
                order = np.argsort(tau)
                answer = {"tau": tau[order].tolist(), "gamma": gamma[order].tolist(), "seconds": seconds}
            except Exception as error:
                answer = {"error": repr(error)[:200]}
            out[f"{peer}|{name}"] = answer
    with open(sys.argv[2], "w") as file:
        json.dump(out, file)


if __name__ == "__main__":
    main()
