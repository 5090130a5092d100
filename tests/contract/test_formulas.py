"""The contract of an estimate, and of the registry that finds estimators by name."""

import inspect
import math
import random
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kolmo
from kolmo import registry
from kolmo.complexity.estimator import Formula, Parameter
from kolmo.data import MemoryInput
from kolmo.errors import ParameterError, UnavailableError
from kolmo.registry import estimators, parse_label

SHIPPED = {
    *("entropy", "millermadow", "grassberger", "chaoshen", "nsb"),
    *("lz76", "lz78", "matchlength", "renewal"),
    *("stored", "zlib", "bz2", "lzma", "zstd", "brotli", "ppmd", "bzip3"),
}


def labels() -> Iterator[str]:
    """Yield a label for every registered estimate and each of its examples."""
    for name in estimators.names():
        if estimators.get(name).kind == "estimate":
            for values in estimators.examples(name):
                yield ":".join([name, *(f"{key}={value}" for key, value in values.items())])


@pytest.fixture(params=list(labels()))
def formula(request: pytest.FixtureRequest) -> Formula:
    name, values = parse_label(request.param)
    try:
        return estimators.make(name, **values)
    except UnavailableError as error:
        pytest.skip(str(error))


# --- estimates


@pytest.mark.parametrize("kind", sorted(samples()))
def test_estimate_is_finite_and_not_negative(formula, kind):
    value, error = formula.measure(samples()[kind])
    assert math.isfinite(value)
    assert value >= 0
    assert error is None or 0 <= error < math.inf


@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.one_of(st.binary(max_size=300), st.text("ab", max_size=300).map(str.encode)))
def test_estimate_of_arbitrary_data_is_finite_and_the_same_on_every_run(formula, data):
    value, error = formula.measure(data)
    assert 0 <= value < math.inf
    assert error is None or 0 <= error < math.inf
    assert formula.measure(data) == (value, error)
    assert formula.bits(data) == value


def test_estimate_of_nothing_is_nothing(formula):
    assert formula.measure(b"") == (0, None)


def test_estimate_of_one_byte_is_finite_and_at_most_little_more_than_it(formula):
    value, error = formula.measure(b"x")
    assert 0 <= value <= 24
    assert error is None or 0 <= error <= 8


def test_estimate_is_labelled_as_one(formula):
    (row,) = kolmo.bounds(b"abc" * 50, [formula.label]).rows
    assert (row.kind, row.estimator) == ("estimate", formula.label)
    assert (row.estimate_bits, row.error_bits) == formula.measure(b"abc" * 50)
    assert row.to_dict()["error_bits"] == row.error_bits
    assert row.formula == formula.formula
    assert row.payload_bits is row.bound_bits is row.container_bits is row.naming_bits is None
    assert row.bits == row.estimate_bits
    assert row.bits_per_byte == pytest.approx(row.estimate_bits / 150)
    assert row.ratio == pytest.approx(row.estimate_bits / 150 / 8)


def test_estimate_given_side_information_is_a_difference(formula):
    x, y = b"abc" * 50, b"bca" * 70
    row = formula.estimate(MemoryInput(x), MemoryInput(y))
    assert (row.kind, row.formula) == ("estimate", "C(yx) - C(y)")
    assert row.estimate_bits == formula.bits(y + x) - formula.bits(y)
    errors = formula.measure(y + x)[1], formula.measure(y)[1]
    assert row.error_bits == (None if None in errors else math.hypot(*errors))


def test_estimate_is_no_code(formula):
    with pytest.raises(ParameterError, match="only estimates"):
        kolmo.encode(b"abc", formula.label)


def test_estimates_never_make_the_headline(formula):
    found = kolmo.bounds(b"a" * 1000, [formula.label])
    assert found.best is None
    assert found.headline().startswith("no upper bound")


def test_estimates_stand_below_all_bounds():
    rows = kolmo.bounds(b"a" * 1000, ["entropy", "stored", "lz78"]).rows
    assert [row.kind for row in rows] == ["certified", "estimate", "estimate"]


@pytest.mark.parametrize("text", [b"0001101001000101", b"1001111011000010"])
def test_lz76_of_published_strings_is_six_phrases(text):
    """Lempel and Ziv 1976; Kaspar and Schuster 1987: 6 phrases of log2 16 bits each."""
    (row,) = kolmo.bounds(text, ["lz76"]).rows
    assert row.estimate_bits == 6 * math.log2(16) == 24


