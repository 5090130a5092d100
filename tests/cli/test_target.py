"""``kolmo mdl-select --target``: predictors, messages given the features, directions, pairs."""

import json
from pathlib import Path
from typing import Any

import pytest
from faults import FAILED, MISUSED, Fault, check, rows

DATA = Path(__file__).parents[1] / "data"
LINE = "x,z,y\n" + "".join(
    f"{x},{'abc'[x % 3]},{3 * x + (x * x * 7919 >> 4) % 9}\n" for x in range(1, 121)
)
FEW = "-f linear,groups,normal,uniform"
TARGET = f"kolmo mdl-select -q line.csv --target y {FEW}"
PACK = f"{TARGET} -o y.klm >/dev/null"


@pytest.fixture
def line(shell: Any) -> Any:
    (shell.folder / "line.csv").write_text(LINE)
    return shell


def envelope_of(shell: Any, command: str) -> dict[str, Any]:
    done = shell(f"kolmo mdl-select -q --json {command}")
    assert done.code == 0, done
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_target_is_given_back_by_its_features(line: Any) -> None:
    assert line(PACK).code == 0
    assert line("kolmo decode y.klm --given line.csv").out == line("cut -d, -f3 line.csv").out
    line("cut -d, -f1,2 line.csv >features.csv")
    assert line("kolmo verify y.klm --given features.csv").code == 0
    assert "needs side information" in line("kolmo inspect y.klm --format table").out


def test_rows_say_what_predicts(line: Any) -> None:
    envelope = envelope_of(line, f"line.csv --target y {FEW}")
    first = envelope["results"][0]
    assert (first["family"], first["complexity"], first["kind"]) == ("linear", 1, "certified")
    assert first["parameters"]["coefficients"]["x"] == pytest.approx(3, abs=0.2)
    (group,) = envelope["groups"]
    assert group["features"] == ["x", "z"]
    assert group["without_features_bits"] > first["total_bits"]
    assert envelope["parameters"]["target"] == "y"


def test_features_are_chosen_by_name(line: Any) -> None:
    envelope = envelope_of(line, f"line.csv --target y --features z {FEW}")
    assert envelope["groups"][0]["features"] == ["z"]
    assert envelope["results"][0]["family"] != "linear"


def test_names_with_commas_are_quoted(shell: Any) -> None:
    (shell.folder / "c.csv").write_text('x,"a,b",y\n1,2,3\n2,3,5\n3,5,7\n')
    for given, names in (("a,b", ["a,b"]), ('x,"a,b"', ["x", "a,b"])):
        envelope = envelope_of(shell, f"c.csv --target y -f normal --features '{given}'")
        assert envelope["groups"][0]["features"] == names


def test_direction_is_noted_beside_rows(line: Any) -> None:
    done = line(f"kolmo mdl-select line.csv --target y --features x --direction {FEW} --format csv")
    assert "both ways: " in done.err


def test_people_are_told_what_the_features_save(line: Any) -> None:
    done = line(f"{TARGET} --format table")
    assert "y given x, z: " in done.out
    assert "the features save" in done.out
    done = line(f"{TARGET} --features z --format table -f linear,uniform")
    assert "the features are of no use" in done.out


def test_plot_draws_the_target_over_its_feature(line: Any) -> None:
    done = line(f"{TARGET} -f polynomial,normal --format table --plot")
    assert "y over x; " in done.out
    assert "expected by polynomial" in done.out


def test_direction_is_worded_with_care(line: Any) -> None:
    done = line(f"{TARGET} --features x --direction --format table")
    assert "no proof of cause and effect" in done.out
    envelope = envelope_of(line, f"line.csv --target y --features x --direction {FEW}")
    found = envelope["groups"][0]["direction"]
    assert [way["kind"] for way in found["ways"]] == ["codelength", "codelength"]
    assert found["ways"][0]["total_bits"] <= found["ways"][1]["total_bits"]


def test_associations_are_estimates_of_all_pairs(line: Any) -> None:
    results = envelope_of(line, "line.csv --associations")["results"]
    assert {frozenset((row["column"], row["other"])) for row in results} == {
        frozenset("xy"),
        frozenset("xz"),
        frozenset("yz"),
    }
    assert {row["kind"] for row in results} == {"estimate"}
    assert results[0]["mutual_information_bits"] > 1
    done = line("kolmo mdl-select line.csv --associations --plot --format table")
    assert "mutual information in bits per row (estimate" in done.out
    assert "full shade" in done.out


