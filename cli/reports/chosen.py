"""Which estimators a run of ``kolmo complexity`` takes, and what is said of them beforehand."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from kolmo.complexity import choice
from kolmo.complexity.estimator import Estimator
from kolmo.data import Input
from kolmo.registry import estimators as registry

from ..errors import say
from ..output import is_terminal, note, setting

if TYPE_CHECKING:
    from .complexity import Request

SLOW_SECONDS = 5.0
EXCLUSIVE = {"estimator": "--estimator", "all": "--all", "max": "--max"}


def chosen(request: "Request") -> list[Estimator] | None:
    """Return the estimators that the user asked for; None for the default set of each size."""
    asked = [option for name, option in EXCLUSIVE.items() if _is_given(getattr(request, name))]
    if len(asked) > 1:
        raise click.UsageError(f"{' and '.join(asked)} exclude each other: use one of them")
    if request.estimator is not None:
        return choice.make_estimators(request.estimator.split(","))
    if not asked:
        return None
    names = registry.names()
    missing = {name: reason for name in names if (reason := registry.missing(name))}
    for reason in missing.values():
        note(reason)
    if request.max:
        return choice.tight_estimators()
    return choice.make_estimators(name for name in names if name not in missing)


def _is_given(value: str | bool | None) -> bool:
    return value is not None and value is not False


def predictors(request: "Request") -> list[Estimator]:
    """Return the user's predictors; which of them are slow is said once it is known."""
    if not request.predictor:
        return []
    from kolmo.complexity.loading import load_predictor

    loaded = [load_predictor(text) for text in dict.fromkeys(request.predictor)]
    for code in loaded:
        code.on_slow = _slow_note(code.label)
    return [*loaded]


def _slow_note(label: str) -> Callable[[float], None]:
    quiet = bool(setting("quiet"))  # read here: it is another thread that calls

    def on_slow(seconds: float) -> None:
        if not quiet:
            say(f"{label} will take about {seconds:,.0f} s. Try --max-bytes.", "note")

    return on_slow


class Chooser:
    """Gives the estimators for each input; says which are slow, and keeps advice for the end.

    Parameters
    ----------
    asked : list of Estimator or None
        Those of the user; None stands for the default sets.
    given : Input or None
        Side information.
    table : bool
        Whether the output is for people; only people are advised.

    Attributes
    ----------
    advice : str or None
        What would have been tighter than the default sets.
    """

    def __init__(
        self, request: "Request", asked: list[Estimator] | None, given: Input | None, *, table: bool
    ) -> None:
        self.request, self.asked, self.given = request, asked, given
        self.own = predictors(request)
        self.advises = asked is None and (table or is_terminal(sys.stderr))
        self.advice: str | None = None
        self.waits = is_terminal(sys.stderr)

    def __call__(self, data: Input) -> list[Estimator]:
        """Return the estimators for ``data``."""
        side = self.given.size if self.given is not None else 0
        found = self.asked or choice.default_estimators(data.size, side)
        if self.asked is None:
            self._say_what_is_left_out(data, side)
        self._say_what_is_compiled(found)
        if slow := self._seconds(found, data):
            note(f"{data.name}: {_listed(slow)}. Try --max-bytes for a part.")
        return [*found, *self.own]

    def _say_what_is_left_out(self, data: Input, side: int) -> None:
        if data.size > choice.FAST_ABOVE_BYTES:
            note(
                f"{data.name} is larger than {choice.FAST_ABOVE_BYTES >> 20} MiB: the fast set is "
                "used. Try --estimator lzma,zstd for tighter bounds."
            )
        elif self.advises and not choice.is_mixed(data.size, side):
            self.advises = False
            is_large = data.size > choice.MIXED_TO_BYTES
            slow = self._seconds(choice.tight_estimators(), data) if is_large else {}
            more = f"; {_listed(slow)}" if slow else ""
            self.advice = f"--max is tighter: it takes mix, ctw and all other codes, too{more}"

    def _say_what_is_compiled(self, found: list[Estimator]) -> None:
        """Tell who waits, once, that kernels are compiled on their first use."""
        kernels = {item.label: item.kernels for item in found if item.kernels}
        if not self.waits or not kernels:
            return
        self.waits = False
        from kolmo.jit import is_compiled

        new = [label for label, names in kernels.items() if not all(map(is_compiled, names))]
        if new:
            note(f"{', '.join(new)}: kernels are compiled, once; that takes some 20 s")

    def _seconds(self, found: list[Estimator], data: Input) -> dict[str, float]:
        """Return how long the slow ones will take; none that will be refused is slow."""
        side, verify = self.given.size if self.given is not None else None, self.request.verify
        seconds = {
            item: choice.expected_seconds(item, data.size, side, verify=verify) for item in found
        }
        return {
            item.label: value
            for item, value in seconds.items()
            if value > SLOW_SECONDS
            and choice.needed_bytes(item, data.size, side or 0) <= self.request.memory_limit
        }


def _listed(seconds: dict[str, float]) -> str:
    parts = [f"{label} will take about {value:,.0f} s" for label, value in seconds.items()]
    return ", ".join(parts)
