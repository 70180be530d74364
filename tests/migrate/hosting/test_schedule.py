"""The steps at which the loop returns to Python: those of an Estimator's hooks."""

from migrate.hosting.schedule import Interval, LastStep, StepCounting


def due_after(every: int, *, until: int) -> list[int]:
    """The steps at which an action is due, if it is done whenever it is."""
    interval, done, step = Interval(every), [], 0
    while (distance := interval.steps_until_due(step)) is not None and step + distance <= until:
        step += distance
        assert interval.is_due(step)
        interval.restart(step)
        done.append(step)
    return done


def test_an_action_comes_after_the_first_step_and_then_regularly() -> None:
    assert due_after(3, until=9) == [1, 4, 7]
    assert due_after(2, until=6) == [1, 3, 5]
    assert Interval(None).steps_until_due(3) is None
    assert not Interval(0).is_due(3)


def test_the_last_step_is_looked_for_where_the_step_before_it_was() -> None:
    """Steps of 2: 6 steps end at 12 for 10, and 5 more at 22 for 20, as Estimator 2.15.1 did."""

    def made(begin: int, last: int, by: int) -> int:
        end, before, now = LastStep(last), begin, begin + by
        while not end.is_reached(before, now):
            before, now = now, now + by
        return now

    assert (made(0, 10, 2), made(12, 20, 2)) == (12, 22)
    assert (made(0, 10, 1), made(10, 20, 1), made(0, 11, 2)) == (10, 20, 12)
    assert not LastStep(None).is_reached(5, 6)
    assert (LastStep(7).steps_until_reached(4), LastStep(7).steps_until_reached(9)) == (3, 1)
    assert LastStep(None).steps_until_reached(4) is None


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
