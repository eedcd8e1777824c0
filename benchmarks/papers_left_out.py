"""Each paper of the bench predicted from all others under a law: what the choice of the default law rests on.

    python benchmarks/papers_left_out.py FOLDER [LAW ...] [--draws N]

One line of JSON a law. Lives have an offset for each paper, whatever the law. A paper is left out by importance
sampling of the posterior of all papers, its own offset integrated out by quadrature (Pareto-smoothed; k is printed),
and by a fit without it where k says that this cannot be trusted. Draws are kept in FOLDER, so that a run that was
stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from scipy.special import log_ndtr, logsumexp, ndtri

from lithostat.bench.drive import drive_of
from lithostat.bench.published_data import published_data
from lithostat.calibration.arviz import az
from lithostat.calibration.checks import world_of
from lithostat.calibration.data import Data, numbers_of
from lithostat.calibration.exposure import exposure_of_protocol
from lithostat.calibration.layout import layout_of, unpacked
from lithostat.calibration.likelihood import log_probability, means, probabilities, spots
from lithostat.calibration.packed import pack
from lithostat.calibration.papers_left_out import FLOOR
from lithostat.calibration.posterior import sample
from lithostat.calibration.prediction import predict_life
from lithostat.calibration.priors import parameters_for
from lithostat.engine import engine
from lithostat.materials.card import find_law
from lithostat.model.parameters import Laws
from lithostat.papers.reader import read_papers

LAWS = ("first", "delayed_fracture", "retraction")
TRUSTED = 0.7  # Pareto k up to which importance sampling is believed
REFITTED = ("doux2020",)  # papers that always are: the posterior rests on them
GRID = np.linspace(-6.0, 6.0, 241)  # offsets over their spread
DATED = 1.3  # factor between the bounds of a row up to which it is dated
ENDS = (0.05, 0.25, 0.5, 0.75, 0.95)
CHAINS = 2


class Told(NamedTuple):
    """What draws say of every observation, offsets left aside: (draws, rows) unless said."""

    lives: np.ndarray  # ln s
    contacts: np.ndarray  # ln of the probability
    currents: np.ndarray  # ln A/m2
    current_scores: np.ndarray
    scatter: np.ndarray  # (draws,) of ln t
    spread: np.ndarray  # (draws,)
    current_scatter: np.ndarray  # (draws,)


def told(z: np.ndarray, data: Data, laws: Laws) -> Told:
    """Evaluate draws (n, layout.size)."""
    parameters = parameters_for(laws)
    layout, (packed, plated) = layout_of(parameters, data), pack(data)

    def one(z, packed):
        values, _ = unpacked(z, parameters, layout.counts, packed)
        said = means(values, packed, laws, plated)
        found = probabilities(said, values, packed)
        names = ("life_scatter", "life_spread", "stripping_scatter")
        return said.lives, found.contacts, said.critical_currents, found.critical_currents, *(values[n] for n in names)

    with engine():
        program = jax.jit(lambda z, packed: jax.lax.map(lambda v: one(v, packed), z, batch_size=64))
        return Told(*(np.asarray(part) for part in program(z, packed)))


def row_scores(said: Told, data: Data, rows: list[int]) -> np.ndarray:
    """ln of the probability of lives at every offset of `GRID` (draws, grid, rows), contacts included."""
    packed, _ = pack(data)
    count = np.asarray(spots(packed.spots))[rows] if len(rows) else np.zeros(0)
    offsets = said.spread[:, None] * GRID
    with engine():
        means_ = said.lives[:, None, rows] + offsets[:, :, None]
        scores = log_probability(
            packed.life[rows], means_, said.scatter[:, None, None], np.broadcast_to(count, means_.shape)
        )
    return np.asarray(scores) + said.contacts[:, None, rows]


def over_offsets(scores: np.ndarray) -> np.ndarray:
    """ln of the mean of exp(scores) (draws, grid, ...) over the normal of offsets, (draws, ...)."""
    weight = np.exp(-0.5 * GRID**2)
    return logsumexp(scores, axis=1, b=(weight / weight.sum()).reshape(1, -1, *([1] * (scores.ndim - 2))))


def paper_left_out(said: Told, data: Data, group: str, weigh: bool, rng: np.random.Generator) -> dict[str, object]:
    """Scores and intervals of the rows of one paper; `weigh` where the draws have seen it."""
    rows = [i for i, one in enumerate(data.lives) if one.group == group]
    others = [i for i, one in enumerate(data.critical_currents) if one.group == group]
    scores, currents = row_scores(said, data, rows), said.current_scores[:, others]
    together = over_offsets(scores.sum(axis=2)) + currents.sum(axis=1)
    logs, k = np.full(len(together), -math.log(len(together))), None
    if weigh:
        logs, k = az().psislw(-together[None, :])
        logs, k = np.asarray(logs).reshape(-1), float(np.ravel(k)[0])
    each = np.concatenate([over_offsets(scores), currents], axis=1)
    found = np.maximum(logsumexp(each + logs[:, None], axis=0), FLOOR)
    names = [data.lives[i].name for i in rows] + [data.critical_currents[i].name for i in others]
    chosen = rng.choice(len(logs), 4000, p=np.exp(logs - logsumexp(logs)))
    count = np.asarray(spots(pack(data)[0].spots))[rows] if rows else np.zeros(0)
    dated = []
    for place, i in enumerate(rows):
        one = data.lives[i]
        low, high = one.contact if one.contact is not None and one.contact_lost else (one.low, one.high)
        if not (low > 0.0 and high / low <= DATED) or one.contact_lost:
            continue
        uniform = rng.random(len(chosen)) ** (1.0 / count[place])
        draw = said.lives[chosen, i] + said.spread[chosen] * rng.standard_normal(len(chosen))
        dated.append(_dated(one.name, low, high, draw - said.scatter[chosen] * ndtri(uniform)))
    for i in others:
        at = data.critical_currents[i]
        if at.low > 0.0 and at.high / at.low <= DATED:
            draw = said.currents[chosen, i] + said.current_scatter[chosen] * rng.standard_normal(len(chosen))
            dated.append(_dated(at.name, at.low, at.high, draw))
    return {
        "rows": dict(zip(names, found.round(2).tolist(), strict=True)),
        "score": float(found.sum()),
        "joint": float(logsumexp(together + logs)),
        "k": k,
        "dated": dated,
    }


def _dated(name: str, low: float, high: float, draws: np.ndarray) -> dict[str, object]:
    ends = np.quantile(draws, ENDS)
    measured = 0.5 * (math.log(low) + math.log(high))
    return {
        "name": name,
        "miss": float(ends[2] - measured),
        "inside_50": bool(ends[1] <= math.log(high) and ends[3] >= math.log(low)),
        "inside_90": bool(ends[0] <= math.log(high) and ends[4] >= math.log(low)),
        "factor_90": float(np.exp(ends[4] - ends[0])),
    }


def sign(z: np.ndarray, data: Data, law: str, laws: Laws) -> dict[str, object]:
    """The row that says which of two cells of one paper lives longer; no calibration learns from it."""
    cells = {cell.id: cell for cell in read_papers()["haensel2021"].cells}
    world, middles = world_of(z, layout_of(parameters_for(laws), data), data, laws), []
    for name in ("H2", "H2-11MPa"):
        drive = drive_of(replace(cells[name], outcome="short", unit="h"))
        cell = drive.for_law(law)
        exposure = exposure_of_protocol(cell, drive.protocol(3.0 * drive.turn_hours))
        middles.append(predict_life(world, exposure, numbers=numbers_of(cell), group=""))
    scatter = math.sqrt(2.0) * np.asarray(world.draws["life_scatter"])
    likely = float(logsumexp(log_ndtr((middles[1] - middles[0]) / scatter)) - math.log(len(z)))
    rows = {"haensel2021 H2": round(max(likely, FLOOR), 2)}
    return {"rows": rows, "score": max(likely, FLOOR), "joint": likely, "k": None, "dated": []}


def draws_of(data: Data, law: str, laws: Laws, left_out: str | None, folder: Path, draws: int) -> np.ndarray:
    """Draws (n, size), kept in the folder."""
    place = folder / f"{law}-without-{left_out or 'nothing'}.npz"
    if not place.exists():
        began = time.process_time()
        names = data.only_group(left_out).names if left_out else ()
        size = {"chains": CHAINS, "draws": draws, "warmup": draws, "accept": 0.95}
        z, divergences = sample(data, parameters_for(laws), laws, seed=0, left_out=names, **size)
        r_hat = max(float(az().rhat(z[..., i])) for i in range(z.shape[-1]))
        np.savez(place, z=z, divergences=divergences, r_hat=r_hat, seconds=time.process_time() - began)
    kept = np.load(place)
    print(place.name, *(f"{name} {float(kept[name]):.4g}" for name in ("divergences", "r_hat", "seconds")), flush=True)
    return kept["z"].reshape(-1, kept["z"].shape[-1])


def table(papers: dict[str, dict]) -> dict[str, object]:
    """Sums over papers, and misses of each."""
    dated = [one for paper in papers.values() for one in paper["dated"]]
    for paper in papers.values():
        misses = [one["miss"] for one in paper["dated"]]
        paper["rms_ln"] = round(float(np.sqrt(np.mean(np.square(misses)))), 2) if misses else None
    return {
        "papers": papers,
        "score": round(sum(paper["score"] for paper in papers.values()), 2),
        "dated": len(dated),
        "inside_50": sum(one["inside_50"] for one in dated),
        "inside_90": sum(one["inside_90"] for one in dated),
        "median_factor_90": float(np.median([one["factor_90"] for one in dated])),
    }


def main() -> None:
    """Print one line of JSON a law."""
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("folder", type=Path)
    said.add_argument("laws", nargs="*", default=list(LAWS))
    said.add_argument("--draws", type=int, default=500)
    asked = said.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    for law in asked.laws:
        laws = Laws.of(dict(find_law(law).laws))
        data = published_data(tuple(read_papers().values()), law)
        z = draws_of(data, law, laws, None, asked.folder, asked.draws)
        seen, papers = told(z, data, laws), {"haensel2021": sign(z, data, law, laws)}
        groups = dict.fromkeys(one.group for one in data.observations)
        for group in groups:
            rng = np.random.default_rng(0)
            found = paper_left_out(seen, data, group, True, rng)
            if group in REFITTED or not found["k"] <= TRUSTED:
                fresh = draws_of(data, law, laws, group, asked.folder, asked.draws)
                found = paper_left_out(told(fresh, data, laws), data, group, False, rng) | {"k": found["k"]}
            papers[group] = found
            print(json.dumps({"law": law, "paper": group} | found), flush=True)
        print(json.dumps({"law": law} | table(papers)), flush=True)


if __name__ == "__main__":
    main()
