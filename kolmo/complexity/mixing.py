"""The context mixer: its models, and the memory that each of them needs."""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from kolmo.complexity.adaptive import AdaptiveModel
from kolmo.complexity.estimators._streams import PIECE_BYTES, bites
from kolmo.complexity.histories import followers, histories
from kolmo.complexity.mixplan import Plan, Preset, shifted
from kolmo.data import Buffer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kolmo.coding.rangecoder import RangeDecoder

_LN_2 = 0.6931471805599453
_STATE_LIMIT = 255  # of what a counter of histories remembers
_START_WEIGHT = 410  # a tenth
_PIXEL_RATE = 6
_SLOTS, _SLOTS_FAST = 4, 2  # log2 of slots for each byte
_FEWEST_SLOTS, _FEWEST_KEYS, _MOST_KEYS = 12, 10, 22
_SLOT_BYTES, _PIXEL_BYTES = 16, 5 * 13
_VECTOR = 32  # inputs come in multiples of it


class Mixed(NamedTuple):
    """Bytes under a model, after the side information that it has learnt from.

    Attributes
    ----------
    model : AdaptiveModel
    start, stop : int
        Where the data stand in the model's text.
    """

    plan: Plan
    model: AdaptiveModel
    start: int
    stop: int

    @classmethod
    def open(
        cls, plan: Plan, length: int, given: bytes, memory_log2: int, *, data: bytes | None = None
    ) -> "Mixed":
        """Return a model that has learnt ``given``, and room for ``length`` bytes, or ``data``."""
        import numpy as np

        start, stop = len(given), len(given) + length
        text = np.zeros(stop, np.uint8)
        for at, part in ((0, given), (start, data or b"")):
            symbols = shifted(part, 1) if plan.branches else np.frombuffer(part, np.uint8)
            text[at : at + symbols.size] = symbols
        kind = PixelMixer if plan.preset == Preset.PICTURE else ByteMixer
        model = kind(text, plan, memory_log2)
        model.learn(0, start)
        return cls(plan, model, start, stop)

    def read(self, coder: "RangeDecoder") -> Iterator[Buffer]:
        """Yield the data that a coder holds."""
        done = self.start
        for stop in self.model.read(self.start, self.stop, coder):
            if not self.plan.branches:
                yield self.model.text[done:stop].tobytes()
                done = stop
        if self.plan.branches:
            code = shifted(self.model.text[self.start :].tobytes(), -1)
            yield from bites([code.data], PIECE_BYTES)


class Shape(NamedTuple):
    """What a mixer over bytes is made of.

    Attributes
    ----------
    contexts, orders : int
        Length of the preset's list of contexts, and how many orders it begins with.
    models : int
        Match models; the last goes on after a miss.
    sets : int
        Sets of weights in the first layer, at most 5.
    rate : int
        Of learning, in the end.
    without : int
        A bit for each context that is left out, to see what it is worth.
    """

    contexts: int
    orders: int
    models: int
    sets: int
    rate: int
    without: int = 0

    @property
    def inputs(self) -> int:
        """Inputs of the mixer: two of each context and match model, order 0, and a constant."""
        return 2 * (self.contexts + self.models) + 3


SHAPES = {
    Preset.FAST: Shape(contexts=6, orders=5, models=1, sets=1, rate=2),
    Preset.TEXT: Shape(contexts=21, orders=7, models=2, sets=5, rate=2),
    Preset.BINARY: Shape(contexts=29, orders=5, models=2, sets=5, rate=4),
}


class ByteMixer(AdaptiveModel):
    """The mixer over bytes: presets ``fast``, ``text`` and ``binary``.

    Parameters
    ----------
    shape : Shape, optional
        Another one than the preset's, which no stream can tell: for experiments.
    """

    piece, bits, share_bits = 1 << 11, 8, 16

    def __init__(
        self,
        text: "NDArray[np.uint8]",
        plan: Plan,
        memory_log2: int,
        shape: Shape | None = None,
    ) -> None:
        import numpy as np

        from kolmo.complexity.kernels import bytecontexts, bytemix, logistic

        shape = shape or SHAPES[plan.preset]
        state = np.zeros(bytecontexts.STATE_WORDS, np.int64)
        state[logistic.CONTEXTS], state[bytecontexts.ORDERS] = shape.contexts, shape.orders
        state[bytecontexts.PRESET], state[bytecontexts.MODELS] = plan.preset - 1, shape.models
        state[bytecontexts.WITHOUT], state[logistic.STRIDE] = shape.without, plan.stride
        slots = slots_log2(plan.preset, text.size, memory_log2)
        state[logistic.SLOT_MASK] = (1 << slots) - 1
        keys = 1 << min(max(text.size.bit_length(), _FEWEST_KEYS), _MOST_KEYS)
        counters = _counters(shape.contexts, 2 * bytemix.MATCH_COUNTERS + 256)
        _expect_matches(counters[bytemix.STATES * shape.contexts :], shape.models)
        layers = _layers(state, shape.inputs, bytemix.ROWS, sets=shape.sets, rate=shape.rate)
        layers.set_first(2 * (shape.contexts + shape.models))
        memory = (
            *layers.first,
            counters,
            _refiners(bytemix.REFINERS),
            np.zeros(bytemix.SLOT_BYTES << slots, np.uint8),
            np.zeros(bytemix.FIRST_HASH + 2 * keys, np.int32),
            layers.last,
        )
        super().__init__(text, bytemix.mix_bytes, memory)


