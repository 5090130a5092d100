"""What the families choose: published and hand-derived values, and naive twins of the kernels."""

import math
import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from naive import mdl as naive

from kolmo.coding import cells
from kolmo.coding.continuous import Normal as NormalCode
from kolmo.coding.logstar import LogStar
from kolmo.coding.rangecoder import read, write
from kolmo.coding.tails import UNIT_BITS, knots
from kolmo.errors import ParameterError
from kolmo.mdl.families.categorical import Categorical
from kolmo.mdl.families.changepoint import Changepoint
from kolmo.mdl.families.histogram import Binned, Histogram
from kolmo.mdl.families.markov import Markov
from kolmo.mdl.families.normal import Normal
from kolmo.mdl.families.student import Student
from kolmo.mdl.models import segments
from kolmo.mdl.models.contexts import Contexts
from kolmo.mdl.models.cuts import Cuts, log2_factorials
from kolmo.mdl.models.located import distribution, quantise
from kolmo.mdl.models.pieces import pieces_bits
from kolmo.mdl.models.segments import segment_lengths
from kolmo.mdl.models.values import to_values

# Annual flow of the Nile at Aswan, 10**8 m3, 1871 to 1970; public domain.
NILE_CSV = Path(__file__).parent.parent / "data" / "nile.csv"
NILE = [int(line.split(",")[1]) for line in NILE_CSV.read_text().splitlines()[1:]]
THUE_MORSE = np.array([i.bit_count() & 1 for i in range(1024)])
THUE_MORSE_BITS = [1029.3261, 950.0668, 701.1302, 708.1975, 384.3257, 390.3653, 403.4953]


@pytest.mark.parametrize(("order", "bits"), [*enumerate(THUE_MORSE_BITS)])
def test_contexts_of_thue_morse_have_known_lengths(order, bits):
    assert Contexts(2, order, 1024).codelength(THUE_MORSE) == pytest.approx(bits, abs=1e-4)


def test_markov_chooses_order_4_for_thue_morse():
    model = Markov(limit=6).fit(THUE_MORSE)
    assert model.parameters == {"lowest": 0, "size": 2, "order": 4}
    assert model.data_bits == pytest.approx(384.3257, abs=1e-4)


def test_markov_finds_a_period():
    model = Markov().fit([0, 0, 0, 1] * 256)
    assert model.parameters["order"] == 3
    assert model.data_bits == pytest.approx(22.2973, abs=1e-4)


@pytest.mark.parametrize(("size", "order"), [(1, 0), (2, 0), (2, 3), (3, 2), (5, 1)])
def test_contexts_agree_with_their_twin(size, order):
    rng = random.Random(size + order)
    symbols = np.array([rng.randrange(size) for _ in range(60)])
    code = Contexts(size, order, 60)
    probability = naive.context_probability(symbols.tolist(), size, order)
    sent = 1
    for block in code.blocks(symbols):
        sent *= math.prod(map(int, block.totals)) / math.prod(map(int, block.frequencies))
    assert sent == pytest.approx(float(1 / probability), rel=1e-9)
    assert code.codelength(symbols) == pytest.approx(-math.log2(probability), abs=1e-9)


def test_contexts_reach_over_the_edges_of_blocks():
    rng = random.Random(1)
    symbols = np.array([rng.randrange(3) for _ in range(40_000)])
    code = Contexts(3, 4, symbols.size)
    assert np.array_equal(read(code, write(code, symbols)), symbols)


@pytest.mark.parametrize("seed", range(8))
def test_cuts_agree_with_trying_all(seed):
    rng = random.Random(seed)
    values = [0, 9, *(rng.choice([1, 2, 2, 6, 7, rng.randrange(10)]) for _ in range(40))]
    cuts = Cuts(np.bincount(values, minlength=10), 10.0, log2_factorials(60))
    cuts.look_for(10)
    every = [[*edges] for edges in naive.all_cuts(10)]
    for bins, bits in enumerate(cuts.bits, 1):
        least = min(naive.histogram_bits(values, e, 10) for e in every if len(e) == bins + 1)
        assert bits - LogStar().codelength(bins) == pytest.approx(least, abs=1e-9)
        inner, counts = cuts.best(bins)
        assert naive.histogram_bits(values, [0, *inner, 10], 10) == pytest.approx(least, abs=1e-9)
        assert counts == np.histogram(values, [0, *inner, 10])[0].tolist()
    assert len(cuts.bits) == 10


