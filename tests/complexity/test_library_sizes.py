"""Sizes are those of the library's own one-shot call with the same settings, less the header.

What is removed is documented in each estimator's ``formula``; here it is, byte by byte.
"""

import bz2
import lzma
import random
import zlib
from typing import Any

import pytest
import zstandard
from conftest import samples

from kolmo.complexity.estimators import lzma as kolmo_lzma
from kolmo.data import MemoryInput
from kolmo.registry import estimators

KINDS = sorted(samples())


def payload(label: str, data: bytes, side: bytes = b"", **values: int) -> bytes:
    code = estimators.make(label, **values)
    return b"".join(code.compress(MemoryInput(data).blocks(), len(data), side))


@pytest.fixture(params=KINDS)
def data(request: pytest.FixtureRequest) -> bytes:
    return samples()[request.param]


def deflated(data: bytes, level: int, window_bits: int) -> bytes:
    compressor = zlib.compressobj(level, zlib.DEFLATED, window_bits, 9)
    return compressor.compress(data) + compressor.flush()


@pytest.mark.parametrize("level", [1, 6, 9])
def test_zlib_is_raw_deflate(data, level):
    assert payload("zlib", data, level=level) == deflated(data, level, -15)


def test_zlib_is_the_zlib_format_less_two_bytes_and_adler32(data):
    whole = deflated(data, 9, 15)
    assert payload("zlib", data) == whole[2:-4]
    assert whole[-4:] == zlib.adler32(data).to_bytes(4, "big")


def test_zlib_sizes_are_near_those_of_zlib_compress(data):
    """``zlib.compress`` has memLevel 8: nearly, not exactly, the same blocks."""
    ours, theirs = len(payload("zlib", data)), len(zlib.compress(data, 9)) - 6
    assert abs(ours - theirs) <= 16 + theirs / 50


def test_zlib_is_primed_by_the_last_window(data):
    side = random.Random(3).randbytes(50_000)
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zdict=side[-32768:])
    expected = compressor.compress(data) + compressor.flush()
    assert payload("zlib", data, side) == expected


@pytest.mark.parametrize("level", [1, 9])
def test_bz2_is_bzip2_less_four_bytes(data, level):
    whole = bz2.compress(data, level)
    assert payload("bz2", data, level=level) == whole[4:]
    assert whole[:4] == b"BZh%d" % level


def fours(length: int) -> bytes:
    """Return runs of four, which bzip2's run-length coding makes a quarter longer."""
    return b"".join(bytes([number * 7 % 256]) * 4 for number in range(length // 4 + 1))[:length]


@pytest.mark.parametrize("level", [1, 2, 9])
@pytest.mark.parametrize("slack", [-60, -32, -31, -19, -1, 0, 1, 19, 60])
def test_bz2_fits_its_block_without_splitting_it(level, slack):
    data = fours((100_000 * level + slack) * 4 // 5)
    assert payload("bz2", data) == bz2.compress(data, 9)[4:]


@pytest.mark.parametrize("length", [899_980, 899_981, 900_000, 1_000_000])
def test_bz2_splits_its_blocks_where_the_library_does(length):
    data = random.Random(length).randbytes(length)
    assert payload("bz2", data) == bz2.compress(data, 9)[4:]


@pytest.mark.parametrize("preset", [1, 9])
def test_lzma_is_the_lzma_format_less_its_header(data, preset):
    """Of 13 bytes of header and a constant 0, the first, the properties byte, is kept."""
    found = payload("lzma", data, preset=preset)
    code = estimators.make("lzma")
    filters: list[dict[str, Any]] = [
        {
            "id": lzma.FILTER_LZMA1,
            "preset": preset | lzma.PRESET_EXTREME,
            "dict_size": code.window_bytes(len(data)),
            "lc": found[0] % 9,
            "lp": found[0] // 9 % 5,
            "pb": found[0] // 45,
        }
    ]
    if found[0] >= kolmo_lzma.FIRST_CONVERTER:
        pytest.skip("the .lzma format has no converters")
    whole = lzma.compress(data, format=lzma.FORMAT_ALONE, filters=filters)
    assert whole[13] == 0
    assert found == whole[:1] + whole[14:]
    assert len(found) == len(whole) - 13


@pytest.mark.parametrize("kind", ["text", "binary", "constant"])
def test_lzma_is_shorter_than_xz_with_its_defaults(kind):
    data = samples()[kind]
    assert len(payload("lzma", data)) < len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))


def test_lzma_takes_the_best_variant_of_its_trials():
    data = samples()["binary"]
    raw = {
        variant: len(
            lzma.compress(
                data, format=lzma.FORMAT_RAW, filters=kolmo_lzma._filters(variant, 1 << 17, 9)
            )
        )
        for variant in kolmo_lzma.VARIANTS
    }
    assert len(payload("lzma", data)) <= raw[kolmo_lzma.DEFAULT_VARIANT]


@pytest.mark.parametrize("index", range(len(kolmo_lzma.CONVERTERS)))
@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 15, 16, 17, 4095, 4096, 4099])
def test_lzma_converters_lose_no_byte(index, length, monkeypatch):
    """Branch converters hold back some bytes until the end of the stream."""
    variant = kolmo_lzma.FIRST_CONVERTER + index
    monkeypatch.setattr(kolmo_lzma, "_best_variant", lambda sample: variant)
    source = random.Random(length)
    calls = bytes(source.choice([0xE8, 0xE9, 0xEB, 0, 0x48, 0x40, 0xFF, 1]) for _ in range(length))
    found = payload("lzma", calls)
    assert found[0] == variant
    code = estimators.make("lzma")
    assert b"".join(code.decompress([found], length)) == calls
    assert b"".join(code.decompress([found[:1], found[1:]], length)) == calls