class PixelMixer(AdaptiveModel):
    """The mixer over pixels of black and white: preset ``picture``."""

    piece, bits, share_bits = 1 << 11, 8, 16

    def __init__(self, text: "NDArray[np.uint8]", plan: Plan, memory_log2: int) -> None:
        import numpy as np

        from kolmo.complexity.kernels import logistic, pixelmix

        number = pixelmix.CONTEXTS
        state = np.zeros(pixelmix.STATE_WORDS, np.int64)
        places = 1 << places_log2(text.size, memory_log2)
        state[logistic.STRIDE], state[logistic.SLOT_MASK] = plan.stride, places - 1
        layers = _layers(
            state, 3 * number + 1, pixelmix.ROWS, sets=pixelmix.SETS_OF_PIXELS, rate=_PIXEL_RATE
        )
        layers.set_first(2 * number)
        memory = (
            *layers.first,
            _counters(number, number * places),
            _refiners(pixelmix.REFINERS),
            np.zeros(number * places, np.uint8),
            np.zeros(1, np.int32),
            layers.last,
        )
        super().__init__(text, pixelmix.mix_pixels, memory)


def slots_log2(preset: Preset, length: int, memory_log2: int) -> int:
    """Return the logarithm of the number of slots of a mixer over so many bytes."""
    wanted = length.bit_length() + (_SLOTS_FAST if preset == Preset.FAST else _SLOTS)
    return min(max(wanted, _FEWEST_SLOTS), memory_log2 - 4)


def places_log2(length: int, memory_log2: int) -> int:
    """Return the logarithm of the number of places of a mixer over so many bytes of pixels."""
    return min(max(length.bit_length() + 1, _FEWEST_SLOTS), memory_log2 - 6)


def largest_tables(length: int, memory_log2: int) -> int:
    """Return how many bytes the largest model over so many bytes needs beside them."""
    slots = _SLOT_BYTES << slots_log2(Preset.BINARY, length, memory_log2)
    return max(slots, _PIXEL_BYTES << places_log2(length, memory_log2))


class _Layers(NamedTuple):
    """State, tables, inputs and weights of the first layer; and the weights of the last."""

    first: tuple[Any, ...]
    last: "NDArray[np.int32]"

    def set_first(self, spoken: int) -> None:
        """Let every other of the first inputs, the logits, count a little in every set."""
        inputs, weights = self.first[2:]
        weights.reshape(-1, inputs.size)[:, 0:spoken:2] = _START_WEIGHT


def _layers(state: Any, inputs: int, rows: int, *, sets: int, rate: int) -> _Layers:
    import numpy as np

    from kolmo.complexity.kernels import logistic

    size = -(-inputs // _VECTOR) * _VECTOR
    state[logistic.INPUTS], state[logistic.SETS] = size, sets
    state[logistic.LIMIT], state[logistic.LAST_RATE] = _STATE_LIMIT, rate << 8
    logistic.slow_down(state, 0)
    weights = np.zeros(rows * size, np.int16)
    last = np.full(256 * sets, 65536 // sets, np.int32)
    return _Layers((state, _tables(), np.zeros(size, np.int16), weights), last)


@cache
def _tables() -> "NDArray[np.int32]":
    """Return logits, shares, paces and the states that follow, the same integers everywhere."""
    import numpy as np

    from kolmo.coding.portable import exp2, log2
    from kolmo.complexity.kernels import logistic

    shares = (np.arange(4096) + 0.5) / 4096
    logits = np.rint(256 * _LN_2 * (log2(shares) - log2(1 - shares)))
    logits = np.clip(logits, -logistic.LARGEST_LOGIT, logistic.LARGEST_LOGIT)
    powers = exp2(-np.arange(-logistic.MIDDLE, logistic.MIDDLE) / (256 * _LN_2))
    squashed = np.clip(np.rint(65536 / (1 + powers)), 1, 65535)
    paces = 655360 // (10 * np.arange(1024) + 16)
    parts = logits, squashed, paces, np.array(followers())
    return np.concatenate(parts).astype(np.int32)


def _counters(contexts: int, others: int) -> "NDArray[np.uint32]":
    """Return counters for the states of each context, and others that have seen nothing."""
    import numpy as np

    from kolmo.complexity.kernels import logistic

    states = np.zeros(256, np.uint32)
    states[: len(histories())] = [state.share(1 << 22) << 10 for state in histories()]
    rest = np.full(others, logistic.HALF, np.uint32)
    return np.concatenate([np.tile(states, contexts), rest])


def _expect_matches(counters: "NDArray[np.uint32]", models: int) -> None:
    """Set what match models believe at first: the longer a match, the surer."""
    import numpy as np

    from kolmo.complexity.kernels import bytemix

    runs = np.arange(bytemix.MATCH_COUNTERS // 2)
    for model in range(models):
        length = runs % 16 if model + 1 == models else runs
        base = model * bytemix.MATCH_COUNTERS
        misses = (1 << 22) // (length + 2)
        counters[base : base + bytemix.MATCH_COUNTERS : 2] = misses << 10
        counters[base + 1 : base + bytemix.MATCH_COUNTERS : 2] = ((1 << 22) - misses) << 10


def _refiners(contexts: int) -> "NDArray[np.uint16]":
    """Return for each context a share at each of 33 logits, at first what the logit says."""
    import numpy as np

    from kolmo.complexity.kernels import logistic

    knots = np.clip(128 * np.arange(-16, 17), -logistic.LARGEST_LOGIT, logistic.LARGEST_LOGIT)
    shares = _tables()[logistic.SQUASH + logistic.MIDDLE + knots]
    return np.tile(shares.astype(np.uint16), contexts)
