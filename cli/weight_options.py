"""What may be lost of a model: options that the commands about weights share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from . import values

if TYPE_CHECKING:
    from kolmo.weights.distortion import Distortion

F = TypeVar("F", bound=Callable[..., Any])

LARGEST_BITS, LARGEST_DECIBELS = 64, 1000
KINDS = ("step", "rel_rmse", "bits", "snr")
WAYS = "--step, --rel-rmse, --bits, --snr or --eval"


class Loss(NamedTuple):
    """What may be lost, as the user said it; nothing if all is None."""

    step: float | None
    rel_rmse: float | None
    bits: float | None
    snr: float | None
    eval: str | None
    tol: float | None
    keep: tuple[str, ...]

    @property
    def wanted(self) -> bool:
        """Tell whether anything may be lost."""
        return self.eval is not None or any(getattr(self, kind) is not None for kind in KINDS)

    def check(self) -> None:
        """Refuse options that exclude, or need, each other."""
        named = [kind for kind in (*KINDS, "eval") if getattr(self, kind) is not None]
        if len(named) > 1:
            one, other = (f"--{kind.replace('_', '-')}" for kind in named[:2])
            raise click.UsageError(f"{one} and {other} exclude each other: use one of them")
        if (self.eval is None) != (self.tol is None):
            raise click.UsageError("--eval and --tol need each other: use both")
        if self.keep and not named:
            raise click.UsageError(f"--keep is for what is quantised: add {WAYS}")

    def distortion(self) -> "Distortion | None":
        """Return what is said in numbers; None where a command decides, or nothing is lost."""
        from kolmo.weights.distortion import Distortion

        for kind in KINDS:
            if (value := getattr(self, kind)) is not None:
                return Distortion(kind, value)
        return None

    def parameters(self) -> dict[str, Any]:
        """Return it for the envelope."""
        return {**self._asdict(), "keep": list(self.keep)}


OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "--step",
        {"type": values.Amount(values.LARGEST_BITS), "help": "Distance of neighbouring values."},
    ),
    (
        "--rel-rmse",
        {
            "type": values.Amount(1),
            "help": "Root mean squared error over that of the weights, below 1.",
        },
    ),
    (
        "--bits",
        {"type": values.Amount(LARGEST_BITS), "help": "Bits for each quantised weight."},
    ),
    (
        "--snr",
        {"type": values.Amount(LARGEST_DECIBELS), "help": "Signal-to-noise ratio in decibels."},
    ),
    (
        "--eval",
        {
            "metavar": "COMMAND",
            "help": "Find the coarsest step that a measure allows: COMMAND prints it for the "
            "safetensors file that takes the place of {}. It is run, so trust it.",
        },
    ),
    (
        "--tol",
        {
            "type": values.Amount(values.LARGEST_BITS, zero=True),
            "help": "How far that measure may be from the model's own, either way.",
        },
    ),
    (
        "--keep",
        {
            "multiple": True,
            "metavar": "GLOB",
            "help": "Lose nothing of tensors with such names, as in '*.bias'. May be repeated.",
        },
    ),
)


def loss_options(function: F) -> F:
    """Add the options of `Loss`."""
    for name, settings in reversed(OPTIONS):
        function = click.option(name, **settings)(function)
    return function


def take_loss(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a command, those of `Loss` put into one called ``loss``."""
    loss = Loss(**{name: arguments.pop(name) for name in Loss._fields})
    return {**arguments, "loss": loss}
