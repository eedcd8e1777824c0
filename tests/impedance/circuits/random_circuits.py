"""Random circuits whose truth a spectrum can tell: every arc inside the window, and apart from its neighbours."""

import numpy as np

from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.circuit import circuit

TEXTS = (
    "R0-p(R1,C1)",
    "R0-p(R1,CPE1)",
    "L0-R0-p(R1,CPE1)",
    "R0-p(R1,C1)-p(R2,C2)",
    "R0-p(R1,CPE1)-p(R2,CPE2)",
    "R0-p(R1,CPE1)-W1",
    "R0-p(R1,CPE1)-p(R2,CPE2)-W1",
    "R0-p(R1-W1,CPE1)",
    "R0-p(R1,C1)-C2",
    "R0-p(R1,CPE1)-CPE2",
    "R0-ZARC1-ZARC2",
    "R0-p(R1,CPE1)-Wo1",
    "R0-p(R1,CPE1)-Ws1",
    "R0-G1",
    "R0-p(R1,C1)-p(R2,C2)-p(R3,C3)",
)
LOW, HIGH = 1e-2, 1e6  # window [Hz]


def random_case(seed: int) -> tuple[str, dict[str, float], Spectrum]:
    """(circuit, true values in SI, a spectrum with Gaussian noise of 0.1 to 1 % of |Z| on each part)."""
    random = np.random.default_rng(seed)
    text = TEXTS[seed % len(TEXTS)]
    ohm = 10.0 ** random.uniform(0.0, 4.0)
    arcs = text.count("p(") + text.count("ZARC") + text.count("G") + text.count("Ws")
    open_end = sum(text.count(word) for word in ("-W1", "-C2", "-CPE2", "-Wo1")) if "R1-W1" not in text else 1
    slowest = 0.5 if open_end else -0.5  # the open end takes the last decades
    places = (
        np.linspace(-5.8, slowest - 0.7 * open_end, arcs + 1)
        if arcs > 1
        else np.array([-4.5, -1.8 if text.count("Wo") + text.count("Ws") else -0.5])
    )
    gap = places[1] - places[0]
    tau = 10.0 ** (places[:-1] + gap * random.uniform(0.25, 0.75 if arcs > 1 else 0.9, arcs))
    size = ohm * 10.0 ** random.uniform(-0.35, 0.35, arcs)
    truth: dict[str, float] = {}
    chosen = circuit(text)
    n = random.uniform(0.72, 0.95, 4)
    for name in chosen.names:
        k = max(int("".join(c for c in name.split("_")[0] if c.isdigit())) - 1, 0)
        letter, label = name.split("_")[-1] if "_" in name else "", name.split("_")[0]
        inside = k < arcs
        if name == "R0":
            truth[name] = ohm * 10.0 ** random.uniform(-0.5, 0.3)
        elif name == "L0":
            truth[name] = ohm * 10.0 ** random.uniform(-0.3, 0.3) / (2.0 * np.pi * HIGH)
        elif label == "W1":
            truth[name] = ohm * 10.0 ** random.uniform(-0.6, 0.0) * np.sqrt(2.0 * np.pi * LOW) * 5.0
        elif label in ("C2", "CPE2") and not inside:
            values = {"": 1.0, "Q": 1.0, "n": n[3]}
            truth[name] = (
                values[letter] if letter == "n" else random.uniform(0.3, 3.0) / (ohm * 2.0 * np.pi * LOW * 10.0)
            )
        elif label == "Wo1":
            truth[name] = ohm * random.uniform(0.5, 2.0) if letter == "R" else 10.0 ** random.uniform(-0.5, 0.5)
        elif label == "Ws1":
            truth[name] = ohm * random.uniform(0.5, 2.0) if letter == "R" else 10.0 ** random.uniform(0.0, 0.6)
        elif letter == "tau":
            truth[name] = tau[k]
        elif letter == "n":
            truth[name] = n[k]
        elif label.startswith(("R", "ZARC", "G")):
            truth[name] = size[k]
        elif label.startswith("CPE"):
            truth[name] = tau[k] ** n[k] / size[k]
        else:
            truth[name] = tau[k] / size[k]
    frequency = np.geomspace(HIGH, LOW, int(random.integers(49, 81)))
    z = np.asarray(chosen.impedance(frequency, truth))
    noise = 10.0 ** random.uniform(-3.0, -2.0)
    z = z + noise * np.abs(z) * (random.standard_normal(len(z)) + 1j * random.standard_normal(len(z)))
    return text, truth, Spectrum(frequency, z, name=f"case {seed}")
