"""The plain coders of tensors: what comes back, how long the payloads are, what damage does."""

import hashlib
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.weights import pack_by_shares, unpack_by_shares
from scipy import stats

from kolmo.coding.continuous import Normal
from kolmo.coding.urn import KT
from kolmo.errors import DecodeError, ParameterError
from kolmo.registry import weight_coders
from kolmo.weights.checkpoint import DTYPES
from kolmo.weights.coder import Form
from kolmo.weights.coders import _planes
from kolmo.weights.coders._indices import Tally, tally, thinned
from kolmo.weights.coders._located import fitted, located_bits
from kolmo.weights.coders._outliers import Range, log2_floor
from kolmo.weights.coders._words import PIECE_WORDS
from kolmo.weights.coders.gaussian import Gaussian

LOSSLESS = ("raw", "zstd", "xz", "planes")
QUANTISED = ("gaussian", "laplace", "gaussians", "histogram")
LOW, HIGH = -(1 << 31), (1 << 31) - 1
F32 = DTYPES["F32"]


def lines(count, bits, seed=1):
    """Return numbers of so many bits from a linear congruence: the same everywhere."""
    found, state = [], seed
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        found.append(state >> 64 - bits)
    return found


def bells(count, spread, seed=1):
    """Return sums of twelve uniform integers around 0, nearly normal: the same everywhere."""
    parts = np.array(lines(12 * count, 16, seed)).reshape(count, 12).sum(axis=1) - 6 * 65535
    return (parts * spread // 65536).astype(np.int32)


def form_of(count, dtype="I32"):
    return Form(DTYPES[dtype], (count,))


def words_of(dtype, numbers):
    return np.array(numbers, np.dtype(f"<u{DTYPES[dtype].word_bytes}"))


def floats(count, seed=1):
    """Return nearly normal float32 words, made of integers."""
    numbers = bells(count, 1 << 20, seed).astype(np.float32) / np.float32(1 << 20)
    return numbers.view("<u4")


def round_trip(name, data, form, *base):
    coder = weight_coders.make(name)
    payload = coder.encode(data, form, *base)
    found = coder.decode(payload, form, *base)
    assert isinstance(payload, bytes)
    assert found.dtype == data.dtype
    assert np.array_equal(found, data)
    return payload


SPECIAL = {
    "F32": [0x7FC00001, 0xFFC12345, 0x80000000, 0x7F800000, 0xFF800000, 1, 0x807FFFFF, 0x3F800000],
    "F64": [0x7FF8000000000001, 1 << 63, 0x7FF0000000000000, 0xFFF0000000000000, 1, (1 << 64) - 1],
    "F16": [0x7E01, 0x8000, 0x7C00, 0xFC00, 1, 0x83FF],
    "BF16": [0x7FC1, 0x8000, 0x7F80, 0xFF80, 1, 0x807F],
    "F8_E4M3": [0x7F, 0xFF, 0x80, 1],
    "F8_E8M0": [0, 255],
    "I64": [0, 1 << 63, (1 << 64) - 1],
    "I32": [0, 1 << 31, (1 << 32) - 1],
    "I16": [0, 1 << 15],
    "U8": [0, 1, 255],
    "BOOL": [0, 1, 1, 0],
}

WORDS = {
    f"{dtype}, {kind}": (dtype, numbers)
    for dtype, special in SPECIAL.items()
    for kind, numbers in {
        "special": special,
        "many": (special * 400)[:1000] + lines(50, 8 * DTYPES[dtype].word_bytes),
        "equal": special[:1] * 5000,
        "random": lines(999, 8 * DTYPES[dtype].word_bytes, 3),
        "one": special[-1:],
        "none": [],
    }.items()
}


@pytest.mark.parametrize("case", WORDS)
@pytest.mark.parametrize("name", LOSSLESS)
def test_words_come_back_whatever_they_are(name, case):
    dtype, numbers = WORDS[case]
    words = words_of(dtype, numbers)
    form = form_of(words.size, dtype)
    round_trip(name, words, form)
    round_trip(name, words, form, words[::-1].copy())
    round_trip(name, words, form, words)


@pytest.mark.parametrize("name", LOSSLESS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_words_come_back(name, data):
    dtype = data.draw(st.sampled_from(sorted(DTYPES)))
    largest = (1 << 8 * DTYPES[dtype].word_bytes) - 1
    some = st.sampled_from([0, 1, largest, largest >> 1]) | st.integers(0, largest)
    elements = data.draw(st.integers(0, 60))
    count = elements * DTYPES[dtype].words
    draw = st.lists(some, min_size=count, max_size=count)
    words, base = (words_of(dtype, data.draw(draw)) for _ in range(2))
    round_trip(name, words, form_of(elements, dtype))
    round_trip(name, words, form_of(elements, dtype), base)


@pytest.mark.parametrize("name", ["raw", "planes"])
def test_words_of_several_pieces_come_back(name):
    words = np.resize(floats(5000), PIECE_WORDS + 4321)
    round_trip(name, words, form_of(words.size, "F32"))
    round_trip(name, words, form_of(words.size, "F32"), np.roll(words, 7))


@pytest.mark.parametrize("name", LOSSLESS)
def test_shapes_make_no_difference(name):
    words = floats(120)
    flat = round_trip(name, words, Form(F32, (120,)))
    assert round_trip(name, words, Form(F32, (2, 3, 20))) == flat
    assert round_trip(name, words[:1], Form(F32, ())) is not None


@pytest.mark.parametrize("name", LOSSLESS)
def test_words_of_another_form_are_refused(name):
    coder = weight_coders.make(name)
    with pytest.raises(ParameterError, match="wrong length"):
        coder.encode(floats(10), form_of(11, "F32"))
    with pytest.raises(ParameterError, match="wrong words"):
        coder.encode(floats(10), form_of(10, "F64"))


@pytest.mark.parametrize("name", ["zstd", "xz", "planes"])
def test_words_next_to_a_base_are_short(name):
    base = floats(4000)
    words = base ^ np.array(lines(4000, 3), "<u4")
    alone, beside = (len(round_trip(name, words, form_of(4000, "F32"), *b)) for b in ([], [base]))
    assert beside < alone / 3


INDICES = {
    "none": [],
    "one": [-7],
    "smallest": [LOW],
    "largest": [HIGH],
    "equal": [5] * 3000,
    "equal extremes": [LOW] * 100,
    "both extremes": [LOW, HIGH] * 50,
    "two": [0, 1],
    "bits": lines(2000, 1),
    "sparse": [int(n == 0) for n in lines(4000, 6)],
    "bell": bells(3000, 9).tolist(),
    "wide bell": bells(3000, 1 << 24).tolist(),
    "off centre": (bells(1000, 4) + 100000).tolist(),
    "outliers": [*bells(1000, 3).tolist(), LOW, HIGH, 1 << 20, -300000],
    "uniform": [n + LOW for n in lines(150, 32)],
    "three": [-1, 0, 1] * 20,
    "steps": list(range(-2000, 2000)),
    "a byte": list(range(256)) * 3,
    "two bytes": [*range(1 << 16)],
}


@pytest.mark.parametrize("case", INDICES)
@pytest.mark.parametrize("name", QUANTISED)
def test_indices_come_back_whatever_they_are(name, case):
    indices = np.array(INDICES[case], np.int32)
    round_trip(name, indices, form_of(indices.size))


@pytest.mark.parametrize("name", QUANTISED)
@settings(max_examples=30, deadline=None)
@given(
    numbers=st.lists(
        st.integers(-3, 3) | st.integers(-1000, 1000) | st.integers(LOW, HIGH), max_size=40
    )
)
def test_any_indices_come_back(name, numbers):
    round_trip(name, np.array(numbers, np.int32), form_of(len(numbers)))


@pytest.mark.parametrize("name", QUANTISED)
def test_indices_of_many_pieces_come_back(name):
    indices = np.resize(bells(3000, 20), 300_000)
    indices[5] = HIGH  # the histogram's sample, and an outlier
    round_trip(name, indices, form_of(indices.size))


def test_histogram_of_several_segments_comes_back(monkeypatch):
    monkeypatch.setattr("kolmo.weights.coders.histogram.SEGMENT", 700)
    indices = np.array([*bells(2000, 5).tolist(), HIGH, *bells(50, 5).tolist()], np.int32)
    round_trip("histogram", indices, form_of(indices.size))


# --- how long payloads are


def test_gaussian_is_within_a_fiftieth_of_a_bit_of_the_entropy():
    levels = (np.arange(100_000) + 0.5) / 100_000
    spread = 6.0
    indices = np.rint(stats.norm.ppf(levels, 0.3, spread)).astype(np.int32)
    payload = round_trip("gaussian", indices, form_of(indices.size))
    entropy = math.log2(spread * math.sqrt(2 * math.pi * math.e))
    assert abs(8 * len(payload) / indices.size - entropy) < 0.02


@pytest.mark.parametrize(("count", "spread"), [(500, 3), (5000, 40), (5000, 1 << 20)])
def test_gaussian_is_hardly_longer_than_the_best_normal_of_all(count, spread):
    indices = bells(count, spread)
    values = indices.astype(np.int64)
    unit = 1 << 6
    tried = [
        Normal(round(float(values.mean()) * unit), round(scale * unit), 6).many(count)
        for scale in float(values.std()) * np.linspace(0.9, 1.1, 21)
    ]
    least = min(code.codelength(values) for code in tried)
    told = 8 * len(weight_coders.make("gaussian").encode(indices, form_of(count)))
    assert told < least + 16 + 50  # location and scale, to half the digits of each


def test_gaussian_of_mostly_zeros_finds_the_scale_that_moments_miss():
    numbers = np.array([1 if n == 0 else 0 for n in lines(20_000, 7)], np.int32)
    share = float(numbers.mean())
    entropy = -share * math.log2(share) - (1 - share) * math.log2(1 - share)
    payload = round_trip("gaussian", numbers, form_of(numbers.size))
    assert 8 * len(payload) / numbers.size < 1.05 * entropy + 0.01


def test_laplace_is_shorter_than_gaussian_where_tails_are_heavy():
    signs, sizes = lines(20_000, 1, 5), lines(20_000, 30, 6)
    far = [-math.log((n + 1) / (1 << 30)) * 9 for n in sizes]
    indices = np.rint([d if s else -d for d, s in zip(far, signs, strict=True)]).astype(np.int32)
    form = form_of(indices.size)
    found = {name: len(round_trip(name, indices, form)) for name in ("laplace", "gaussian")}
    ideal = math.log2(2 * math.e * 9) * indices.size / 8
    assert found["laplace"] < 1.003 * ideal + 10
    assert found["gaussian"] > 1.015 * found["laplace"]  # .104 bits of 5.6


def test_gaussians_is_shorter_on_two_scales_and_pays_for_its_parameters():
    indices = np.concatenate([bells(8000, 3), bells(2000, 60, 2)])
    form = form_of(indices.size)
    one, many = (len(round_trip(name, indices, form)) for name in ("gaussian", "gaussians"))
    assert many < 0.85 * one
    wide = math.log2(60 * math.sqrt(2 * math.pi * math.e)) - math.log2(1)
    narrow = math.log2(3 * math.sqrt(2 * math.pi * math.e))
    which = -0.2 * math.log2(0.2) - 0.8 * math.log2(0.8)
    assert 8 * many < indices.size * (0.2 * wide + 0.8 * narrow + which) + 200


def test_gaussians_of_one_bell_is_gaussian_and_a_bit():
    indices = bells(5000, 12)
    form = form_of(indices.size)
    one, many = (len(round_trip(name, indices, form)) for name in ("gaussian", "gaussians"))
    assert one - 1 <= many <= one + 1


def test_gaussians_of_a_sample_pays_for_all(monkeypatch):
    monkeypatch.setattr("kolmo.weights.coders._indices._SAMPLE", 1000)
    monkeypatch.setattr("kolmo.weights.coders._indices._LARGEST_SPAN", 10)
    indices = np.concatenate([bells(4000, 3), bells(4000, 90, 2)])[lines_order(8000)]
    whole = len(round_trip("gaussians", indices, form_of(8000)))
    monkeypatch.undo()
    assert whole < 1.01 * len(round_trip("gaussians", indices, form_of(8000)))


def lines_order(count):
    return np.argsort(lines(count, 40, 9), kind="stable")


@pytest.mark.parametrize("spread", [1, 10, 300])
def test_histogram_is_within_the_bound_of_its_code(spread):
    indices = bells(4000, spread)
    symbols = indices.astype(np.int64) - int(indices.min())
    bound = KT(int(symbols.max()) + 1, symbols.size).codelength(symbols)
    payload = round_trip("histogram", indices, form_of(indices.size))
    assert 8 * len(payload) <= bound + 60  # lowest index and size of the range


def test_histogram_pays_for_an_outlier_once():
    indices = bells(4000, 10)
    bare = len(round_trip("histogram", indices, form_of(4000)))
    indices[17] = HIGH
    assert len(round_trip("histogram", indices, form_of(4000))) < bare + 16


@pytest.mark.parametrize(("dtype", "gain"), [("F32", 1.08), ("BF16", 1.05), ("F64", 1.05)])
def test_planes_is_shorter_than_zstd_on_nearly_normal_floats(dtype, gain):
    words = floats(30_000)
    if dtype == "F64":
        noise = np.array(lines(30_000, 29, 4), np.uint64)
        words = (words.view("<f4").astype("<f8").view("<u8") | noise).astype("<u8")
    if dtype == "BF16":
        words = (words >> np.uint32(16)).astype("<u2")
    form = form_of(words.size, dtype)
    sizes = {name: len(round_trip(name, words, form)) for name in ("planes", "zstd")}
    assert gain * sizes["planes"] < sizes["zstd"]


def test_planes_of_random_bytes_cost_a_byte_or_two_more():
    for dtype in ("U8", "F16", "F32", "F64"):
        words = words_of(dtype, lines(3000, 8 * DTYPES[dtype].word_bytes))
        payload = round_trip("planes", words, form_of(3000, dtype))
        assert len(payload) <= words.nbytes + 2


def test_planes_of_equal_words_cost_a_byte_for_each_plane():
    assert len(round_trip("planes", words_of("F32", [77] * 5000), form_of(5000, "F32"))) == 1 + 4


# --- parts


def test_tally_counts_alike_both_ways(monkeypatch):
    indices = bells(3000, 50)
    slow = tally(indices)
    monkeypatch.setattr("kolmo.weights.coders._indices._SAMPLE", 100)
    fast = tally(indices)
    assert np.array_equal(slow.distinct, fast.distinct)
    assert np.array_equal(slow.counts, fast.counts)
    assert slow.size == 3000


def test_thinned_tally_keeps_size_and_middle():
    found = thinned(tally(bells(5000, 1 << 20)), 64)
    assert found.distinct.size <= 64
    assert found.size == 64
    assert abs(float(found.distinct.mean())) < 1 << 17


def test_located_bits_are_those_of_the_message():
    for spread in (1, 30, 5000, 1 << 22):
        indices = bells(2000, spread)
        found = tally(indices)
        place = fitted(found, 2000, Normal, Gaussian().estimate)
        told = 8 * len(weight_coders.make("gaussian").encode(indices, form_of(2000)))
        bits = located_bits(place, Normal, found, 2000)
        assert bits - 24 < told < bits + 24


def test_outliers_come_apart_and_together():
    chosen = Range(-5, 10, True)
    indices = np.array([-6, LOW, 3, 5, 6, HIGH, 4, -5])
    above, distances = chosen.outliers_of(indices)
    assert chosen.symbols_of(indices).tolist() == [10, 10, 8, 10, 10, 10, 9, 0]
    assert above.tolist() == [False, False, True, True, True]
    assert distances.tolist() == [1, (1 << 31) - 5, 1, 2, HIGH - 4]
    assert (chosen.joined(above, distances) - 5).tolist() == [-6, LOW, 5, 6, HIGH]


def test_log2_floor_is_exact_at_powers_of_two():
    numbers = [n for e in range(33) for n in ((1 << e) - 1, 1 << e) if n]
    assert log2_floor(np.array(numbers)).tolist() == [n.bit_length() - 1 for n in numbers]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 7, 100, 3001])
