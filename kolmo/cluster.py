"""An ordered map over a Dask cluster: the same results as here, in chunks of .2 to 1 s of work.

`kolmo.parallel` does the same with threads. A cluster pays where the work takes minutes and other
machines have kolmo installed.
"""

import re
import socket
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import kolmo
from kolmo.chunks import Answer, Rates, cut, run_chunk
from kolmo.errors import InputError, UnavailableError, shorten

T = TypeVar("T")
R = TypeVar("R")

CHUNKS_A_THREAD = 2
RETRIES = 3
POLL_SECONDS = 0.01
PROBE_SECONDS = 1.0
RETRY_SECONDS = 0.2
LARGEST_GREETING = 1 << 24
LONELY_SECONDS = 10.0
ADDRESS = re.compile(r"tcp://([^\s/:@]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})/?")
LOUD = {"distributed", "dask", "tornado", "asyncio", "bokeh"}


def cluster_map(
    function: Callable[[T], R],
    items: Iterable[T],
    address: str,
    *,
    group: Callable[[T], Hashable],
    timeout_seconds: float = 5.0,
) -> Iterator[R]:
    """Yield ``function(item)`` for each item, in the order of the items.

    Parameters
    ----------
    function : callable
        Called on the workers, which import it, as does the scheduler: of kolmo or of another
        installed module. It goes with every chunk, so it should name large data and not hold it.
    items : iterable
        Drawn lazily, a chunk ahead of what the workers have.
    address : str
        Of the scheduler: ``tcp://HOST:PORT``.
    group : callable
        Items of equal ``group(item)`` take about the same time: it is learned from the first of
        them how many make a chunk.
    timeout_seconds : float
        How long the scheduler may take to answer.

    Yields
    ------
    The results, the same for any number of workers; the first exception that ``function`` raised
    is raised here when its turn comes.

    Raises
    ------
    InputError
        Upon the first result that is asked for: if nothing at the address answers. Later: if the
        scheduler ends, if there is no worker for 10 seconds, if the workers cannot run kolmo or
        have another version of it, or if an item ends every worker that tries it.
    UnavailableError
        If dask is not installed.

    Notes
    -----
    Two chunks for each thread of the workers are on their way, also when workers join. A worker
    that dies has its chunks computed again elsewhere. Results that wait for their turn are lost
    if the process ends. Close the generator (or exhaust it): the client is closed then, and the
    scheduler drops what is left.
    """
    _check_address(address)
    distributed = _distributed()
    with _quiet(), _client(distributed, address, timeout_seconds) as client:
        crew = _Crew(client, address, timeout_seconds)
        yield from _Work(crew, function, group).results(items)


class _Chunk:
    """Items on their way, and later what the worker said of them."""

    def __init__(self, items: list[Any], future: Any) -> None:
        self.items, self.future = items, future
        self.answer: Answer | None = None


class _Crew:
    """The cluster as we know it: how many threads it has, and whether it still answers."""

    def __init__(self, client: Any, address: str, timeout_seconds: float) -> None:
        self.client, self.address, self.timeout_seconds = client, address, timeout_seconds
        self._threads = 0
        self._next_probe = 0.0
        self._lonely_since: float | None = None

    def room(self) -> int:
        """Return how many chunks may be on their way; asks the scheduler once a second."""
        now = time.monotonic()
        if now >= self._next_probe:
            self._threads = sum(self._ask_threads().values())
            self._check_lonely(now)
            self._next_probe = now + PROBE_SECONDS
        return CHUNKS_A_THREAD * self._threads

    def _ask_threads(self) -> dict[str, int]:
        try:
            threads: dict[str, int] = self.client.sync(
                self.client.scheduler.ncores, callback_timeout=self.timeout_seconds
            )
        except Exception as error:
            raise self.lost() from error
        return threads

    def _check_lonely(self, now: float) -> None:
        if self._threads or self._lonely_since is None:
            self._lonely_since = None if self._threads else now
        elif now - self._lonely_since >= LONELY_SECONDS:
            raise InputError(
                f"scheduler {shorten(self.address)} has no workers: got none for "
                f"{LONELY_SECONDS:g} seconds; need one. Start one with: dask worker {self.address}"
            )

    def submit(self, function: Callable[[Any], Any], items: list[Any]) -> _Chunk:
        try:
            future = self.client.submit(
                run_chunk, function, items, kolmo.__version__, pure=False, retries=RETRIES
            )
        except Exception as error:
            if self.client.status != "running":
                raise self.lost() from error
            raise
        return _Chunk(items, future)

    def collect(self, chunk: _Chunk) -> bool:
        """Return whether the chunk is answered now."""
        status = chunk.future.status
        if status == "cancelled":
            raise self.lost()
        if status not in ("finished", "error"):
            return False
        try:
            chunk.answer = chunk.future.result(timeout=self.timeout_seconds)
        except TimeoutError:  # the worker died with the answer: it is computed again
            return False
        except Exception as error:
            if chunk.future.status == "cancelled":
                raise self.lost() from error
            raise self._failed(error) from error
        return True

    def lost(self) -> InputError:
        return InputError(
            f"scheduler {shorten(self.address)} is gone: got no answer; need it until the end. "
            "Start it and run again."
        )

    def _failed(self, error: Exception) -> InputError:
        if type(error).__name__ == "KilledWorker":
            return InputError(
                f"an item ended every worker of {shorten(self.address)} that tried it: need "
                "workers that survive it. Look at their memory limit and their logs."
            )
        first: BaseException = error
        while first.__cause__ is not None:
            first = first.__cause__
        what = " ".join(f"{type(first).__name__}: {first}".split())
        return InputError(
            f"the cluster at {shorten(self.address)} cannot do the work: got {shorten(what, 120)}; "
            f"need kolmo-toolkit {kolmo.__version__} and its libraries in the scheduler and the "
            "workers. Install them there."
        )


