"""The container: its layout byte by byte, its price, and what damage of every kind ends in.

As a script (``python test_container.py CODE``) it damages one container a thousand times in a
process of its own, whose memory is limited and measured.
"""

import hashlib
import itertools
import json
import random
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kolmo
from kolmo import container, messages
from kolmo.container import Container, overhead_bytes
from kolmo.data import JoinedInput, MemoryInput
from kolmo.errors import (
    CertificationError,
    CorruptFileError,
    InputError,
    KolmoError,
    MemoryLimitError,
    ParameterError,
)
from kolmo.header import Header, number_bytes, parse_header
from kolmo.registry import estimators

STREAMS = Path(__file__).parent / "golden" / "streams"
GOLDEN_TEXT = (
    b"No message is shorter than the shortest program that prints it.\n"
    b"A bound is a message that someone can decode; an estimate is a number.\n"
) * 3 + bytes(range(64))
GOLDEN_GIVEN = GOLDEN_TEXT[30:120] + b"side information, which the reader has, too"
GOLDEN = {
    "stored": "stored",
    "zlib": "zlib",
    "bz2": "bz2",
    "lzma": "lzma",
    "lzma-window": "lzma:window=12",
    "zstd": "zstd",
    "brotli": "brotli",
    "ppmd": "ppmd:order=4",
    "bzip3": "bzip3",
    "zstd-given": "zstd",
    "zlib-given": "zlib",
    "ctw": "ctw",
    "ctw-depth": "ctw:depth=4",
    "ctw-given": "ctw:symbol=8",
    "mix": "mix",
    "mix-fast": "mix:preset=1",
    "mix-binary": "mix:preset=3",
    "mix-picture": "mix:preset=4",
    "mix-given": "mix:memory=20",
}

DATA = (b"entropy of the coffee cup rises\r\nand falls\n" * 40) + random.Random(4).randbytes(300)
SIDE = DATA[500:1200]
IN_PROCESS = ("stored", "zlib", "bz2", "lzma", "zstd", "brotli", "ctw", "mix")
ISOLATED = ("ppmd", "bzip3")
MUTATIONS, RESEALED, ISOLATED_MUTATIONS = 1000, 200, 20
MEMORY_CAP = 1 << 26
GROWTH_BYTES = MEMORY_CAP + (1 << 25)  # what the libraries themselves take comes on top
BOMB_GROWTH_BYTES = 1 << 26


def crc_bytes(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "big")


def sealed(head: bytes, payload: bytes) -> bytes:
    """Return a container whose sums fit, whatever stands in it."""
    return head + crc_bytes(head) + payload + crc_bytes(payload)


def forged(
    code: str,
    payload: bytes,
    *,
    length: int,
    parameters: bytes = b"",
    digest: bytes = bytes(8),
    side: bytes = b"",
) -> bytes:
    """Return a container made by hand, from the table in the module's documentation."""
    head = b"KLM\x01" + bytes([len(code)]) + code.encode()
    head += leb128(len(parameters)) + parameters + leb128(length)
    return sealed(head + bytes([len(side)]) + side + digest, payload)


def leb128(value: int) -> bytes:
    """Return the definition of the encoding, digit by digit."""
    digits = []
    while True:
        value, digit = divmod(value, 128)
        if value == 0:
            return bytes([*(128 + item for item in digits), digit])
        digits.append(digit)


def short_sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:8]


def payload_of(label: str, data: bytes, side: bytes = b"") -> bytes:
    name, _, values = label.partition(":")
    settings_ = dict(item.split("=") for item in values.split(":") if item)
    code = estimators.make(name, **{key: int(value) for key, value in settings_.items()})
    return b"".join(code.compress(MemoryInput(data).blocks(), len(data), side))


def skip_if_missing(name: str) -> None:
    if reason := estimators.missing(name):
        pytest.skip(reason)


# --- the layout