@pytest.mark.needs("picture")
@pytest.mark.parametrize("options", [f"--target y {FEW}", "--associations"])
def test_picture_is_written(options: str, line: Any) -> None:
    done = line(f"kolmo mdl-select -q line.csv {options} --plot-file out.png >/dev/null")
    assert (done.code, done.err) == (0, "")
    assert (line.folder / "out.png").read_bytes().startswith(b"\x89PNG")


def test_simpson_is_resolved(shell: Any) -> None:
    (shell.folder / "ucb.csv").write_bytes((DATA / "ucb_admissions.csv").read_bytes())
    results = envelope_of(shell, "ucb.csv --target admit -f parents,categorical")["results"]
    assert "dept" in str(results[0]["parameters"])
    alone = envelope_of(shell, "ucb.csv --target admit --features gender -f parents,categorical")
    assert alone["results"][0]["family"] == "parents"


# --- what the literature says, through the command line


@pytest.fixture
def published(shell: Any) -> Any:
    """Bash in a folder with the tables of tests/data."""
    for path in DATA.glob("*.csv"):
        (shell.folder / path.name).write_bytes(path.read_bytes())
    return shell


def written(shell: Any, name: str, loaded: Any, target: str) -> None:
    """Write a table of scikit-learn as CSV, numbers in their shortest form."""
    columns = [str(column) for column in loaded.feature_names]
    lines = [",".join([*columns, target])]
    for row, goal in zip(loaded.data.tolist(), loaded.target.tolist(), strict=True):
        lines.append(",".join([*(f"{value:.10g}" for value in row), f"{goal:.10g}"]))
    (shell.folder / name).write_text("\n".join([*lines, ""]))


@pytest.mark.parametrize(
    ("target", "degree"), [("y1", 5), ("y2", 5), ("y3", 5), ("y4", 3), ("y5", None)]
)
def test_wampler_has_its_degrees(target: str, degree: int | None, published: Any) -> None:
    """NIST's data and certified errors; of y5 these hide all, and the best is no polynomial."""
    command = f"wampler.csv --target {target} --features x -f polynomial,normal"
    first = envelope_of(published, command)["results"][0]
    assert first["parameters"].get("degree") == degree
    assert first["family"] == ("polynomial" if degree else "normal")


def test_rnml_picks_a_wrong_degree_as_a_labelled_criterion(published: Any) -> None:
    command = "wampler.csv --target y5 --features x -f polynomial,normal --criteria --all"
    rows = [row for row in envelope_of(published, command)["results"] if row["rank"]]
    assert rows[0]["family"] == "normal"
    curves = [row for row in rows if row["family"] == "polynomial"]
    best = min(curves, key=lambda row: row["criteria"]["rnml_bits"])
    assert best["complexity"] == 5
    assert "RNML (criterion)" in published(f"kolmo mdl-select {command} --format table").out


def test_level_of_the_nile_falls_after_1898(published: Any) -> None:
    first = envelope_of(published, "nile.csv --target flow -f step,polynomial,normal")["results"][0]
    assert (first["family"], first["parameters"]["cuts"]) == ("step", [1898.5])


@pytest.mark.parametrize(
    ("feature", "cuts"),
    [(0, [5.55, 6.15]), (1, [2.95, 3.35]), (2, [2.45, 4.75]), (3, [0.8, 1.75])],
)
def test_iris_is_cut_as_published(feature: int, cuts: list[float], shell: Any) -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    loaded = datasets.load_iris()
    written(shell, "iris.csv", loaded, "species")
    shell("sed -i 's/0$/setosa/; s/1$/versicolor/; 2,$s/,2$/,virginica/' iris.csv")
    name = loaded.feature_names[feature]
    command = f"iris.csv --target species --features '{name}' -f mdlp,modl,categorical"
    rows = envelope_of(shell, command)["results"]
    (found,) = [row["parameters"]["cuts"] for row in rows if row["family"] == "mdlp"]
    assert found == pytest.approx(cuts)


