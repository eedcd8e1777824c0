"""What laws take and give: numbers and arrays whose shapes broadcast, or the symbols of another code.

The array namespace `xp` decides: numpy, `jax.numpy`, or one whose functions make the symbols of PyBaMM. Shapes are
checked at every call of a law while the tests run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

Namespace: TypeAlias = Any

if TYPE_CHECKING:
    Values: TypeAlias = Any
    Waves: TypeAlias = Any
else:
    from jaxtyping import Complex, Float, Int

    @runtime_checkable
    class _Symbol(Protocol):
        """An expression that has no value yet, as PyBaMM writes them."""

        def evaluates_to_number(self) -> bool: ...

    @runtime_checkable
    class _Array(Protocol):
        """An array of numpy or JAX."""

        dtype: Any

    Values = _Symbol | float | int | Float[_Array, "*#shape"] | Int[_Array, "*#shape"]
    Waves = Values | complex | Complex[_Array, "*#shape"]  # real or complex