def test_packed_bytes_are_those_of_the_naive_twin(count):
    from kolmo.weights.kernels import pack_bytes, unpack_bytes

    plane = np.array([min(n >> 3, 40) if n < 250 else n for n in lines(count, 8)], np.uint8)
    shares = _planes.rounded(np.bincount(plane, minlength=256) + (np.arange(256) == 255))
    stacks, words = np.full(4, 1 << 15, np.int64), np.empty(count + 1, np.uint16)
    first = pack_bytes(plane, _planes._writing_rows(shares), words, stacks)
    heads, wanted = pack_by_shares(plane.tolist(), shares.tolist(), 14, 4)
    assert words[first:].tolist() == wanted
    assert stacks.tolist() == heads
    assert unpack_by_shares(heads, wanted, shares.tolist(), 14, count) == (
        plane.tolist(),
        [1 << 15] * 4,
        len(wanted),
    )
    rows = np.stack([shares, np.cumsum(shares) - shares], axis=1)
    symbols = np.repeat(np.arange(256, dtype=np.uint8), shares)
    found = np.empty(count, np.uint8)
    padded = np.concatenate([words[first:], np.zeros(4, np.uint16)])
    assert unpack_bytes(found, symbols, rows, padded, stacks) == len(wanted)
    assert np.array_equal(found, plane)
    assert stacks.tolist() == [1 << 15] * 4


