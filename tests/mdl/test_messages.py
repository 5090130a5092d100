"""The message of a column beside its model: cells, texts, methods, compressors, containers."""

import math
import random
from fractions import Fraction

import pytest

import kolmo
from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder, read, write
from kolmo.errors import DecodeError, KolmoError, ParameterError
from kolmo.mdl.cells import CellsCode, put_together, take_apart
from kolmo.mdl.message import Chosen, ColumnCode, ColumnMessage, TableMessage
from kolmo.mdl.methods import Method, MethodCode, catalogue, make_family, parse_method, sent_method
from kolmo.mdl.models.values import to_values
from kolmo.mdl.packed import PackedBytes, PackedTexts, TextList
from kolmo.mdl.rival import LAYOUTS
from kolmo.mdl.streams.columns import Columns
from kolmo.table import Texts, analyse_column, read_table

LIMIT = 1 << 20

COLUMNS = {
    "decimals": [b"1.50", b"2", b"+3.25", b"-0", b".5", b"7."],
    "exponents": [b"1e5", b"2.5E-3", b"1e+07", b"3"],
    "missing": [b"1", b"NA", b"", b"2", b"?", b"3"],
    "stray": [b"5", b"six", b"7", b"007"],
    "labels": [b"red", b"", b"blue", b"red", b"caf\xc3\xa9"],
    "line feeds in labels": [b"a\nb", b"c", b"\x00\n"],
    "one label": [b"x"],
    "nothing but gaps": [b"", b"NA"],
    "no rows": [],
    "400 digits": [b"9" * 400, b"-3"],
    "verbatim": [b"1.0e0010", b"12.5e3", b"4"],
    "thousands": [b"1000", b"-2000", b"500000"],
    "edges of int64": [b"-9223372036854775808", b"9223372036854775807", b"0"],
    "zeros": [b"0", b"0"],
    "thirds": [b"0.333333", b"0.666667", b"1.000000"],
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_cells_are_taken_apart_and_put_together(kind):
    column = analyse_column(Texts.of(COLUMNS[kind]))
    cells, values = take_apart(column)
    payload = write(CellsCode(LIMIT), cells)
    back = read(CellsCode(LIMIT), payload)
    assert list(put_together(back, values)) == COLUMNS[kind]
    assert 8 * len(payload) <= math.ceil(CellsCode(LIMIT).codelength(cells)) + 16


@pytest.mark.parametrize("kind", COLUMNS)
def test_cells_end_where_their_decoder_ends(kind):
    cells, values = take_apart(analyse_column(Texts.of(COLUMNS[kind])))
    coder = RangeEncoder()
    for _ in range(2):
        CellsCode(LIMIT).encode(cells, coder)
    decoder = RangeDecoder(coder.finish())
    for _ in range(2):
        assert list(put_together(CellsCode(LIMIT).decode(decoder), values)) == COLUMNS[kind]
    decoder.finish()


def test_common_divisor_is_taken_out():
    cells, values = take_apart(analyse_column(Texts.of([b"1.5", b"-3.0", b"4.5"])))
    assert (cells.step, values.tolist()) == (15, [1, -2, 3])
    assert cells.unit == Fraction(3, 2)
    assert cells.remainders is None


def test_scaling_a_column_changes_its_unit_and_not_its_values():
    plain, scaled = ([b"%d" % (factor * i) for i in (3, 5, -8)] for factor in (1, 1000))
    values = [take_apart(analyse_column(Texts.of(texts)))[1].tolist() for texts in (plain, scaled)]
    assert values[0] == values[1]


def test_coarse_precision_splits_values_and_loses_nothing():
    texts = [b"0.333333", b"0.666667", b"-1.000499", b"-1.000500"]
    column = analyse_column(Texts.of(texts))
    cells, values = take_apart(column, Fraction(1, 1000))
    assert values.tolist() == [333, 667, -1000, -1000]
    assert read(CellsCode(LIMIT), write(CellsCode(LIMIT), cells)).remainders.tolist() == [
        *cells.remainders.tolist()
    ]
    assert list(put_together(cells, values)) == texts
    finer = CellsCode(LIMIT).codelength(take_apart(column)[0])
    assert CellsCode(LIMIT).codelength(cells) == pytest.approx(
        finer + 4 * math.log2(1000) + 1, abs=20
    )


@pytest.mark.parametrize("precision", [Fraction(1, 10**7), Fraction(1, 3)])
def test_precision_that_is_no_multiple_of_the_last_digit_is_refused(precision):
    column = analyse_column(Texts.of([b"0.333333", b"1"]))
    with pytest.raises(ParameterError, match="precision does not suit"):
        take_apart(column, precision)


@pytest.mark.parametrize(
    "texts", [[], [b""], [b"", b""], [b"a\nb", b"\x00"], [b"ab" * 900, b"c"], [b"x"] * 300]
)
def test_texts_come_back(texts):
    code = TextList(LIMIT)
    payload = write(code, Texts.of(texts))
    assert list(read(code, payload)) == texts
    assert 8 * len(payload) <= math.ceil(code.codelength(Texts.of(texts))) + 16


def test_texts_with_all_bytes_are_refused():
    with pytest.raises(ParameterError, match="no separator"):
        write(PackedTexts(1, LIMIT), Texts.of([bytes(range(256))]))


def test_repeated_bytes_are_compressed():
    assert PackedBytes(LIMIT).codelength(b"abcabcabc" * 200) < 400


@pytest.mark.parametrize(
    "label", ["normal", "markov:limit=3", "histogram:cells=32", "lzma", "zstd", "stored"]
)
def test_methods_come_back(label):
    method = parse_method(label)
    payload = write(MethodCode(), method)
    assert read(MethodCode(), payload) == method
    assert method.label == label
    assert 8 * len(payload) <= math.ceil(MethodCode().codelength(method)) + 16


def test_default_settings_cost_the_same_for_all_of_the_catalogue():
    lengths = {MethodCode().codelength(Method(name)) for name in catalogue()}
    assert len(lengths) == 1
    assert lengths.pop() < math.log2(len(catalogue()) + 1) + 2


def test_settings_that_only_compressing_heeds_are_not_sent():
    method = parse_method("zlib:level=6")
    assert sent_method(method, make_family(method)) == Method("zlib")


@pytest.mark.parametrize(
    ("label", "match"),
    [
        ("normall", "Did you mean 'normal'"),
        ("markov:limit=99", "out of range"),
        ("markov:depth=3", "unknown setting"),
        ("lz76", "only estimates"),
        ("normal:x", "malformed"),
    ],
)
def test_unknown_methods_are_refused(label, match):
    with pytest.raises(ParameterError, match=match):
        parse_method(label)


VALUES = {
    "digits": [i * 37 % 101 for i in range(400)],
    "ramp": [*range(0, 4000, 10)],
    "negative": [-5, -100000, 3, 7, 7, 7],
    "one": [0],
    "huge": [10**400, -1, 5],
    "close to 2**62": [2**62, 2**62 - 5, 2**62 + 9],
    "edges of int64": [-(2**63), 2**63 - 1],
}
RIVALS = ["lzma", "zstd", "bz2", "zlib", "stored", "zstd:level=3"]


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("label", RIVALS)
def test_compressors_send_values(label, kind):
    rival, values = make_family(parse_method(label)), VALUES[kind]
    model = rival.fit(values)
    message = model.encode(values)
    assert rival.decode(message, len(values)).tolist() == values
    assert 8 * len(message) <= math.ceil(model.total_bits) + 16


def test_differences_suit_a_ramp():
    assert make_family(Method("lzma")).fit(VALUES["ramp"]).parameters == {"layout": "differences"}


@pytest.mark.parametrize("layout", range(len(LAYOUTS)))
def test_every_layout_gives_the_values_back(layout):
    rival = make_family(Method("zlib"))
    values = to_values([3, -7, 250, 3, 11])
    parameters = rival.choose(values)._replace(layout=layout, lowest=-7, width=2, known=None)
    code = rival.code(values.size)
    assert read(code, write(code, (parameters, values)))[1].tolist() == values.tolist()


def test_another_column_does_not_get_the_known_payload():
    rival = make_family(Method("zlib"))
    model = rival.fit(VALUES["digits"])
    other = VALUES["digits"][::-1]
    assert rival.decode(model.encode(other), 400).tolist() == other


@pytest.mark.parametrize("label", ["zlib", "stored"])
def test_damaged_compressed_values_end_in_a_column_or_an_error(label):
    rival, rng = make_family(Method(label)), random.Random(7)
    message = rival.fit(VALUES["digits"]).encode(VALUES["digits"])
    for _ in range(80):
        damaged = bytearray(message)
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        del damaged[rng.randrange(1, len(damaged) + 1) :]
        try:
            assert len(rival.decode(bytes(damaged), 400)) == 400
        except DecodeError:
            continue


CSV = b"id,label,x\n" + b"".join(
    b'%d,"%s",%.2f\n' % (i, [b"a,b", b"c", b"NA"][i % 3], i * 31 % 17) for i in range(60)
).replace(b'"c"', b"c").replace(b'"NA"', b"NA")


def table_message(csv, label="zlib"):
    """Return the message of a CSV file, all columns by one method."""
    table, method = read_table(csv), parse_method(label)
    columns = []
    for column in table.columns():
        cells, values = take_apart(column)
        family = make_family(method)
        chosen = Chosen(method, family, family.choose(values)) if values.size else None
        columns.append(ColumnMessage(cells, values, chosen))
    return TableMessage(table.dialect.delimiter.encode(), table.header, tuple(columns))


@pytest.mark.parametrize(
    "csv", [CSV, CSV.replace(b",", b";").replace(b'"a;b"', b'"a;b"'), b"1\n2\n", b'x\n""\nNA\n']
)
def test_container_gives_the_file_back(csv):
    message = Columns().container(table_message(csv), csv)
    assert kolmo.decode(message) == csv
    assert kolmo.inspect(message).code == "columns"


def test_prices_add_up_to_the_message():
    column = table_message(CSV).columns[2]
    code = ColumnCode(LIMIT)
    prices = code.prices(column)
    payload = write(code, column)
    assert prices.total_bits == pytest.approx(sum(prices))
    assert prices.total_bits - 1 <= 8 * len(payload) <= math.ceil(prices.total_bits) + 16


def test_every_altered_container_is_refused_or_right():
    rng, message = random.Random(11), Columns().container(table_message(CSV), CSV)
    for _ in range(40):
        altered = bytearray(message)
        altered[rng.randrange(len(altered))] ^= 1 << rng.randrange(8)
        with pytest.raises(KolmoError):
            kolmo.decode(bytes(altered))


def test_damaged_payload_ends_in_a_file_or_an_error():
    code, rng = Columns(), random.Random(12)
    container = code.container(table_message(CSV), CSV)
    payload = bytearray(container[-4 - kolmo.inspect(container).payload_bits // 8 : -4])
    for _ in range(150):
        damaged = bytearray(payload)
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            b"".join(code.decompress([bytes(damaged)], len(CSV)))
        except DecodeError:
            continue


def test_other_edition_is_refused():
    with pytest.raises(KolmoError, match="other families"):
        Columns(edition=Columns().parameters()["edition"] ^ 1)


def test_columns_are_no_code_of_bytes():
    with pytest.raises(ParameterError, match="mdl-select"):
        kolmo.encode(b"abc", code="columns")
