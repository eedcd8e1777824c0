"""Which versions of packages are installed, looked up once."""

from __future__ import annotations

import functools
from importlib import metadata

version = functools.cache(metadata.version)