def test_division_by_inverses_is_exact():
    shares = np.array([*range(1, 200), 4095, 4096, 4097, 8191, 8192, 8193, 16383, *range(300, 350)])
    shares = np.resize(shares, 256)
    rows = _planes._writing_rows(shares)
    for share, (_, _, inverse, shift) in zip(shares.tolist(), rows.tolist(), strict=True):
        limit = min(share << 17, 1 << 31) - 1
        for x in (0, 1, share - 1, share, share + 1, 1 << 15, limit - limit % share - 1, limit):
            assert x * inverse >> shift == x // share
        assert limit * inverse < 1 << 63


@pytest.mark.parametrize("count", [0, 1, 3, 4, 1000])
def test_bytes_are_counted(count):
    from kolmo.weights.kernels import count_bytes

    plane = np.array(lines(count, 8), np.uint8)
    rows = np.zeros((4, 256), np.int64)
    count_bytes(plane, rows)
    assert rows.sum(axis=0).tolist() == [plane.tolist().count(byte) for byte in range(256)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 1 << 20) | st.just(0), min_size=256, max_size=256))
def test_shares_are_positive_and_come_back(numbers):
    counts = np.array(numbers, np.int64)
    if np.count_nonzero(counts) < 2:
        return
    shares = _planes.rounded(counts)
    assert shares.sum() == 1 << 14
    assert np.array_equal(shares > 0, counts > 0)
    cursor = _planes.Cursor(_planes.told(shares))
    assert np.array_equal(_planes.read_shares(cursor), shares)
    cursor.finish()


