"""One estimator on one file in a process of its own.

Peak memory is a figure of a whole process, and a library that crashes takes its process with it:
hence a child for each measurement. It answers with one line of JSON; whatever the estimator
prints goes to stderr.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from kolmo.bench.estimators import make_estimator
from kolmo.bench.harness import Finished, run_process
from kolmo.bench.inputs import INPUTS
from kolmo.bench.rounds import Alone as Alone
from kolmo.bench.rounds import measure_here
from kolmo.complexity.predictor import words_of
from kolmo.data import MEMORY_LIMIT, Input, MemoryInput, open_input
from kolmo.errors import (
    SHOWN,
    CertificationError,
    InputError,
    KolmoError,
    MemoryLimitError,
    ParameterError,
    UnavailableError,
    shorten,
)
from kolmo.isolation import limit_memory

SPARE_BYTES = 1 << 31  # of address space for the interpreter, its libraries and their compiler
MADE = "\0made:"  # no file has such a name
REFUSALS = (CertificationError, InputError, MemoryLimitError, ParameterError, UnavailableError)


def measure_alone(
    label: str, path: str, *, rounds: int, verify: bool = True, memory_limit: int = MEMORY_LIMIT
) -> Alone:
    """Return what an estimator says of a file, measured in a process of its own.

    Parameters
    ----------
    label : str
        ``zstd:level=3``, or a user's own ``FILE.py:Class``.
    path : str
        The file, or a named pipe, which is read once. Not ``-``: a child has no standard input.
        Or `made_path` of an input that the child makes: no file is left if it is killed.
    rounds : int
        How often the work is timed, at least once.
    verify : bool
        Decode the payload in every round, compare it with the file, and time that, too.
    memory_limit : int
        An estimator that says it needs more bytes is refused; one that takes far more (2 GiB of
        address space are allowed beside it) fails.

    Raises
    ------
    ParameterError
        If there is no such estimator, or nothing to time.
    CertificationError
        If what was decoded is not the file, or the payload changes from round to round.
    KolmoError
        If the estimator fails, or its process ends without an answer: the signal is named.

    Notes
    -----
    Before the first round the estimator works on 16 KiB from the middle, so that no compiling or
    loading of kernels and libraries is timed. A kernel that only the whole file calls for is loaded
    in the first round; then the smallest of several times is free of it.
    """
    if rounds < 1:
        raise ParameterError(f"nothing to time: got {rounds} rounds; need 1 or more")
    if path == "-":
        raise ParameterError("standard input cannot be measured: got '-'; need the name of a file")
    folders = [item for item in sys.path if isinstance(item, str)]
    request = json.dumps([label, path, rounds, verify, memory_limit, folders])
    argv = [sys.executable, "-P", "-m", "kolmo.bench.alone", request]
    done = run_process(argv, env={"OPENBLAS_NUM_THREADS": "1"} | dict(os.environ))
    return _answer(done, label)


def made_path(kind: str, size: int, seed: int) -> str:
    """Return what stands for ``size`` bytes of one of `kolmo.bench.inputs.INPUTS`."""
    return f"{MADE}{kind}:{size}:{seed}"


def _input(path: str, memory_limit: int) -> Input:
    if not path.startswith(MADE):
        return open_input(path, memory_limit=memory_limit)
    kind, size, seed = path.removeprefix(MADE).split(":")
    return MemoryInput(INPUTS[kind](int(size), int(seed)), kind)


def _answer(done: Finished, label: str) -> Alone:
    """Return what a child's first line says; an error of its becomes one of this process."""
    code, found = done.sample.exit_code, _parsed(done.stdout.partition(b"\n")[0])
    if "error" in found:
        kinds = {kind.__name__: kind for kind in REFUSALS}
        raise kinds.get(str(found.get("type")), KolmoError)(str(found["error"]))
    try:
        answer = Alone.from_dict(found)
    except TypeError:
        answer = None
    if answer is None or code != 0:
        raise KolmoError(f"{shorten(label)} {_ending(code)}{_last_words(done.stderr)}")
    return answer._replace(peak_rss_bytes=done.sample.peak_rss_bytes)


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended its process without an answer (exit code {code})"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = ", as the system does where memory runs out" if name == "SIGKILL" else ""
    return f"lost its process: killed by {name}{hint}"


def _last_words(stderr: bytes) -> str:
    lines = [line.strip() for line in stderr.decode(errors="replace").split("\n")]
    said = [line for line in lines if line]
    return f"; it said: {shorten(said[-1], 2 * SHOWN)}" if said else ""


def main(request: str) -> int:
    """Measure, and write one line of JSON: the child's half of `measure_alone`."""
    with os.fdopen(os.dup(1), "w", encoding="ascii") as answer:
        os.dup2(2, 1)  # what an estimator prints is no answer, whichever language it is written in
        answer.write(_reply(*json.loads(request)) + "\n")
    return 0


def _reply(
    label: str, path: str, rounds: int, verify: bool, memory_limit: int, folders: list[str]
) -> str:
    sys.path[:] = folders
    what = shorten(label)
    try:
        limit_memory(memory_limit + SPARE_BYTES)
        estimator, data = make_estimator(label), _input(path, memory_limit)
        found = measure_here(
            estimator, data, rounds=rounds, verify=verify, memory_limit=memory_limit
        )
        return json.dumps(found.to_dict(), allow_nan=False)
    except MemoryError:
        error, kind = f"{what}: out of memory", "MemoryLimitError"
    except (InputError, ParameterError) as refused:  # these name what they speak of
        error, kind = str(refused), type(refused).__name__
    except KolmoError as refused:
        error, kind = f"{what}: {refused}", type(refused).__name__
    except (Exception, SystemExit) as failure:  # a user's estimator may raise anything
        error, kind = f"{what} failed: {words_of(failure)}", "KolmoError"
    return json.dumps({"error": error, "type": kind})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