def test_container_of_three_bytes_is_laid_out_by_hand():
    head = bytes.fromhex(
        "4b4c4d01"  # K L M and format 1
        "06 73746f726564"  # six letters: stored
        "00"  # no parameters
        "03"  # three bytes of data
        "00"  # no side information
        "ba7816bf8f01cfea"  # SHA-256 of abc, FIPS 180-4
    )
    expected = head + crc_bytes(head) + b"abc" + crc_bytes(b"abc")
    assert kolmo.encode(b"abc", "stored") == expected
    assert crc_bytes(b"abc").hex() == "352441c2"  # RFC 1952's CRC-32
    assert kolmo.decode(expected) == b"abc"


def test_container_with_parameters_and_side_information_is_laid_out_by_hand():
    expected = forged(
        "zstd",
        payload_of("zstd:window=17", DATA, SIDE),
        length=len(DATA),
        parameters=b'{"window":17}',
        digest=short_sha(DATA),
        side=short_sha(SIDE),
    )
    message = kolmo.encode(DATA, "zstd:window=17:level=3", given=SIDE)
    assert message[: expected.index(b"}") + 20] == expected[: expected.index(b"}") + 20]
    assert kolmo.encode(DATA, "zstd:window=17", given=SIDE) == expected
    assert kolmo.decode(expected, given=SIDE) == DATA


@pytest.mark.parametrize("name", sorted({*IN_PROCESS, *ISOLATED}))
def test_every_container_is_header_payload_and_sum(name):
    skip_if_missing(name)
    expected = forged(name, payload_of(name, DATA), length=len(DATA), digest=short_sha(DATA))
    assert kolmo.encode(DATA, name) == expected
    assert kolmo.decode(expected) == DATA


def test_parameters_that_decoding_does_not_need_are_not_stored():
    assert kolmo.inspect(kolmo.encode(DATA, "zlib:level=1")).parameters == {}
    assert kolmo.inspect(kolmo.encode(DATA, "zstd:level=3:window=17")).parameters == {"window": 17}


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 16383, 16384, 1 << 55, (1 << 56) - 1])
def test_number_is_leb128(value):
    assert number_bytes(value) == leb128(value)
    assert len(number_bytes(value)) <= 8


def test_number_of_2_to_the_56_is_refused():
    with pytest.raises(ParameterError, match="need less than 2\\^56"):
        number_bytes(1 << 56)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.text("abcxyz019", min_size=1, max_size=64),
    st.dictionaries(st.text("abc_", min_size=1, max_size=8), st.integers(-(2**70), 2**70)),
    st.integers(0, (1 << 56) - 1),
    st.binary(min_size=8, max_size=8),
    st.one_of(st.just(b""), st.binary(min_size=8, max_size=8)),
)
def test_header_is_read_as_it_was_written(code, parameters, length, digest, side):
    header = Header(code, length, digest, parameters, side)
    raw = header.to_bytes()
    assert parse_header(MemoryInput(raw + b"rest")) == (header, len(raw))


@pytest.mark.parametrize("given_", [False, True])
@pytest.mark.parametrize("length", [0, 1, 127, 128, 1 << 30, 1 << 55, (1 << 56) - 1])
@pytest.mark.parametrize("name", ["stored", "zstd"])
def test_container_costs_at_most_forty_bytes(name, length, given_):
    code = estimators.make(name)
    assert overhead_bytes(code, length, given=given_) - len(name) <= 40
    many = estimators.make("zstd", window=17)
    extra = len('{"window":17}') + len("zstd")
    assert overhead_bytes(many, length, given=given_) - extra <= 40


@pytest.mark.parametrize("side", [None, SIDE])
def test_overhead_is_what_the_file_has_beside_its_payload(side):
    message = kolmo.encode(DATA, "zstd:window=17", given=side)
    found = kolmo.inspect(message)
    assert found.header_bytes + found.payload_bytes + found.trailer_bytes == len(message)
    code = estimators.make("zstd", window=17)
    assert len(message) - found.payload_bytes == overhead_bytes(
        code, len(DATA), given=side is not None
    )


