"""What the shell may complete the value of an option with; nothing is imported before it asks."""

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

Completer = Callable[[click.Context, click.Parameter, str], list[str]]


def _last_of(known: Callable[[], Iterable[str]]) -> Completer:
    """Return what completes the last of several comma-separated names."""

    def complete(
        ctx: click.Context,  # noqa: ARG001
        param: click.Parameter,  # noqa: ARG001
        incomplete: str,
    ) -> list[str]:
        *before, last = incomplete.split(",")
        return [",".join([*before, name]) for name in known() if name.startswith(last)]

    return complete


def word_or_file(words: dict[str, str]) -> Callable[..., list[CompletionItem]]:
    """Return what completes an argument in whose place a subcommand may stand."""

    def complete(
        ctx: click.Context,  # noqa: ARG001
        param: click.Parameter,  # noqa: ARG001
        incomplete: str,
    ) -> list[CompletionItem]:
        found = [
            CompletionItem(word, help=text)
            for word, text in words.items()
            if word.startswith(incomplete)
        ]
        return [*found, CompletionItem(incomplete, type="file")]

    return complete


def _estimators() -> list[str]:
    from kolmo.registry import estimators

    return estimators.own_names()


def _families() -> list[str]:
    from kolmo.registry import estimators, families, predictors

    return [name for kind in (families, predictors, estimators) for name in kind.own_names()]


def _suites() -> list[str]:
    from kolmo.registry import suites

    return suites.own_names()


def _rules() -> list[str]:
    from kolmo.registry import rules

    return rules.own_names()


def _weight_coders() -> list[str]:
    from kolmo.registry import weight_coders

    return weight_coders.own_names()


def _codes() -> Iterable[str]:
    from kolmo.mdl.counted import CODES

    return CODES


names = _last_of(_estimators)
families = _last_of(_families)
measures = _last_of(lambda: [*_estimators(), "paper"])
rules = _last_of(_rules)
suites = _last_of(_suites)
codes = _last_of(_codes)
weight_coders = _last_of(_weight_coders)