def test_lz78_of_a_hand_parsed_string():
    """1 0 11 01 010 00 10 over two bytes: Cover and Thomas 2006, section 13.4.2."""
    (row,) = kolmo.bounds(b"1011010100010", ["lz78"]).rows
    assert row.estimate_bits == pytest.approx(7 * (math.log2(7) + 1))


def test_entropy_of_a_hand_counted_string():
    """In mississippi only i, s and p leave the next symbol open."""
    (row,) = kolmo.bounds(b"mississippi", ["entropy:order=1"]).rows
    assert row.estimate_bits == pytest.approx(3 * math.log2(3) - 2 + 4 + 2)
    (row,) = kolmo.bounds(b"abcd" * 100, ["entropy"]).rows
    assert row.estimate_bits == pytest.approx(800)


def test_entropy_of_bytes_is_a_lower_limit_of_stored():
    data = random.Random(2).randbytes(20_000)
    (row,) = kolmo.bounds(data, ["entropy"]).rows
    assert 7.9 * len(data) < row.estimate_bits < 8 * len(data)


# --- the registry


@pytest.fixture(params=estimators.own_names())
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_registry_has_what_is_shipped():
    assert set(estimators.own_names()) >= SHIPPED
    assert not [name for name in estimators.own_names() if name.startswith("_")]
    assert estimators.own_names() == sorted(estimators.own_names())
    assert kolmo.estimators is estimators


def test_file_holds_one_class_of_its_name(name):
    plugin = estimators.get(name)
    assert plugin.name == name
    assert plugin.__module__ == f"kolmo.complexity.estimators.{name}"
    module = sys.modules[plugin.__module__]
    own = [item for item in vars(module).values() if inspect.isclass(item)]
    assert [item for item in own if item.__dict__.get("name") == name] == [plugin]
    assert plugin.__name__.lower() == name


def test_plugin_says_what_it_is(name):
    plugin = estimators.get(name)
    assert plugin.kind in {"bound", "estimate"}
    assert plugin.formula
    assert plugin.__doc__
    assert name.isascii()
    assert name.isalnum()
    assert len(name) <= 64


def test_examples_are_within_the_parameters_ranges(name):
    examples = estimators.examples(name)
    assert {} in examples
    plugin = estimators.get(name)
    for values in examples:
        for key, value in values.items():
            assert plugin.PARAMETERS[key].low <= value <= plugin.PARAMETERS[key].high
            assert value != plugin.PARAMETERS[key].default


def test_parameters_have_ranges_and_meanings(name):
    for key, item in estimators.get(name).PARAMETERS.items():
        assert isinstance(item, Parameter)
        assert key.isidentifier()
        assert item.low <= item.default <= item.high or item.default == 0
        assert item.meaning


def test_parameter_out_of_range_is_refused_with_the_range(name):
    if estimators.missing(name):
        pytest.skip("unavailable")
    for key, item in estimators.get(name).PARAMETERS.items():
        for value in (item.low - 1, item.high + 1):
            with pytest.raises(
                ParameterError, match=f"got {value}; need {item.low} to {item.high}"
            ):
                estimators.make(name, **{key: value})


def test_label_leaves_out_what_is_the_default():
    assert estimators.make("zstd", level=22).label == "zstd"
    assert estimators.make("zstd", level=3, window=17).label == "zstd:level=3:window=17"


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("zstdd", "unknown estimator: got 'zstdd'. Did you mean 'zstd'?"),
        ("lz67", "Did you mean "),
        ("", "no estimator"),
        ("qqqqqqqq", "Known: "),
        ("zstd:lvel=3", "unknown parameter of zstd: got 'lvel'. Did you mean 'level'?"),
        ("stored:level=3", "unknown parameter of stored: got 'level'. It has none."),
        ("zstd:level", "malformed parameter: got 'level'; need name:key=integer"),
        ("zstd:level=", "malformed parameter"),
        ("zstd:level=3.5", "malformed parameter"),
        ("zstd:level=1_0", "malformed parameter"),
        ("zstd:level=٣", "malformed parameter"),
        ("zstd:=3", "malformed parameter"),
        ("zstd:", "malformed parameter"),
        ("zstd:level=--3", "malformed parameter"),
        ("zstd:level=" + "9" * 5000, "got"),
        ("zstd:name=3", "unknown parameter of zstd: got 'name'"),
        ("zstd:self=3", "unknown parameter of zstd: got 'self'"),
        ("../zstd", "unknown estimator"),
        ("_streams", "unknown estimator"),
    ],
)
def test_wrong_labels_are_refused_in_one_line(label, words):
    with pytest.raises(ParameterError) as caught:
        kolmo.bounds(b"abc", [label])
    assert words in str(caught.value)
    assert len(str(caught.value)) < 250
    assert "\n" not in str(caught.value)


