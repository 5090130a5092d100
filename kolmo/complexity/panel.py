"""The panel: many estimators on one input or many, and the bound on K that they give together."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from kolmo.complexity.choice import (
    default_estimators,
    is_verified,
    make_estimators,
    needed_bytes,
    tight_estimators,
)
from kolmo.complexity.estimator import Bound, Estimator, length_of
from kolmo.complexity.price import count_methods, priced
from kolmo.data import (
    IN_MEMORY_BYTES,
    MEMORY_LIMIT,
    Buffer,
    Input,
    JoinedInput,
    Readable,
    as_input,
)
from kolmo.errors import InputError, KolmoError, MemoryLimitError, ParameterError
from kolmo.parallel import ordered_map
from kolmo.progress import SILENT, Progress
from kolmo.results import Bounds, Caution, Estimate, Failure


def bounds(
    data: Readable,
    estimators: Iterable[str | Estimator] | None = None,
    given: Readable | None = None,
    *,
    tight: bool = False,
    verify: bool | None = None,
    jobs: int = 1,
    memory_limit: int = MEMORY_LIMIT,
    progress: Progress = SILENT,
) -> Bounds:
    """Return upper bounds on K(data), in bits, and estimates where they are asked for.

    Parameters
    ----------
    data : bytes, str or Input
        The object x; a str is the name of a file.
    estimators : iterable of str or Estimator, optional
        Labels such as ``"zstd:level=19"``, or objects such as a `PredictorBound`. By default
        the five library compressors, their fast settings above 64 MiB; and ``mix`` where x and
        y have 16 KiB to 4 MiB together.
    given : bytes, str or Input, optional
        Side information y: the rows then speak of K(x|y).
    tight : bool
        Take all codes that are installed, ``mix`` and ``ctw`` at any size: some 15 s for 1 MB.
    verify : bool, optional
        Decode every bound now, which makes it ``certified``; by default up to 16 MiB.
    jobs : int
        Number of threads; the result is the same for any number.
    memory_limit : int
        An estimator that would need more bytes fails, the others run.

    Returns
    -------
    Bounds
        Bounds first, the smallest on top, then estimates. ``failures`` names what did not work.

    Notes
    -----
    K(x) <= N + c with N = payload + naming + parameters + lengths, all in bits, and c the size of
    the decoder, which does not depend on x. Source: Li and Vitányi, An Introduction to Kolmogorov
    Complexity and Its Applications (2019), section 2.1.

    Examples
    --------
    >>> found = bounds(b"ab" * 5000, ["lzma", "stored"])
    >>> [(row.estimator, row.kind) for row in found.rows]
    [('lzma', 'certified'), ('stored', 'certified')]
    >>> found.rows[1].payload_bits
    80000
    """
    side = None if given is None else as_input(given)
    if tight and estimators is not None:
        raise ParameterError("estimators chosen twice: got a list and tight; need one of them")
    chosen = tight_estimators() if tight else None
    made = chosen if estimators is None else make_estimators(estimators)
    opened = as_input(data)
    (result,) = bounds_each(
        [opened],
        lambda _: made,
        side,
        verify=verify,
        jobs=jobs,
        memory_limit=memory_limit,
        progress=progress,
    )
    for source, named in ((opened, data), (side, given)):
        if source is not None and source is not named:
            source.close()
    return result


Chooser = Callable[[Input], list[Estimator] | None]


def bounds_each(
    inputs: Iterable[Input],
    choose: Chooser,
    given: Input | None = None,
    *,
    verify: bool | None = None,
    keep: bool = False,
    jobs: int = 1,
    memory_limit: int = MEMORY_LIMIT,
    progress: Progress = SILENT,
) -> Iterator[Bounds]:
    """Yield the bounds of each input, in order; work on the next begins before one is finished.

    Parameters
    ----------
    inputs : iterable of Input
        Drawn lazily; who opened them closes them.
    choose : callable
        The estimators for an input; None stands for the default set of its size.
    keep : bool
        Keep the payloads of inputs up to 64 MiB in the rows; see `bounds` for the others.
    """

    def tasks() -> Iterator[_Task]:
        for data in inputs:
            chosen = choose(data) or default_estimators(data.size, given.size if given else 0)
            progress.add(data.size * len(chosen))
            sure = is_verified(data.size, verify)
            kept = keep and data.size <= IN_MEMORY_BYTES
            *others, last = sorted(chosen, key=lambda item: -item.effort)
            for item in others:
                yield _Task(data, item, False, given, sure, kept, memory_limit, progress)
            yield _Task(data, last, True, given, sure, kept, memory_limit, progress)

    found: list[_Outcome] = []
    for outcome in ordered_map(_Task.run, tasks(), jobs):
        found.append(outcome)
        if outcome.task.is_last:
            yield _summary(found)
            found = []


class _Task(NamedTuple):
    """One estimator on one input."""

    data: Input
    estimator: Estimator
    is_last: bool
    given: Input | None
    verify: bool
    keep: bool
    memory_limit: int
    progress: Progress

    def run(self) -> "_Outcome":
        watched = _Watched(self.data, self.progress)
        try:
            return _Outcome(self, self._row(watched))
        except InputError as error:
            return _Outcome(self, Failure(self.data.name, None, str(error)))
        except MemoryError:
            return _Outcome(self, self._failure("out of memory"))
        except KolmoError as error:
            return _Outcome(self, self._failure(str(error)))
        except Exception as error:  # a plug-in may raise anything: name it, let the others finish
            return _Outcome(self, self._failure(f"{type(error).__name__}: {error}"))
        finally:
            watched.finish()

    def _row(self, data: Input) -> Estimate:
        estimator, given = self.estimator, self.given
        self._check_memory()
        row = estimator.estimate(data, given, verify=self.verify, keep=self.keep)
        if not isinstance(estimator, Bound):
            return row
        if row.payload_bits is not None:
            row = priced(row, estimator, given=given is not None)
        if given is not None:
            row = _with_information(row, self)
        return row

    def _check_memory(self) -> None:
        side = self.given.size if self.given is not None else 0
        needed = needed_bytes(self.estimator, self.data.size, side)
        if needed > self.memory_limit:
            raise MemoryLimitError(
                f"too much memory: needs about {needed} bytes; the limit is {self.memory_limit}. "
                "Use --memory-limit, or --max-bytes for a part."
            )

    def _failure(self, message: str) -> Failure:
        return Failure(self.data.name, self.estimator.label, message)


class _Outcome(NamedTuple):
    task: _Task
    result: Estimate | Failure


class _Watched:
    """An input that reports how much of it has been read."""

    def __init__(self, data: Input, progress: Progress) -> None:
        self.data, self.progress = data, progress
        self.name, self.size, self.truncated = data.name, data.size, data.truncated
        self.seen = 0

    def blocks(self) -> Iterator[Buffer]:
        for block in self.data.blocks():
            yield block
            self.advance(min(len(block), self.size - self.seen))

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        return self.data.read(start, stop)

    def close(self) -> None:
        """Leave the input open: it is shared."""

    def finish(self) -> None:
        self.advance(self.size - self.seen)

    def advance(self, count: int) -> None:
        """Report ``count`` bytes as done; for who reads in another way than by blocks."""
        self.seen += count
        self.progress.advance(count)


def _with_information(row: Estimate, task: _Task) -> Estimate:
    """Return ``row`` with I(x:y) = C(x) + C(y) - C(xy), and how much the order matters."""
    x, y = task.data, task.given
    assert y is not None

    def bits(data: Input) -> int:
        task.progress.add(data.size)
        return int(length_of(task.estimator, _Watched(data, task.progress)))

    joint = bits(JoinedInput(x, y))
    return row._replace(
        information_estimate_bits=bits(x) + bits(y) - joint,
        order_dependence_estimate_bits=abs(joint - bits(JoinedInput(y, x))),
    )


def _summary(found: list[_Outcome]) -> Bounds:
    """Return what all estimators said of one input."""
    results, task = [outcome.result for outcome in found], found[0].task
    failures = [item for item in results if isinstance(item, Failure)]
    rows = [item for item in results if isinstance(item, Estimate)]
    broken = [item for item in failures if item.estimator is None]
    if broken:  # the input itself failed: no number about it can be right
        rows, failures = [], broken[:1]
    rows.sort(key=lambda row: (row.bound_bits is None, row.bound_bits or row.bits, row.estimator))
    done = {row.estimator for row in rows}
    used = [outcome.task.estimator for outcome in found if outcome.task.estimator.label in done]
    return Bounds(
        file=task.data.name,
        input_bytes=task.data.size,
        rows=tuple(rows),
        methods=count_methods(),
        given=task.given.name if task.given is not None else None,
        cautions=tuple(_cautions(task, used)),
        failures=tuple(failures),
    )


def _cautions(task: _Task, used: list[Estimator]) -> Iterator[Caution]:
    size, given = task.data.size, task.given
    if task.data.truncated:
        yield Caution(
            "input-truncated", f"only the first {size} bytes are used", "", task.data.name
        )
    for estimator in used:
        primed = given is not None and isinstance(estimator, Bound) and estimator.primes
        joined = size + given.size if given is not None and not primed else size
        window = estimator.window_bytes(joined)
        if window is not None and window < joined:
            yield Caution(
                "window-smaller-than-input",
                f"{estimator.name} sees {window} bytes at a time, fewer than the input has",
                "it misses repetitions that are farther apart",
                task.data.name,
                estimator.label,
            )
        if primed and 0 < estimator.given_bytes < given.size:  # type: ignore[union-attr, attr-defined]
            yield Caution(
                "conditional-window-smaller-than-y",
                f"{estimator.name} is primed with the last "
                f"{estimator.given_bytes} bytes of the side information",  # type: ignore[attr-defined]
                "its bound holds, but does not use all of y",
                task.data.name,
                estimator.label,
            )
        if told := getattr(estimator, "caution", None):
            code, message, advice = told
            yield Caution(code, message, advice, task.data.name, estimator.label)
        if dictionary := getattr(estimator, "dictionary", None):
            yield Caution(
                "built-in-dictionary",
                f"{estimator.name} has {dictionary}",
                "that is side information which no other method has",
                task.data.name,
                estimator.label,
            )