def test_inspection_says_what_the_file_says():
    found = kolmo.inspect(kolmo.encode(DATA, "zstd:window=17", given=SIDE))
    assert (found.code, found.kind, found.format) == ("zstd", "bound", "0.1")
    assert (found.data_bytes, found.parameters) == (len(DATA), {"window": 17})
    assert found.data_digest == short_sha(DATA).hex()
    assert found.given_digest == short_sha(SIDE).hex()
    assert found.container_bits == 8 * (found.header_bytes + found.payload_bytes + 4)
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize("name", ["with_underscore", "with-hyphen", "ümlaut", "", "x" * 65])
@pytest.mark.parametrize("keys", [0, 1000])
def test_header_that_could_not_be_read_back_is_refused_when_written(name, keys):
    """A name or parameters of another distribution's code must not make an unreadable file."""
    header = Header(name, 3, bytes(8), {f"key{number}": number for number in range(keys)})
    try:
        raw = header.to_bytes()
    except KolmoError:
        return
    assert parse_header(MemoryInput(raw)) == (header, len(raw))


# --- comparing with an original


def test_comparison_accepts_the_original_and_names_the_first_difference():
    opened = Container(MemoryInput(kolmo.encode(DATA, "zlib")))
    messages.compare(opened, MemoryInput(DATA))
    with pytest.raises(CertificationError, match="differs after byte 0"):
        messages.compare(opened, MemoryInput(b"?" + DATA[1:]))
    with pytest.raises(CertificationError, match="not the same data"):
        messages.compare(opened, MemoryInput(DATA[:3]))
    with pytest.raises(CertificationError, match=f"has {len(DATA) + 1} bytes"):
        messages.compare(opened, MemoryInput(DATA + b"!"))


# --- damage: a thousand kinds


