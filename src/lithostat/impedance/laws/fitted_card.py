"""Numbers fitted to measurements as a material card: the YAML that `materials.card` reads back."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from lithostat.experiment.errors import InputError
from lithostat.experiment.quantity import QUANTITIES, check, show
from lithostat.experiment.record import write_text
from lithostat.experiment.source import Value
from lithostat.materials.card import find

DIGITS = 6
OWN = "fitted"  # key of the source that the measurements are


def fitted_property(
    name: str, value: float, *, conditions: str, span: tuple[float, float] | None = None, note: str = ""
) -> dict[str, Any]:
    """One entry under `properties`: `value` and `span` (confidence interval) in SI, written with units.

    A span with an end at 0 or infinity, or outside what the quantity allows, is left out.
    """
    check(value, name)
    entry: dict[str, Any] = {"value": show(value, name, DIGITS), "source": OWN, "tag": "fit"}
    if span is not None and _allowed(span, name):
        entry["range"] = [show(end, name, DIGITS) for end in span]
    return entry | {"conditions": conditions} | ({"note": note} if note else {})


def card_text(
    name: str, *, kind: str, about: str, source: str, properties: Mapping[str, Any], base: str | None = None
) -> str:
    """The card as YAML text. `source` cites the measurements; `doi` and date may stand in it.

    `base` names a card (or a `.yaml` file) whose other properties are taken over with their own sources, so that a cell
    can be simulated with the result. Raises `InputError` without a source or with nothing fitted.
    """
    if not source.strip():
        raise InputError("a card needs to say where its numbers come from", expected="source, what was measured")
    if not properties:
        raise InputError("nothing was determined that a card could hold", expected="a fit that determined something")
    sources: dict[str, Any] = {OWN: {"cite": source}}
    merged: dict[str, Any] = {}
    if base is not None:
        original = find(base)
        for key, value in original.properties.items():
            values = (value, *original.others.get(key, ()))
            sources |= {one.source.key: _citation(one) for one in values if key not in properties}
            merged[key] = _entry(value) | ({"others": [_entry(one) for one in values[1:]]} if values[1:] else {})
    page = {"name": name, "kind": kind, "about": about, "sources": sources, "properties": merged | dict(properties)}
    stream = io.StringIO()
    writer = YAML()
    writer.width = 120
    writer.dump(page, stream)
    return stream.getvalue()


def write_card(path: str | Path, text: str) -> Path:
    """Write a card, whole or not at all; its name must end in `.yaml`, by which a cell finds it."""
    if Path(path).suffix != ".yaml":
        raise InputError(f"received '{Path(path).name}'", expected="a file that ends in .yaml")
    return write_text(path, text)


def stated(properties: Mapping[str, Any]) -> dict[str, str]:
    """The same numbers for `parameters:` of a cell, in the units that people read."""
    return {name: entry["value"] for name, entry in properties.items()}


def _allowed(span: Sequence[float], name: str) -> bool:
    quantity = QUANTITIES[name]
    inside = [quantity.least < end <= quantity.most for end in span]
    return bool(np.isfinite(span).all() and all(inside))


def _citation(value: Value) -> dict[str, str]:
    return {"cite": value.source.cite} | ({"doi": value.source.doi} if value.source.doi else {})


def _entry(value: Value) -> dict[str, Any]:
    entry: dict[str, Any] = {"value": value.text, "source": value.source.key, "tag": value.tag}
    if value.low is not None and value.high is not None:
        entry["range"] = [show(value.low, value.name, DIGITS), show(value.high, value.name, DIGITS)]
    if value.unverified:
        entry["unverified"] = True
    optional = {"conditions": value.conditions, "note": value.note}
    return entry | {key: text for key, text in optional.items() if text}
