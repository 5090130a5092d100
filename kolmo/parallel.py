"""An ordered map over threads: the compressors and the kernels release the interpreter lock.

Workers are daemon threads, so that Ctrl-C ends the process at once even when a compressor is in
the middle of a long call.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

POLL_SECONDS = 0.1
LARGEST_JOBS = 1024


def available_cores() -> int:
    """Return how many cores this process may use: the affinity mask, capped by the cgroup."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count() or 1
    return max(1, min(cores, _cgroup_cores(cores)))


def _cgroup_cores(default: int) -> int:
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as quota_file:
            quota, period = quota_file.read().split()
        return default if quota == "max" else -(-int(quota) // int(period))
    except (OSError, ValueError):
        return default


class _Slot:
    """One item, and later its result or the exception that it raised."""

    def __init__(self, item: Any) -> None:
        self.item = item
        self.done = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self, function: Callable[[Any], Any]) -> None:
        try:
            self.result = function(self.item)
        except BaseException as error:
            self.error = error
        self.done.set()

    def wait(self) -> Any:
        while not self.done.wait(POLL_SECONDS):
            pass
        if self.error is not None:
            raise self.error
        return self.result


def ordered_map(
    function: Callable[[T], R], items: Iterable[T], jobs: int, *, ahead: int = 2
) -> Iterator[R]:
    """Yield ``function(item)`` for each item, in the order of the items.

    Parameters
    ----------
    function : callable
        Called in a worker thread.
    items : iterable
        Drawn lazily in the calling thread: at most ``jobs + ahead`` items are alive at a time.
    jobs : int
        Number of worker threads, at least 1; threads start only when there is work for them.
    ahead : int
        How many items beyond the busy ones are prepared.

    Yields
    ------
    The results, the same for any number of jobs; the first exception that ``function`` raised
    is raised here when its turn comes.
    """
    tasks: deque[_Slot | None] = deque()
    ready = threading.Semaphore(0)
    pending: deque[_Slot] = deque()
    workers = 0

    def put(slot: _Slot | None) -> None:
        tasks.append(slot)
        ready.release()

    def work() -> None:
        while True:
            ready.acquire()
            slot = tasks.popleft()
            if slot is None:
                return
            slot.run(function)
            del slot

    try:
        for item in items:
            pending.append(_Slot(item))
            put(pending[-1])
            if workers < jobs:
                threading.Thread(target=work, daemon=True).start()
                workers += 1
            while len(pending) >= jobs + ahead:
                yield pending.popleft().wait()
        while pending:
            yield pending.popleft().wait()
    finally:
        for _ in range(workers):
            put(None)


def in_background(items: Iterable[T]) -> Iterator[T]:
    """Yield ``items``, which a worker thread makes: a long step then does not delay Ctrl-C."""
    source = iter(items)
    end = object()
    for item in ordered_map(lambda _: next(source, end), repeat(None), 1, ahead=0):
        if item is end:
            return
        yield item  # type: ignore[misc]
