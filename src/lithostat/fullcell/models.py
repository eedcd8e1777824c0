"""Entry points of `pybamm.Model`: a half-cell with stack pressure, contact, filaments and shorts.

model = pybamm.Model("LithostatDFN")
values = pybamm.ParameterValues("Doux2020_NCA_Li6PS5Cl")
values["Stack pressure [Pa]"] = 25e6
"""

from __future__ import annotations

from typing import Any

from lithostat.fullcell.cathode import Losses, NoLosses
from lithostat.fullcell.engine import pybamm
from lithostat.fullcell.short_model import add_short_model


def short_spm(
    options: dict[str, Any] | None = None, *, losses: bool = True, single_ion: bool = True
) -> pybamm.BaseModel:
    """PyBaMM's SPM half-cell with the short model. `losses` adds those of the cathode (oxidation, lost contact)."""
    return _short(pybamm.lithium_ion.SPM, options, losses, single_ion)


def short_dfn(
    options: dict[str, Any] | None = None, *, losses: bool = True, single_ion: bool = True
) -> pybamm.BaseModel:
    """PyBaMM's DFN half-cell with the short model. `single_ion` keeps the salt concentration constant."""
    return _short(pybamm.lithium_ion.DFN, options, losses, single_ion)


def _short(
    kind: type[pybamm.BaseModel], options: dict[str, Any] | None, losses: bool, single_ion: bool
) -> pybamm.BaseModel:
    host = kind({"working electrode": "positive", **(options or {})})
    return add_short_model(host, losses=Losses() if losses else NoLosses(), single_ion=single_ion)