def mutations(message: bytes, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield 1000 damaged messages with the kind of damage, the same on every run."""
    source = random.Random(seed)
    kinds = [flip, truncate, insert, delete, swap, blank, repeat, append]
    for number in range(MUTATIONS - RESEALED):
        damage = kinds[number % len(kinds)]
        yield damage.__name__, damage(message, source)
    header_bytes = kolmo.inspect(message).header_bytes
    for number in range(RESEALED):
        head, payload = message[: header_bytes - 4], message[header_bytes:-4]
        damage = kinds[number % len(kinds)]
        if number % 4 == 0:
            head = damage(head, source)
        else:
            payload = damage(payload, source)
        yield "resealed", sealed(head, payload)


def flip(data: bytes, source: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(source.choice([1, 1, 1, 2, 8])):
        if out:
            out[source.randrange(len(out))] ^= 1 << source.randrange(8)
    return bytes(out)


def truncate(data: bytes, source: random.Random) -> bytes:
    return data[: source.randrange(len(data) + 1)]


def insert(data: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(data) + 1)
    return data[:at] + source.randbytes(source.choice([1, 2, 50])) + data[at:]


def delete(data: bytes, source: random.Random) -> bytes:
    start, stop = sorted(source.randrange(len(data) + 1) for _ in range(2))
    return data[:start] + data[stop:]


def swap(data: bytes, source: random.Random) -> bytes:
    start, middle, stop = sorted(source.randrange(len(data) + 1) for _ in range(3))
    return data[:start] + data[middle:stop] + data[start:middle] + data[stop:]


def blank(data: bytes, source: random.Random) -> bytes:
    start, stop = sorted(source.randrange(len(data) + 1) for _ in range(2))
    return data[:start] + bytes(stop - start) + data[stop:]


def repeat(data: bytes, source: random.Random) -> bytes:
    start, stop = sorted(source.randrange(len(data) + 1) for _ in range(2))
    return data[:stop] + data[start:stop] + data[stop:]


def append(data: bytes, source: random.Random) -> bytes:
    return data + source.randbytes(source.choice([1, 4, 100]))


def outcome(message: bytes, data: bytes, side: bytes | None) -> str:
    """Return what decoding ends in: an error of kolmo's, the data, or what must never be."""
    try:
        decoded = kolmo.decode(message, given=side, memory_limit=MEMORY_CAP)
    except KolmoError as error:
        return type(error).__name__ if "\n" not in str(error) else "more than one line"
    except BaseException as error:
        return f"escaped: {type(error).__name__}: {error}"
    return "the data" if decoded == data else "wrong data"


def main(name: str, count: int) -> None:
    """Damage a container ``count`` times; print the outcomes and the growth of this process."""
    import resource

    side = SIDE if name in ("zstd", "zlib") else None
    message = kolmo.encode(DATA, name, given=side)
    assert kolmo.decode(message, given=side) == DATA
    limit = 1 << 32  # of addresses, most of them the libraries'
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    before = peak_bytes()
    outcomes = Counter(
        "unaltered" if damaged == message else f"{kind}: {outcome(damaged, DATA, side)}"
        for kind, damaged in itertools.islice(mutations(message, 7), MUTATIONS - count, None)
    )
    record = {"outcomes": outcomes, "growth_bytes": peak_bytes() - before}
    sys.stdout.write(json.dumps(record))


def peak_bytes() -> int:
    """Return the most memory this process has held; ``ru_maxrss`` counts its parent's, too."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the system does not tell the peak of memory"
)


def damage_in_a_child(name: str, count: int) -> Counter[str]:
    skip_if_missing(name)
    done = subprocess.run(
        [sys.executable, __file__, name, str(count)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["growth_bytes"] < GROWTH_BYTES
    outcomes = Counter(found["outcomes"])
    assert sum(outcomes.values()) == count
    return outcomes


@needs_proc
@pytest.mark.parametrize("name", IN_PROCESS)
def test_thousand_damaged_containers_never_decode_to_wrong_data(name):
    outcomes = damage_in_a_child(name, MUTATIONS)
    bad = [item for item in outcomes if "wrong" in item or "escaped" in item or "line" in item]
    assert not bad
    refused = sum(count for item, count in outcomes.items() if item.endswith("Error"))
    assert refused > 0.95 * MUTATIONS
    assert not [item for item in outcomes if item.startswith("flip") and item.endswith("the data")]


@needs_proc
@pytest.mark.parametrize("name", ISOLATED)
def test_damaged_containers_of_isolated_codes_never_decode_to_wrong_data(name):
    outcomes = damage_in_a_child(name, ISOLATED_MUTATIONS)  # the last ones, which are resealed
    bad = [item for item in outcomes if "wrong" in item or "escaped" in item or "line" in item]
    assert not bad
    assert all(item.startswith(("resealed", "unaltered")) for item in outcomes)


def test_damage_of_a_text_mode_transfer_is_refused():
    message = kolmo.encode(DATA, "stored")
    assert message.count(b"\r\n") == 40
    for altered in (
        message.replace(b"\n", b"\r\n"),
        message.replace(b"\r\n", b"\n"),
        message.replace(b"\r", b"\n"),
        bytes(byte & 127 for byte in message),
    ):
        assert altered != message
        with pytest.raises(CorruptFileError):
            kolmo.decode(altered)


def test_every_single_bit_is_guarded():
    message = kolmo.encode(b"abc", "zlib")
    for position in range(8 * len(message)):
        altered = bytearray(message)
        altered[position // 8] ^= 1 << position % 8
        with pytest.raises(KolmoError):
            kolmo.decode(bytes(altered))


def test_every_truncation_is_refused():
    message = kolmo.encode(b"abc", "zlib")
    for stop in range(len(message)):
        with pytest.raises(KolmoError):
            kolmo.decode(message[:stop])
        with pytest.raises(KolmoError):
            kolmo.inspect(message[:stop])


# --- damage: what the message says


def corrupt(message: bytes, **settings_: Any) -> CorruptFileError:
    with pytest.raises(CorruptFileError) as caught:
        kolmo.decode(message, **settings_)
    error = caught.value
    assert f"corrupt file: {error.section}, bytes {error.start} to {error.stop}: " in str(error)
    assert error.check in str(error)
    return error


def altered_at(message: bytes, position: int) -> bytes:
    return message[:position] + bytes([message[position] ^ 255]) + message[position + 1 :]


def test_damage_of_the_header_is_located():
    message = kolmo.encode(DATA, "zlib")
    found = kolmo.inspect(message)
    error = corrupt(altered_at(message, 15))
    assert (error.section, error.start, error.stop) == ("header", 0, found.header_bytes)
    assert "CRC-32" in error.check


def test_damage_of_the_payload_is_located():
    message = kolmo.encode(DATA, "zlib")
    found = kolmo.inspect(message)
    expected = ("payload", found.header_bytes, len(message) - 4)
    for position in (found.header_bytes, found.header_bytes + 50, len(message) - 5):
        error = corrupt(altered_at(message, position))
        assert (error.section, error.start, error.stop) == expected
        assert "CRC-32" in error.check


def test_damage_of_the_trailer_is_a_sum_that_does_not_fit():
    message = kolmo.encode(DATA, "zlib")
    assert "CRC-32" in corrupt(altered_at(message, len(message) - 1)).check


def test_file_without_a_trailer_is_named():
    message = kolmo.encode(b"", "stored")
    error = corrupt(message[:-2])
    assert (error.section, error.stop) == ("trailer", len(message) - 2)


def test_resealed_payload_is_refused_by_its_decoder_or_by_sha256():
    payload = payload_of("zlib", DATA)
    settings_ = {"length": len(DATA), "digest": short_sha(DATA)}
    error = corrupt(forged("zlib", payload[:-3], **settings_))
    assert error.section == "payload"
    assert "ends early" in error.check
    error = corrupt(forged("stored", DATA[::-1], **settings_))
    assert (error.section, error.start, error.stop) == ("data", 0, len(DATA))
    assert "SHA-256" in error.check


def test_wrong_sha256_is_refused():
    error = corrupt(forged("stored", b"abc", length=3, digest=short_sha(b"abd")))
    assert error.section == "data"
    assert "SHA-256" in error.check


@pytest.mark.parametrize(("length", "words"), [(2, "more than the 2 bytes"), (4, "3 bytes")])
def test_wrong_length_is_refused(length, words):
    error = corrupt(forged("stored", b"abc", length=length, digest=short_sha(b"abc")))
    assert error.section == "payload"
    assert words in error.check


def test_nothing_is_a_corrupt_header():
    assert corrupt(b"").section == "header"
    assert "magic" in corrupt(b"KL").check


@pytest.mark.parametrize("data", [b"PK\x03\x04 and so on", b"KLN\x01" + bytes(50), bytes(50)])
def test_what_is_no_container_is_called_so(data):
    with pytest.raises(InputError, match="not a container"):
        kolmo.decode(data)


@pytest.mark.parametrize("number", [0, 2, 3, 9, 255])
def test_other_format_is_refused_with_its_version(number):
    message = b"KLM" + bytes([number]) + kolmo.encode(b"abc", "zlib")[4:]
    with pytest.raises(InputError, match=f"0\\.{number}.*this kolmo reads 0\\.1"):
        kolmo.decode(message)
    with pytest.raises(InputError, match=f"0\\.{number}"):
        kolmo.inspect(message)


@pytest.mark.parametrize(
    "head",
    [
        b"KLM\x01\x41" + b"a" * 65 + b"\0\x03\0" + bytes(8),  # name of 65 letters
        b"KLM\x01\x00\0\x03\0" + bytes(8),  # no name
        b"KLM\x01\x04z/ib\0\x03\0" + bytes(8),  # name that is no word
        b"KLM\x01\x04zlib\x80\x00\x03\0" + bytes(8),  # padded number
        b"KLM\x01\x04zlib\0" + b"\xff" * 9 + b"\0" + bytes(8),  # number of 2^56 or more
        b"KLM\x01\x04zlib\0" + b"\xff" * 8 + b"\x01\0" + bytes(8),
        b"KLM\x01\x04zlib\x81\x20" + b" " * 4097 + b"\x03\0" + bytes(8),  # too long
        b"KLM\x01\x04zlib\0\x03\x01!" + bytes(8),  # one byte of side information
        b"KLM\x01\x04zlib\x02[]\x03\0" + bytes(8),
        b"KLM\x01\x04zlib\x04null\x03\0" + bytes(8),
        b"KLM\x01\x04zlib\x02\xff\xfe\x03\0" + bytes(8),
        b'KLM\x01\x04zlib\x0b{"a":"abc"}\x03\0' + bytes(8),
        b'KLM\x01\x04zlib\x0a{"a":true}\x03\0' + bytes(8),
        b'KLM\x01\x04zlib\x09{"a":1.0}\x03\0' + bytes(8),
        b'KLM\x01\x04zlib\x09{"a":NaN}\x03\0' + bytes(8),
        b"KLM\x01\x04zlib\x88\x10" + b'{"a":[' + b"[" * 2050 + b"\x03\0" + bytes(8),
    ],
)
def test_malformed_header_with_fitting_sums_is_refused(head):
    with pytest.raises(KolmoError):
        kolmo.decode(sealed(head, b"abc"))
    with pytest.raises(CorruptFileError) as caught:
        kolmo.inspect(sealed(head, b"abc"))
    assert caught.value.section == "header"


@pytest.mark.parametrize("name", ["unknown", "entropy", "os", "x" * 64])
def test_unknown_code_is_refused_by_name(name):
    with pytest.raises(InputError, match="cannot decode") as caught:
        kolmo.decode(forged(name, b"abc", length=3))
    assert name[:20] in str(caught.value)


@pytest.mark.parametrize(
    "parameters",
    [
        *('{"nonsense":1}', '{"window":99}', '{"window":-1}', '{"name":1}', '{"self":1}', '{"":1}'),
        f'{{"window":{"9" * 4000}}}',
        f'{{"{"x" * 4000}":1}}',
        '{"\\n\\u001b[31m":1}',
    ],
    ids=lambda value: value[:20],
)
def test_forged_parameters_are_refused(parameters):
    for name in ("zstd", "stored", "lzma"):
        message = forged(name, b"abc", length=3, parameters=parameters.encode())
        with pytest.raises(KolmoError) as caught:
            kolmo.decode(message)
        assert len(str(caught.value)) < 300


# --- memory


@pytest.mark.parametrize("name", sorted({*IN_PROCESS, *ISOLATED}))
@pytest.mark.parametrize("length", [1 << 40, (1 << 56) - 1])
def test_forged_length_takes_no_memory(name, length):
    skip_if_missing(name)
    message = forged(name, payload_of(name, DATA), length=length, digest=short_sha(DATA))
    with pytest.raises(MemoryLimitError, match="the limit is 1073741824"):
        kolmo.decode(message)


@pytest.mark.parametrize("name", sorted({*IN_PROCESS, *ISOLATED}))
@pytest.mark.parametrize("length", [1 << 40, (1 << 56) - 1])
def test_forged_length_is_refused_while_streaming(name, length):
    """The command line does not hold the data, hence looks at the decoder's need only."""
    skip_if_missing(name)
    message = forged(name, payload_of(name, DATA), length=length, digest=short_sha(DATA))
    opened = Container(MemoryInput(message))
    refusals = (MemoryLimitError, CorruptFileError)
    for limit, errors in ((1 << 30, refusals), (1 << 62, (*refusals, MemoryError))):
        with pytest.raises(errors):
            for _ in messages.decode_stream(opened, memory_limit=limit):
                pass


@pytest.mark.parametrize("name", ["lzma", "zstd"])
def test_forged_window_beyond_the_limit_is_refused(name):
    message = kolmo.encode(b"abc" * 50, f"{name}:window=30", memory_limit=1 << 34)
    assert kolmo.decode(message, memory_limit=1 << 31) == b"abc" * 50
    with pytest.raises(MemoryLimitError, match=f"{name} needs"):
        kolmo.decode(message, memory_limit=1 << 20)
    with pytest.raises(MemoryLimitError):
        kolmo.decode(message)


@pytest.mark.parametrize("window_log", [24, 30, 31])
def test_window_within_a_zstd_frame_is_refused_where_it_is_larger_than_needed(window_log):
    frame = bytes([0, (window_log - 10) << 3]) + b"\x19\x00\x00abc"
    small = bytes([0, 0]) + b"\x19\x00\x00abc"
    assert kolmo.decode(forged("zstd", small, length=3, digest=short_sha(b"abc"))) == b"abc"
    with pytest.raises(CorruptFileError):
        kolmo.decode(forged("zstd", frame, length=3, digest=short_sha(b"abc")))


BOMB_SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import kolmo
from test_container import peak_bytes
before = peak_bytes()
try:
    kolmo.decode(sys.argv[2])
except kolmo.KolmoError as error:
    print(peak_bytes() - before, error)
"""


@needs_proc
@pytest.mark.parametrize(
    ("label", "unit", "times"),
    [
        ("bzip3", 60_000, 2500),  # many small blocks, each within its limit
        ("bzip3", 150_000_000, 1),
        ("zlib:level=1", 150_000_000, 1),
        ("bz2", 150_000_000, 1),
        ("lzma:preset=0", 100_000_000, 1),
        ("zstd:level=1", 150_000_000, 1),
        ("brotli:quality=1", 150_000_000, 1),
    ],
)
def test_bomb_is_refused_before_it_fills_the_memory(label, unit, times, tmp_path):
    name = label.partition(":")[0]
    skip_if_missing(name)
    path = tmp_path / "bomb.klm"
    path.write_bytes(forged(name, payload_of(label, bytes(unit)) * times, length=10))
    done = subprocess.run(
        [sys.executable, "-c", BOMB_SCRIPT, Path(__file__).parent, path],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    growth, words = done.stdout.split(" ", 1)
    assert "corrupt file: payload" in words
    assert int(growth) < BOMB_GROWTH_BYTES


def test_nothing_is_released_before_the_end():
    """The last sum comes after the last piece: whoever writes must wait for it."""
    message = forged("stored", DATA, length=len(DATA), digest=bytes(8))
    pieces = Container(MemoryInput(message)).data(estimators.make("stored"))
    assert b"".join(itertools.islice(pieces, 1)) == DATA
    with pytest.raises(CorruptFileError):
        next(pieces)


def test_container_of_a_joined_input_is_that_of_its_bytes():
    joined = JoinedInput(MemoryInput(DATA[:10]), MemoryInput(DATA[10:]))
    assert kolmo.encode(joined, "stored") == kolmo.encode(DATA, "stored")
    assert container.digest(joined) == short_sha(DATA)


# --- golden streams


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_golden_stream_decodes(name):
    path = STREAMS / f"{name}.klm"
    assert path.exists(), "missing golden stream: see golden/make_streams.py"
    message = path.read_bytes()
    skip_if_missing(GOLDEN[name].partition(":")[0])
    side = GOLDEN_GIVEN if "given" in name else None
    assert kolmo.decode(message, given=side) == GOLDEN_TEXT


def test_golden_streams_are_small_and_all_are_tested():
    found = {path.stem: path.stat().st_size for path in STREAMS.iterdir()}
    assert set(found) == set(GOLDEN)
    assert max(found.values()) < 2048


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_golden_header_is_laid_out_by_hand(name):
    code, _, values = GOLDEN[name].partition(":")
    key, _, value = values.partition("=")
    told = values and key != "preset"  # which the stream says itself
    parameters = f'{{"{key}":{value}}}'.encode() if told else b""
    side = short_sha(GOLDEN_GIVEN) if "given" in name else b""
    head = b"KLM\x01" + bytes([len(code)]) + code.encode() + bytes([len(parameters)]) + parameters
    head += leb128(len(GOLDEN_TEXT)) + bytes([len(side)]) + side + short_sha(GOLDEN_TEXT)
    message = (STREAMS / f"{name}.klm").read_bytes()
    assert message.startswith(head + crc_bytes(head))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
