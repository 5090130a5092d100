"""What kolmo hands to its users: immutable records whose ``to_dict`` is JSON-safe.

Named tuples, since a frozen dataclass costs ten times as much to define, and every start pays.
"""

from typing import Any, NamedTuple

REPORT_ONLY = frozenset({"seconds", "payload"})


class Caution(NamedTuple):
    """Something true that changes how a number should be read, with advice.

    Attributes
    ----------
    code : str
        What kind of caution it is, for programs: ``window-smaller-than-input`` and the like.
    """

    code: str
    message: str
    advice: str
    file: str
    estimator: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return self._asdict()


class Failure(NamedTuple):
    """One estimator, or all of them (None), could not do its work on one input."""

    file: str
    estimator: str | None
    message: str


class Estimate(NamedTuple):
    """One estimator's word on K(x), or on K(x|y) where side information was given.

    Attributes
    ----------
    kind : str
        ``certified`` (decoded in this run), ``bound`` (can be decoded) or ``estimate``.
    input_bytes : int
        Length of x.
    payload_bits, container_bits : int or None
        Realised length without and with kolmo's file header; None for an estimate, the second
        also for a predictor of the user, whose message no file of kolmo's can hold.
    naming_bits, parameters_bits, length_bits : int or None
        Price of saying which estimator, its parameters where they are not the defaults, and
        the lengths that the payload does not tell by itself.
    bound_bits : int or None
        Sum of payload and prices: K(x) <= bound_bits + c.
    deficiency_bits : int or None
        8 input_bytes - bound_bits, what the message saves; negative if it saves nothing. Messages
        with their prices are free of prefixes, hence of all strings of a length at most one in
        2**k saves k bits or more (Kraft): a test of fair coin flips.
    estimate_bits : float or None
        Value of ``formula``; None for a bound.
    error_bits : float or None
        One standard error of it: how much its value varies from sample to sample of a source, its
        bias apart. From the spread over batches of the input (plain counts and their corrected
        forms), the posterior (``nsb``), a bootstrap of batches with a fixed seed
        (``matchlength``) or of waiting times to first order (``renewal``). None where none is
        known: bounds, ``lz76``, ``lz78``, and inputs of a few symbols.
    bits_per_byte, ratio : float or None
        Bits (payload or estimate) per input byte and per input bit; None for an empty input.
    information_estimate_bits, order_dependence_estimate_bits : int or None
        C(x) + C(y) - C(xy) and abs(C(xy) - C(yx)), only where y is given.
    seconds : float
        Time spent in the estimator, decoding apart; not part of ``to_dict`` nor of equality.
    payload : bytes or None
        The message itself, if it was asked for; likewise.
    """

    file: str
    estimator: str
    kind: str
    input_bytes: int
    payload_bits: int | None = None
    container_bits: int | None = None
    naming_bits: int | None = None
    parameters_bits: int | None = None
    length_bits: int | None = None
    bound_bits: int | None = None
    deficiency_bits: int | None = None
    estimate_bits: float | None = None
    error_bits: float | None = None
    formula: str | None = None
    bits_per_byte: float | None = None
    ratio: float | None = None
    information_estimate_bits: int | None = None
    order_dependence_estimate_bits: int | None = None
    seconds: float = 0.0
    payload: bytes | None = None

    def __eq__(self, other: object) -> bool:
        """Tell whether the numbers are the same, whatever time they took."""
        return isinstance(other, Estimate) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.file, self.estimator, self.payload_bits, self.estimate_bits))

    @property
    def bits(self) -> float:
        """The length that the row stands for: payload or estimate, in bits."""
        value = self.payload_bits if self.payload_bits is not None else self.estimate_bits
        assert value is not None
        return value

    def to_dict(self) -> dict[str, Any]:
        """Return all but time and payload as a dictionary."""
        return {key: value for key, value in self._asdict().items() if key not in REPORT_ONLY}


class Bounds(NamedTuple):
    """All that the chosen estimators say about one input, best bound first, then estimates."""

    file: str
    input_bytes: int
    rows: tuple[Estimate, ...]
    methods: int
    given: str | None = None
    cautions: tuple[Caution, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def best(self) -> Estimate | None:
        """The smallest bound, prices included; None if there is no bound."""
        bounds = [row for row in self.rows if row.bound_bits is not None]
        return min(bounds, key=lambda row: row.bound_bits or 0, default=None)

    @property
    def deficiency_bits(self) -> int | None:
        """What the best message saves, prices included: x's randomness deficiency is this - c.

        Fair coin flips save k bits or more with probability at most 2**-k, for each length and
        whatever y is given; a predictor of the user must not have seen x. None without a bound.

        References
        ----------
        M. Li, P. Vitányi (2019). An Introduction to Kolmogorov Complexity and Its Applications,
        section 2.4: a sum-of-2**-bits test.

        Examples
        --------
        >>> import kolmo
        >>> found = kolmo.bounds(bytes(1000), ["zlib", "stored"])
        >>> found.deficiency_bits == 8000 - found.best.bound_bits
        True
        """
        return None if self.best is None else self.best.deficiency_bits

    def without_payloads(self) -> "Bounds":
        """Return the same record, the messages themselves let go."""
        return self._replace(rows=tuple(row._replace(payload=None) for row in self.rows))

    def headline(self) -> str:
        """Return ``K(x) <= N + c`` in words: by which estimator, at which price, of what kind."""
        best = self.best
        if best is None:
            return "no upper bound: every chosen estimator is an estimate or failed"
        what = "K(x|y)" if self.given is not None else "K(x)"
        among = f"among {self.methods} methods" if best.container_bits is not None else "in full"
        return (
            f"{what} <= {best.bound_bits:,} + c bits ({best.kind}): {best.estimator}'s payload "
            f"{best.payload_bits:,} + {best.naming_bits} to name it {among} "
            f"+ {best.parameters_bits} for its parameters + {best.length_bits} for lengths that "
            "it does not tell itself"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the record, rows and all, as a dictionary."""
        return {
            "file": self.file,
            "input_bytes": self.input_bytes,
            "rows": [row.to_dict() for row in self.rows],
            "methods": self.methods,
            "given": self.given,
            "warnings": [caution.to_dict() for caution in self.cautions],
            "failures": [failure._asdict() for failure in self.failures],
        }

    def _repr_html_(self) -> str:
        from html import escape

        head = "<tr><th>estimator</th><th>kind</th><th>bits</th><th>bits/byte</th></tr>"
        body = "".join(
            f"<tr><td>{escape(row.estimator)}</td><td>{row.kind}</td><td>{row.bits:,.0f}</td>"
            f"<td>{'' if row.bits_per_byte is None else format(row.bits_per_byte, '.3f')}</td></tr>"
            for row in self.rows
        )
        return f"<table>{head}{body}</table><p>{escape(self.headline())}</p>"
