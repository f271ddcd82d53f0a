"""How many retries there are, by hand: two at once, one more every eight hours."""

from pathlib import Path

from altseason.recorder.budget import RetryBudget
from altseason.recorder.claim import Asked, Claim
from tests.recorder.simulation import SimulatedClock, utc


def test_two_retries_at_once_and_one_more_every_eight_hours(tmp_path: Path, clock: SimulatedClock):
    claim = Claim(tmp_path)
    assert claim.take()
    taken = []
    for _ in range(24 * 6 + 1):
        taken += [f"{clock.now:%d %H:%M}" for _ in range(3) if RetryBudget(claim, clock).take()]
        clock.move("10min")
    assert taken == ["27 00:00", "27 00:00", "27 08:00", "27 16:00", "28 00:00"]


def test_retries_that_nobody_needed_are_there_for_the_next_process(
    tmp_path: Path, clock: SimulatedClock
):
    first, second = Claim(tmp_path), Claim(tmp_path)
    first.take()
    first.save(Asked(polled=clock.now))
    assert RetryBudget(first, clock).take()
    first.release()
    second.take()
    budget = RetryBudget(second, clock)
    assert [budget.take(), budget.take()] == [True, False]
    assert second.load().polled == clock.now
    clock.move("16h")
    assert [budget.take(), budget.take(), budget.take()] == [True, True, False]
    second.release()


def test_time_that_is_yet_to_come_is_no_reason_not_to_ask(tmp_path: Path, clock: SimulatedClock):
    claim = Claim(tmp_path)
    claim.take()
    claim.save(Asked(retried=utc("2027-01-01")))
    budget = RetryBudget(claim, clock)
    assert [budget.take(), budget.take(), budget.take()] == [True, True, False]
    claim.release()
