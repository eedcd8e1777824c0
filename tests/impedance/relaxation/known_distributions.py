"""Distributions of relaxation times that are known: closed forms, spectra from them, files with their truth, errors."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from lithostat.experiment.spectrum import Spectrum

DRT = Path(__file__).parents[4] / "shared" / "data" / "06_DRT_benchmark_bayes-drt"
F = np.logspace(6, -2, 81)
PLACE = np.linspace(-np.log(2e6 * np.pi) - 4.0, -np.log(2e-2 * np.pi) + 4.0, 2400)  # ln tau, finer than any answer
TAU = np.exp(PLACE)


def zarc(ohm: float, tau: float, exponent: float) -> np.ndarray:
    """Cole-Cole: gamma [ohm] on TAU."""
    off = (1.0 - exponent) * np.pi
    return ohm / (2.0 * np.pi) * np.sin(off) / (np.cosh(exponent * (PLACE - np.log(tau))) - np.cos(off))


def bell(ohm: float, tau: float, width: float) -> np.ndarray:
    """Normal in ln tau: gamma [ohm] on TAU."""
    return ohm * np.exp(-0.5 * ((PLACE - np.log(tau)) / width) ** 2) / (width * np.sqrt(2.0 * np.pi))


SMOOTH = {
    "one arc": zarc(1.0, 1e-2, 0.8),
    "two arcs": zarc(1.0, 1e-4, 0.9) + zarc(1.0, 1e-2, 0.8),
    "three arcs": zarc(1.0, 1e-5, 0.9) + zarc(0.3, 1e-3, 0.85) + zarc(2.0, 0.3, 0.75),
    "small beside large": zarc(2.0, 1e-4, 0.85) + zarc(0.1, 0.05, 0.9),
    "close bells": bell(1.0, 1e-3, 0.4) + bell(1.0, 1e-2, 0.4),
}


def spectrum(gamma: np.ndarray, level: float, seed: int, *, ohm: float = 1.0, henry: float = 1e-8) -> Spectrum:
    """With series resistance, leads and Gaussian noise of `level` |Z| on each part."""
    s = 2j * np.pi * F
    z = ohm + henry * s + (PLACE[1] - PLACE[0]) * (1.0 / (1.0 + s[:, None] * TAU)) @ gamma
    random = np.random.default_rng(seed)
    return Spectrum(F, z + level * np.abs(z) * (random.standard_normal(81) + 1j * random.standard_normal(81)))


def table(name: str) -> dict[str, np.ndarray]:
    """Columns of a file of the benchmark."""
    with (DRT / name).open() as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([float(row[key]) for row in rows]) for key in rows[0] if key}


def published(name: str) -> Spectrum:
    """A spectrum of the benchmark."""
    columns = table(name)
    return Spectrum(columns["Freq"], columns["Zreal"] + 1j * columns["Zimag"], name=name)


def errors(
    tau: np.ndarray, gamma: np.ndarray, true_tau: np.ndarray, truth: np.ndarray, frequency: np.ndarray
) -> tuple[float, float, float]:
    """(relative L2 of gamma, earth mover's distance in ln tau, relative error of the resistance) in the window."""
    place = np.linspace(-np.log(2 * np.pi * frequency.max()), -np.log(2 * np.pi * frequency.min()), 500)
    found = np.interp(place, np.log(tau), gamma)
    true = np.interp(place, np.log(true_tau), truth)
    moved = np.abs(np.cumsum(found / found.sum() - true / true.sum())).sum() * (place[1] - place[0])
    return float(np.linalg.norm(found - true) / np.linalg.norm(true)), float(moved), float(found.sum() / true.sum() - 1)
