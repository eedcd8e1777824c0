"""How a cell is watched: what an instrument samples and when, with what errors, and what the lab does not measure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Instrument:
    """Times in s, voltages in V, currents in A, pressures in Pa; noise is a standard deviation.

    When it samples: every `interval`; on both sides of every step's edge (`edges`); at the times `after_switch` behind
    each; and whenever the voltage has moved by `trigger` since the sample before (0: never). `gaps` times the logging
    stops, each for `gap_length`. With the probability `part_samples` a switch also writes one sample that has part of
    both currents.

    What it writes: voltage with `voltage_offset`, noise and `voltage_resolution`, as the mean since the sample before
    if `averaged`; current with `current_noise`, and `current_ripple` as a share of the current.

    What the cell and the room do beside the model: `polarised` is the share of the voltage that electrodes bring up
    after a switch with the time constant `polarisation`; the temperature swings by `weather` [K] to either side each
    day, and the voltage with it as a conductor of `WEATHER_ENERGY` does; the pressure follows the net charge with
    `breathing` [Pa/C]. Columns named in `unmeasured` are not written. `steps` are 'counted' (`step_count`), 'repeated'
    (`step_index`, the same number whenever the protocol comes by) or 'none'.
    """

    interval: float = 60.0
    edges: bool = True
    after_switch: tuple[float, ...] = ()
    trigger: float = 0.0
    part_samples: float = 0.0
    gaps: int = 0
    gap_length: float = 3600.0
    voltage_noise: float = 20e-6
    voltage_offset: float = 0.0
    voltage_resolution: float = 1e-6
    averaged: bool = False
    current_noise: float = 1e-8
    current_ripple: float = 0.0
    pressure_noise: float = 2e4
    temperature_noise: float = 0.1
    impedance_noise: float = 1e-3
    polarisation: float = 0.0
    polarised: float = 0.0
    weather: float = 0.0
    breathing: float = 0.0
    unmeasured: tuple[str, ...] = ()
    steps: str = "counted"
