"""The contract of a bound: what it makes decodes to the data, and damage ends in DecodeError."""

import itertools
import random
from collections.abc import Callable, Iterator

import pytest
from conftest import samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kolmo
from kolmo import messages
from kolmo.coding.integers import elias_delta_bits
from kolmo.complexity.estimator import Bound
from kolmo.data import BLOCK_BYTES, JoinedInput, MemoryInput
from kolmo.errors import DecodeError, UnavailableError
from kolmo.isolation import Isolated
from kolmo.registry import estimators, parse_label

LARGEST_PIECE = 1 << 22  # more than that at once would be no stream
LARGE_BYTES, BOMB_BYTES = 50_000_000, 8_000_000
SLOW = {"ctw", "mix"}  # a tenth of a megabyte takes them a second: they get less of everything
SLOW_BYTES, SLOW_LARGE_BYTES, SLOW_DAMAGED_BYTES, SLOW_EDGE = 12_000, 300_000, 500, 1 << 16
# Libraries whose output depends on the data alone, not on how they arrive.
BLOCKING_DOES_NOT_MATTER = {"stored", "zlib", "bz2", "lzma", "ppmd", "bzip3", *SLOW}
QUICK = ("stored", "zlib:level=1", "bz2:level=1", "zstd:level=3", "lzma:preset=0")
QUICK += ("brotli:quality=1", "ppmd:order=2", "bzip3")

property_test = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
data_strategy = st.one_of(
    st.binary(max_size=4096),
    st.builds(lambda unit, times: unit * times, st.binary(max_size=16), st.integers(0, 256)),
)


def labels() -> Iterator[str]:
    """Yield a label for every registered bound and each of its examples."""
    for name in estimators.names():
        if estimators.get(name).kind == "bound":
            for values in estimators.examples(name):
                yield ":".join([name, *(f"{key}={value}" for key, value in values.items())])


def make(label: str) -> Bound:
    name, values = parse_label(label)
    try:
        return estimators.make(name, **values)
    except UnavailableError as error:
        pytest.skip(str(error))


def pick(wanted: Callable[[type[Bound]], bool], *, examples: bool = True) -> list[str]:
    """Return the labels of the plug-ins that are ``wanted``."""
    return [
        label
        for label in labels()
        if wanted(estimators.get(label.partition(":")[0])) and (examples or ":" not in label)
    ]


def is_isolated(plugin: type[Bound]) -> bool:
    return getattr(plugin, "isolated", False)


@pytest.fixture(params=labels())
def code(request: pytest.FixtureRequest) -> Bound:
    return make(request.param)


@pytest.fixture(params=pick(lambda plugin: True, examples=False))
def default_code(request: pytest.FixtureRequest) -> Bound:
    return make(request.param)


@pytest.fixture(params=pick(lambda plugin: plugin.name in BLOCKING_DOES_NOT_MATTER))
def indifferent_code(request: pytest.FixtureRequest) -> Bound:
    return make(request.param)


@pytest.fixture(params=pick(lambda plugin: plugin.primes, examples=False))
def primed_code(request: pytest.FixtureRequest) -> Bound:
    return make(request.param)


@pytest.fixture(params=pick(lambda plugin: plugin.self_delimiting))
def delimited_code(request: pytest.FixtureRequest) -> Bound:
    return make(request.param)


@pytest.fixture(params=pick(lambda plugin: plugin.name in SLOW))
def told_code(request: pytest.FixtureRequest) -> Bound:
    """A code that is told the length of the data, and given that finds the end of its payload."""
    code = make(request.param)
    assert code.lengths(1, 2) == (2,)
    return code


@pytest.fixture(params=pick(is_isolated))
def isolated_code(request: pytest.FixtureRequest) -> Isolated:
    return Isolated(make(request.param))


@pytest.fixture(params=pick(lambda plugin: not is_isolated(plugin)))
def trusted_code(request: pytest.FixtureRequest) -> Bound:
    return make(request.param)


def sample(code: Bound, kind: str) -> bytes:
    """Return an input of a kind, for slow codes its beginning."""
    return samples()[kind][: SLOW_BYTES if code.name in SLOW else None]