class _Work:
    """Chunks from the items to the workers, and their results back in order."""

    def __init__(
        self, crew: _Crew, function: Callable[[Any], Any], group: Callable[[Any], Hashable]
    ) -> None:
        self._crew, self._function, self._group = crew, function, group
        self._rates = Rates()
        self._busy: list[_Chunk] = []
        self._pending: deque[_Chunk] = deque()

    def results(self, items: Iterable[Any]) -> Iterator[Any]:
        chunks = cut(items, self._group, self._rates)
        more = True
        while more or self._pending:
            more = more and self._send(chunks)
            if not self._collect():
                time.sleep(POLL_SECONDS)
            while self._pending and self._pending[0].answer is not None:
                yield from self._open(self._pending.popleft().answer)

    def _send(self, chunks: Iterator[list[Any]]) -> bool:
        """Fill the room; return whether there may be more."""
        while len(self._busy) < self._crew.room():
            items = next(chunks, None)
            if items is None:
                return False
            chunk = self._crew.submit(self._function, items)
            self._busy.append(chunk)
            self._pending.append(chunk)
        return True

    def _collect(self) -> bool:
        self._crew.room()
        done = [chunk for chunk in self._busy if self._crew.collect(chunk)]
        for chunk in done:
            self._busy.remove(chunk)
            chunk.future = None
            if chunk.answer is not None:
                for item, seconds in zip(chunk.items, chunk.answer.seconds, strict=False):
                    self._rates.learn(self._group(item), seconds)
        return bool(done)

    def _open(self, answer: Answer | None) -> Iterator[Any]:
        if answer is not None:
            yield from answer.results
            if answer.failure is not None:
                raise answer.failure.exception()


def _check_address(address: str) -> None:
    match = ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[2]) < 65536:
        raise InputError(
            f"no address of a scheduler: got {shorten(address)!r}; need tcp://HOST:PORT. "
            "The line that `dask scheduler` prints has it."
        )


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise UnavailableError(
            "a cluster is unavailable, because dask[distributed] is not installed. "
            "Install it with: pip install 'kolmo-toolkit[cluster]'"
        ) from error
    return distributed


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the loggers of Dask, which write to standard error what we say in one line."""
    import logging

    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in LOUD]
    loggers = [logging.getLogger(name) for name in {*names, *LOUD}]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _client(distributed: Any, address: str, timeout_seconds: float) -> Iterator[Any]:
    import warnings

    _await_greeting(address, timeout_seconds)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of versions that differ: what matters is checked
        try:
            client = distributed.Client(address, timeout=timeout_seconds, set_as_default=False)
        except (OSError, ValueError, RuntimeError, ImportError) as error:
            raise _absent(address, timeout_seconds) from error
    try:
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=timeout_seconds)


def _await_greeting(address: str, timeout_seconds: float) -> None:
    """Wait until a scheduler greets: Dask's own client waits for that without an end.

    Its greeting starts with its length in 8 bytes, which is a huge number for any other service.
    """
    host, port = ADDRESS.fullmatch(address).groups()  # type: ignore[union-attr]
    deadline = time.monotonic() + timeout_seconds
    while (left := deadline - time.monotonic()) > 0:
        with suppress(OSError), socket.create_connection((host.strip("[]"), port), left) as line:
            line.settimeout(max(0.01, deadline - time.monotonic()))
            start = line.recv(8, socket.MSG_WAITALL)
            if len(start) == 8 and int.from_bytes(start, "little") < LARGEST_GREETING:
                return
        time.sleep(RETRY_SECONDS)
    raise _absent(address, timeout_seconds)


def _absent(address: str, timeout_seconds: float) -> InputError:
    return InputError(
        f"no scheduler at {shorten(address)}: got no answer of one in {timeout_seconds:g} "
        "seconds; need a running one. Start it with: dask scheduler"
    )
