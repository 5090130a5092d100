"""Messages by nets with noisy weights: seconds, bits beside theory; and codes of labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.case import CaseResult, Context, Row, columns, rounded
from benchmarks.nets import noisy
from benchmarks.race import optional
from kolmo.bench.harness import Comparison, Spread, call, interleave

if TYPE_CHECKING:
    from benchmarks.nets.noisy import Case, Floats, Integers
    from kolmo.weights.noisy.assembling import Sent

PEERS = ("sklearn",)
USES_CORPORA = False
ROWS, HIDDEN, CLASSES = 300, 4, 10
PAYLOADS, QUICK_PAYLOADS, PAYLOAD_BYTES = 100, 20, 400
RESTARTS, QUICK_RESTARTS = 5, 1
RECEIVED, QUICK_RECEIVED = 3, 1
LABELS, QUICK_LABELS = 1797, 300
NETS, QUICK_NETS = (0, 10), (0,)
OURS, PEER = "kolmo fit", "sklearn MLPRegressor"
ALONE = ("relative-entropy", "two-part")
CLASSICAL: dict[str, tuple[str, ...] | None] = {
    "mdl-select": None,
    "mdl-select without features": (),
}
NOTES = (
    "no peer sends such messages; the peer's row is its fit of a net with as many hidden units to "
    "the same cases, tanh, max_iter as by default; ratio: kolmo's fit, all its restarts, to it",
    "seconds: of CPU, all threads, medians; kernels are compiled before; receiving by bits-back "
    f"trains the net again for the payload, timed for {RECEIVED} messages ({QUICK_RECEIVED} when "
    "quick); target alone leaves the payload in the message",
    "values bits: the target's values with all that the model needs, without container, names and "
    "cells (with bits-back also how to train it again): to compare with each other; net bits: the "
    "whole file less the payload",
    "stream bits: weights and misfit, less the refund; bits-back: means of random payloads of "
    f"{PAYLOAD_BYTES} bytes, error bits is the standard error of the stream",
    "theory bits: misfit and divergence with prior and noise as they are sent, which bits-back "
    "costs on average; difference: stream less theory",
    "bits per second: net bits to the seconds; every message was received, and nothing had changed",
)
LABEL_NOTES = (
    "labels: of the digits, given standardised pixels; random: uniform, from a fixed seed; "
    "hidden: tanh units, 0: softmax regression; seconds: of CPU, decoding of certified ones too",
)


def run(context: Context) -> CaseResult:
    """Measure messages of numbers, then lengths of labels."""
    datasets = optional("sklearn.datasets")
    if datasets is None:
        return CaseResult(skipped=noisy.NEEDED)
    from kolmo.weights.noisy.frame import Settings

    quick = context.quick
    context.report("compiling")
    compile_kernels(noisy.diabetes(datasets, 30))
    restarts = QUICK_RESTARTS if quick else RESTARTS
    case = noisy.case_of(noisy.diabetes(datasets, ROWS), HIDDEN, Settings(restarts=restarts))
    peer = fit_beside_peer(context, case, 1 if quick else 3)
    context.report("sending and receiving")
    counts = (QUICK_PAYLOADS, QUICK_RECEIVED) if quick else (PAYLOADS, RECEIVED)
    rows = bits_back_rows(case, *counts)
    rows += [alone_row(case, code, 3 if quick else 11) for code in ALONE]
    for method, features in CLASSICAL.items():
        context.report(method)
        rows.append(classical_row(case, method, features))
    labels = noisy.digits(datasets, QUICK_LABELS if quick else LABELS)
    details = tuple(digits_and_random(context, *labels))
    about = f"data: diabetes, the first {ROWS} rows; net: {noisy.words(case)}"
    return CaseResult((*rows, peer), details, (about, *NOTES, *LABEL_NOTES))


def compile_kernels(text: bytes) -> None:
    """Do with some rows all that is timed."""
    import numpy as np

    from kolmo.weights.noisy.frame import Settings

    case = noisy.case_of(text, 1, Settings(restarts=1, steps_per_stage=1))
    case.fit()
    bits_back_rows(case, 1, 1)
    for code in ALONE:
        alone_row(case, code, 1)
    labels = np.arange(case.problem.rows) % 2
    label_rows("", (case.problem.x, labels, 2), 0)


def fit_beside_peer(context: Context, case: Case, runs: int) -> Row:
    """Fit the net in turn with the peer's, and return the peer's row."""
    tasks = (call(OURS, case.fit), call(PEER, lambda: noisy.fit_by_peer(case)))
    timings = interleave([context.watched(task) for task in tasks], runs=runs)
    compared = Comparison(PEER, "cpu_seconds", timings)
    ours, peers = (compared.timing(name).spread("cpu_seconds") for name in (OURS, PEER))
    case.fit_seconds = median(ours)
    ratio = columns("ratio", compared.ratio(OURS))
    return {"method": PEER, "fit_seconds": rounded(median(peers)), **ratio}


def bits_back_rows(case: Case, payloads: int, runs: int) -> list[Row]:
    """Return the means of many messages; received with the payload, then without."""
    from kolmo.weights.noisy.message import send

    contents = [noisy.payload(number, PAYLOAD_BYTES) for number in range(payloads)]
    waiting = iter(contents)
    sent, sending = timed(
        lambda: send(case.problem, case.fitted, payload=next(waiting), settings=case.settings),
        payloads,
    )
    whole = received(case, sent[:runs], contents)
    alone = received(case, sent, [None] * payloads)
    return [
        message_row(case, "bits-back", sent, (sending, whole)),
        message_row(case, "bits-back, target alone", sent, (sending, alone)),
    ]


def received(case: Case, sent: list[Sent], contents: Sequence[bytes | None]) -> Spread | None:
    """Return the seconds of receiving each message, with its payload if one is expected."""
    from kolmo.weights.noisy.message import receive

    waiting, given, payload = iter(sent), case.given, contents[0] is not None
    found, seconds = timed(
        lambda: receive(next(waiting).container, given, payload=payload), len(sent)
    )
    for one, content in zip(found, contents, strict=False):
        noisy.same(one.data, case.problem.data)
        noisy.same(one.payload, content)
    return seconds


def alone_row(case: Case, code: str, runs: int) -> Row:
    """Return the row of a message that stands alone."""
    from kolmo.weights.noisy.message import send

    sent, sending = timed(lambda: send(case.problem, case.fitted, code=code), runs)
    return message_row(case, code, sent[:1], (sending, received(case, sent, [None] * runs)))


def message_row(
    case: Case, method: str, sent: list[Sent], seconds: tuple[Spread | None, Spread | None]
) -> Row:
    """Return the row of a code, with the means of its messages."""
    from kolmo.weights.noisy.theory import theory

    streams = [noisy.stream_bits(one) for one in sent]
    stream, expected = mean(streams), theory(case.problem, case.fitted).as_in_1993_bits
    bits = (
        mean([noisy.values_bits(case, one) for one in sent]),
        mean([one.net_bits for one in sent]),
    )
    return {
        **one_row(method, case.fit_seconds, seconds, bits),
        "messages": len(sent),
        "stream_bits": rounded(stream, 7),
        "error_bits": rounded(standard_error(streams)),
        "theory_bits": rounded(expected, 7),
        "difference_bits": rounded(stream - expected),
        "difference_percent": rounded(100 * (stream - expected) / expected),
    }


def one_row(
    method: str,
    fit_seconds: float | None,
    seconds: tuple[Spread | None, Spread | None],
    bits: tuple[float, float],
) -> Row:
    """Return what every method that sends has: seconds, speeds, and two lengths in bits."""
    send_seconds, receive_seconds = map(median, seconds)
    return {
        "method": method,
        "fit_seconds": rounded(fit_seconds),
        "send_seconds": rounded(send_seconds),
        "receive_seconds": rounded(receive_seconds),
        "send_bits_per_second": rounded(bits[1] / send_seconds) if send_seconds else None,
        "receive_bits_per_second": rounded(bits[1] / receive_seconds) if receive_seconds else None,
        "values_bits": rounded(bits[0], 7),
        "net_bits": rounded(bits[1], 7),
    }


def classical_row(case: Case, method: str, features: tuple[str, ...] | None) -> Row:
    """Return the row of the shortest of kolmo's simpler models."""
    from kolmo.mdl.contest import Request
    from kolmo.mdl.target import choose_target, target_container
    from kolmo.messages import decode

    table, given = case.table, case.given
    request = Request(missing="error")
    chosen, fitting = timed(lambda: choose_target(table, "y", features, request), 1)
    choice, message = chosen[0]
    sent, sending = timed(lambda: target_container(table, "y", message), 3)
    got, receiving = timed(lambda: decode(sent[0], given), 3)
    noisy.same(got[0], case.problem.data)
    bits = (choice.best.total_bits, 8.0 * len(sent[0]))
    name = f"{method}: {choice.best.words}"
    return one_row(name, median(fitting), (sending, receiving), bits) | {"messages": 1}


