"""Which estimators look at an input, and how long the slow ones among them will take."""

from collections.abc import Iterable

from kolmo.complexity.estimator import Bound, Estimator
from kolmo.data import IN_MEMORY_BYTES
from kolmo.errors import ParameterError
from kolmo.registry import estimators, parse_label

DEFAULT_LABELS = ("lzma", "zstd", "bz2", "zlib", "stored")
FAST_LABELS = ("bz2", "zlib:level=6", "zstd:level=3", "stored")
MIXED_LABELS = ("mix", *DEFAULT_LABELS)
FAST_ABOVE_BYTES = IN_MEMORY_BYTES
MIXED_FROM_BYTES, MIXED_TO_BYTES = 1 << 14, 1 << 22
VERIFY_BYTES = 1 << 24


def default_estimators(size: int, given_bytes: int = 0) -> list[Estimator]:
    """Return the default set for an input of ``size`` bytes.

    The library compressors, above 64 MiB their fast settings; and ``mix`` where input and side
    information have 16 KiB to 4 MiB together: below that the start of numba would take longer
    than all else.
    """
    if size > FAST_ABOVE_BYTES:
        return make_estimators(FAST_LABELS)
    return make_estimators(MIXED_LABELS if is_mixed(size, given_bytes) else DEFAULT_LABELS)


def is_mixed(size: int, given_bytes: int = 0) -> bool:
    """Return whether ``mix`` is in the default set for an input of ``size`` bytes."""
    return MIXED_FROM_BYTES <= size + given_bytes <= MIXED_TO_BYTES


def tight_estimators() -> list[Estimator]:
    """Return all codes that are installed, however slow: the tightest that kolmo can do."""
    names = [name for name in estimators.names() if estimators.missing(name) is None]
    return make_estimators(name for name in names if estimators.get(name).kind == "bound")


def make_estimators(labels: Iterable[str | Estimator]) -> list[Estimator]:
    """Return the estimators of the labels, each once; what is an estimator stays as it is.

    Raises
    ------
    ParameterError
        If there is none, or a name or parameter is wrong.
    UnavailableError
        If an optional dependency is missing.
    """
    made: dict[str, Estimator] = {}
    for label in labels:
        if isinstance(label, Estimator):
            if made.setdefault(label.label, label) is not label:
                raise ParameterError(f"two estimators of one label: got '{label.label}' twice")
            continue
        name, parameters = parse_label(label)
        if not name:
            raise ParameterError("no estimator: got an empty name; need one such as zstd")
        estimator = estimators.make(name, **parameters)
        made.setdefault(estimator.label, estimator)
    if not made:
        raise ParameterError("no estimator: got an empty list; need one such as zstd")
    return list(made.values())


def is_verified(size: int, verify: bool | None) -> bool:
    """Return whether bounds on an input of ``size`` bytes are decoded, as asked or by default."""
    return size <= VERIFY_BYTES if verify is None else verify


def needed_bytes(estimator: Estimator, size: int, given_bytes: int = 0) -> int:
    """Return about how much memory an estimator takes, C(x), C(y) and C(xy) included."""
    whole = estimator.memory_bytes(size + given_bytes)
    return max(estimator.memory_bytes(size, given_bytes), whole)


def expected_seconds(
    estimator: Estimator, size: int, given_bytes: int | None = None, *, verify: bool | None = None
) -> float:
    """Return about how long an estimator that knows its speed will take; 0 for the others.

    With side information it reads y before x, and then measures C(x), C(y), C(xy) and C(yx).
    """
    if estimator.bytes_per_second is None:
        return 0.0
    side, used = given_bytes or 0, 0
    if isinstance(estimator, Bound) and estimator.primes:
        used = min(side, estimator.given_bytes)
    count = (1 + is_verified(size, verify)) * (size + used)
    if given_bytes is not None:
        count += 3 * (size + side)
    return count / estimator.bytes_per_second
