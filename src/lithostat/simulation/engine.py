"""JAX as this package uses it."""

from lithostat.engine import cache_folder, engine

__all__ = ["cache_folder", "engine"]