@pytest.mark.parametrize(("cells", "rows"), [(10, 30), (40, 60), (60, 2000), (300, 150)])
def test_cuts_that_are_not_looked_for_cannot_pay(cells, rows):
    rng = random.Random(cells)
    tops = [rng.randrange(1, cells) for _ in range(3)]
    values = [int(rng.choice(tops) * rng.random() ** 0.5) for _ in range(rows)]
    filled = np.bincount(values, minlength=cells)
    some, every = (Cuts(filled, float(cells), log2_factorials(rows + cells)) for _ in range(2))
    every.look_for(cells)
    some.search(math.inf)
    assert min(some.bits) == min(every.bits)
    for limit in (min(every.bits) + gain for gain in (-1, 0, 1, 5, 40)):
        shorter = [bins for bins, bits in enumerate(every.bits, 1) if bits < limit]
        assert every.most(limit) >= max(shorter, default=0)


def test_members_of_a_histogram_are_the_best_over_all_lattices():
    rng = random.Random(11)
    values = [0, 7, *(rng.choice([2, 3, 4, 5, rng.randrange(8)]) for _ in range(70))]
    family = Histogram()
    models = {model.complexity: model for model in family.fit_members(values)}
    assert sorted(models) == [*range(2, 9)]
    code = family.code(len(values))
    for bins, model in models.items():
        lengths = [
            code.codelength((Binned(*fields), np.array(values)))
            for fields in naive.all_histograms(values, cells=8, bins=bins)
        ]
        assert model.total_bits == pytest.approx(min(lengths), abs=1e-9)


def test_histogram_of_uniform_values_has_one_bin():
    model = Histogram().fit([*range(64)] * 4)
    assert model.parameters["edges"] == [0, 64]
    assert model.data_bits == pytest.approx(6 * 256)


def test_histogram_on_a_coarse_lattice_ends_at_the_largest_value():
    values = [*range(0, 1001, 7), *([1000] * 100)]
    model = Histogram(cells=10).fit(values)
    assert model.parameters["edges"][-1] == 1001
    assert sum(model.parameters["counts"]) == len(values)


def test_criteria_get_the_likelihood_of_frequencies():
    values = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
    entropy = 8.812909  # of 3 and 7, spec of the counts
    for family, free in ((Categorical(), 1), (Histogram(), 4), (Markov(limit=0), 1)):
        models = [family.choose(values), *family.members(values)]
        assert family.likelihood_bits(models[-1], values) == pytest.approx(entropy, abs=1e-6)
        assert family.free_parameters(models[-1]) == free


def test_likelihood_of_a_chain_is_that_of_its_contexts():
    """After 0: 1 0 1; after 1: 0 1 0. The first symbol costs a bit."""
    values = np.array([0, 1, 0, 0, 1, 1, 0])
    chain = next(Markov(limit=1).members(values))
    of_three = 3 * math.log2(3) - 2
    assert Markov(limit=1).likelihood_bits(chain, values) == pytest.approx(1 + 2 * of_three)
    assert Markov(limit=1).free_parameters(chain) == 2


@pytest.mark.parametrize("seed", range(4))
def test_neighbouring_numbers_of_segments_are_members(seed):
    rng = random.Random(seed)
    values = [round(rng.gauss(100 * level, 10)) for level in (1, 3, 2, 5, 4) for _ in range(40)]
    models = Changepoint().fit_members(values)
    assert models[0].parameters["starts"] == [0, 40, 80, 120, 160]
    assert {4, 5, 6} <= {model.complexity for model in models}