def test_unknown_code_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match=r"unknown code: got 'lzna'\. Did you mean 'lzma'"):
        kolmo.encode(b"abc", "lzna")


def test_missing_dependency_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr(estimators.get("brotli"), "requires", ("no_such_module_at_all",))
    reason = estimators.missing("brotli")
    assert "no_such_module_at_all is not installed" in reason
    assert "pip install 'kolmo-toolkit[compressors]'" in reason
    with pytest.raises(UnavailableError, match="unavailable, because"):
        kolmo.bounds(b"abc", ["brotli"])


def test_missing_dependency_of_a_container_is_named(monkeypatch):
    message = kolmo.encode(b"abc", "zlib")
    monkeypatch.setattr(estimators.get("zlib"), "requires", ("no_such_module_at_all",))
    with pytest.raises(UnavailableError, match="no_such_module_at_all"):
        kolmo.decode(message)


def test_names_are_found_without_importing_any(tmp_path):
    script = """
        import sys
        from kolmo.registry import estimators
        assert "zstd" in estimators.own_names()
        print([name for name in sys.modules if "estimators." in name])
    """
    assert run(script, tmp_path) == "[]"


# --- plug-ins of other distributions

STRANGER = '''
"""A code of another distribution."""
from kolmo.complexity.estimators.stored import Stored

EXAMPLES = [{}]


class Stranger(Stored):
    """The bytes backwards."""

    name = "stranger"
    formula = "backwards"

    def compress(self, blocks, length, given=b""):
        yield b"".join(blocks)[::-1]

    def decompress(self, chunks, length, given=b""):
        yield b"".join(chunks)[::-1]
'''


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """Return a folder with a distribution that registers ``stranger`` and a false ``zstd``."""
    (tmp_path / "strange_module.py").write_text(STRANGER)
    info = tmp_path / "strange_distribution-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: strange-distribution\nVersion: 1\n"
    )
    (info / "entry_points.txt").write_text(
        "[kolmo.estimators]\n"
        "stranger = strange_module:Stranger\n"
        "zstd = strange_module:Stranger\n"
        "broken = no_such_module_at_all:Nothing\n"
    )
    return tmp_path


def run(script: str, folder: Path) -> str:
    """Run a script that finds distributions in ``folder``, too; return what it prints."""
    setup = f"import sys; sys.path.insert(0, {str(folder)!r})\n"
    done = subprocess.run(
        [sys.executable, "-c", setup + textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_plugin_of_another_distribution_joins(stranger):
    script = """
        import kolmo
        from kolmo.registry import estimators
        assert "stranger" in estimators.names()
        assert "stranger" not in estimators.own_names()
        assert estimators.examples("stranger") == [{}]
        (row,) = kolmo.bounds(b"abc", ["stranger"]).rows
        message = kolmo.encode(b"abc", "stranger")
        assert b"cba" in message
        print(row.kind, row.payload_bits, kolmo.decode(message).decode())
    """
    assert run(script, stranger) == "certified 24 abc"


def test_plugin_of_another_distribution_never_hides_our_own(stranger):
    script = """
        from kolmo.registry import estimators
        print(estimators.get("zstd").__module__)
    """
    assert run(script, stranger) == "kolmo.complexity.estimators.zstd"


def test_name_of_a_code_from_elsewhere_is_paid_for(stranger):
    """Kraft: where all names of our own codes are taken, a stranger's costs more than they do."""
    script = """
        import kolmo
        from kolmo.registry import estimators
        own = [n for n in estimators.own_names() if estimators.get(n).kind == "bound"]
        names = [n for n in [*own, "stranger"] if not estimators.missing(n)]
        rows = kolmo.bounds(b"", names).rows
        print(len(rows) == len(names), sum(2.0 ** -row.naming_bits for row in rows) <= 1)
    """
    assert run(script, stranger) == "True True"


def test_plugin_that_does_not_import_harms_no_other(stranger):
    script = """
        import kolmo
        print(len(kolmo.bounds(b"abc", ["zlib", "stranger"]).rows))
    """
    assert run(script, stranger) == "2"


def test_registry_of_another_kind_starts_empty(tmp_path):
    """The other areas add their own registries, for which a folder and a group are enough."""
    made = registry.Registry("thing", "kolmo.complexity.kernels", "kolmo.no_such_group")
    assert "lz76" in made.names()
    with pytest.raises(ParameterError, match="unknown thing: got 'other'"):
        made.get("other")
