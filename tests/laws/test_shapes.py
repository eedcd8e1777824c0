"""Shapes of what laws and the model take are checked at every call while tests run."""

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from lithostat.model.interface import remembering
from lithostat.physics.contact import constriction_resistance


def test_arrays_that_do_not_fit_together_are_refused() -> None:
    assert constriction_resistance(np.array([0.5, 1.0]), scale=1.0).shape == (2,)
    with pytest.raises(TypeCheckError, match="scale"):
        constriction_resistance(np.ones(2), scale=np.ones(3))


def test_text_for_a_number_is_refused() -> None:
    with pytest.raises(TypeCheckError, match="pressure"):
        remembering(None, "5 MPa", None)  # type: ignore[arg-type]
