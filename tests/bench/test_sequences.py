"""The sequences against the literature and slow twins, and the programs that bound them."""

import zlib
from zlib import crc32

import numpy as np
import pytest
from naive import sources as naive

from kolmo.bench.tasks.sequences import SEQUENCES, DeBruijn, source
from kolmo.coding.integers import elias_delta_bits
from kolmo.errors import ParameterError

# OEIS A010060, A003849, A004601 after its first two digits, A051023
KNOWN = {
    "thue-morse": "0110100110010110100101100110100110010110011010010110100110010110",
    "fibonacci": "01001010010010100101001001010010010100101001001010010100100101",
    "pi": "001001000011111101101010100010001000010110100011",
    "rule30": "11011100110001011001",
    # seven terms by hand: .3, .84, .5376, .99434, .02249, .08793, .32080
    "logistic": "0111000",
}


@pytest.mark.parametrize("name", KNOWN)
def test_beginning_is_that_of_the_literature(name):
    found = "".join(map(str, SEQUENCES[name].bits(len(KNOWN[name]))))
    assert found == KNOWN[name]


@pytest.mark.parametrize(
    ("name", "twin", "n"),
    [
        ("thue-morse", naive.thue_morse, 5000),
        ("fibonacci", naive.fibonacci, 5000),
        ("pi", naive.machin_pi, 20_000),
        ("rule30", naive.rule30, 150),
    ],
)
def test_bits_are_those_of_the_twin(name, twin, n):
    assert SEQUENCES[name].bits(n).tolist() == list(map(int, twin(n)))


def words_once(bits, order):
    """Return whether each word of that many bits stands once in the cycle."""
    around = np.concatenate([bits, bits[: order - 1]]).astype(np.int64)
    words = sum(around[i : i + len(bits)] << i for i in range(order))
    return bool((np.bincount(words, minlength=1 << order) == 1).all())


TAPS = 0x9E3779B97F4A7C23


def small_cycle(order, taps):
    """Return a whole cycle by the text of the program, its register made small."""
    text, names = source(DeBruijn.program), {}
    for old, new in ((f"0x{TAPS:X}", str(taps)), ("63", str(order - 1))):
        assert text.count(old) == 1
        text = text.replace(old, new)
    exec(text, names)
    return np.array(names["_de_bruijn"](1 << order))


# the least primitive polynomials of their degrees, without the highest power (Golomb)
@pytest.mark.parametrize(("order", "taps"), [(2, 3), (3, 3), (4, 3), (8, 29), (10, 9), (16, 45)])
def test_each_word_comes_once_in_a_cycle_of_the_program(order, taps):
    assert words_once(small_cycle(order, taps), order)


@pytest.mark.parametrize(("order", "taps"), [(4, 5), (8, 27), (16, 3)])
def test_words_are_missing_if_the_register_is_not_primitive(order, taps):
    assert not words_once(small_cycle(order, taps), order)


def test_register_of_the_program_is_primitive():
    """Hence its cycle has all words of 64 bits but that of zeros, and one more zero gives it."""
    assert naive.is_primitive(1 << 64 | TAPS)
    assert naive.is_primitive(1 << 22 | 3)
    assert not naive.is_primitive(1 << 64 | TAPS ^ 2)


def test_de_bruijn_bits_obey_their_register():
    bits = DeBruijn().bits(5000).tolist()
    taps = [place for place in range(64) if TAPS >> place & 1]
    assert sum(bit << place for place, bit in enumerate(bits[:64])) == TAPS
    for time in range(64, len(bits)):
        assert bits[time] == sum(bits[time - 64 + place] for place in taps) % 2


def test_word_check_sees_one_turned_bit():
    bits = np.array([0, 0, 0, 1, 0, 1, 1, 1])
    assert words_once(bits, 3)
    assert not words_once(bits ^ np.eye(8, dtype=int)[2], 3)


def test_lcg_bits_are_the_highest_by_hand():
    """Numerical Recipes prints its first values from 0, to check a generator by."""
    values = (0x3C6EF35F, 0x47502932, 0xD1CCF6E9, 0xAAF95334, 0x6252E503)
    assert SEQUENCES["lcg"].bits(5).tolist() == [value >> 31 for value in values]


