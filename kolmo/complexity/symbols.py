"""How the bytes of an input become symbols: bytes, packed bits, or a text of 0 and 1."""

from kolmo.errors import ParameterError

BYTES, BITS, DIGITS = 8, 1, 2


def as_symbols(data: bytes, symbol: int) -> bytes:
    """Return ``data`` as a sequence of symbols, one to a byte.

    Parameters
    ----------
    data : bytes
        The input.
    symbol : int
        8: its bytes. 1: its bits as 0 and 1, the highest of each byte first. 2: the text of the
        characters 0 and 1 that it is; line breaks are no symbols.

    Raises
    ------
    ParameterError
        If a text of 0 and 1 has other characters, or ``symbol`` is none of these.

    Examples
    --------
    >>> as_symbols(b"A", 1), as_symbols(b"0110", 2)
    (b'\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x01', b'\\x00\\x01\\x01\\x00')
    """
    check_symbol(symbol)
    if symbol == BYTES:
        return data
    return _bits(data) if symbol == BITS else _digits(data)


def check_symbol(symbol: int) -> None:
    """Refuse a number that stands for no kind of symbol."""
    if symbol not in (BYTES, BITS, DIGITS):
        raise ParameterError(
            f"unknown symbol: got {symbol}; need 8 for bytes, 1 for bits, 2 for a text of 0 and 1"
        )


def _bits(data: bytes) -> bytes:
    import numpy as np

    return np.unpackbits(np.frombuffer(data, np.uint8)).tobytes()


def _digits(data: bytes) -> bytes:
    if strange := data.translate(None, b"01\r\n"):
        raise ParameterError(
            f"not a text of 0 and 1: got byte {strange[0]} at {data.index(strange[:1])}; "
            "need the characters 0 and 1. Drop symbol=2."
        )
    return data.translate(bytes.maketrans(b"01", b"\x00\x01"), b"\r\n")
