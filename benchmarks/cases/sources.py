"""Regret of every code and error of every estimate on sources whose probabilities are known."""

from __future__ import annotations

from typing import Any

from benchmarks.case import CaseResult, Context, Row, Showing, rounded
from kolmo.errors import KolmoError

USES_CORPORA = False
PEERS: tuple[str, ...] = ()
QUICK = ("--sizes", "1024,4096", "--seeds", "5")
NOTES = (
    "from kolmo bench, all strings and seeds as it takes them by itself: means over the strings of "
    "the largest size, in bits",
    "codes: regret, the length of its kind less -log2 P(x), a formula; estimates: root mean square "
    "of the error, from n times the entropy rate, or where there is none from -log2 P(x)",
    "second table: the best code of each source, with bootstrap intervals of 95 %; the slope is in "
    "bits for each doubling of n, in theory half of the number of parameters",
)
README = Showing(details=True)


def run(context: Context) -> CaseResult:
    """Run the suite as a user does, and take the largest size."""
    context.report("all estimators on twelve sources")
    envelope, done = context.envelope("bench", "sources", *(QUICK if context.quick else ()))
    if done.sample.exit_code != 0 or not envelope.get("results"):
        raise KolmoError(f"kolmo bench failed: got exit code {done.sample.exit_code}; need 0.")
    largest = max(row["n_bits"] for row in envelope["results"])
    rows = [row for row in envelope["results"] if row["n_bits"] == largest]
    strings = rows[0]["strings"]
    return CaseResult(
        rows=tuple(by_estimator(rows)),
        details=tuple(best_codes(rows, envelope["groups"])),
        notes=(f"{strings} strings of {largest:,} bits of each source", *NOTES),
    )


def by_estimator(rows: list[dict[str, Any]]) -> list[Row]:
    """Return a row for each estimator, codes first, with a column for each source."""
    found: dict[str, Row] = {}
    for row in rows:
        line = found.setdefault(
            row["estimator"], {"estimator": row["estimator"], "kind": row["kind"]}
        )
        code = row["kind"] != "estimate"
        line[row["task"]] = rounded(row["regret_mean_bits" if code else "rmse_bits"])
    return sorted(found.values(), key=lambda line: line["kind"] == "estimate")


def best_codes(rows: list[dict[str, Any]], slopes: list[dict[str, Any]]) -> list[Row]:
    """Return the best code of each source: its regret, and how that grows."""
    growth = {(one["task"], one["estimator"]): one for one in slopes}
    best: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["kind"] != "estimate":
            best.setdefault(row["task"], row)
    return [
        {
            "source": task,
            "code": row["estimator"],
            "kind": row["kind"],
            **{f"regret_{part}": rounded(row[f"regret_{part}_bits"]) for part in PARTS},
            **{
                f"slope_{part}": rounded(growth[task, row["estimator"]][f"slope_{part}_bits"])
                for part in PARTS
            },
            "theory": growth[task, row["estimator"]]["theory_bits"],
        }
        for task, row in best.items()
    ]


PARTS = ("mean", "low", "high")
