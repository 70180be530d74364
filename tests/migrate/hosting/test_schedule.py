"""The steps at which the loop returns to Python: those of an Estimator's hooks."""

from migrate.hosting.schedule import Interval, StepCounting, next_stop


def stops(*, end: int, longest: int, **every: int | None) -> list[int]:
    """The global steps at which a training from 0 stops, if each action is done when it is due."""
    intervals = [Interval(steps) for steps in every.values()]
    stopped, step = [], 0
    while step < end:
        stop = next_stop(step, end=end, longest=longest, intervals=intervals)
        for interval in intervals:
            if interval.steps_until_due(step) == stop - step:
                interval.restart(stop)
        stopped.append(step := stop)
    return stopped


def test_summaries_come_after_the_first_step_and_then_regularly() -> None:
    assert stops(end=9, longest=100, summary=3) == [1, 4, 7, 9]


def test_a_loop_is_no_longer_than_it_may() -> None:
    assert stops(end=10, longest=4) == [4, 8, 10]
    assert stops(end=5, longest=2, summary=None) == [2, 4, 5]


def test_what_is_due_together_stops_once() -> None:
    assert stops(end=7, longest=100, summary=2, checkpoint=4) == [1, 3, 5, 7]


def test_what_was_done_at_a_restored_step_is_due_later() -> None:
    interval = Interval(10, last_step=25)
    assert interval.steps_until_due(25) == 10
    assert interval.steps_until_due(40) == 1


def test_many_steps_at_once_only_where_each_counts_as_one() -> None:
    unknown = StepCounting.UNKNOWN
    one, other = unknown.after(made=1, counted=1), unknown.after(made=1, counted=2)
    assert (one, other) == (StepCounting.ONE, StepCounting.OTHER)
    assert [how.longest(100) for how in (unknown, one, other)] == [1, 100, 1]
    assert one.after(made=100, counted=50) is other.after(made=1, counted=1) is StepCounting.OTHER