# --- damage


def damaged_forms(payload, rng, count):
    """Yield payloads that are cut, longer, altered in a few bits, or quite other."""
    yield from (payload[:-1], payload[: len(payload) // 2], payload + b"\0", payload + b"\1", b"")
    for _ in range(count):
        altered = bytearray(payload)
        for _ in range(rng.choice([1, 1, 1, 4, 30])):
            place = min(int(rng.expovariate(0.08)), len(altered) - 1)
            if rng.random() < 0.5:
                place = rng.randrange(len(altered))
            altered[place] ^= 1 << rng.randrange(8)
        yield bytes(altered)
    for size in (1, 3, 20, 300):
        yield rng.randbytes(size)
        yield b"\xff" * size


def survive(name, data, form, count):
    coder = weight_coders.make(name)
    payload = coder.encode(data, form)
    for altered in damaged_forms(payload, random.Random(form.words), count):
        try:
            found = coder.decode(altered, form)
        except DecodeError:
            continue
        assert found.dtype == data.dtype
        assert found.shape == data.shape


@pytest.mark.parametrize("case", ["F32, many", "BF16, special", "F64, equal", "U8, one"])
@pytest.mark.parametrize("name", LOSSLESS)
def test_damage_to_words_is_refused_or_makes_others(name, case):
    dtype, numbers = WORDS[case]
    survive(name, words_of(dtype, numbers), form_of(len(numbers), dtype), 60)


@pytest.mark.parametrize("case", ["one", "equal", "bell", "wide bell", "outliers", "both extremes"])
@pytest.mark.parametrize("name", QUANTISED)
def test_damage_to_indices_is_refused_or_makes_others(name, case):
    indices = np.array(INDICES[case], np.int32)
    survive(name, indices, form_of(indices.size), 40)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*LOSSLESS, *QUANTISED])
