"""The ordered map: order, laziness, exceptions in their turn, and threads that end."""

import gc
import threading
import time
import weakref

import pytest

from kolmo import parallel
from kolmo.parallel import available_cores, ordered_map

SECONDS = 20
JOBS = [1, 2, 3, 8]


class Item:
    """Something whose life can be watched."""


def wait_until(condition) -> bool:
    stop = time.monotonic() + SECONDS
    while time.monotonic() < stop:
        if condition():
            return True
        time.sleep(0.005)
    return False


@pytest.mark.parametrize("jobs", JOBS)
@pytest.mark.parametrize("count", [0, 1, 2, 3, 50])
def test_results_come_in_the_order_of_the_items(jobs, count):
    def slow_if_even(number):
        time.sleep(0.003 * (number % 2 == 0))
        return number * number

    expected = [number * number for number in range(count)]
    assert list(ordered_map(slow_if_even, range(count), jobs)) == expected


@pytest.mark.parametrize("jobs", JOBS)
def test_work_runs_at_once_in_as_many_threads_as_asked(jobs):
    barrier = threading.Barrier(jobs)

    def meet(number):
        barrier.wait(SECONDS)
        return threading.current_thread()

    assert len(set(ordered_map(meet, range(jobs), jobs))) == jobs


@pytest.mark.parametrize("jobs", JOBS)
def test_never_more_threads_than_jobs_are_busy(jobs):
    busy, most, lock = 0, 0, threading.Lock()

    def work(number):
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.002)
        with lock:
            busy -= 1

    list(ordered_map(work, range(40), jobs))
    assert most <= jobs


@pytest.mark.parametrize("jobs", JOBS)
@pytest.mark.parametrize("ahead", [0, 1, 2, 5])
def test_items_are_drawn_only_as_far_as_needed(jobs, ahead):
    drawn = []

    def items():
        for number in range(100):
            drawn.append(number)
            yield number

    results = ordered_map(lambda number: number, items(), jobs, ahead=ahead)
    assert drawn == []
    for taken in range(10):
        assert next(results) == taken
        assert len(drawn) <= taken + max(1, jobs + ahead)
    results.close()


@pytest.mark.parametrize("jobs", JOBS)
def test_no_more_items_are_alive_than_promised(jobs):
    alive: weakref.WeakSet[Item] = weakref.WeakSet()
    most = 0

    def items():
        nonlocal most
        for _ in range(jobs + 8):
            item = Item()
            alive.add(item)
            gc.collect()
            most = max(most, len(alive))
            yield item
            del item

    for _ in ordered_map(lambda item: None, items(), jobs):
        pass
    assert most <= jobs + 2 + 1  # and the one that is being made


@pytest.mark.parametrize("jobs", JOBS)
def test_exception_comes_when_its_turn_has_come(jobs):
    def fail_at_three(number):
        if number == 3:
            raise ValueError("three")
        return number

    results = ordered_map(fail_at_three, range(10), jobs)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)
    assert list(results) == []


@pytest.mark.parametrize("jobs", JOBS)
def test_first_of_several_exceptions_is_raised(jobs):
    def fail(number):
        time.sleep(0.01 * (number == 0))
        raise ValueError(str(number))

    with pytest.raises(ValueError, match=r"^0$"):
        list(ordered_map(fail, range(5), jobs))


@pytest.mark.parametrize("jobs", JOBS)
def test_exception_of_the_items_passes_through(jobs):
    def items():
        yield 1
        raise KeyError("items")

    with pytest.raises(KeyError, match="items"):
        list(ordered_map(lambda number: number, items(), jobs))


def test_system_exit_in_a_worker_reaches_the_caller():
    def leave(number):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        list(ordered_map(leave, [1], 1))


def new_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread not in before]


@pytest.mark.parametrize("jobs", JOBS)
def test_threads_end_with_the_work(jobs):
    before = set(threading.enumerate())
    list(ordered_map(lambda number: number, range(20), jobs))
    assert wait_until(lambda: not new_threads(before))


@pytest.mark.parametrize("jobs", JOBS)
def test_threads_end_when_the_results_are_closed_early(jobs):
    before = set(threading.enumerate())
    results = ordered_map(lambda number: number, range(1000), jobs)
    next(results)
    results.close()
    assert wait_until(lambda: not new_threads(before))


@pytest.mark.parametrize("jobs", JOBS)
def test_threads_end_after_an_exception(jobs):
    before = set(threading.enumerate())

    def fail(number):
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        list(ordered_map(fail, range(20), jobs))
    assert wait_until(lambda: not new_threads(before))


def test_threads_do_not_hold_up_the_end_of_the_process():
    seen = []
    list(ordered_map(lambda number: seen.append(threading.current_thread().daemon), [1], 1))
    assert seen == [True]


def test_no_thread_starts_without_work():
    before = set(threading.enumerate())
    started = []
    list(ordered_map(lambda number: started.append(threading.current_thread()), [], 8))
    list(ordered_map(lambda number: started.append(threading.current_thread()), [1], 8))
    assert len(set(started)) == 1
    assert wait_until(lambda: not new_threads(before))


def test_available_cores_are_at_least_one_and_at_most_those_of_the_machine():
    import os

    assert 1 <= available_cores() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("text", "cores"),
    [("max 100000", 6), ("200000 100000", 2), ("150000 100000", 2), ("50000 100000", 1)],
)
def test_quota_of_a_container_limits_the_cores(tmp_path, monkeypatch, text, cores):
    path = tmp_path / "cpu.max"
    path.write_text(text)
    real = open
    monkeypatch.setattr("builtins.open", lambda name, *rest, **more: real(path, *rest, **more))
    assert parallel._cgroup_cores(6) == cores


@pytest.mark.parametrize("text", ["", "nonsense", "1 2 3", "max"])
def test_malformed_quota_is_ignored(tmp_path, monkeypatch, text):
    path = tmp_path / "cpu.max"
    path.write_text(text)
    real = open
    monkeypatch.setattr("builtins.open", lambda name, *rest, **more: real(path, *rest, **more))
    assert parallel._cgroup_cores(6) == 6


def test_core_count_never_falls_below_one(monkeypatch):
    monkeypatch.setattr(parallel, "_cgroup_cores", lambda default: 0)
    assert available_cores() == 1
