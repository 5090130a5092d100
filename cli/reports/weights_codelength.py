"""The work of ``kolmo weights codelength``: labels to their lengths under codes that use nets."""

from typing import Any, NamedTuple

from kolmo.progress import Progress
from kolmo.table import Table
from kolmo.weights.noisy.data import Problem, read_problem
from kolmo.weights.noisy.labels import LabelLength, LabelLengths, codelength
from kolmo.weights.noisy.study import check_memory
from kolmo.weights.noisy.theory import architecture_of

from ..artefacts import check_names
from ..memory import return_large_blocks
from ..noisy_options import Source
from ..output import Column, Output, number, print_paragraph, print_table, write
from ..progress import Bar
from .weights_fit import given_words, target_record
from .weights_models import aside

UNIFORM = "uniform"


class Request(NamedTuple):
    """The arguments of the command, as the user gave them."""

    source: Source
    hidden: int
    seed: int

    def parameters(self) -> dict[str, Any]:
        """Return what can change the result, for the envelope."""
        return {**self.source.parameters(), "hidden": self.hidden}


def run(request: Request) -> int:
    """Do the work; return the exit code."""
    source = request.source
    check_names([source.file])
    output = Output("weights codelength", request.parameters())
    output.seed = request.seed
    return_large_blocks()
    table = source.read()
    output.warnings += [caution.to_dict() for caution in table.cautions]
    with Bar(silent=output.format == "json", unit="steps") as bar:
        problem, found = aside(lambda: _measure(request, table, bar))
    output.groups = [
        {
            **target_record(source, problem),
            "inputs": found.inputs,
            "labels": found.classes,
            "best": _best(found).code,
            "sentence": sentence(found),
        }
    ]
    rows = [_row(source, length) for length in found.lengths]
    output.rows(rows, lambda: _render(request, problem, found))
    output.finish()
    return 0


def _measure(request: Request, table: Table, progress: Progress) -> tuple[Problem, LabelLengths]:
    source = request.source
    names = source.names(table)
    problem = read_problem(table, source.target, names, likelihood="softmax")
    check_memory(problem, architecture_of(problem, request.hidden), source.memory_limit)
    found = codelength(problem, hidden=request.hidden, seed=request.seed, progress=progress)
    return problem, found


def _best(found: LabelLengths) -> LabelLength:
    """Return the shortest code that can be sent: an estimate wins nothing."""
    sent = [length for length in found.lengths if length.kind != "estimate"]
    return min(sent, key=lambda length: length.bits)


def sentence(found: LabelLengths) -> str:
    """Return which code is the shortest, in words."""
    best = _best(found)
    if best.code == UNIFORM:
        return (
            "no code is shorter than uniform: nothing of these labels is learnt from the features"
        )
    share = f", {best.ratio:.1%} of uniform" if best.ratio is not None else ""
    return f"{best.code} ({best.model}) is the shortest, {best.bits:,.1f} bits ({best.kind}){share}"


def _row(source: Source, length: LabelLength) -> dict[str, Any]:
    labels = length.parts["labels"]
    return {
        "file": source.file,
        "target": source.target,
        "code": length.code,
        "kind": length.kind,
        "model": length.model,
        "model_bits": sum(bits for name, bits in length.parts.items() if name != "labels"),
        "labels_bits": labels,
        "total_bits": length.bits,
        "error_bits": length.error_bits,
        "ratio": length.ratio,
        "details": dict(length.details),
    }


def _render(request: Request, problem: Problem, found: LabelLengths) -> None:
    given = given_words(request.source.target, problem.known.names)
    print_paragraph(
        f"{request.source.file}: {found.rows:,} rows, "
        f"{found.classes:,} label{'s' * (found.classes != 1)}, {given}; seed {found.seed}"
    )
    rows = [_row(request.source, length) for length in found.lengths]
    print_table(COLUMNS, sorted(rows, key=lambda row: row["total_bits"]))
    print_paragraph(sentence(found))
    write("\n")


def _error(row: dict[str, Any]) -> str:
    return f"{row['error_bits']:,.1f}" if row["error_bits"] else ""


COLUMNS = (
    Column("code", lambda row: row["code"], 0, left=True),
    Column("kind", lambda row: row["kind"], 1, left=True),
    Column("model", lambda row: row["model"], 6, left=True),
    Column("L(model)", number("model_bits", ",.1f"), 4),
    Column("L(labels)", number("labels_bits", ",.1f"), 3),
    Column("total bits", number("total_bits", ",.1f"), 0),
    Column("+-", _error, 5),
    Column("ratio", number("ratio", ".4f"), 2),
)