def test_much_damage_is_refused_or_makes_others(name):
    if name in LOSSLESS:
        survive(name, floats(3000), form_of(3000, "F32"), 3000)
        return
    mixed = np.concatenate([bells(500, 3), bells(100, 5000, 2)])
    survive(name, mixed, form_of(600), 2000)


@pytest.mark.parametrize("name", [*LOSSLESS, *QUANTISED])
def test_payload_of_nothing_is_empty(name):
    coder = weight_coders.make(name)
    data = np.empty(0, "<u4" if name in LOSSLESS else np.int32)
    assert coder.encode(data, form_of(0, "F32")) == b""
    with pytest.raises(DecodeError, match="bytes"):
        coder.decode(b"\0", form_of(0, "F32"))


@pytest.mark.parametrize("name", LOSSLESS)
def test_payload_of_a_much_larger_tensor_is_refused(name):
    payload = weight_coders.make(name).encode(floats(3), form_of(3, "F32"))
    with pytest.raises(DecodeError):
        weight_coders.make(name).decode(payload, form_of(1 << 22, "F32"))


# --- yesterday's bytes

DIGESTS = {
    "planes": "4aa5fb5be2152069",
    "gaussian": "7a48bc1ba6a38cf9",
    "laplace": "f52d545349e1c269",
    "gaussians": "425b4bf5d6d048cd",
    "histogram": "0628002815ed2d13",
}


@pytest.mark.parametrize("name", DIGESTS)
def test_payload_of_fixed_input_stays_the_same(name):
    if name in LOSSLESS:
        data, form = floats(5000), form_of(5000, "F32")
    else:
        data = np.concatenate([bells(4000, 5), bells(1000, 80, 2), np.array([HIGH, LOW], np.int32)])
        form = form_of(data.size)
    payload = weight_coders.make(name).encode(data, form)
    assert hashlib.sha256(payload).hexdigest()[:16] == DIGESTS[name]


def test_tally_of_nothing_but_one_index():
    assert tally(np.array([3, 3], np.int32)) == Tally(np.array([3]), np.array([2]))
