"""Pictures of scores, in files and in the terminal: same bytes, palette, widths, who is named."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from itertools import combinations
from types import ModuleType
from typing import Any

import click
import pytest

from kolmo.bench import run
from kolmo.bench.files import Total
from kolmo.bench.scoring import Interval, Slope, SourceScore
from kolmo.bench.suite import Scores

SUITES = ("sources", "deterministic", "speed", "corpus")
FEW = ["zlib", "bz2", "entropy:order=2:symbol=1", "lz78:symbol=1"]
MANY = 23
picture = pytest.mark.needs("picture")


def total(name: str, bits: int, seconds: float, *, on_front: bool) -> Total:
    """Return a code's total of one file of a megabyte, read ten times as fast as written."""
    return Total(
        estimator=name,
        kind="certified",
        files=1,
        input_bytes=10**6,
        bits=bits,
        excess=None,
        shortest=0,
        write_seconds=seconds,
        read_seconds=seconds / 10,
        peak_bytes=None,
        on_front=on_front,
    )


def source_score(name: str, n: int, regret: float, task: str = "markov1") -> SourceScore:
    """Return the score of a code on three strings."""
    interval = Interval(regret, regret - 1, regret + 1)
    return SourceScore(task, n, name, "certified", True, 3, n / 2, n / 2, interval, 1.0, 1.0)


def crowd() -> Scores:
    """Return many codes: the later the worse, but one that is best on a task of its own."""
    rows = [
        source_score(f"c{place:02}", n, 10.0 + place * n)
        for n in (1024, 4096)
        for place in range(MANY)
    ]
    rows.append(source_score("c22", 1024, 1.0, "lag24"))
    return Scores("sources", {}, tuple(rows), (Slope("markov1", "c00", Interval(1, 1, 1), 1.0),))


@pytest.fixture(scope="module")
def found() -> dict[str, Scores]:
    """Small scores of every suite."""
    front = [
        total("zstd:level=19", 2_000_000, 2.0, on_front=True),
        total("lzma$_{x}$", 2_050_000, 1.5, on_front=True),
        *(total(f"code{k}", 2_100_000 + 9_000 * k, 1.9, on_front=False) for k in (0, 1)),
        total("stored", 8_000_000, 0.001, on_front=True),
    ]
    sources = run("sources", FEW, sizes=[128, 512], seeds=2)
    fewer = tuple(row for row in sources.rows if row.task in ("markov1", "lag24"))
    return {
        "sources": sources._replace(rows=fewer),
        "deterministic": run("deterministic", FEW, sizes=[128, 256]),
        "speed": run("speed", ["zlib", "bz2"], sizes=[1000], rounds=1),
        "corpus": Scores("corpus", {}, (), tuple(front)),
    }


@pytest.fixture
def context() -> Iterator[None]:
    """What the command gives: a context, whose end closes the files."""
    with click.Context(click.Command("bench")):
        yield


@pytest.fixture(scope="module")
def plots(entry: EntryPoint) -> Any:
    """Return a function that loads a module of plots."""

    def load(name: str) -> ModuleType:
        return importlib.import_module(f"{entry.module.rpartition('.')[0]}.plots.{name}")

    return load


