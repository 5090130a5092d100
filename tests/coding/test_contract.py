"""Every code keeps every law, in one parametrised test; and broken codes break them."""

import hashlib
import itertools
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pytest
from naive.coding import compositions

from kolmo.coding import laws
from kolmo.coding.code import Code, Interval, IntervalCode
from kolmo.coding.continuous import Laplace, Logistic, Normal, Student
from kolmo.coding.counts import NML, Enumerative, NMLCounts, UniformCounts
from kolmo.coding.discrete import Categorical, Uniform, Uniforms
from kolmo.coding.integers import EliasDelta, EliasGamma, EliasOmega, Signed
from kolmo.coding.logstar import LogStar
from kolmo.coding.rangecoder import RangeDecoder, write
from kolmo.coding.urn import KT, Arrangement, Succession, Urn
from kolmo.errors import CertificationError, DecodeError, ParameterError

HUGE = 10**400
POSITIVE = [*range(1, 70), 1000, 2**32, 2**64 - 1, 2**64, HUGE]
AROUND = [0, 1, -1, 37, -64, 5000, -(10**6), 2**63, -(2**63), 2**64 + 1, HUGE, -HUGE]
SPREAD = np.array([0, 3, -7, 1000, -(10**9), 2**61, -(2**61), 5] * 3)
SIZES = np.array([1, 2, 7, 2**24, 2**24 + 1, 10**9, 2**56 + 1, 2**56, 3 * 2**55 + 2, 2**62])
ALL_INTEGERS = range(-3000, 3000)


@dataclass(frozen=True)
class Example:
    """A code, values for every law, and distinct values for Kraft's inequality."""

    code: Code[Any]
    values: Sequence[Any]
    kraft: Sequence[Any] = field(default_factory=list)
    foreign: Any = None  # a value that the code must refuse


def sequences(alphabet: int, length: int) -> list[np.ndarray]:
    return [np.array(x) for x in itertools.product(range(alphabet), repeat=length)]


def boxes(*sizes: int) -> list[np.ndarray]:
    return [np.array(x) for x in itertools.product(*map(range, sizes))]


def drawn(alphabet: int, length: int) -> np.ndarray:
    source = random.Random(alphabet)
    return np.array(
        [min(source.randrange(alphabet), source.randrange(alphabet)) for _ in range(length)]
    )


def repeated(code: IntervalCode[Any], values: list[Any]) -> Example:
    return Example(code.many(len(values)), [values], foreign=values[1:])


PAIRS = sequences(2, 10)
TRIPLES = sequences(3, 6)

