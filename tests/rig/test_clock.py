"""Clocks that sleep and step: the time of a watch does not jump, and a person is told."""

from __future__ import annotations

from dataclasses import dataclass

from lithostat.rig.clock import Clock


@dataclass
class World:
    boot: float = 1000.0
    awake: float = 500.0
    wall: float = 1.7e9

    def passes(self, seconds: float, *, asleep: bool = False) -> None:
        self.boot += seconds
        self.wall += seconds
        self.awake += 0.0 if asleep else seconds

    def clock(self, **said: float) -> Clock:
        return Clock(boot=lambda: self.boot, awake=lambda: self.awake, wall=lambda: self.wall, **said)


def test_time_goes_on_and_nothing_is_said() -> None:
    world = World()
    clock = world.clock()
    world.passes(10.0)
    assert clock.now() == 10.0
    assert clock.jumps() == []


def test_a_computer_that_sleeps_is_told_and_its_time_counts() -> None:
    world = World()
    clock = world.clock()
    world.passes(3.0 * 3600.0, asleep=True)
    assert clock.now() == 3.0 * 3600.0
    assert clock.jumps() == ["the computer slept for 3 h: nothing was measured or judged meanwhile"]
    assert clock.jumps() == []


def test_a_clock_that_is_set_moves_no_time_of_the_record() -> None:
    world = World()
    clock = world.clock()
    began = clock.began()
    world.passes(10.0)
    world.wall += 3600.0
    assert clock.now() == 10.0
    assert clock.began() == began
    assert clock.jumps() == ["the computer's clock was set forward by 60 min; times of the record are not moved"]
    world.wall -= 7200.0
    assert clock.jumps() == ["the computer's clock was set back by 2 h; times of the record are not moved"]


def test_a_watch_that_goes_on_counts_from_its_beginning() -> None:
    world = World()
    clock = world.clock(ahead=50.0)
    world.passes(1.0)
    assert clock.now() == 51.0
    assert clock.began().timestamp() == world.wall - 51.0


def test_a_simulated_cell_lives_faster() -> None:
    world = World()
    clock = world.clock(speed=1000.0)
    world.passes(2.0)
    assert clock.now() == 2000.0
