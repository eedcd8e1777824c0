"""YAML that people write, with the line of every entry, checked against a model into one clear sentence per fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pydantic

from lithostat.experiment.errors import InputError, nearest, short
from lithostat.experiment.files import read_text

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=pydantic.BaseModel)
Place = tuple[str | int, ...]
LARGEST = 1 << 20  # bytes; a larger file is not something a person wrote
MOST_MARKS = 200_000  # of those between entries; each may cost 60 us
MOST_ENTRIES = 300_000


class Document:
    """A parsed YAML file: plain data in `data`, and where each entry stands."""

    def __init__(self, data: dict[str, Any], tree: object, file: str) -> None:
        self.data, self._tree, self.file = data, tree, file

    def line(self, place: Iterable[str | int]) -> int | None:
        """Line (from 1) of the entry at `place`, or of the nearest parent that has one."""
        node: Any = self._tree
        line = None
        for key in place:
            try:
                marks = node.lc  # ruamel's own, on mappings and lists
                position = marks.key(key) if isinstance(node, Mapping) else marks.item(key)
                line, node = position[0] + 1, node[key]
            except (AttributeError, KeyError, IndexError, TypeError):
                break
        return line

    def error(self, problem: str, place: Iterable[str | int] = (), expected: str | None = None) -> InputError:
        """An `InputError` that names this file, the line and the place."""
        place = tuple(place)
        return InputError(
            problem, file=self.file, line=self.line(place), place=_dotted(place) or None, expected=expected
        )

    def build(self, model: type[Model], place: Place = ()) -> Model:
        """The part at `place` as a `model`, or an error that names file, line, place, what was read and expected."""
        part: Any = self.data
        for key in place:
            part = part[key]
        if not isinstance(part, Mapping):
            raise self.error(f"received {short(part)}", place, f"a mapping with keys {', '.join(_keys(model))}")
        try:
            return model.model_validate(dict(part))
        except pydantic.ValidationError as error:
            raise explain(error, model, self, place, part) from None


def read(path: str | Path) -> Document:
    """Read a YAML 1.2 file; a file that cannot be read or parsed raises `InputError` with the line."""
    return parse(read_text(Path(path), LARGEST), str(path))


def parse(text: str, file: str = "input") -> Document:
    """Parse YAML text; `file` is the name that errors carry."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    marks = sum(text.count(mark) for mark in ",:[{\n")
    if marks > MOST_MARKS:
        raise InputError(f"holds {marks} entries or more", file=file, expected=f"at most {MOST_MARKS} in YAML")
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise InputError(f"is not valid YAML: {error.problem or error.context}", file=file, line=line) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"is not valid YAML: {str(error).splitlines()[0]}", file=file) from None
    if not isinstance(tree, Mapping):
        raise InputError(f"received {short(tree)}", file=file, expected="a mapping at the top level")
    try:
        return Document(_plain(tree, [MOST_ENTRIES]), tree, file)
    except (ValueError, RecursionError) as error:
        raise InputError(str(error), file=file) from None


def explain(
    error: pydantic.ValidationError,
    model: type[pydantic.BaseModel],
    document: Document | None,
    at: Place = (),
    given: object = None,
) -> InputError:
    """The first fault of a validation as one sentence; more faults are counted.

    `given` is what was validated: a model that reads other words too (`as_written`) then names the place as it stands.
    """
    faults = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")  # a typo explains the rest
    first = faults[0]
    faults = [fault for fault in faults if fault is first or fault["loc"] != first["loc"][: len(fault["loc"])]]
    inside = tuple(part for part in first["loc"] if not _is_tag(part))
    as_written = getattr(model, "as_written", None)
    if as_written is not None and isinstance(given, Mapping):
        inside = as_written(inside, given)
    place = at + inside
    problem, expected = _sentence(first, model)
    if len(faults) > 1:
        problem += f" (and {len(faults) - 1} more fault{'s' if len(faults) > 2 else ''})"
    if document is None:
        return InputError(problem, place=_dotted(place) or None, expected=expected)
    return document.error(problem, place, expected)


def _sentence(fault: ErrorDetails, model: type[pydantic.BaseModel]) -> tuple[str, str | None]:
    kind, received = fault["type"], fault.get("input")
    if kind == "extra_forbidden":
        keys = _keys_at(model, fault["loc"][:-1])
        return f"unknown key '{fault['loc'][-1]}'{nearest(str(fault['loc'][-1]), keys)}", f"one of {', '.join(keys)}"
    if kind == "missing":
        return f"'{fault['loc'][-1]}' is missing", None
    if kind == "value_error":
        text = str(fault["ctx"]["error"])
        problem, _, expected = text.partition("; expected ")
        return problem, expected or None
    if kind == "literal_error":
        return f"received {short(received)}", fault["ctx"]["expected"]
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return f"received {short(received)}", "a mapping"
    message = fault["msg"]
    return f"received {short(received)}", message[0].lower() + message[1:]


def _keys(model: type[pydantic.BaseModel]) -> list[str]:
    names = [field.alias or name for name, field in model.model_fields.items()]
    return [*names, *getattr(model, "also_known", ())]


def _keys_at(model: type[pydantic.BaseModel] | None, loc: Iterable[Any]) -> list[str]:
    """Keys that the model knows at a place, found by walking its field types."""
    for part in loc:
        for name, field in getattr(model, "model_fields", {}).items():
            if part in (name, field.alias):
                model = _inner(field.annotation)
    return _keys(model) if model is not None else []


def _inner(annotation: object) -> type[pydantic.BaseModel] | None:
    """The first model inside a type such as `tuple[Step, ...]` or `Sweep | None`."""
    parts = getattr(annotation, "__args__", ())
    if not parts:
        return annotation if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel) else None
    return next((found for found in map(_inner, parts) if found is not None), None)


def _is_tag(part: object) -> bool:
    return isinstance(part, str) and ("[" in part or part.startswith("function-"))


def _dotted(place: Iterable[str | int]) -> str:
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _plain(node: object, left: list[int]) -> Any:
    """ruamel's round-trip nodes as plain Python values; `left[0]` counts how many may still come (aliases multiply)."""
    left[0] -= 1
    if left[0] < 0:
        raise ValueError(f"holds more than {MOST_ENTRIES} entries once its aliases are followed")
    if isinstance(node, Mapping):
        return {_text(key): _plain(value, left) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(item, left) for item in node]
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, float):
        return float(node)
    if isinstance(node, int):
        return int(node)
    return _text(node)


def _text(node: object) -> str:
    text = str(node)
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("holds half a character (a lone surrogate), which is no text")
    return text
