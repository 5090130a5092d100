"""What can go wrong, in the words that a user reads.

Messages say ``what is wrong: got ...; need .... What to do.`` in one line; who prints them, and
with which exit code, is the command line's affair.
"""

SHOWN = 60


class KolmoError(Exception):
    """Base of every error that kolmo raises on purpose: the work could not be done."""


class ParameterError(KolmoError):
    """The request itself is wrong: a value out of range, an unknown name."""


class InputError(KolmoError):
    """An input is missing, unreadable, endless, or changed while it was read."""


class CheckpointError(InputError):
    """A checkpoint is malformed, unsafe, or of a format that cannot be read safely."""


class UnavailableError(KolmoError):
    """An optional dependency is missing; the message says how to install it."""


class MemoryLimitError(KolmoError):
    """The work would need more memory than the limit allows."""


class CertificationError(KolmoError):
    """A message decoded to something else than what was encoded: never shown as a bound."""


class CorruptFileError(KolmoError):
    """A stored message fails a check.

    Parameters
    ----------
    section : str
        Part of the file: ``header``, ``payload``, ``trailer`` or ``data``.
    start, stop : int
        Byte range of that part in the file; ``stop`` is exclusive.
    check : str
        Which check failed, and how.
    """

    def __init__(self, section: str, start: int, stop: int, check: str) -> None:
        super().__init__(f"corrupt file: {section}, bytes {start} to {stop}: {check}")
        self.section, self.start, self.stop, self.check = section, start, stop, check


class PredictorError(KolmoError):
    """A user's predictor failed, or gave what is no distribution; the message says where."""


class DecodeError(KolmoError):
    """A payload that its decoder refuses; the container adds where it stands."""


def shorten(value: object, limit: int = SHOWN) -> str:
    """Return ``value`` as text of at most ``limit`` characters, the middle left out.

    Examples
    --------
    >>> shorten("abcdefghij", 7)
    'ab...ij'
    """
    text = str(value)
    if len(text) <= limit:
        return text
    half = (limit - 3) // 2
    return f"{text[:half]}...{text[-half:]}"


def nearest(name: str, known: list[str]) -> str:
    """Return ``"Did you mean X?"`` for the known name closest to ``name``, else all of them."""
    from difflib import get_close_matches

    match = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"Did you mean {match[0]!r}?" if match else f"Known: {', '.join(known)}."
