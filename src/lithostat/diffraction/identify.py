"""identify(pattern, question) -> PatternStudy: which phases, how much, what would not have been seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lithostat.diffraction.amounts import Amount, absorption_warnings, amounts
from lithostat.diffraction.background import ORDER, blank_column, hump_column
from lithostat.diffraction.bands import Band, bands
from lithostat.diffraction.calls import CALLS, ENOUGH, PhaseCall, asked_for, judged, unseen
from lithostat.diffraction.crystal import density_warning
from lithostat.diffraction.doubts import doubts
from lithostat.diffraction.evidence import BIGGER, PhaseEvidence, evidence
from lithostat.diffraction.fit import Settings, fit
from lithostat.diffraction.instrument import Instrument, Layers, instrument_of
from lithostat.diffraction.leftover import Indexing, explained, indexing, leftover_lines
from lithostat.diffraction.library import Library, distinct, made_of
from lithostat.diffraction.limits import Limit, detection_limits
from lithostat.diffraction.pattern_fit import PatternFit
from lithostat.diffraction.peaks import usual_width
from lithostat.diffraction.search import QuickPattern, bigger_than, freed, search, without
from lithostat.diffraction.setup import Choice
from lithostat.diffraction.study import PatternStudy
from lithostat.experiment.pattern import Pattern
from lithostat.materials.phase import EDGES, Phase

WORTH_FREEING = 3.0  # chi2 per freed intensity, over the misfit that stays, from which a main phase is freed

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Question:
    """What a pattern is asked.

    Args:
        candidates: phases to look for, of any kind.
        elements: symbols that may be there; None for any. Phases with others are left out.
        host: phases that are certainly there; their intensities are free from the start.
        standard: a phase that was mixed in and whose cell is certified; it decides between zero and displacement.
        blank: a pattern of the empty cell.
        layers: absorption in transmission.
        shift: 'zero', 'displacement' or 'along the beam'; what suits the geometry where None.
        terms: of the smooth background.
        spread: fit again with other choices, for the band of the weights.
    """

    candidates: tuple[Phase, ...]
    elements: frozenset[str] | None = None
    host: tuple[Phase, ...] = ()
    standard: Phase | None = None
    blank: Pattern | None = None
    layers: Layers | None = None
    shift: str | None = None
    terms: int = ORDER
    spread: bool = True


def identify(pattern: Pattern, question: Question, progress: Progress | None = None) -> PatternStudy:
    """Look for the candidates in a pattern and say of each what the pattern says.

    Raises `InputError` where wavelength or geometry are not known.
    """
    tell = progress or (lambda _: None)
    instrument = instrument_of(pattern, shift=question.shift, layers=question.layers)
    width = usual_width(pattern)
    fixed = _fixed(pattern, instrument, question)
    bench = QuickPattern.of(pattern, instrument, width, fixed, question.terms)
    allowed = made_of(question.candidates, question.elements)
    certain = (*question.host, *([question.standard] if question.standard else []))
    structures = distinct((*certain, *allowed))
    library = Library(bench.pattern.two_theta, bench.data.weight, instrument, width, structures)
    known = (*(Choice(phase, free=True) for phase in question.host), *_certified(question))
    main = _pruned(search(bench, library, known, tell), bench, certain)
    tell("weighing the evidence")
    main, evidences = _weighed(main, bench, library, certain)
    loose = _loosened(main, bench)
    tell("fitting every point")
    settings = Settings(fixed=fixed if fixed.shape[1] else None, terms=question.terms, width=width)
    final = fit(pattern, loose.choices, instrument, settings, start=loose)
    spread, failed = bands(final, settings) if question.spread else ((), ())
    sought = [phase for phase in structures if phase.name not in final.names]
    tell("detection limits")
    limits = detection_limits(loose, library, sought)
    left = leftover_lines(final)
    cells = indexing(final, left, [phase for phase in allowed if phase.kind == "cell"])
    share = explained(final)
    calls = _calls(final, evidences, spread, limits, {phase.name: phase for phase in structures}, cells, share)
    warnings = (
        *pattern.warnings,
        *doubts(final, left, share),
        *absorption_warnings(final, amounts(final)),
        *(text for phase in structures if phase.name in final.names and (text := density_warning(phase))),
        *failed,
    )
    return PatternStudy(pattern, final, calls, spread, share, left, cells, tuple(dict.fromkeys(warnings)))


def _certified(question: Question) -> tuple[Choice, ...]:
    return (Choice(question.standard, certified=True),) if question.standard else ()


def _fixed(pattern: Pattern, instrument: Instrument, question: Question) -> np.ndarray:
    """(points, k) humps that were asked for, and the blank."""
    x = pattern.two_theta
    columns = [hump_column(x, phase.humps, instrument.wavelength) for phase in question.candidates if phase.humps]
    if question.blank is not None:
        columns.append(blank_column(x, question.blank.two_theta, question.blank.counts))
    return np.stack(columns, axis=1) if columns else np.zeros((len(x), 0))


def _pruned(main: PatternFit, bench: QuickPattern, host: Sequence[Phase]) -> PatternFit:
    """The phases of a fit that the pattern asks for; the weakest goes first, the host stays."""
    while True:
        falls = {
            choice.phase: without(main, bench, choice.phase).optimum.chi2 - main.optimum.chi2
            for choice in main.choices
            if not any(choice.phase is phase for phase in host)
        }
        if not falls:
            return main
        weakest = min(falls, key=lambda phase: falls[phase])
        if asked_for(np.sqrt(max(falls[weakest], 0.0)) / main.inflation):
            return main
        main = without(main, bench, weakest)


def _weighed(
    main: PatternFit, bench: QuickPattern, library: Library, host: Sequence[Phase]
) -> tuple[PatternFit, dict[str, PhaseEvidence]]:
    """The fit without phases that misfit of bigger ones could stand for, and the evidence for each that stays."""
    while True:
        found = {c.phase.name: evidence(main, bench, library, number) for number, c in enumerate(main.choices)}
        weak = [each for each in found.values() if each.phase not in host and not asked_for(min(each.z, each.z_free))]
        if not weak:
            return main, found
        main = without(main, bench, min(weak, key=lambda each: each.z_free).phase)


def _loosened(main: PatternFit, bench: QuickPattern) -> PatternFit:
    """The fit with free intensities for main phases whose lines disagree with their structure beyond their errors."""
    shares = [float(np.trapezoid(main.curve(k), main.pattern.two_theta)) for k in range(len(main.choices))]
    bigger = bigger_than(main, BIGGER * min(shares, default=0.0))
    if not bigger or len(shares) < 2:
        return main
    loose = freed(main, bench, bigger)
    more = len(loose.optimum.scales) - len(main.optimum.scales)
    fall = main.optimum.chi2 - loose.optimum.chi2
    return loose if fall > WORTH_FREEING * max(more, 1) * loose.goodness**2 else main


def _calls(
    final: PatternFit,
    evidences: dict[str, PhaseEvidence],
    spread: Sequence[Band],
    limits: Sequence[Limit],
    phases: dict[str, Phase],
    cells: Sequence[Indexing],
    share: float,
) -> tuple[PhaseCall, ...]:
    made = []
    for number, amount in enumerate(amounts(final)):
        if share < ENOUGH:  # shares of an unknown whole
            amount = replace(amount, weight=float("nan"), error=float("nan"), volume=float("nan"))
        band = next((each for each in spread if each.name == amount.name), None)
        call, why = judged(evidences[amount.name], share)
        phase = final.choices[number].phase
        if phase.kind != "structure":  # named as a host; it explains lines of anything
            call, why = "cannot tell", "known by its cell only: with free intensities it explains lines of anything"
        made.append(
            PhaseCall(
                amount.name,
                call,
                why,
                phase.formula,
                amount.weight,
                *_range(amount, band, call),
                amount.error,
                amount.volume,
                amount.intensity,
                cell=_cell(final, number),
                evidence=evidences[amount.name],
                unverified=phase.unverified,
            )
        )
    others = " and ".join(final.names) or "the background"
    made += [
        unseen(limit, phases[limit.name].unverified, phases[limit.name].formula, others, share) for limit in limits
    ]
    made += [PhaseCall(each.name, "cannot tell", each.sentence) for each in cells if each.name not in final.names]
    return tuple(
        sorted(made, key=lambda call: (CALLS.index(call.call), call.name != "Li", -np.nan_to_num(call.weight)))
    )


def _range(amount: Amount, band: Band | None, call: str) -> tuple[float, float]:
    """Least and most weight; from zero for a phase that is only possible, NaN where shares mean nothing."""
    if not np.isfinite(amount.weight):
        return float("nan"), float("nan")
    low, high = (
        (band.low, band.high) if band else (amount.weight - 2.0 * amount.error, amount.weight + 2.0 * amount.error)
    )
    return 0.0 if call == "possible" else max(low, 0.0), min(high, 1.0)


def _cell(final: PatternFit, number: int) -> dict[str, tuple[float, float, float]]:
    """Free edges and angles: value, error [m, rad], difference from the card in millionths."""
    free = final.crystals[number].cell
    found = {}
    for name in free.names:
        moved, error = final.value(f"cell {name}", number)
        place = ("a", "b", "c", "alpha", "beta", "gamma").index(name)
        base = float(free.base[place])
        if name in EDGES:
            found[name] = (base * (1.0 + moved), base * error, 1e6 * moved)
        else:
            found[name] = (base + moved, error, 1e6 * moved / base)
    return found


def quantify(pattern: Pattern, phases: Sequence[Phase], question: Question | None = None) -> PatternFit:
    """Fit phases that are known to be there, by their structures; nothing is searched for."""
    asked = question or Question(tuple(phases))
    instrument = instrument_of(pattern, shift=asked.shift, layers=asked.layers)
    fixed = _fixed(pattern, instrument, replace(asked, candidates=tuple(phases)))
    settings = Settings(fixed=fixed if fixed.shape[1] else None, terms=asked.terms)
    return fit(pattern, [Choice(phase) for phase in phases if phase.kind != "hump"], instrument, settings)
