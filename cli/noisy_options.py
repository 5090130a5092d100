"""A column, what is known beside it, and the net that predicts it: options of several commands."""

import csv
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from . import options, values

if TYPE_CHECKING:
    from kolmo.table import Table
    from kolmo.weights.noisy.frame import Settings

F = TypeVar("F", bound=Callable[..., Any])

LARGEST_HIDDEN, LARGEST_RESTARTS, LARGEST_COMPONENTS = 4096, 1024, 64
LARGEST_SEED = (1 << 62) - 1
UNITS = ("tanh", "probit", "relu", "step")
CODES = ("bits-back", "relative-entropy", "two-part")
SINGLE, MIXTURE = "gaussian", "mixture"


class OneOf(click.ParamType[str]):
    """A name of a few; the nearest one is offered in place of an unknown one.

    Parameters
    ----------
    known : sequence of str
        The names.
    """

    name = "name"

    def __init__(self, known: tuple[str, ...]) -> None:
        self.known = known

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name."""
        if value not in self.known:
            self.fail(_unknown(str(value), self.known), param, ctx)
        return str(value)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return the names, as help shows them."""
        return f"[{'|'.join(self.known)}]"

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,
        incomplete: str,
    ) -> list[Any]:
        """Return the names that begin so."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in self.known if name.startswith(incomplete)]


class Prior(click.ParamType[int]):
    """The coding prior of weights, as the number of its Gaussians: ``gaussian``, ``mixture:5``."""

    name = "prior"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number of components."""
        if isinstance(value, int):
            return value
        name, colon, count = str(value).partition(":")
        if name not in (SINGLE, MIXTURE):
            self.fail(_unknown(str(value), (SINGLE, f"{MIXTURE}:5")), param, ctx)
        if name == SINGLE and not colon:
            return 1
        number = int(count) if count.isascii() and count.isdecimal() and len(count) < 9 else 0
        if name == SINGLE or not 1 <= number <= LARGEST_COMPONENTS:
            self.fail(
                f"got '{str(value)[:60]}'; need {SINGLE}, or {MIXTURE}:K with K from 1 to "
                f"{LARGEST_COMPONENTS}",
                param,
                ctx,
            )
        return number


def _unknown(name: str, known: tuple[str, ...]) -> str:
    from kolmo.errors import nearest, shorten

    return f"got '{shorten(name)}'; need one of {', '.join(known)}. {nearest(name, list(known))}"


class Source(NamedTuple):
    """A CSV file, the column to be predicted, and those that predict it."""

    file: str
    target: str
    features: tuple[str, ...]
    csv_header: str
    delimiter: str | None
    encoding: str
    memory_limit: int

    def read(self, file: str | None = None) -> "Table":
        """Return the table, or that of another file written alike."""
        from kolmo.data import open_input
        from kolmo.table import Limits, read_table

        name = self.file if file is None else file
        source = open_input(name, memory_limit=self.memory_limit)
        try:
            return read_table(
                source,
                delimiter=self.delimiter,
                header=self.csv_header,
                encoding=self.encoding,
                limits=Limits(memory_bytes=self.memory_limit),
            )
        finally:
            source.close()

    def names(self, table: "Table") -> list[str] | None:
        """Return the features, None for all other columns; a name with commas may be quoted."""
        found = [
            name
            for names in self.features
            for name in ([names] if names in table.names else next(csv.reader([names]), [""]))
        ]
        return found or None

    def parameters(self) -> dict[str, Any]:
        """Return it for the envelope."""
        found = self._asdict()
        del found["file"]
        return {**found, "features": list(self.features) or None}


class Net(NamedTuple):
    """A net and its training, as the user asked for them."""

    hidden: int
    unit: str
    prior: int
    restarts: int
    seed: int

    def settings(self) -> "Settings":
        """Return how the net is trained."""
        from kolmo.weights.noisy.frame import Settings

        return Settings(components=self.prior, restarts=self.restarts, seed=self.seed)

    def parameters(self) -> dict[str, Any]:
        """Return it for the envelope, the seed having a place of its own."""
        prior = SINGLE if self.prior == 1 else f"{MIXTURE}:{self.prior}"
        found = {**self._asdict(), "prior": prior}
        del found["seed"]
        return found


TABLE: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("--target",),
        {"cls": options.Once, "required": True, "metavar": "NAME", "help": "Predict this column."},
    ),
    (
        ("--features",),
        {
            "multiple": True,
            "metavar": "NAMES",
            "help": "Comma-separated: what the receiver has, too. Default: all other columns.",
        },
    ),
    (
        ("--csv-header",),
        {
            "type": click.Choice(["auto", "yes", "no"]),
            "default": "auto",
            "show_default": True,
            "help": "Whether the first line names the columns.",
        },
    ),
    (("--delimiter",), {"metavar": "CHAR", "help": "Between cells. Default: found out."}),
    (
        ("--encoding",),
        {"default": "utf-8", "show_default": True, "metavar": "NAME", "help": "Of the file."},
    ),
)
NET: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("--unit",),
        {
            "type": OneOf(UNITS),
            "default": UNITS[0],
            "show_default": True,
            "help": "What hidden units do.",
        },
    ),
    (
        ("--prior",),
        {
            "type": Prior(),
            "default": SINGLE,
            "show_default": True,
            "metavar": "PRIOR",
            "help": f"Coding prior of the weights: {SINGLE}, or {MIXTURE}:K, learnt with the net.",
        },
    ),
    (
        ("--restarts",),
        {
            "type": values.Whole(1, LARGEST_RESTARTS),
            "default": 5,
            "show_default": True,
            "help": "Random starts; the shortest message is kept.",
        },
    ),
)


def table_options(function: F) -> F:
    """Add the options of `Source`, beside FILE and ``--memory-limit``."""
    return _add(TABLE, function)


def net_options(function: F) -> F:
    """Add the options of `Net`."""
    return hidden(4)(_add(NET, seed(function)))


def hidden(units: int) -> Callable[[F], F]:
    """Add ``--hidden``, with its default."""
    return click.option(
        "--hidden",
        type=values.Whole(0, LARGEST_HIDDEN),
        default=units,
        show_default=True,
        help="Hidden units; 0 makes the model linear.",
    )


def seed(function: F) -> F:
    """Add ``--seed``; it is sent with bits-back, so that it is not drawn by chance but small."""
    return click.option(
        "--seed",
        type=values.Whole(0, LARGEST_SEED),
        default=0,
        show_default=True,
        help="Of all that is random.",
    )(function)


def _add(known: tuple[tuple[tuple[str, ...], dict[str, Any]], ...], function: F) -> F:
    for names, settings in reversed(known):
        function = click.option(*names, **settings)(function)
    return function


def take(kind: type[Any], name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a command, those of `Source` or `Net` put into one."""
    fields = {field: arguments.pop(field) for field in kind._fields}
    return {**arguments, name: kind(**fields)}
