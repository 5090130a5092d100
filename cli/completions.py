"""What the shell may complete the value of an option with; nothing is imported before it asks."""

from collections.abc import Iterable

import click


def names(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[str]:
    """Complete the last of several comma-separated names of estimators."""
    from kolmo.registry import estimators

    return _complete_last(estimators.own_names(), incomplete)


def families(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[str]:
    """Complete the last of several comma-separated names of families and compressors."""
    from kolmo.registry import estimators, families, predictors

    known = (families, predictors, estimators)
    return _complete_last([name for kind in known for name in kind.own_names()], incomplete)


def measures(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[str]:
    """Complete the last of several comma-separated measures of the automaton."""
    from kolmo.registry import estimators

    return _complete_last([*estimators.own_names(), "paper"], incomplete)


def rules(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[str]:
    """Complete the name of a rule."""
    from kolmo.registry import rules

    return _complete_last(rules.own_names(), incomplete)


def codes(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[str]:
    """Complete the last of several comma-separated names of codes of counts."""
    from kolmo.mdl.counted import CODES

    return _complete_last(CODES, incomplete)


def _complete_last(names: Iterable[str], incomplete: str) -> list[str]:
    *before, last = incomplete.split(",")
    return [",".join([*before, name]) for name in names if name.startswith(last)]
