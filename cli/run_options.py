"""Options of a run of the automaton, which several of its commands share."""

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from . import completions, options, values

if TYPE_CHECKING:
    from kolmo.automaton.plan import Plan

F = TypeVar("F", bound=Callable[..., Any])

SIZE = 256
SMALLEST, LARGEST_SIDE = 3, 10**9
MOST_SAMPLES = 100_000
MOST_TIMES = 64
INITIALS = ("half", "stripe", "checker", "drop", "random")
CLOCKS = {"edge": "edge_time", "picks": "picks", "swaps": "swaps"}


class RunRequest(NamedTuple):
    """What runs, and when it is looked at, as the user asked for it."""

    rule: str
    size: int | None
    boundary: str
    initial: str | None
    image: str | None
    engine: str
    seed: int | None
    time: tuple[Fraction, ...] | None
    clock: str | None
    samples: int | None
    spacing: str | None
    memory_limit: int

    def plan(self, **others: Any) -> "Plan":
        """Return the plan; a grid beyond the limit of memory is a wrong request."""
        from kolmo.automaton.plan import make_plan
        from kolmo.errors import MemoryLimitError

        if self.image is not None and (self.size is not None or self.initial is not None):
            raise click.UsageError("--image is a whole start: leave out --size and --initial")
        try:
            return make_plan(
                self.rule,
                self.size or SIZE,
                initial=self._start(),
                boundary=self.boundary,
                engine=self.engine,
                seed=self.seed,
                time=self.time[0] if self.time else None,
                memory_limit=self.memory_limit,
                **self._when(),
                **others,
            )
        except MemoryLimitError as error:
            raise click.UsageError(str(error)) from None

    def parameters(self) -> dict[str, Any]:
        """Return what can change the result, for the envelope and for checkpoints."""
        return {
            "rule": self.rule,
            "size": (self.size or SIZE) if self.image is None else None,
            "boundary": self.boundary,
            "initial": (self.initial or INITIALS[0]) if self.image is None else None,
            "image": self.image,
            "engine": self.engine,
            "time": [str(time) for time in self.time] if self.time else None,
            "clock": self.clock,
            "samples": self.samples,
            "spacing": self.spacing,
        }

    def restored(self, stored: dict[str, Any]) -> "RunRequest":
        """Return the request that `parameters` describes, its seed included."""
        image, time = stored["image"], stored["time"]
        return self._replace(
            rule=str(stored["rule"]),
            size=None if image else int(stored["size"]),
            boundary=str(stored["boundary"]),
            initial=None if image else str(stored["initial"]),
            image=image,
            engine=str(stored["engine"]),
            seed=int(stored["seed"]),
            time=tuple(map(Fraction, time)) if time else None,
            clock=stored["clock"],
            samples=stored["samples"],
            spacing=stored["spacing"],
        )

    def _start(self) -> Any:
        from kolmo.automaton.image import from_image

        if self.image is None:
            return self.initial or INITIALS[0]
        return from_image(self.image, memory_limit=self.memory_limit)

    def _when(self) -> dict[str, Any]:
        """Return clock, samples and spacing, as far as they are given."""
        given = {
            "clock": CLOCKS[self.clock] if self.clock else None,
            "samples": self.samples,
            "spacing": self.spacing,
        }
        return {name: value for name, value in given.items() if value is not None}


OPTIONS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("-r", "--rule"),
        {
            "default": "interacting",
            "show_default": True,
            "metavar": "NAME",
            "shell_complete": completions.rules,
            "help": "interacting, noninteracting, stirred or tendril, with settings as in "
            "stirred:amplitude=9. See 'kolmo info'.",
        },
    ),
    (
        ("-n", "--size"),
        {
            "type": values.Whole(SMALLEST, LARGEST_SIDE),
            "help": f"Side of the grid, {SMALLEST} or more. Default: {SIZE}.",
        },
    ),
    (
        ("--initial",),
        {
            "type": click.Choice(INITIALS),
            "help": "Where the cream is at the start. Default: half, the upper one.",
        },
    ),
    (
        ("--image",),
        {
            "type": options.FILE,
            "metavar": "FILE",
            "help": "Start from a picture instead: light is cream.",
        },
    ),
    (
        ("--boundary",),
        {
            "type": click.Choice(["walls", "torus"]),
            "default": "walls",
            "show_default": True,
            "help": "What the edges of the grid are.",
        },
    ),
    (
        ("--engine",),
        {
            "default": "auto",
            "show_default": True,
            "metavar": "NAME",
            "help": "How the rule is computed: cells, packed or band for exchanges.",
        },
    ),
    (
        ("--seed",),
        {
            "type": values.Whole(0, options.LARGEST_SEED),
            "help": "Of all that is random. Default: chosen, and said.",
        },
    ),
    (
        ("-t", "--time"),
        {
            "type": values.Times(),
            "metavar": "TIME",
            "help": "How long, in the clock. Default: until mixed, .36 n^2 in edge time.",
        },
    ),
    (
        ("--clock",),
        {
            "type": click.Choice(list(CLOCKS)),
            "help": "edge: every edge rings once in a unit; picks: of an edge, as in steps of all "
            "walkers or moves of a tip; swaps: picks that changed the grid. Default: edge.",
        },
    ),
    (
        ("--samples",),
        {
            "type": values.Whole(1, MOST_SAMPLES),
            "help": "How often to look after the start. Default: 60.",
        },
    ),
    (
        ("--spacing",),
        {
            "type": click.Choice(["linear", "log"]),
            "help": "Between samples: equal times, or equal ratios. Default: linear.",
        },
    ),
)


def run_options(function: F) -> F:
    """Add the options of `RunRequest`."""
    function = options.memory_limit(function)
    for names, settings in reversed(OPTIONS):
        function = click.option(*names, **settings)(function)
    return function


def take_run(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a command, those of `RunRequest` put into one called ``run``."""
    run = RunRequest(**{name: arguments.pop(name) for name in RunRequest._fields})
    return {**arguments, "run": run}