def test_diabetes_has_its_variables(shell: Any) -> None:
    """BIC, a criterion, picks five; by messages five and six features are not told apart."""
    datasets = pytest.importorskip("sklearn.datasets")
    written(shell, "d.csv", datasets.load_diabetes(scaled=False), "y")
    rows = envelope_of(shell, "d.csv --target y -f linear,normal --criteria --all")["results"]
    sums = [row for row in rows if row["family"] == "linear"]
    best = min(sums, key=lambda row: row["criteria"]["bic_bits"])
    assert best["parameters"]["features"] == ["sex", "bmi", "bp", "s3", "s5"]
    (five,) = [row for row in sums if row["complexity"] == 5]
    assert five["delta_bits"] < 6.64
    assert five["parameters"]["features"] == best["parameters"]["features"]


@pytest.mark.parametrize(
    ("table", "target", "form"),
    [
        ("scaling_offset", "L", "power + offset"),
        ("scaling_power", "L", "power"),
        ("scaling_additive", "L", "E + A/N^a + B/D^b"),
        ("scaling_kaplan", "L", "Kaplan 1.5"),
    ],
)
def test_scaling_laws_are_found(table: str, target: str, form: str, published: Any) -> None:
    command = f"{table}.csv --target {target} -f scaling,polynomial,normal"
    rows = envelope_of(published, command)["results"]
    assert rows[0]["parameters"]["form"] == form
    (normal,) = [row for row in rows if row["family"] == "normal"]
    assert normal["delta_bits"] > 100


def test_law_of_240_points_is_recovered_to_three_digits(published: Any) -> None:
    """Made from L = 1.8172 + 477.84 / N^.3473 + 2143.86 / D^.3672, with noise of 1e-5 in ln L."""
    command = "scaling_chinchilla.csv --target loss -f scaling,normal"
    found = envelope_of(published, command)["results"][0]["parameters"]
    numbers = [*found["factors"].values(), *found["exponents"].values()]
    for number, wanted in zip(numbers, (1.8172, 477.84, 2143.86, 0.3473, 0.3672), strict=True):
        assert f"{number:.3g}" == f"{wanted:.3g}"


def test_every_ranked_candidate_decodes(published: Any) -> None:
    command = "longley.csv --target employed --verify --all -f linear,prequential,polynomial,step"
    rows = envelope_of(published, f"{command},groups,normal")["results"]
    assert len([row for row in rows if row["rank"]]) > 15
    assert {row["kind"] for row in rows} == {"certified"}


@pytest.mark.parametrize(
    "change",
    [
        "sed '2,$s/$/000/'",
        "awk -F, 'NR>1{$3=$3/100}1' OFS=, CONVFMT=%.2f",
        "(head -1 line.csv; tail -n +2 line.csv | tac)",
        "(head -1 line.csv; tail -n +2 line.csv | sort -R --random-source=line.csv)",
    ],
)
def test_units_and_order_of_rows_leave_the_choice(change: str, line: Any) -> None:
    """For predictors that heed no order; prequential does, and so do change points."""
    line(f"{change} <line.csv >other.csv")
    found = []
    for name in ("line", "other"):
        options = "--target y -f linear,polynomial,step,groups,normal"
        first = envelope_of(line, f"{name}.csv {options}")["results"][0]
        found.append((first["family"], first["complexity"], first["parameters"].get("features")))
    assert found[0] == found[1]


