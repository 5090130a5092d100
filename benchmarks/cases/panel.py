"""Bytes and speed of every estimator on real files, beside the command-line compressors."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from benchmarks.case import CaseResult, Context, Row, Showing, rounded
from benchmarks.data import corpus_files
from kolmo.bench.harness import Finished, run_process
from kolmo.errors import KolmoError

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
PUBLISHED = "best of paq8px and cmix, published"
WITH_DICTIONARY = "kolmo brotli"
NOTES = (
    "kolmo: payload without constant headers; commands: their whole file, through a pipe; "
    "zpaq: its archive, of which some 1,000 bytes are no data",
    "kolmo's figures are those of kolmo bench corpus DIR --rounds 3: CPU seconds of the code alone "
    "in a process of its own, its kernels loaded before, medians; of a command the whole process",
    "peak memory: of kolmo's processes Python, numba's compiler and the input are a part",
    "brotli has a dictionary of 120 KB in its decoder, which no other method has",
)
README = Showing(details=False)


@dataclass(frozen=True)
class Method:
    """What one code or command makes of the files, its seconds for all, and its memory."""

    name: str
    kind: str
    sizes: dict[str, int]
    seconds: float | None
    decode_seconds: float | None = None
    peak_bytes: int | None = None


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
    best = next((sum(item.sizes.values()) for item in methods if item.name == PUBLISHED), None)
    return CaseResult(
        rows=tuple(method_row(method, files, best) for method in methods),
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
    """Return kolmo's codes and the published bests, as `kolmo bench corpus` gives them."""
    context.report("sizes and speeds by kolmo")
    with tempfile.TemporaryDirectory() as home:
        stage(folder, files, Path(home))
        rounds = "1" if context.quick else "3"
        words = ("corpus", home, "--rounds", rounds, "--timings")
        envelope, done = context.envelope("bench", *words)
    if done.sample.exit_code != 0 or not envelope.get("results"):
        raise KolmoError(f"kolmo bench failed: got exit code {done.sample.exit_code}; need 0.")
    return [*own_methods(envelope), *published_method(envelope, files)]


def stage(folder: Path, files: list[str], home: Path) -> None:
    """Put files of a corpus into a folder of their own, with a manifest."""
    lines = []
    for file in files:
        data = (folder / file).read_bytes()
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_bytes(data)
        lines.append(f"{hashlib.sha256(data).hexdigest()}  {file}\n")
    (home / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def own_methods(envelope: dict[str, Any]) -> list[Method]:
    """Return a method for each code, the smallest total first."""
    sizes: dict[str, dict[str, int]] = {}
    for row in envelope["results"]:
        if row["kind"] != "estimate":
            sizes.setdefault(row["estimator"], {})[row["file"]] = -(-row["payload_bits"] // 8)
    kinds = {row["estimator"]: row["kind"] for row in envelope["results"]}
    totals = {entry["estimator"]: entry for entry in envelope["timings"][1:] if not entry["file"]}
    return [
        Method(
            f"kolmo {name}",
            kinds[name],
            sizes[name],
            totals[name]["write_seconds"],
            totals[name]["read_seconds"],
            totals[name]["peak_bytes"],
        )
        for name in sorted(sizes, key=lambda name: sum(sizes[name].values()))
        if name in totals
    ]


def published_method(envelope: dict[str, Any], files: list[str]) -> list[Method]:
    """Return the published bests as a method, if all files have one."""
    best = {row["file"]: row["published_bytes"] for row in envelope["results"]}
    whole = best.keys() == set(files) and None not in best.values()
    return [Method(PUBLISHED, "not decoded here", best, None)] if whole else []


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
        samples = [done.sample for done, _ in made.values()]
        seconds = sum(sample.cpu_seconds or 0.0 for sample in samples)
        peak = max(sample.peak_rss_bytes or 0 for sample in samples)
        found.append(Method(name, "whole file", sizes, seconds, peak_bytes=peak))
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


def method_row(method: Method, files: dict[str, int], best: int | None) -> Row:
    """Return a method's total, its excess over the published, and speed; no total of a part."""
    input_bytes, complete = sum(files.values()), len(method.sizes) == len(files)
    total = sum(method.sizes.values()) if complete else None
    per_byte = 8 * total / input_bytes if total is not None and input_bytes else None
    return {
        "method": method.name,
        "kind": method.kind,
        "total_bytes": total,
        "bits_per_byte": rounded(per_byte),
        "excess_percent": rounded(100 * (total / best - 1), 3) if total and best else None,
        "MB_per_second": speed(input_bytes, method.seconds),
        "decode_MB_per_second": speed(input_bytes, method.decode_seconds),
        "peak_MB": rounded(method.peak_bytes / 1e6, 3) if method.peak_bytes else None,
    }


def speed(count: int, seconds: float | None) -> float | None:
    """Return megabytes per second."""
    return rounded(count / 1e6 / seconds) if seconds else None


def file_row(methods: list[Method], file: str, size: int) -> Row:
    """Return a file's bytes by each method."""
    return {"file": file, "input": size} | {
        method.name: method.sizes.get(file) for method in methods
    }
