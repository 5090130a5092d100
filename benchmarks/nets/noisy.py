"""Noisy nets to benchmark: their data, a peer that fits such nets, and lengths in bits."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.race import optional
from kolmo.errors import KolmoError

if TYPE_CHECKING:
    import numpy as np

    from kolmo.table import Table
    from kolmo.weights.noisy.assembling import Sent
    from kolmo.weights.noisy.data import Problem
    from kolmo.weights.noisy.frame import Settings
    from kolmo.weights.noisy.net import Architecture, Fitted

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Integers = np.ndarray[Any, np.dtype[np.int64]]

NEEDED = "needs the diabetes data and the digits of scikit-learn: pip install scikit-learn"


@dataclass(eq=False)
class Case:
    """A table, the net that is fitted to it, and the seconds of CPU that fitting took."""

    table: Table
    problem: Problem
    net: Architecture
    settings: Settings
    fitted: Fitted = field(init=False)
    fit_seconds: float | None = None

    def fit(self) -> None:
        """Fit the net."""
        from kolmo.weights.noisy.theory import fit_problem

        self.fitted = fit_problem(self.problem, self.net, self.settings)

    @property
    def given(self) -> bytes:
        """The features as a file, which the receiver has."""
        return self.problem.known.to_csv_bytes()


def diabetes(datasets: Any, rows: int) -> bytes:
    """Return the first rows of the diabetes data as CSV; the target is an integer."""
    data = datasets.load_diabetes(scaled=False)
    lines = [
        ",".join([*(f"{value:g}" for value in x), str(int(y))])
        for x, y in zip(data.data[:rows], data.target[:rows], strict=True)
    ]
    return "\n".join([",".join([*data.feature_names, "y"]), *lines, ""]).encode()


def digits(datasets: Any, rows: int) -> tuple[Floats, Integers]:
    """Return standardised pixels of the first digits, and what digits they are."""
    import numpy as np

    data, labels = datasets.load_digits(return_X_y=True)
    data, labels = data[:rows], labels[:rows].astype(np.int64)
    deviation = data.std(axis=0)
    return (data - data.mean(axis=0)) / np.where(deviation > 0, deviation, 1), labels


def case_of(text: bytes, hidden: int, settings: Settings) -> Case:
    """Return a table and a net that is not fitted yet."""
    from kolmo.table import read_table
    from kolmo.weights.noisy.data import read_problem
    from kolmo.weights.noisy.theory import architecture_of

    table = read_table(text)
    problem = read_problem(table, "y")
    return Case(table, problem, architecture_of(problem, hidden), settings)


def fit_by_peer(case: Case) -> None:
    """Fit the peer's net to the standardised target."""
    import numpy as np

    peer, y = optional("sklearn.neural_network"), case.problem.values.astype(np.float64)
    if peer is None:
        raise KolmoError(f"no peer: got no sklearn.neural_network; {NEEDED}.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it stops at max_iter
        net = peer.MLPRegressor(
            hidden_layer_sizes=(case.net.hidden,), activation="tanh", random_state=0
        )
        net.fit(case.problem.x, (y - y.mean()) / y.std())


def words(case: Case) -> str:
    """Return the fitted net in words, and how it was trained."""
    from kolmo.weights.noisy.lengths import net_words

    shape = net_words(case.net, case.settings.components)
    trained = f"best of {case.settings.restarts} trainings: number {case.fitted.restart + 1}"
    return f"{shape}, {case.net.weights} weights, {trained}, where the receiver stops"


def payload(number: int, size: int) -> bytes:
    """Return random bytes."""
    import numpy as np

    return np.random.Generator(np.random.PCG64(number)).bytes(size)


def same(found: bytes | None, expected: bytes | None) -> None:
    """Raise KolmoError if a message changed."""
    if found != expected:
        raise KolmoError("not the same: got other bytes from a message; need those that were sent.")


def stream_bits(sent: Sent) -> float:
    """Return the bits of weights and misfit, less the refund."""
    return sent.parts["weights"] + sent.parts["misfit"] + sent.parts.get("refund", 0.0)


def values_bits(case: Case, sent: Sent) -> float:
    """Return the bits of the target's values and their model, as `kolmo weights fit` counts."""
    from kolmo.weights.noisy.assembling import frame_of
    from kolmo.weights.noisy.bitsback import Recorder
    from kolmo.weights.noisy.frame import write_target
    from kolmo.weights.noisy.lengths import cells_bits

    frame = frame_of(case.problem, case.fitted.posterior, None, 1.0)._replace(header=None)
    form = Recorder()
    write_target(frame, len(case.problem.data), form)
    beside = form.bits - cells_bits(case.problem) + sent.parts.get("padding", 0.0)
    return stream_bits(sent) + sent.parts["net"] + sent.parts["prior"] + beside