def large_bytes(code: Bound) -> int:
    return SLOW_LARGE_BYTES if code.name in SLOW else LARGE_BYTES


def damaged_sample(code: Bound, kind: str) -> bytes:
    return samples()[kind][: SLOW_DAMAGED_BYTES if code.name in SLOW else 3000]


def cut(data: bytes, size: int) -> list[memoryview]:
    view = memoryview(data)
    return [view[start : start + size] for start in range(0, len(data), size)]


def compress(code: Bound, data: bytes, side: bytes = b"", *, size: int = BLOCK_BYTES) -> bytes:
    return b"".join(code.compress(cut(data, size), len(data), side))


def decompress(
    code: Bound, payload: bytes, length: int, side: bytes = b"", *, size: int = BLOCK_BYTES
) -> bytes:
    return b"".join(code.decompress(cut(payload, size), length, side))


def survives(code: Bound | Isolated, payload: bytes, length: int) -> bool:
    """Decode as a caller does who stops at ``length``; tell whether there was no DecodeError.

    Any other exception fails the test, and so does a piece too large to be one of a stream.
    """
    count = 0
    try:
        for piece in code.decompress([payload], length):
            assert len(piece) <= LARGEST_PIECE
            count += len(piece)
            if count > length:
                break
    except DecodeError:
        return False
    return True


def lines(length: int) -> bytes:
    """Return text that compresses well but not trivially."""
    out, size = [], 0
    for number in itertools.count():
        out.append(b"%d entropy of the coffee cup rises %d\n" % (number**2 % 9973, number))
        size += len(out[-1])
        if size >= length:
            return b"".join(out)[:length]
    raise AssertionError


