"""A compilation costs seconds; protocols of any length and any wait after the short share one."""

from lithostat.simulation import integrate


def test_protocols_of_other_lengths_compile_nothing_new(run, monkeypatch):
    steps = [{"press": "5 MPa"}, {"rest": "1 h"}]
    run(steps)
    traced = []
    advance = integrate.advance
    monkeypatch.setattr(integrate, "advance", lambda *args: traced.append(1) or advance(*args))
    run([*steps, {"rest": "1 h"}, {"rest": "2 h"}])
    run(steps, after_short="5 h")
    assert not traced