def digits_and_random(context: Context, x: Floats, labels: Integers) -> Iterator[Row]:
    """Yield lengths of digits and of random labels under every code."""
    import numpy as np

    source = np.random.Generator(np.random.PCG64(7))
    tasks = {"digits": labels, "random": source.integers(0, CLASSES, labels.size)}
    for hidden in QUICK_NETS if context.quick else NETS:
        for name, some in tasks.items():
            context.report(f"{name}, {hidden} hidden units")
            yield from label_rows(name, (x, some, CLASSES), hidden)


def label_rows(name: str, data: tuple[Floats, Integers, int], hidden: int) -> list[Row]:
    """Return the length of labels under each code."""
    from kolmo.weights.noisy.labels import CODES

    return [label_row(name, data, hidden, code) for code in CODES]


def label_row(name: str, data: tuple[Floats, Integers, int], hidden: int, code: str) -> Row:
    """Return the length of labels under a code."""
    from kolmo.weights.noisy.labels import codelength

    found, seconds = timed(lambda: codelength(data, hidden=hidden, codes=[code]), 1)
    length = found[0][code]
    return {
        "labels": name,
        "rows": int(data[1].size),
        "hidden": hidden,
        "code": code,
        "kind": length.kind,
        "bits": rounded(length.bits, 6),
        "error_bits": rounded(length.error_bits) if length.error_bits else None,
        "ratio_to_uniform": rounded(length.ratio),
        "seconds": rounded(median(seconds)),
    }


def timed(action: Callable[[], Any], runs: int) -> tuple[list[Any], Spread | None]:
    """Return what an action returned, and its seconds of CPU."""
    answers: list[Any] = []
    (timing,) = interleave([call("", lambda: answers.append(action()))], runs=runs, warmups=0)
    return answers, timing.spread("cpu_seconds")


def median(spread: Spread | None) -> float | None:
    """Return the median, if something was measured."""
    return spread.median if spread else None


def mean(values: list[float] | list[int]) -> float:
    """Return the mean."""
    return sum(values) / len(values)


def standard_error(values: list[float]) -> float | None:
    """Return the standard error of the mean, None of a single value."""
    if len(values) < 2:
        return None
    centre = mean(values)
    squares = sum((value - centre) ** 2 for value in values)
    return float((squares / (len(values) - 1) / len(values)) ** 0.5)
