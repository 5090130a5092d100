"""Bytes and speed of every estimator on real files, beside the command-line compressors."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks.case import CaseResult, Context, Row, rounded
from benchmarks.data import corpus_files
from kolmo.bench.harness import Spread, run_process
from kolmo.errors import KolmoError

USES_CORPORA = True
TOOLS = {
    "gzip -9": ("gzip", "-9nc"),
    "bzip2 -9": ("bzip2", "-9c"),
    "xz -9e": ("xz", "-9ec"),
    "zstd --ultra -22 --long=27": ("zstd", "--ultra", "-22", "--long=27", "-qc"),
}
PEERS = tuple(words[0] for words in TOOLS.values())
NOTES = (
    "kolmo: payload without constant headers; commands: their whole file, through a pipe",
    "MB/s: input bytes by kolmo's own seconds of one job, or by the command's CPU seconds",
)


@dataclass(frozen=True)
class Method:
    """What one estimator or command makes of the files, and its seconds for all of them."""

    name: str
    kind: str
    sizes: dict[str, int]
    seconds: float | None


def run(context: Context) -> CaseResult:
    """Measure the sizes of each file by each method, and the methods' speeds."""
    if context.corpora is None:
        return CaseResult(skipped="needs real files: --corpora DIR")
    folder = context.corpora.resolve()
    names = [file.as_posix() for file in corpus_files(folder)]
    files = {name: (folder / name).stat().st_size for name in names}
    if not files:
        raise KolmoError("empty corpus: got a folder without files; need at least one.")
    methods = [*kolmo_methods(context, folder, names), *tool_methods(context, folder, names)]
    return CaseResult(
        rows=tuple(method_row(method, files) for method in methods),
        details=tuple(file_row(methods, name, size) for name, size in files.items()),
        notes=(f"corpus: {folder.name}, {len(files)} files, {sum(files.values()):,} bytes", *NOTES),
    )


def kolmo_methods(context: Context, folder: Path, files: list[str]) -> list[Method]:
    """Return kolmo's bounds, as its command line prints them, smallest total first."""
    sizes: dict[str, dict[str, int]] = {}
    kinds: dict[str, set[str]] = {}
    for file in files:
        context.report(f"{file}: sizes by kolmo")
        for name, kind, size in bounds(context, folder, file):
            sizes.setdefault(name, {})[file] = size
            kinds.setdefault(name, set()).add(kind)
    seconds = kolmo_seconds(context, folder, files, list(sizes))
    order = sorted(sizes, key=lambda name: (-len(sizes[name]), sum(sizes[name].values())))
    return [
        Method(f"kolmo {name}", "/".join(sorted(kinds[name])), sizes[name], seconds[name])
        for name in order
    ]


def bounds(context: Context, folder: Path, file: str) -> list[tuple[str, str, int]]:
    """Return (estimator, kind, payload bytes) of each bound that kolmo prints for a file."""
    envelope, done = context.envelope("complexity", "--all", "--", file, cwd=folder)
    if not envelope.get("results"):
        raise KolmoError(f"no results: got exit code {done.sample.exit_code} for {file}.")
    return [
        (result["estimator"], result["kind"], -(-result["payload_bits"] // 8))
        for result in envelope["results"]
        if result["kind"] in ("certified", "bound")
    ]


def kolmo_seconds(
    context: Context, folder: Path, files: list[str], names: list[str]
) -> dict[str, float | None]:
    """Return each estimator's seconds for all files: the median of interleaved rounds."""
    rounds = []
    for number in range(1 if context.quick else 3):
        context.report(f"speeds, round {number + 1}")
        rounds.append({name: seconds_once(context, folder, files, name) for name in names})
    spreads = {name: Spread.of([found[name] for found in rounds]) for name in names}
    return {name: spread.median if spread else None for name, spread in spreads.items()}


def seconds_once(context: Context, folder: Path, files: list[str], name: str) -> float | None:
    """Return the seconds that kolmo itself measured, None if it did not time every file."""
    options = ("--estimator", name, "--no-verify", "--timings", "--jobs", "1")
    envelope, _ = context.envelope("complexity", *options, "--", *files, cwd=folder)
    times = [entry["seconds"] for entry in envelope.get("timings", []) if "seconds" in entry]
    return sum(times) if len(times) == len(files) else None


def tool_methods(context: Context, folder: Path, files: list[str]) -> list[Method]:
    """Return what the commands that are here make of the files, and their CPU seconds."""
    found = []
    for name, words in TOOLS.items():
        if shutil.which(words[0]) is None:
            continue
        context.report(f"sizes by {name}")
        runs = {file: run_process([*words, "--", file], cwd=folder) for file in files}
        failed = [file for file, done in runs.items() if done.sample.exit_code != 0]
        if failed:
            raise KolmoError(f"{name} failed: got an error for {failed[0]}.")
        sizes = {file: len(done.stdout) for file, done in runs.items()}
        seconds = sum(done.sample.cpu_seconds or 0.0 for done in runs.values())
        found.append(Method(name, "whole file", sizes, seconds))
    return found


def method_row(method: Method, files: dict[str, int]) -> Row:
    """Return a method's total and speed; no total where a file is missing."""
    input_bytes, complete = sum(files.values()), len(method.sizes) == len(files)
    total = sum(method.sizes.values()) if complete else None
    per_byte = 8 * total / input_bytes if total is not None and input_bytes else None
    return {
        "method": method.name,
        "kind": method.kind,
        "total_bytes": total,
        "bits_per_byte": rounded(per_byte),
        "MB_per_second": rounded(input_bytes / 1e6 / method.seconds) if method.seconds else None,
    }


def file_row(methods: list[Method], file: str, size: int) -> Row:
    """Return a file's bytes by each method."""
    return {"file": file, "input": size} | {
        method.name: method.sizes.get(file) for method in methods
    }
