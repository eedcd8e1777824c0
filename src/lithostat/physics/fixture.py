"""What holds the cell: a constant force, or a frame with a stiffness that relaxes."""

from __future__ import annotations

import numpy as np

from lithostat.physics.types import Namespace, Values


def frame_pressure(set_pressure: Values, swelling: Values, relaxed: Values, *, stiffness: Values) -> Values:
    """Stack pressure in a fixed gap [Pa]: P = P_set + k dH - s, and never below zero is the caller's care.

    `swelling` dH [m] is the growth of the stack since the pressure was set, `stiffness` k [Pa/m] that of frame and
    stack in series, `relaxed` s [Pa] what the frame has given up. Limits: k = 0 is a constant force, k -> infinity is
    rigid.
    """
    return set_pressure + stiffness * swelling - relaxed


def relaxation_rate(set_pressure: Values, relaxed: Values, *, fraction: Values, time: Values) -> Values:
    """How fast a clamped stack gives up pressure [Pa/s]: ds/dt = (phi P_set - s) / tau, one Maxwell branch.

    At constant gap P falls from P_set to (1 - phi) P_set as 1 - exp(-t / tau). `fraction` phi [-], `time` tau [s].
    """
    return (fraction * set_pressure - relaxed) / time


def relaxed(
    set_pressure: Values, before: Values, elapsed: Values, *, fraction: Values, time: Values, xp: Namespace = np
) -> Values:
    """What a clamped stack has given up [Pa] after `elapsed` [s], from `before` [Pa]: `relaxation_rate` solved.

    s = phi P_set - (phi P_set - s_0) exp(-t / tau), whatever t / tau is.
    """
    end = fraction * set_pressure
    return end - (end - before) * xp.exp(-elapsed / time)