# fmt: off
FAULTS = [
    Fault("D06-target", f"kolmo mdl-select line.csv --target yy {FEW}", MISUSED,
          "unknown column: got 'yy'.*'y'"),
    Fault("D06-feature", f"{TARGET} --features x,zz", MISUSED, "unknown column: got 'zz'"),
    Fault("D06-itself", f"{TARGET} --features y", MISUSED, "target among the features: got 'y'"),
    Fault("D06-twice", f"{TARGET} --target x", MISUSED, "more than once"),
    Fault("D06-column-too", f"{TARGET} -C x", MISUSED, "leave out --column"),
    Fault("D06-features-alone", "kolmo mdl-select line.csv --features x", MISUSED,
          "--features needs --target"),
    Fault("D06-predictor-alone", "kolmo mdl-select line.csv -f linear", MISUSED,
          "no features: got linear, which predicts. Use --target"),
    Fault("D06-direction", f"{TARGET} --direction", MISUSED, "needs one feature: got 2"),
    Fault("D06-associations", f"{TARGET} --associations", MISUSED, "--associations is for all"),
    Fault("D06-drop", f"{TARGET} --missing drop", MISUSED, "--missing drop with --target"),
    Fault("D07-no-value", f"printf 'x,y\\n1,NA\\n2,\\n' | kolmo mdl-select --target y {FEW} "
          "--format table", out="no value, hence no model"),
    Fault("D08-constant", f"printf 'x,y\\n1,5\\n2,5\\n3,5\\n' | kolmo mdl-select -q --target y "
          f"{FEW} --no-header | head -1 | cut -f17", out=r"\Acertified\n\Z"),
    Fault("D09-constant-feature", "sed 's/^[0-9]*,/7,/' line.csv | kolmo mdl-select -q --target y "
          f"--features x {FEW} --no-header | head -1 | cut -f4", out=r"\A(normal|uniform)\n\Z"),
    Fault("D10-collinear", "sed 's/^\\([0-9]*\\),/\\1,\\1,/; 1s/.*/x,x2,z,y/' line.csv | "
          f"kolmo mdl-select -q --target y {FEW} --no-header | head -1 | cut -f4,5",
          out=r"\Alinear\t1\n\Z"),
    Fault("D42-copy", "sed 's/,\\([0-9]*\\)$/,\\1,\\1/; 1s/.*/x,z,copy,y/' line.csv | "
          f"kolmo mdl-select --target y {FEW} --no-header | head -1 | cut -f4", out=r"\Alinear\n\Z",
          err="feature 'copy' holds the same cells as the target 'y'"),
    *(
        Fault(f"D43-degree-{limit}", f"kolmo mdl-select line.csv --target y "
              f"-f polynomial:limit={limit}", MISUSED, "limit")
        for limit in ("0", "-1", "1000", "x")
    ),
    Fault("D44-degree-30", "kolmo mdl-select -q line.csv --target y -f polynomial:limit=30 --all "
          "--json", out=r'\A(?![\s\S]*(NaN|Infinity))'),
    Fault("D05-more-features-than-rows", "(seq -s, 1 30; seq -s, 2 31; seq -s, 5 34) | "
          "sed '1s/\\([0-9][0-9]*\\)/c\\1/g' | kolmo mdl-select -q --target c30 "
          f"{FEW} --no-header | head -1 | cut -f17", out=r"\Acertified\n\Z"),
    Fault("D38-huge", f"awk -F, 'NR>1{{$3=$3\"e299\"}}1' OFS=, line.csv | kolmo mdl-select -q "
          f"--target y {FEW} --no-header | head -1 | cut -f4", out=r"\Alinear\n\Z"),
    Fault("D39-tiny", f"awk -F, 'NR>1{{$3=$3\"e-302\"}}1' OFS=, line.csv | kolmo mdl-select -q "
          f"--target y {FEW} --no-header | head -1 | cut -f4", out=r"\Alinear\n\Z"),
    Fault("given-missing-feature", "kolmo decode y.klm --given other.csv -o out", FAILED,
          "feature missing in 'other.csv': unknown column: got 'z'",
          prepare=f"{PACK}; cut -d, -f1,3 line.csv >other.csv"),
    Fault("given-altered", "kolmo decode y.klm --given other.csv -o out", MISUSED,
          "wrong side information: got 'other.csv'",
          prepare=f"{PACK}; sed '5s/^/9/' line.csv >other.csv"),
    Fault("given-none", "kolmo decode y.klm -o out", MISUSED, "side information missing",
          prepare=PACK),
    Fault("given-no-table", "kolmo decode y.klm --given empty -o out", FAILED, "empty file",
          prepare=PACK),
    Fault("given-shorter", "kolmo decode y.klm --given other.csv -o out", MISUSED,
          "wrong side information", prepare=f"{PACK}; head -50 line.csv >other.csv"),
]
# fmt: on


@pytest.mark.parametrize("fault", rows(FAULTS))
def test_fault(fault: Fault, line: Any, inject: Any) -> None:
    check(fault, line, inject)