EXAMPLES = {
    "gamma": Example(EliasGamma(), POSITIVE, range(1, 5000), 0),
    "delta": Example(EliasDelta(), POSITIVE, range(1, 5000), 0),
    "omega": Example(EliasOmega(), POSITIVE, range(1, 5000), -1),
    "log-star": Example(LogStar(), POSITIVE, range(1, 5000), 0),
    "signed delta": Example(Signed(EliasDelta()), AROUND, ALL_INTEGERS),
    "repeated gamma": repeated(EliasGamma(), [1, 5, HUGE, 2]),
    "uniform 1": Example(Uniform(1), [0], [0], 1),
    "uniform 6": Example(Uniform(6), range(6), range(6), -1),
    "uniform 2**32 + 1": Example(Uniform(2**32 + 1), [0, 7, 2**32], [], 2**32 + 1),
    "uniform huge": Example(Uniform(HUGE), [0, 1, HUGE // 3, HUGE - 1], [], HUGE),
    "uniforms": Example(
        Uniforms(SIZES), [SIZES - 1, SIZES // 3, SIZES * 0], [], np.append(SIZES[:-1] - 1, 2**62)
    ),
    "uniforms, each": Example(
        Uniforms(np.array([2, 3, 4])), [np.array([1, 2, 3])], boxes(2, 3, 4), np.array([1, 3, 3])
    ),
    "categorical": Example(Categorical([5, 0, 1, 2**31 - 6]), [0, 2, 3], [0, 2, 3], 1),
    "categorical, many": Example(
        Categorical([5, 0, 1]).many(20), [np.array([0, 2] * 10)], [], np.ones(20, int)
    ),
    "KT 1": Example(KT(1, 5), [np.zeros(5, int)], sequences(1, 5), np.ones(5, int)),
    "KT 2": Example(KT(2, 10), PAIRS[::97], PAIRS, np.array([0, 1])),
    "KT 3": Example(KT(3, 6), TRIPLES[::97], TRIPLES, np.full(6, 3)),
    "KT 256": Example(KT(256, 40_000), [drawn(256, 40_000)], [], np.full(40_000, -1)),
    "KT, no symbol": Example(KT(7, 0), [np.empty(0, int)], sequences(7, 0)),
    "Laplace's rule": Example(Succession(3, 6), TRIPLES[::97], TRIPLES),
    "urn": Example(Urn([3, 1, 9], step=5, length=6), TRIPLES[::97], TRIPLES),
    "arrangement": Example(
        Arrangement([2, 3, 1]),
        [np.array([0, 1, 1, 2, 1, 0])],
        [x for x in TRIPLES if np.bincount(x, minlength=3).tolist() == [2, 3, 1]],
        np.zeros(6, int),
    ),
    "uniform counts": Example(
        UniformCounts(4, 6), [(6, 0, 0, 0), (1, 2, 3, 0)], list(compositions(6, 4)), (1, 1, 1, 1)
    ),
    "uniform counts of one": Example(UniformCounts(1, 6), [(6,)], [(6,)]),
    "NML counts": Example(
        NMLCounts(5, 7), [(7, 0, 0, 0, 0), (1, 2, 3, 0, 1)], list(compositions(7, 5)), (7,)
    ),
    "NML counts of many": Example(
        NMLCounts(300, 5000), [tuple([4701] + [1] * 299), tuple([0] * 299 + [5000])]
    ),
    "enumerative": Example(Enumerative(2, 10), PAIRS[::97], PAIRS, np.full(10, 2)),
    "enumerative 256": Example(Enumerative(256, 30_000), [drawn(256, 30_000)]),
    "NML 2": Example(NML(2, 10), PAIRS[::97], PAIRS, np.full(10, 2)),
    "NML 3": Example(NML(3, 6), TRIPLES[::97], TRIPLES),
    "NML 256": Example(NML(256, 30_000), [drawn(256, 30_000)]),
    "normal": Example(Normal(0, 10), AROUND, ALL_INTEGERS),
    "normal, narrow": Example(Normal(1, 1, 40), AROUND, ALL_INTEGERS),
    "normal between integers": Example(Normal(3, 5, 1), AROUND, ALL_INTEGERS),
    "normal, wide": Example(Normal(-(10**6), 10**9), AROUND, ALL_INTEGERS),
    "normal, huge": Example(Normal(HUGE, HUGE // 7), [*AROUND, 2 * HUGE], ALL_INTEGERS),
    "laplace": Example(Laplace(-50, 600), AROUND, ALL_INTEGERS),
    "logistic": Example(Logistic(5, 255), AROUND, ALL_INTEGERS),
    "Cauchy": Example(Student(0, 3, degrees=1), AROUND, ALL_INTEGERS),
    "Student, wide": Example(Student(2**70, 2**20, degrees=4), AROUND, ALL_INTEGERS),
    "normal, many": Example(Normal(100, 2000).many(24), [SPREAD], [], SPREAD[1:]),
    "Cauchy, many": Example(Student(0, 1, degrees=1).many(24), [SPREAD]),
    "normal of seconds": Example(Normal(10**18, 10**14).many(24), [SPREAD]),
    "normal, many, huge values": Example(
        Normal(0, 10).many(12), [np.array(AROUND, object), np.arange(12)]
    ),
    "normal, many, huge": Example(Normal(HUGE, 2**90).many(12), [np.array(AROUND, object)]),
    "normal, many, far": Example(Normal(2**62, 2**40).many(24), [SPREAD]),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_code_keeps_every_law(name):
    example = EXAMPLES[name]
    for value in example.values:
        laws.check_identity(example.code, value)
        laws.check_boundary(example.code, value)
        laws.check_stack(example.code, value)
        laws.check_overhead(example.code, value)
    laws.check_kraft(example.code, example.kraft)
    source = random.Random(1)
    for payload in damaged_payloads(write(example.code, example.values[-1]), source):
        laws.check_damage(example.code, payload)
    if example.foreign is not None:
        with pytest.raises(ParameterError):
            write(example.code, example.foreign)


def damaged_payloads(message: bytes, source: random.Random) -> list[bytes]:
    """Return truncations, single flipped bits, and bytes that nobody wrote."""
    cuts = {0, 1, len(message) // 2, len(message) - 1}
    payloads = [message[:cut] for cut in cuts if 0 <= cut < len(message)]
    for _ in range(10 if message else 0):
        place, bit = source.randrange(len(message)), source.randrange(8)
        flipped = message[place] ^ 1 << bit
        payloads.append(message[:place] + bytes([flipped]) + message[place + 1 :])
    payloads += [bytes(20), b"\xff" * 20, b"\xff" * 3]
    return payloads + [source.randbytes(size) for size in (1, 2, 7, 8, 9, 30, 200)]


def test_a_complete_code_wastes_nothing():
    """Kraft sums that are exactly 1 (spec: over {0,1}^10, NML = KT = enumerative = 1)."""
    for name in ("KT 2", "enumerative", "NML 2", "KT 3", "NML 3", "NML counts", "uniform counts"):
        example = EXAMPLES[name]
        assert laws.check_kraft(example.code, example.kraft) == pytest.approx(1, abs=1e-8), name


def test_truncated_message_of_many_symbols_is_refused():
    message = write(EXAMPLES["KT 256"].code, EXAMPLES["KT 256"].values[0])
    with pytest.raises(DecodeError, match="no interval at byte"):
        EXAMPLES["KT 256"].code.decode(RangeDecoder(message[: len(message) // 2]))


class _Broken(IntervalCode[int]):
    """Codes 0 to 3 in two bits; its children each break one law."""

    def intervals(self, value: int, /) -> list[Interval]:
        return [Interval(value, 1, 4)]

    def decode(self, coder, /) -> int:
        found = coder.peek(4)
        coder.skip(Interval(found, 1, 4))
        return found


class _Forgetful(_Broken):
    def decode(self, coder, /) -> int:
        return min(super().decode(coder), 2)


class _Greedy(_Broken):
    def decode(self, coder, /) -> int:
        found = super().decode(coder)
        coder.skip(Interval(coder.peek(2), 1, 2))
        return found


class _Boastful(_Broken):
    def codelength(self, value: int, /) -> float:
        return 1.0


class _Modest(_Broken):
    def encode(self, value: int, coder, /) -> None:
        coder.put([*self.intervals(value), Interval(1, 1, 1 << 32)])


class _Crashing(_Broken):
    def decode(self, coder, /) -> int:
        return [0, 1, 2][super().decode(coder)]


@pytest.mark.parametrize(
    ("code", "check"),
    [
        (_Forgetful(), lambda code: laws.check_identity(code, 3)),
        (_Greedy(), lambda code: laws.check_boundary(code, 3)),
        (_Forgetful(), lambda code: laws.check_stack(code, 3)),
        (_Greedy(), lambda code: laws.check_stack(code, 3)),
        (_Boastful(), lambda code: laws.check_stack(code, 3)),
        (_Boastful(), lambda code: laws.check_kraft(code, range(4))),
        (_Modest(), lambda code: laws.check_overhead(code, 3)),
    ],
)
def test_broken_code_breaks_its_law(code, check):
    with pytest.raises(CertificationError):
        check(code)


def test_decoder_that_fails_otherwise_is_seen():
    with pytest.raises(IndexError):
        laws.check_damage(_Crashing(), b"\xff" * 4)


@cache
def messages() -> str:
    """Return all messages of the examples, in hexadecimal."""
    found = []
    for name, example in EXAMPLES.items():
        for value in example.values:
            if np.size(value) <= 100:
                found.append(f"{name} {write(example.code, value).hex()}")
    return "\n".join(found)


def test_messages_are_those_of_this_format():
    """Another digest means that old files no longer decode: raise the container's format."""
    assert hashlib.sha256(messages().encode()).hexdigest()[:16] == "38aa04c523ce6368"


def test_messages_are_the_same_without_the_compiler():
    """In one process without numba's compiler, and warnings of numpy's overflows as errors."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.path.insert(0, sys.argv[2])\n"
        "import test_contract as t\n"
        "from kolmo.coding import kernels, laws\n"
        "assert not hasattr(kernels.put_range, 'py_func')\n"
        "print(t.messages())\n"
        "for example in t.EXAMPLES.values():\n"
        "    for value in example.values:\n"
        "        if t.np.size(value) <= 100:\n"
        "            laws.check_identity(example.code, value)\n"
        "            laws.check_stack(example.code, value)\n"
    )
    here = os.path.dirname(__file__)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, here, os.path.dirname(here)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == messages()