def runs(length: int) -> bytes:
    """Return runs of all bytes and many lengths: cheap for every compressor."""
    unit = b"".join(bytes([number % 251]) * (number * 37 % 977) for number in range(600))
    return (unit * (length // len(unit) + 1))[:length]


# --- round trips


@pytest.mark.parametrize("kind", sorted(samples()))
def test_decoding_returns_the_data_of_every_kind(code, kind):
    data = sample(code, kind)
    payload = compress(code, data)
    assert decompress(code, payload, len(data)) == data


@pytest.mark.parametrize("kind", ["empty", "one", "text", "binary"])
def test_decoding_returns_data_that_came_in_odd_blocks(code, kind):
    data = sample(code, kind)
    payload = compress(code, data, size=997)
    assert decompress(code, payload, len(data), size=13) == data


@property_test
@given(data_strategy)
def test_decoding_returns_arbitrary_data(code, data):
    assert decompress(code, compress(code, data), len(data)) == data


@pytest.mark.parametrize("edge", [1 << 16, 1 << 17, 900_000, 1 << 20])
def test_decoding_returns_data_that_end_at_the_edge_of_a_block(default_code, edge):
    if default_code.name in SLOW and edge > SLOW_EDGE:
        pytest.skip("it takes blocks as one")
    for length in (edge - 1, edge, edge + 1):
        data = runs(length)
        assert decompress(default_code, compress(default_code, data), length) == data


def test_stored_parameters_are_all_that_a_decoder_needs(code):
    data = lines(SLOW_BYTES)
    twin = estimators.make(code.name, **code.parameters())
    assert decompress(twin, compress(code, data), len(data)) == data


def assert_streams(code: Bound, data: bytes) -> None:
    source, position = memoryview(data), 0
    chunks = code.compress(MemoryInput(data).blocks(), len(data))
    for piece in code.decompress(chunks, len(data)):
        assert piece == source[position : position + len(piece)]
        position += len(piece)
    assert position == len(data)


def test_decoding_returns_fifty_megabytes(default_code):
    size = large_bytes(default_code)
    data = bytearray(size)
    for number, start in enumerate(range(0, size, 1 << 20)):
        mark = random.Random(number).randbytes(1000)
        data[start : start + len(mark)] = mark
    assert_streams(default_code, bytes(data))


@pytest.mark.slow
def test_decoding_returns_fifty_megabytes_of_text(code):
    period = lines(100_000)
    assert_streams(code, period * (large_bytes(code) // len(period)))


@pytest.mark.slow
@pytest.mark.parametrize("label", QUICK)
def test_decoding_returns_fifty_megabytes_of_noise(label):
    assert_streams(make(label), random.Random(5).randbytes(LARGE_BYTES))


# --- the same bytes on every run


@pytest.mark.parametrize("kind", ["text", "binary", "random"])
def test_payload_is_the_same_on_every_run(code, kind):
    data = sample(code, kind)
    assert compress(code, data) == compress(make(code.label), data)


@pytest.mark.parametrize("kind", ["text", "binary"])
def test_payload_is_that_of_one_block_if_the_library_does_not_care(indifferent_code, kind):
    code, data = indifferent_code, sample(indifferent_code, kind) * 4
    whole = compress(code, data, size=len(data))
    assert compress(code, data) == whole
    assert compress(code, data, size=997) == whole


def test_payload_of_joined_inputs_is_that_of_their_concatenation(indifferent_code):
    code = indifferent_code
    first, second = b"\0a", sample(code, "binary")
    joined = JoinedInput(MemoryInput(first), MemoryInput(second))
    payload = b"".join(code.compress(joined.blocks(), joined.size))
    assert payload == compress(code, first + second)


# --- where a payload ends


@pytest.mark.parametrize("kind", ["empty", "one", "text", "binary"])
@pytest.mark.parametrize("junk", [b"\0", b"\xff", b"junk" * 100, b"\0" * 5000])
def test_bytes_after_the_end_are_refused(delimited_code, kind, junk):
    data = samples()[kind]
    payload = compress(delimited_code, data)
    with pytest.raises(DecodeError):
        decompress(delimited_code, payload + junk, len(data))
    with pytest.raises(DecodeError):
        b"".join(delimited_code.decompress([payload, junk], len(data)))


def test_two_payloads_in_a_row_are_refused(delimited_code):
    data = samples()["text"]
    with pytest.raises(DecodeError):
        decompress(delimited_code, compress(delimited_code, data) * 2, 2 * len(data))


@pytest.mark.parametrize("kind", ["empty", "one", "two"])
def test_no_beginning_of_a_payload_is_one(delimited_code, kind):
    """Hence the code is free of prefixes, and no length is charged."""
    data = samples()[kind]
    payload = compress(delimited_code, data)
    for stop in range(len(payload)):
        with pytest.raises(DecodeError):
            decompress(delimited_code, payload[:stop], len(data))


def test_last_byte_missing_is_refused(delimited_code):
    data = samples()["text"]
    payload = compress(delimited_code, data)
    with pytest.raises(DecodeError):
        decompress(delimited_code, payload[:-1], len(data))


@pytest.mark.parametrize("kind", ["empty", "one", "text", "constant"])
def test_delimited_payload_decodes_without_its_length(delimited_code, kind):
    """The length of the data is not charged, hence must not be needed: a larger one will do."""
    data = samples()[kind]
    payload = compress(delimited_code, data)
    assert decompress(delimited_code, payload, len(data) + (1 << 27)) == data
    assert delimited_code.length_bits(len(payload), len(data)) == 0


@pytest.mark.parametrize("kind", ["empty", "one", "two", "text", "random"])
def test_no_payload_begins_with_another_one_of_as_much_data(told_code, kind):
    """Hence the code is free of prefixes once the length of the data is told, as it is."""
    data = samples()[kind][:SLOW_DAMAGED_BYTES]
    payload = compress(told_code, data)
    junk = [payload + b"\0", payload + b"\xff", payload + b"junk" * 100, payload * 2]
    stops = range(len(payload))[:: max(1, len(payload) // 50)]
    for altered in [*junk, *(payload[:stop] for stop in stops), payload[:-1]]:
        if altered != payload:
            with pytest.raises(DecodeError):
                decompress(told_code, altered, len(data))


@pytest.mark.parametrize("label", pick(lambda plugin: not plugin.self_delimiting))
def test_other_payloads_are_charged_their_length(label):
    code = make(label)
    data = sample(code, "text")
    payload = compress(code, data)
    assert code.length_bits(len(payload), len(data)) >= elias_delta_bits(len(payload) + 1)


def test_bzip3_decodes_without_its_length():
    """Its block size is made of the length, but only the payload's length is charged."""
    code, data = make("bzip3"), samples()["text"]
    assert decompress(code, compress(code, data), len(data) + (1 << 24)) == data


# --- damage


def damaged(payload: bytes, seed: int) -> Iterator[bytes]:
    """Yield truncated, flipped, shuffled and random payloads, the same on every run."""
    source = random.Random(seed)
    for _ in range(40):
        yield payload[: source.randrange(len(payload) + 1)]
    for _ in range(200):
        out = bytearray(payload)
        for _ in range(source.choice([1, 1, 2, 8])):
            out[source.randrange(len(out))] ^= 1 << source.randrange(8)
        yield bytes(out)
    for _ in range(40):
        start, stop = sorted(source.randrange(len(payload) + 1) for _ in range(2))
        yield payload[:start] + source.randbytes(stop - start) + payload[stop:]
        yield payload[:start] + payload[stop:]
        yield payload[:stop] + payload[start:]
    for size in range(60):
        yield source.randbytes(size)
        yield payload[:5] + source.randbytes(size)


@pytest.mark.parametrize("kind", ["text", "binary"])
def test_damaged_payloads_end_in_data_or_in_decode_error(trusted_code, kind):
    data = damaged_sample(trusted_code, kind)
    outcomes = [
        survives(trusted_code, altered, len(data))
        for altered in damaged(compress(trusted_code, data), len(trusted_code.label))
    ]
    assert trusted_code.name == "stored" or outcomes.count(False) > len(outcomes) / 4


@property_test
@given(st.binary(max_size=300), st.integers(0, 5000))
def test_arbitrary_payloads_end_in_data_or_in_decode_error(trusted_code, payload, length):
    survives(trusted_code, payload, length)


def test_damaged_payloads_end_a_child_not_this_process(isolated_code):
    data = samples()["text"][:3000]
    payload = compress(isolated_code.code, data)
    assert b"".join(isolated_code.decompress([payload], len(data))) == data
    altered = list(damaged(payload, 3))
    for item in (altered[0], altered[60], altered[240], altered[-3], b"", bytes(40)):
        survives(isolated_code, item, len(data))


@pytest.mark.parametrize("length", [0, 10])
def test_bomb_stops_at_most_one_piece_beyond_its_length(default_code, length):
    if default_code.name == "stored":
        pytest.skip("its payload is as long as its data")
    size = SLOW_LARGE_BYTES if default_code.name in SLOW else BOMB_BYTES
    bomb = compress(default_code, bytes(size))
    decoder = Isolated(default_code) if is_isolated(type(default_code)) else default_code
    survives(decoder, bomb, length)


def test_code_that_is_not_isolated_decodes_in_this_process(trusted_code, monkeypatch):
    monkeypatch.setattr("kolmo.isolation.subprocess.run", None)
    data = samples()["two"]
    assert kolmo.decode(kolmo.encode(data, trusted_code.label)) == data


def test_isolated_code_decodes_a_file_in_a_child(isolated_code, monkeypatch):
    def refuse(*arguments, **settings):
        raise RuntimeError("child")

    message = kolmo.encode(b"ab", isolated_code.code.label)
    monkeypatch.setattr("kolmo.isolation.subprocess.run", refuse)
    with pytest.raises(RuntimeError, match="child"):
        kolmo.decode(message)


# --- side information


@property_test
@given(data_strategy, data_strategy)
def test_primed_decoding_returns_arbitrary_data(primed_code, data, side):
    payload = compress(primed_code, data, side)
    assert decompress(primed_code, payload, len(data), side) == data


def test_side_information_of_no_bytes_changes_nothing(primed_code):
    data = sample(primed_code, "text")
    assert compress(primed_code, data, b"") == compress(primed_code, data)


def test_primed_payload_needs_its_side_information(primed_code):
    if primed_code.given_bytes == 0:
        pytest.skip("it makes no use of side information")
    data = samples()["random"][:5000]
    payload = compress(primed_code, data, data)
    assert len(payload) < len(compress(primed_code, data)) / 2
    with pytest.raises(DecodeError):
        decompress(primed_code, payload, len(data))


def test_code_that_cannot_be_primed_gives_an_estimate_only(default_code):
    if default_code.primes:
        pytest.skip("it can be primed")
    row = default_code.estimate(MemoryInput(b"ab" * 500), MemoryInput(b"ab" * 500))
    assert (row.kind, row.payload_bits, row.bound_bits) == ("estimate", None, None)
    with pytest.raises(kolmo.KolmoError, match="cannot be primed"):
        kolmo.encode(b"ab", default_code.label, given=b"ab")


# --- prices


@pytest.mark.parametrize("kind", ["empty", "one", "text", "binary", "random"])
def test_bound_is_the_sum_of_payload_and_prices(code, kind):
    data = sample(code, kind)
    (row,) = kolmo.bounds(data, [code.label]).rows
    payload = compress(code, data)
    assert row.kind == "certified"
    assert row.payload_bits == 8 * len(payload)
    assert row.length_bits == code.length_bits(len(payload), len(data))
    assert row.bound_bits == (
        row.payload_bits + row.naming_bits + row.parameters_bits + row.length_bits
    )


def test_bound_is_certified_only_if_it_was_decoded(code):
    for verify, kind in ((True, "certified"), (False, "bound")):
        (row,) = kolmo.bounds(b"ab" * 400, [code.label], verify=verify).rows
        assert row.kind == kind


@pytest.mark.parametrize("kind", ["empty", "text"])
def test_container_bits_are_those_of_the_file(code, kind):
    data = sample(code, kind)
    (row,) = kolmo.bounds(data, [code.label]).rows
    message = kolmo.encode(data, code.label)
    assert row.container_bits == 8 * len(message)
    assert kolmo.inspect(message).payload_bits == row.payload_bits


def test_container_bits_are_those_of_the_file_with_side_information(primed_code):
    data, side = sample(primed_code, "text"), samples()["text"][:500]
    (row,) = kolmo.bounds(data, [primed_code.label], given=side).rows
    assert row.container_bits == 8 * len(kolmo.encode(data, primed_code.label, given=side))


def test_names_of_all_codes_fit_their_price():
    """Kraft: the naming bits of all codes of kolmo are those of a decodable code."""
    prices = [
        kolmo.bounds(b"", [name], verify=False).rows[0].naming_bits
        for name in pick(lambda plugin: True, examples=False)
        if estimators.missing(name) is None
    ]
    assert sum(2.0**-bits for bits in prices) <= 1


def test_parameters_cost_a_bit_and_what_the_file_says():
    plain, windowed = kolmo.bounds(b"ab" * 99, ["zstd", "zstd:window=17"]).rows
    found = {row.estimator: row.parameters_bits for row in (plain, windowed)}
    assert found == {"zstd": 1, "zstd:window=17": 1 + 8 * len('{"window":17}')}


@pytest.mark.parametrize("kind", sorted(samples()))
def test_stored_costs_the_data_and_its_prices(kind):
    data = samples()[kind]
    (row,) = kolmo.bounds(data, ["stored"]).rows
    assert row.payload_bits == 8 * len(data)
    assert row.bound_bits <= 8 * len(data) + 1 + 4 + elias_delta_bits(len(data) + 1)


def test_random_data_cost_no_more_than_stored():
    data = samples()["random"][:10_000]
    found = kolmo.bounds(data)
    assert found.best.estimator == "stored"
    assert found.best.bound_bits - 8 * len(data) < 32


def test_what_a_bound_needs_of_memory_is_a_positive_number(code):
    for length in (0, 1, 10**6, 1 << 55):
        assert code.memory_bytes(length) > 0
        assert code.decoder_memory_bytes(length) > 0
        window = code.window_bytes(length)
        assert window is None or window > 0


def test_estimate_keeps_the_payload_if_asked(code):
    data = sample(code, "text")
    row = code.estimate(MemoryInput(data), keep=True)
    assert row.payload == compress(code, data)
    assert code.estimate(MemoryInput(data)).payload is None


def test_registered_code_is_found_by_a_container(default_code):
    opened = messages.Container(MemoryInput(kolmo.encode(b"ab", default_code.label)))
    assert b"".join(messages.decode_stream(opened)) == b"ab"