@pytest.fixture(scope="module")
def drawn(plots: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function that returns the bytes of a picture; None where there is no file."""

    def draw(scores: Scores, suffix: str) -> bytes | None:
        path = tmp_path_factory.mktemp("drawn") / f"picture{suffix}"
        with click.Context(click.Command("bench")):
            plots("bench").draw_picture(plots("picture").Picture(str(path), []), scores)
        return path.read_bytes() if path.exists() else None

    return draw


@pytest.fixture(scope="module")
def svgs(found: dict[str, Scores], drawn: Any) -> dict[str, str]:
    """The pictures of all suites, drawn once."""
    return {suite: drawn(scores, ".svg").decode() for suite, scores in found.items()}


@pytest.fixture
def shown(plots: Any, context: None, capsys: Any, monkeypatch: Any) -> Any:
    """Return a function that returns what the terminal shows."""

    def show(scores: Scores, columns: int = 80, *, to_stderr: bool = False, **extra: str) -> str:
        for name, value in {"COLUMNS": str(columns), "LC_ALL": "C.UTF-8", **extra}.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        plots("bench").draw_scores(scores, to_stderr=to_stderr)
        out, err = capsys.readouterr()
        assert not (out if to_stderr else err)
        return str(err if to_stderr else out)

    return show


@picture
@pytest.mark.parametrize("suite", SUITES)
def test_25_pictures_of_the_same_scores_are_the_same(
    suite: str, found: dict[str, Scores], svgs: dict[str, str], drawn: Any
) -> None:
    assert svgs[suite].startswith("<?xml")
    assert drawn(found[suite], ".svg").decode() == svgs[suite]
    first = drawn(found[suite], ".png")
    assert first.startswith(b"\x89PNG")
    assert drawn(found[suite], ".png") == first


@picture
@pytest.mark.parametrize("suite", SUITES)
def test_45_pictures_of_scores_have_no_other_colours(
    suite: str, svgs: dict[str, str], plots: Any
) -> None:
    palette = {colour.lower() for colour in plots("picture").PALETTE}
    colours = set(re.findall("#[0-9a-f]{6}", svgs[suite]))
    assert len(colours & palette) >= 2
    greys = {c for c in colours if c[1:3] == c[3:5] == c[5:7]}
    assert colours - palette <= greys


@picture
def test_pictures_say_kinds_and_units(svgs: dict[str, str]) -> None:
    words = {
        "sources": ["zlib (certified)", "(estimate)", "regret, bits", "bias, bits per symbol"],
        "deterministic": ["bits per symbol (certified)", "which bound nothing", "Python given"],
        "speed": ["bits per byte of input (certified)", "megabytes of input a second of CPU time"],
        "corpus": ["bits per byte of input (certified)", "lzma$_{x}$", "left out: stored"],
    }
    for suite, wanted in words.items():
        text = svgs[suite].replace("\n", " ")
        assert not [one for one in wanted if one not in text], suite


@picture
def test_picture_draws_theory_only_where_there_is_one(drawn: Any) -> None:
    text = drawn(crowd(), ".svg").decode()
    assert "markov1: theory 1 log" in text
    assert "lag24: theory" not in text
    assert "theory" not in drawn(crowd()._replace(groups=()), ".svg").decode()


@picture
def test_picture_and_terminal_name_a_code_that_miscounts(drawn: Any, shown: Any) -> None:
    rows = tuple(source_score("mine.py:Liar", n, -100.0 * n) for n in (1024, 4096))
    scores = Scores("sources", {}, rows, violators=("mine.py:Liar",))
    assert "mine.py:Liar (certified), miscounts" in drawn(scores, ".svg").decode()
    assert "mine.py:Liar miscounts" in shown(scores)
    assert "l: mine.py:Liar (certified)" in shown(scores)


@picture
@pytest.mark.parametrize("suite", SUITES)
def test_empty_scores_draw_nothing(suite: str, drawn: Any, shown: Any) -> None:
    empty = Scores(suite, {}, ())
    assert drawn(empty, ".png") is None
    assert shown(empty) == ""


@picture
@pytest.mark.parametrize("suite", SUITES)
def test_one_estimator_at_one_length_is_drawn(
    suite: str, found: dict[str, Scores], drawn: Any, shown: Any
) -> None:
    scores = found[suite]
    alone = scores._replace(rows=scores.rows[:1], groups=scores.groups[:1])
    assert drawn(alone, ".png")
    assert shown(alone)


@picture
def test_codes_without_a_time_are_left_out(drawn: Any, shown: Any) -> None:
    timeless = replace(total("a", 8, 0.0, on_front=True), read_seconds=None)
    assert drawn(Scores("speed", {}, (), (timeless,)), ".png") is None
    unread = replace(total("b", 8, 1.0, on_front=True), read_seconds=None)
    assert drawn(Scores("speed", {}, (), (unread,)), ".png")
    assert "reading" not in shown(Scores("speed", {}, (), (timeless, unread)))


def test_best_are_named_and_all_others_are_grey(plots: Any) -> None:
    looks = plots("bench.looks").looks(crowd().rows, {})
    named = [label for label, look in looks.items() if look.named]
    assert named == ["c00", "c22", "c01", "c02", "c03", "c04", "c05"]
    distinct = {(look.color, look.marker, look.dash) for look in looks.values() if look.named}
    assert len(distinct) == len({look.marker for look in looks.values() if look.named}) == 7
    assert {look.color for look in looks.values() if not look.named} == {"#999999"}
    text = plots("bench.looks").grey_names(looks)
    assert text.replace("\n", " ") == "others: c06, c07, c08, c09 and 12 more"


def test_axis_is_logarithmic_beyond_its_threshold(plots: Any) -> None:
    axis = plots("bench.strips").Axis(-10.0, 100.0, 1.0)  # half a decade on either side of 0
    places = [axis.place(value) for value in (-10, -1, 0, 1, 10, 100)]
    assert places == pytest.approx([0, 1 / 4, 3 / 8, 1 / 2, 3 / 4, 1])
    ticks = plots("bench.looks").bent_ticks(-10, 100, 1)
    assert ticks == [-10, -1, 0, 1, 10, 100]


def test_letters_are_each_for_one_name(plots: Any) -> None:
    letters_for = plots("bench.letters").letters_for
    assert letters_for(["mix", "zlib", "zstd", "a/b.py:Mine"]) == {
        "mix": "m",
        "zlib": "z",
        "zstd": "s",
        "a/b.py:Mine": "i",
    }
    letters = list(letters_for([f"code{k}" for k in range(70)]).values())
    assert len(set(letters[:62])) == 62
    assert set(letters[62:]) == {"*"}


@pytest.mark.parametrize("columns", [20, 60, 80, 200])
@pytest.mark.parametrize("suite", [*SUITES, "crowd"])
def test_14_scores_fit_the_terminal(
    suite: str, columns: int, found: dict[str, Scores], shown: Any
) -> None:
    text = shown({**found, "crowd": crowd()}[suite], columns)
    assert max(map(len, text.splitlines())) <= columns
    assert text == shown({**found, "crowd": crowd()}[suite], columns, to_stderr=True)


@pytest.mark.parametrize("suite", SUITES)
def test_46_scores_are_ascii_where_the_locale_is(
    suite: str, found: dict[str, Scores], shown: Any
) -> None:
    assert shown(found[suite], LC_ALL="C").isascii()
    assert not shown(found[suite]).isascii()


@pytest.mark.parametrize("suite", SUITES)
def test_18_letters_have_colours_unless_forbidden(
    suite: str, found: dict[str, Scores], shown: Any
) -> None:
    plain = shown(found[suite])
    assert "\x1b" not in plain
    painted = shown(found[suite], FORCE_COLOR="1")
    assert "\x1b[38;5;" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == plain
    assert shown(found[suite], FORCE_COLOR="1", NO_COLOR="1") == plain


def test_strips_hold_letters_at_their_places(shown: Any) -> None:
    rows = [source_score("abc", 1024, 10.0), source_score("xyz", 1024, 1000.0)]
    slope = Slope("markov1", "abc", Interval(1, 1, 1), 1.0)  # 10 bits for 1,024
    lines = shown(Scores("sources", {}, tuple(rows), (slope,))).splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("markov1"))
    strip, below, ruler = lines[first], lines[first + 1], lines[first - 1]
    assert strip.index("|") == below.index("a") == ruler.index("10 ") + 1
    assert strip.index("x", 8) == len("markov1 ") + 80 - len("markov1") - 3
    assert ruler.endswith("1,000")


def test_strips_say_where_letters_are_left_out(shown: Any) -> None:
    same = [source_score(f"c{place}", 1024, 100.0) for place in range(4)]
    text = shown(Scores("sources", {}, tuple(same)))
    assert text.count("+:") == 1
    assert "+:" not in shown(Scores("sources", {}, tuple(same[:3])))


def test_capitals_are_the_codes_on_the_front(found: dict[str, Scores], shown: Any) -> None:
    text = shown(found["corpus"])
    assert "Z: zstd:level=19, L: lzma$_{x}$, c: code0, o: code1" in text
    assert "left out: stored" in text


@picture
def test_labels_cover_neither_dots_nor_each_other(plots: Any) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    labels = plots("bench.labels")
    dots = [(k % 4 * 0.3, k * 0.25) for k in range(14)]
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot(xlim=(-1, 3), ylim=(-1, 5))
    named = [labels.Label(x, y, f"estimator{k}") for k, (x, y) in enumerate(dots)]
    labels.place_labels(figure, [labels.Panel(axes, named, dots[:2])])
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = [text for text in axes.texts if text.get_text()]
    boxes = [text.get_window_extent(renderer) for text in texts]
    assert len(boxes) == len(dots)
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    places = axes.transData.transform(dots)
    assert not [box for box in boxes if any(box.contains(*place) for place in places)]
