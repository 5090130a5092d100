"""Names of hidden units and of likelihoods, and the numbers that kernels know them by."""

from kolmo.errors import ParameterError, nearest, shorten

UNITS = ("tanh", "probit", "relu", "step")
LIKELIHOODS = ("normal", "softmax")


def unit_code(name: str) -> int:
    """Return the number of a hidden unit.

    Raises
    ------
    ParameterError
        If there is no such unit.

    Examples
    --------
    >>> unit_code("relu")
    2
    """
    return _code(name, "unit", UNITS)


def likelihood_code(name: str) -> int:
    """Return the number of a likelihood.

    Raises
    ------
    ParameterError
        If there is no such likelihood.

    Examples
    --------
    >>> likelihood_code("softmax")
    1
    """
    return _code(name, "likelihood", LIKELIHOODS)


def _code(name: str, what: str, known: tuple[str, ...]) -> int:
    if name not in known:
        raise ParameterError(
            f"unknown {what}: got {shorten(name)!r}; need {', '.join(known[:-1])} or {known[-1]}. "
            f"{nearest(name, list(known))}"
        )
    return known.index(name)
