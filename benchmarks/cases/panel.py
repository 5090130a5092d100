"""Bytes and speed of every estimator on real files, beside the command-line compressors."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from time import process_time

from benchmarks.case import CaseResult, Context, Row, Showing, rounded
from benchmarks.data import corpus_files
from kolmo.bench.harness import Finished, Spread, run_process
from kolmo.complexity.choice import make_estimators
from kolmo.complexity.estimator import Bound
from kolmo.errors import KolmoError, ParameterError

USES_CORPORA = True
TOOLS = {
    "gzip -9": ("gzip", "-9nc"),
    "bzip2 -9": ("bzip2", "-9c"),
    "xz -9e": ("xz", "-9ec"),
    "zstd --ultra -22 --long=27": ("zstd", "--ultra", "-22", "--long=27", "-qc"),
}
ARCHIVERS = {"zpaq -m5": ("zpaq", "add", "OUT", "FILE", "-m5", "-t1")}
PEERS = tuple(words[0] for words in (TOOLS | ARCHIVERS).values())
QUICK_BYTES = 50_000
BEST = "kolmo mix"
PRESETS = tuple(f"mix:preset={number}" for number in range(1, 5))
WITH_DICTIONARY = "kolmo brotli"
NOTES = (
    "kolmo: payload without constant headers; commands: their whole file, through a pipe; "
    "zpaq: its archive, of which some 1,000 bytes are no data",
    "MB/s: input bytes by kolmo's own seconds of one job, or by the command's CPU seconds; "
    "decode: CPU seconds of the decoder alone, once",
    "brotli has a dictionary of 120 KB in its decoder, which no other method has",
)
README = Showing(details=False)


@dataclass(frozen=True)
class Method:
    """What one estimator or command makes of the files, and its seconds for all of them."""

    name: str
    kind: str
    sizes: dict[str, int]
    seconds: float | None
    decode_seconds: float | None = None


def run(context: Context) -> CaseResult:
    """Measure the sizes of each file by each method, and the methods' speeds."""
    if context.corpora is None:
        return CaseResult(skipped="needs real files: --corpora DIR")
    folder = context.corpora.resolve()
    files = file_sizes(folder)
    if not files:
        raise KolmoError("empty corpus: got a folder without files; need at least one.")
    if context.quick:
        files = smallest(files)
    names = list(files)
    methods = [*kolmo_methods(context, folder, names), *tool_methods(context, folder, names)]
    return CaseResult(
        rows=tuple(method_row(method, files) for method in methods),
        details=tuple(file_row(methods, name, size) for name, size in files.items()),
        notes=(
            f"corpus: {folder.name}, {len(files)} files, {sum(files.values()):,} bytes",
            *NOTES,
            *verdict(methods, list(files)),
        ),
    )


def file_sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of each file of a corpus."""
    return {file.as_posix(): (folder / file).stat().st_size for file in corpus_files(folder)}


def smallest(files: dict[str, int]) -> dict[str, int]:
    """Return the smallest file, and those after it while all are small together."""
    order = sorted(files, key=files.__getitem__)
    sums = dict(zip(order, accumulate(files[name] for name in order), strict=True))
    return {
        name: size for name, size in files.items() if sums[name] <= QUICK_BYTES or name == order[0]
    }


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
        Method(
            f"kolmo {name}",
            "/".join(sorted(kinds[name])),
            sizes[name],
            seconds[name],
            decode_seconds(context, folder, files, name),
        )
        for name in order
    ]


def bounds(context: Context, folder: Path, file: str) -> list[tuple[str, str, int]]:
    """Return (estimator, kind, payload bytes) of each bound that kolmo prints for a file."""
    found = []
    for words in (("--max",), ("--estimator", ",".join(PRESETS))):
        envelope, done = context.envelope("complexity", *words, "--", file, cwd=folder)
        if not envelope.get("results"):
            raise KolmoError(f"no results: got exit code {done.sample.exit_code} for {file}.")
        found += [
            (result["estimator"], result["kind"], -(-result["payload_bits"] // 8))
            for result in envelope["results"]
            if result["kind"] in ("certified", "bound")
        ]
    return found


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


def decode_seconds(context: Context, folder: Path, files: list[str], name: str) -> float | None:
    """Return the CPU seconds of decoding all files once, None where kolmo has no such code."""
    context.report(f"decoding by {name}")
    try:
        (code,) = make_estimators([name])
    except ParameterError:
        return None
    assert isinstance(code, Bound)
    decode_once(code, b"kernels are compiled before")
    return sum(decode_once(code, (folder / file).read_bytes()) for file in files)


def decode_once(code: Bound, data: bytes) -> float:
    """Return the CPU seconds of decoding a message of the data."""
    payload = b"".join(code.compress([data], len(data)))
    start = process_time()
    decoded = b"".join(code.decompress([payload], len(data)))
    seconds = process_time() - start
    if decoded != data:
        raise KolmoError(f"{code.name} failed: its message decodes to other data.")
    return seconds


def tool_methods(context: Context, folder: Path, files: list[str]) -> list[Method]:
    """Return what the commands that are here make of the files, and their CPU seconds."""
    found = []
    for name, words in (TOOLS | ARCHIVERS).items():
        if shutil.which(words[0]) is None:
            continue
        context.report(f"sizes by {name}")
        made = {file: packed(words, folder, file) for file in files}
        failed = [file for file, (done, _) in made.items() if done.sample.exit_code != 0]
        if failed:
            raise KolmoError(f"{name} failed: got an error for {failed[0]}.")
        sizes = {file: size for file, (_, size) in made.items()}
        seconds = sum(done.sample.cpu_seconds or 0.0 for done, _ in made.values())
        found.append(Method(name, "whole file", sizes, seconds))
    return found


def packed(words: tuple[str, ...], folder: Path, file: str) -> tuple[Finished, int]:
    """Return a command's run on a file, and the bytes that it makes: a pipe, or an archive."""
    if "OUT" not in words:
        done = run_process([*words, "--", file], cwd=folder)
        return done, len(done.stdout)
    with tempfile.TemporaryDirectory() as home:
        out = Path(home) / f"out.{words[0]}"
        names = {"OUT": str(out), "FILE": file}
        done = run_process([names.get(word, word) for word in words], cwd=folder)
        return done, out.stat().st_size if out.exists() else 0


def verdict(methods: list[Method], files: list[str]) -> list[str]:
    """Return on how many files the mixer is below all that kolmo takes from the package index."""
    own = {item.name: item.sizes for item in methods if item.name.startswith("kolmo ")}
    best = own.pop(BEST, None)
    if best is None:
        return []
    rivals = [own[name] for name in own if name != WITH_DICTIONARY and not name.startswith(BEST)]
    lost = [file for file in files if min(sizes[file] for sizes in rivals) <= best[file]]
    tail = f"; not on {', '.join(lost)}" if lost else ""
    return [
        f"{BEST} is the smallest of kolmo's codes, brotli with its dictionary apart, on "
        f"{len(files) - len(lost)} of {len(files)} files{tail}"
    ]


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
        "MB_per_second": speed(input_bytes, method.seconds),
        "decode_MB_per_second": speed(input_bytes, method.decode_seconds),
    }


def speed(count: int, seconds: float | None) -> float | None:
    """Return megabytes per second."""
    return rounded(count / 1e6 / seconds) if seconds else None


def file_row(methods: list[Method], file: str, size: int) -> Row:
    """Return a file's bytes by each method."""
    return {"file": file, "input": size} | {
        method.name: method.sizes.get(file) for method in methods
    }
