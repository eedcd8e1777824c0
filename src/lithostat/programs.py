"""Programs traced once: JAX writes a traced program down, and the next process compiles from there (or finds that too).

A program is named by everything it follows from: the sources of the package, the versions of what traces and compiles,
settings that are not arrays, and shapes of those that are. Whatever cannot be kept or read again is traced.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_type_hints

import jax
import numpy as np

from lithostat.engine import usable_cache_folder
from lithostat.experiment.later import keep_for_later
from lithostat.experiment.versions import version

MADE_BY = ("jax", "jaxlib", "diffrax", "equinox", "optimistix", "lineax")
KEPT = 200  # programs in a folder; the oldest go first
_HASH = hashlib.sha256
_DIGEST = 32  # bytes
_calls: dict[tuple[Any, ...], tuple[Callable[..., Any], Any]] = {}


def call(
    name: str,
    trace: Callable[[], Callable[..., Any]],
    arrays: tuple[object, ...],
    *,
    settings: object,
    gives: object,
    functions: tuple[Callable[..., Any], ...] = (),
) -> Any:
    """The result of `trace()(*arrays)`, compiled; `trace` is called only if no process before has.

    `arrays` is a tuple of pytrees of arrays. `settings` says by its repr all else that the program depends on. `gives`
    is the type of the result: a NamedTuple of arrays and such NamedTuples, or a tuple of those. Of `functions` that the
    program calls, those from outside of this package are known by nothing that lasts: it is then kept for this process.
    """
    leaves, tree = jax.tree.flatten(arrays)
    leaves = [np.asarray(leaf) for leaf in leaves]
    shapes = tuple((leaf.shape, leaf.dtype.str) for leaf in leaves)
    key = (name, tree, shapes, settings, functions, bool(jax.config.values["jax_enable_x64"]))
    if key not in _calls:

        def flat(*leaves: jax.Array) -> tuple[Any, ...]:
            return tuple(jax.tree.leaves(trace()(*jax.tree.unflatten(tree, leaves))))

        ours = all(function.__module__.startswith("lithostat.") for function in functions)
        program = _program(_name(*key[:4], *key[5:]), flat, leaves) if ours else flat
        _calls[key] = jax.jit(program), jax.tree.structure(_filled(gives))
    program, result = _calls[key]
    return jax.tree.unflatten(result, program(*leaves))


def _program(file: str, flat: Callable[..., Any], leaves: Sequence[np.ndarray]) -> Callable[..., Any]:
    """The program of this file: read, or traced and kept."""
    folder = usable_cache_folder()
    path = None if folder is None else folder / "programs" / f"{file}.bin"
    kept = None if path is None else _read(path)
    if kept is not None:
        return kept
    made = jax.export.export(jax.jit(flat))(*(jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves))
    if path is not None:
        keep_for_later("a traced program", lambda: _keep(path, bytes(made.serialize())))
    return made.call


def _read(path: Path) -> Callable[..., Any] | None:
    """The program in a file; None if there is none, or not the whole of one."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError):
        return None
    digest, body = data[:_DIGEST], data[_DIGEST:]
    if _HASH(body).digest() != digest:
        return None
    return jax.export.deserialize(bytearray(body)).call


def _keep(path: Path, body: bytes) -> None:
    from lithostat.experiment.record import write_whole

    write_whole(path, lambda temporary: Path(temporary).write_bytes(_HASH(body).digest() + body))
    with contextlib.suppress(OSError):  # another process may remove the same one
        for old in sorted(path.parent.glob("*.bin"), key=lambda each: each.stat().st_mtime)[:-KEPT]:
            old.unlink()


def _name(name: str, *rests_on: object) -> str:
    """Name of the file that holds a program, from all that it rests on."""
    said = repr((rests_on, jax.default_backend(), _made_of()))
    return f"{name}-{_HASH(said.encode()).hexdigest()[:_DIGEST]}"


@functools.cache
def _made_of() -> str:
    """Sources of everything that is traced, and versions of what traces it."""
    made = _HASH(repr([(package, version(package)) for package in MADE_BY]).encode())
    package = Path(__file__).parent
    for path in sorted((*package.glob("*/*.py"), *package.glob("*.py"))):
        if path.parent.name in ("physics", "model", "simulation") or path.parent == package:
            made.update(path.read_bytes())
    return made.hexdigest()


def _filled(kind: object) -> Any:
    """A value of a type of results, with a number for every array."""
    if isinstance(kind, tuple):
        return tuple(_filled(part) for part in kind)
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
        hints = get_type_hints(kind)
        return kind(*(_filled(hints[name]) for name in kind._fields))
    return 0.0
