"""Universal codes of the positive integers."""


def elias_delta_bits(value: int) -> int:
    """Return the length in bits of Elias' delta code of ``value``.

    Parameters
    ----------
    value : int
        At least 1.

    References
    ----------
    P. Elias, Universal codeword sets and representations of the integers, IEEE Trans. Inf. Theory
    21 (1975), doi:10.1109/TIT.1975.1055349, section IV.

    Examples
    --------
    >>> [elias_delta_bits(n) for n in (1, 10, 100, 1000)]
    [1, 8, 11, 16]
    """
    if value < 1:
        raise ValueError(f"no codeword: got {value}; need a positive integer")
    digits = value.bit_length()
    return digits - 1 + 2 * (digits.bit_length() - 1) + 1