@pytest.mark.parametrize("name", SEQUENCES)
def test_beginnings_of_one_sequence_agree(name):
    sequence = SEQUENCES[name]
    assert np.array_equal(sequence.bits(1000), sequence.bits(4096)[:1000])


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_short_beginnings_have_their_length(name, n):
    bits = SEQUENCES[name].bits(n)
    assert bits.dtype == np.uint8
    assert len(bits) == n
    assert set(bits.tolist()) <= {0, 1}


GOLDEN = {
    "thue-morse": 0xC58C8E45,
    "fibonacci": 0x5F65F346,
    "de-bruijn": 0x597DA75C,
    "pi": 0x66A6A2C9,
    "lcg": 0x8E4CE8BA,
    "rule30": 0x88F3908D,
    "logistic": 0x0AAFE9E3,
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_sequence_has_the_same_bits_on_every_machine(name):
    assert crc32(np.packbits(SEQUENCES[name].bits(4096)).tobytes()) == GOLDEN[name]


@pytest.mark.parametrize("name", SEQUENCES)
def test_source_alone_makes_the_bits(name):
    """The bound is one of K only if the text that is counted is all that one needs."""
    sequence, names = SEQUENCES[name], {}
    text = source(sequence.program)
    exec(text, names)
    (program,) = [value for key, value in names.items() if key.startswith("_") and callable(value)]
    assert "".join(str(int(bit)) for bit in program(777)) == "".join(
        map(str, sequence.bits(777).tolist())
    )


@pytest.mark.parametrize("name", SEQUENCES)
def test_program_bits_are_its_deflated_source_and_n(name):
    sequence = SEQUENCES[name]
    text = source(sequence.program)
    assert '"""' not in text
    assert "#" not in text
    for n in (0, 1000, 65536):
        deflated = len(zlib.compress(text.encode(), 9))
        assert sequence.program_bits(n) == 8 * deflated + elias_delta_bits(n + 1)


@pytest.mark.parametrize("name", SEQUENCES)
def test_program_is_far_shorter_than_its_bits(name):
    assert SEQUENCES[name].program_bits(1 << 16) < 2000


def test_names_and_order_are_fixed():
    assert list(SEQUENCES) == [
        "thue-morse",
        "fibonacci",
        "de-bruijn",
        "pi",
        "lcg",
        "rule30",
        "logistic",
    ]
    for name, sequence in SEQUENCES.items():
        assert sequence.name == name
        assert sequence.about


@pytest.mark.parametrize("name", ["de-bruijn", "pi", "lcg", "rule30", "logistic"])
def test_zlib_does_not_see_the_last_five(name):
    packed = np.packbits(SEQUENCES[name].bits(1 << 14)).tobytes()
    assert len(zlib.compress(packed, 9)) > len(packed)


@pytest.mark.parametrize("name", ["thue-morse", "fibonacci"])
def test_zlib_sees_the_first_two(name):
    packed = np.packbits(SEQUENCES[name].bits(1 << 14)).tobytes()
    assert len(zlib.compress(packed, 9)) < len(packed) / 5


@pytest.mark.parametrize("name", SEQUENCES)
def test_length_out_of_range_is_refused(name):
    sequence = SEQUENCES[name]
    with pytest.raises(ParameterError, match=f"'{name}' too long"):
        sequence.bits(sequence.largest + 1)
    with pytest.raises(ParameterError, match="no such length"):
        sequence.bits(-1)


def test_made_bits_are_kept_and_cannot_be_changed():
    first = SEQUENCES["lcg"].bits(640)
    assert SEQUENCES["lcg"].bits(640) is first
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1


@pytest.mark.slow
def test_logistic_map_does_not_come_round_within_its_largest_length():
    """Brent's turtle waits at powers of two: a cycle would bring the hare back to it."""
    turtle, hare = None, 0.3
    for step in range(2 * SEQUENCES["logistic"].largest):
        assert hare != turtle
        if step & (step - 1) == 0:
            turtle = hare
        hare = 4 * hare * (1 - hare)