def test_changepoint_finds_the_dam_of_the_nile():
    model = Changepoint(minimum=10).fit(NILE)
    assert model.parameters["starts"] == [0, 28]  # the first row is 1871, the last before is 1898
    assert model.total_bits < Normal().fit(NILE).total_bits - 6.64


@pytest.mark.parametrize(
    ("minimum", "cuts", "nats"), [(10, (28, 72), 642.557007), (51, (100,), 663.726074)]
)
def test_criterion_of_the_nile_is_the_published_one(minimum, cuts, nats):
    lengths, bits = segment_lengths(np.array(NILE, float), minimum, math.log2(100))
    assert lengths == cuts
    assert bits * math.log(2) == pytest.approx(nats, abs=1e-5)


@pytest.mark.parametrize("minimum", [2, 3, 5])
@pytest.mark.parametrize("seed", range(6))
def test_segments_agree_with_trying_all(seed, minimum):
    rng = random.Random(seed)
    levels = [rng.choice([0, 0, 4, 9]) for _ in range(4)]
    values = [rng.gauss(levels[i // 4], 1) for i in range(16)]
    lengths, bits = segment_lengths(np.array(values), minimum, 4.0)
    every = {cut: naive.segments_bits(values, cut, 4.0) for cut in naive.all_lengths(16, minimum)}
    assert bits == pytest.approx(min(every.values()), abs=1e-6)
    assert every[lengths] == pytest.approx(bits, abs=1e-6)


def test_long_column_is_cut_at_the_very_row():
    values = np.tile([0.0, 1.0, 2.0], 7000)
    values[10_003:] += 40
    assert segment_lengths(values, 10, 15.0)[0] == (10_003, 10_997)


def stepped(starts, rows, step):
    """Return whole numbers that look random, about levels that rise by ``step`` at each start."""
    places = np.arange(rows)
    noise = places * places * 7 % 37 + places * 13 % 17
    return (noise + step * np.searchsorted(starts, places, side="right")).astype(float)


@pytest.mark.parametrize(("rows", "step", "late"), [(10_000, 100, 7), (100_000, 60, 9)])
def test_no_thin_segment_stays_beside_a_jump(rows, step, late):
    """A cut on either side of the true one, at the least distance, holds the other in its place."""
    starts = [rows // 10 * i + late * i for i in range(1, 10)]
    lengths, _ = segment_lengths(stepped(starts, rows, step), 10, math.log2(rows))
    assert list(np.cumsum(lengths)) == [*starts, rows]


def test_cuts_are_the_best_of_all_in_6000_rows():
    starts = [400, 411, 1703, 1720, 3000, 4444, 5801]
    values = stepped(starts, 6000, 25)
    lengths, bits = segment_lengths(values, 5, 6.0, 1 / 12)
    least = naive.best_criterion(values, 5, 6.0, 1 / 12, range(6001))
    assert bits == pytest.approx(least, abs=1e-6)
    assert len(lengths) > 6


def test_cuts_are_the_best_of_all_in_20000_rows():
    starts = [1000 * i + 7 * i * i % 90 for i in range(1, 20)]
    values = stepped(starts, 20_000, 15)
    _, bits = segment_lengths(values, 10, math.log2(20_000), 1 / 12)
    least = naive.best_criterion(values, 10, math.log2(20_000), 1 / 12, range(20_001))
    assert bits == pytest.approx(least, abs=1e-6)


@pytest.mark.parametrize("minimum", [1, 4, 30])
def test_cuts_among_uneven_rows_are_the_best(minimum):
    values = stepped([100, 131, 400], 600, 25)
    rows = np.array([row for row in range(601) if row % 7 in (0, 1, 5) or row == 600])
    edges = segments._best_of(segments._sums(values), rows, minimum, (4.0, 0.1))
    least = naive.best_criterion(values, minimum, 4.0, 0.1, rows.tolist())
    assert segments._bits(segments._sums(values), edges, 4.0, 0.1) == pytest.approx(least)
    assert set(edges.tolist()) <= set(rows.tolist())
    assert np.diff(edges).min() >= minimum


def test_rows_of_their_own_are_found_where_coarse_rows_show_nothing():
    """At a bit for a segment each row pays for itself; 3 rows together do not tell."""
    _, bits = segment_lengths(stepped([], 9000, 0), 1, 1.0, 1 / 12)
    assert bits <= 9000 * (1 + 0.5 * math.log2(2 * math.pi * math.e / 12)) + 1e-6


def test_undivided_column_is_one_segment():
    assert segment_lengths(np.arange(5.0), 9, 3.0)[0] == (5,)
    assert segment_lengths(np.array([3.0]), 1, 3.0, 0.1)[0] == (1,)


PIECES = [
    [3, 4, 4, 7, 2, 3],
    [10**6, 10**6 + 4000, 10**6 - 2500, 10**6 + 77],
    [*range(-40, 40), 10**9],
    [7],
    [5] * 3000,
    [-(1 << 62), 0, 1 << 62],
    [1 << 90, (1 << 90) + 3, (1 << 90) - 2],
]


@pytest.mark.parametrize(
    "wide", [Fraction(1, 64), Fraction(5, 2), Fraction(2**20), Fraction(3**40)]
)
def test_pieces_are_as_long_as_their_codes(wide):
    """Without a table of all classes or with it: the lengths are those of the messages."""
    pieces = [to_values(piece) for piece in PIECES]
    parts = [
        quantise(Fraction(sorted(piece)[len(piece) // 2]), Fraction(wide), digits % 5)
        for digits, piece in enumerate(PIECES)
    ]
    found = pieces_bits(parts, pieces)
    for part, piece, bits in zip(parts, pieces, found, strict=True):
        code = distribution(NormalCode, part).many(piece.size)
        assert bits == pytest.approx(code.codelength(piece), rel=1e-12, abs=1e-9)
        assert np.array_equal(read(code, write(code, piece)), piece)


@pytest.mark.parametrize("rows", [0, 79, 81])
def test_column_of_another_length_has_no_pieces(rows):
    family = Changepoint()
    chosen = family.fit([3, 5, 4, 2] * 10 + [93, 95, 94, 92] * 10).chosen
    with pytest.raises(ParameterError, match="80"):
        family.data_code(chosen, 80).codelength(np.arange(rows))


@pytest.mark.parametrize("scale", [1, 77, 3 << 30, 3**30, 3**60, 7 << 300])
@pytest.mark.parametrize("fraction_bits", [0, 9, 70])
def test_edges_of_classes_are_those_of_exact_fractions(scale, fraction_bits):
    for location in (0, -5, 3**19, 11**40):
        code = NormalCode(location, scale, fraction_bits)
        grid = cells.Grid(location, scale, fraction_bits, code.anchor, code.shift)
        limit = knots()[-1] - 1
        found = cells._coordinates(grid)
        for i in [*range(0, found.size, 97), found.size - 1]:
            first = code.anchor + (int(cells._edges()[i]) << code.shift)
            below = (first - Fraction(1, 2)) * 2**fraction_bits - location
            exact = math.floor(below * 2**UNIT_BITS / scale)
            assert found[i] == max(-limit, min(limit, exact))


def test_constant_column_costs_next_to_nothing_given_its_parameters():
    assert Normal().fit([7] * 1000).data_bits < 0.1


def test_normal_is_as_short_as_its_density_says():
    rng = random.Random(2)
    values = [round(rng.gauss(500, 100)) for _ in range(2000)]
    ideal = 1000 * math.log2(2 * math.pi * math.e * float(np.var(values)))
    assert ideal - 1 < Normal().fit(values).data_bits < ideal + 3


def test_heavy_tails_choose_few_degrees():
    rng = random.Random(4)
    cauchy = [round(100 * math.tan(math.pi * (rng.random() - 0.5))) for _ in range(500)]
    gauss = [round(rng.gauss(0, 100)) for _ in range(500)]
    assert Student().fit(cauchy).parameters["degrees"] <= 2
    assert Student().fit(gauss).parameters["degrees"] >= 8