def zstd_settings(data: bytes, level: int, side: int = 0) -> zstandard.ZstdCompressionParameters:
    code = estimators.make("zstd", level=level)
    return zstandard.ZstdCompressionParameters.from_level(
        max(level, 19) if side else level,
        source_size=len(data),
        dict_size=side,
        window_log=code.window_bytes(len(data), side).bit_length() - 1,
        enable_ldm=True,
        write_content_size=False,
        write_checksum=False,
        write_dict_id=False,
    )


@pytest.mark.parametrize("level", [1, 3, 19, 22])
def test_zstd_is_a_frame_less_its_magic_number(data, level):
    compressor = zstandard.ZstdCompressor(compression_params=zstd_settings(data, level))
    whole = compressor.compress(data)
    assert whole[:4] == zstandard.FRAME_HEADER
    assert payload("zstd", data, level=level) == whole[4:]


@pytest.mark.parametrize(
    "length", [1023, 1024, 1025, 4096, 1 << 16, (1 << 17) - 1, 1 << 17, (1 << 17) + 1, 3 << 17]
)
def test_zstd_that_fills_its_last_block_has_no_empty_one_more(length):
    data = random.Random(length).randbytes(length // 2) * 2 + bytes(length % 2)
    compressor = zstandard.ZstdCompressor(compression_params=zstd_settings(data, 3))
    assert len(payload("zstd", data, level=3)) == len(compressor.compress(data)) - 4


def test_zstd_of_several_blocks_is_as_long_as_in_one_call():
    data = samples()["text"] * 12
    compressor = zstandard.ZstdCompressor(compression_params=zstd_settings(data, 22))
    assert len(payload("zstd", data)) == len(compressor.compress(data)) - 4


def test_zstd_is_primed_as_by_a_raw_dictionary(data):
    side = samples()["text"][:5000] + data
    prime = zstandard.ZstdCompressionDict(side, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    compressor = zstandard.ZstdCompressor(
        compression_params=zstd_settings(data, 22, len(side)), dict_data=prime
    )
    assert payload("zstd", data, side) == compressor.compress(data)[4:]


@pytest.mark.parametrize("quality", [5, 11])
def test_brotli_is_the_whole_stream(data, quality):
    brotli = pytest.importorskip("brotli")
    window = estimators.make("brotli").window_bytes(len(data)).bit_length() - 1
    assert payload("brotli", data, quality=quality) == brotli.compress(
        data, quality=quality, lgwin=window
    )


@pytest.mark.parametrize("order", [2, 6, 12])
def test_ppmd_is_the_stream_less_its_constant_first_byte(data, order):
    pyppmd = pytest.importorskip("pyppmd")
    model = min(max(24 * len(data), 1 << 20), 1 << 29)
    encoder = pyppmd.Ppmd7Encoder(order, model)
    # one call per byte: where a call's output passes 32 KiB the library can lose a byte
    whole = b"".join(encoder.encode(bytes([byte])) for byte in data) + encoder.flush()
    assert whole[0] == 0
    assert payload("ppmd", data, order=order) == whole[1:]


@pytest.mark.parametrize("kind", ["empty", "one", "text"])
def test_ppmd_is_that_of_one_call(kind):
    pyppmd = pytest.importorskip("pyppmd")
    data = samples()[kind]
    whole = pyppmd.compress(data, max_order=6, mem_size=max(24 * len(data), 1 << 20), variant="H")
    assert payload("ppmd", data) == whole[1:]


def test_bzip3_is_the_file_less_nine_bytes(data):
    bz3 = pytest.importorskip("bz3")
    block = max(len(data) + 1024, 66 << 10)
    whole = bz3.compress(data, block)
    assert whole[:9] == b"BZ3v1" + block.to_bytes(4, "little")
    assert payload("bzip3", data) == whole[9:]


def test_stored_is_the_data(data):
    assert payload("stored", data) == data


@pytest.mark.parametrize(
    ("name", "bytes_"),
    [("stored", 0), ("zlib", 2), ("bz2", 10), ("zstd", 5), ("lzma", 12), ("ppmd", 8), ("bzip3", 8)],
)
def test_empty_input_costs_hardly_more_than_nothing(name, bytes_):
    """No constant header is left in what is counted; an end marker is."""
    if reason := estimators.missing(name):
        pytest.skip(reason)
    assert len(payload(name, b"")) <= bytes_
