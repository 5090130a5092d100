"""One column: every family tries, the shortest message wins, and is decoded."""

from __future__ import annotations

import lzma
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np

from kolmo.coding.rangecoder import read, write
from kolmo.errors import CertificationError, DecodeError, ParameterError
from kolmo.mdl.cells import put_together, take_apart
from kolmo.mdl.criteria import OF_SUMS, criteria
from kolmo.mdl.family import Family, Model
from kolmo.mdl.features import Known
from kolmo.mdl.message import Chosen, ColumnCode, ColumnMessage, TableMessage
from kolmo.mdl.methods import Method, default_methods, make_family, sent_method
from kolmo.mdl.models.located import number
from kolmo.mdl.predictor import Predictor
from kolmo.mdl.selection import (
    MIN_GAIN_BITS,
    Candidate,
    ColumnChoice,
    LeftOut,
    Verdict,
    evidence_bound,
    judge,
)
from kolmo.mdl.sketch import Sketch, sketch_labels, sketch_numbers, sketch_predicted
from kolmo.mdl.streams.columns import Columns
from kolmo.mdl.streams.predicted import Predicted, TargetMessage
from kolmo.receiver import decode_afresh
from kolmo.table import Column, Texts, csv_bytes

LARGEST_SLOW_BYTES = 1 << 22
RUNNER_UP = 2
_ALLOWED_BITS = 16
_UNLIMITED = 1 << 40


@dataclass(frozen=True)
class Request:
    """How columns are to be modelled.

    Attributes
    ----------
    methods : tuple of Method or None
        Families to compare; None for all that are available, and the usual compressors.
    missing : str
        ``code``, ``drop`` or ``error``; see `kolmo.table.apply_missing`.
    precisions : dict
        Step of the numbers of a column, by its name, where it is not that of the last digit.
    min_gain_bits : float
        Margin of a verdict.
    criteria : bool
        Whether BIC and the like are wanted.
    verify : bool
        Whether all listed candidates are decoded in a fresh process.
    sketch : bool
        Whether a picture is wanted.
    every : bool
        Whether all candidates are listed, not the best of each family and the close ones alone.
    """

    methods: tuple[Method, ...] | None = None
    missing: str = "code"
    precisions: dict[str, Fraction] | None = None
    min_gain_bits: float = MIN_GAIN_BITS
    criteria: bool = False
    verify: bool = False
    sketch: bool = False
    every: bool = False


@dataclass(frozen=True)
class Attempt:
    """The models of one family for a column, or why there are none."""

    method: Method
    models: tuple[Model, ...]
    reason: str | None


@dataclass(frozen=True)
class _Entry:
    """A candidate, and what sends it."""

    candidate: Candidate
    chosen: Chosen

    def with_fields(self, **changed: Any) -> _Entry:
        """Return the entry with some fields of its candidate changed."""
        return replace(self, candidate=replace(self.candidate, **changed))


class Contest:
    """A column taken apart, and the contest of families for its values.

    Parameters
    ----------
    column : Column
        With the policy for missing values applied.
    texts : Texts
        Its cells, as they were written.
    request : Request
        What the user wants.
    known : Known, optional
        What is known of every row, if the column is a target.
    """

    def __init__(
        self, column: Column, texts: Texts, request: Request, known: Known | None = None
    ) -> None:
        self.column, self.request, self.known = column, request, known
        features = None if known is None else known.features
        step = (request.precisions or {}).get(column.name)
        self.cells, self.values = take_apart(column, step)
        self.texts = texts
        self._code = ColumnCode(_UNLIMITED, features)
        self._features = None if features is None else features.keep(self.cells.marks == 0)
        self.cells_bits = self._code.codelength(self._message(None))

    @cached_property
    def raw(self) -> bytes:
        """The cells, one on each line."""
        return csv_bytes([self.texts])

    @cached_property
    def methods(self) -> tuple[Method, ...]:
        """The families that try; none if there is no value."""
        if self.values.size == 0:
            return ()
        if self.request.methods is not None:
            return self.request.methods
        return tuple(default_methods(self._features, fast=len(self.raw) > LARGEST_SLOW_BYTES))

    def attempt(self, method: Method) -> Attempt:
        """Return the models of one family."""
        family = make_family(method, self._features)
        if not family.fits(self._modelled):
            return Attempt(method, (), "does not suit such values")
        try:
            return Attempt(method, tuple(family.fit_members(self.values)), None)
        except ParameterError as error:
            return Attempt(method, (), str(error))

    def decide(self, attempts: Sequence[Attempt]) -> tuple[ColumnChoice, ColumnMessage]:
        """Return the choice, and the message of the shortest candidate.

        Raises
        ------
        CertificationError
            If a message decodes to something else than the column.
        """
        entries = self._ranked(sorted(self._entries(attempts), key=_order))
        listed = self._listed(entries)
        certified = self._certify_afresh(listed) if self.request.verify else self._certify(listed)
        candidates = tuple(entry.candidate for entry in certified)
        choice = ColumnChoice(
            self.column.file,
            self.column.name,
            self._about(),
            candidates,
            self._profile(entries, candidates),
            tuple(self._baselines(candidates)),
            tuple(LeftOut(a.method.label, a.reason) for a in attempts if a.reason is not None),
            self._judge(candidates, len(entries)),
            self.column.cautions,
            self._sketch(certified[0]) if certified and self.request.sketch else None,
        )
        return choice, self._message(certified[0] if certified else None)

    @staticmethod
    def _profile(entries: Sequence[_Entry], listed: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        """Return all candidates, those that are listed with what was found out of them."""
        known = {candidate.rank: candidate for candidate in listed}
        return tuple(known.get(entry.candidate.rank, entry.candidate) for entry in entries)

    def _judge(self, candidates: tuple[Candidate, ...], tried: int) -> Verdict:
        if not candidates and self.values.size:
            return Verdict("no family that was asked for has a model", True, None)
        return judge(candidates, tried, self.request.min_gain_bits)

    def _sketch(self, winner: _Entry) -> Sketch:
        if not self.cells.numeric:
            return sketch_labels(self.cells, self.values)
        _, family, chosen = winner.chosen
        described = winner.candidate.parameters
        if isinstance(family, Predictor):
            drawn = sketch_predicted(self.cells, self.values, family, chosen, described)
            if drawn is not None:
                return drawn
        return sketch_numbers(self.cells, self.values, family, chosen, described)

    def _entries(self, attempts: Sequence[Attempt]) -> Iterator[_Entry]:
        for attempt in attempts:
            for model in attempt.models:
                yield self._entry(attempt.method, model)

    def _entry(self, method: Method, model: Model) -> _Entry:
        family = make_family(method, self._features)
        sent = sent_method(method, family)
        model_bits = self._code.methods.codelength(sent)
        bits = (self.cells_bits, model_bits, model.parameters_bits, model.data_bits)
        total = math.fsum(bits)
        candidate = Candidate(
            self.column.file,
            self.column.name,
            None,
            method.label,
            model.complexity,
            family.complexity_name,
            self._in_file_units(model.parameters, family.in_units),
            family.free_parameters(model.chosen),
            *bits,
            total_bits=total,
            delta_bits=0.0,
            bits_per_row=total / self.column.rows,
            evidence_bound=1.0,
            kind="codelength",
            criteria=self._criteria(family, model.chosen) if self.request.criteria else None,
        )
        return _Entry(candidate, Chosen(sent, family, model.chosen))

    def _criteria(self, family: Family[Any], chosen: Any) -> dict[str, float | None] | None:
        free = family.free_parameters(chosen)
        if free is None:
            return None
        found = criteria(family.likelihood_bits(chosen, self.values), free, self.values.size)
        return found | dict.fromkeys(OF_SUMS) | family.more_criteria(chosen, self.values)

    def _ranked(self, entries: Sequence[_Entry]) -> list[_Entry]:
        if not entries:
            return []
        least = entries[0].candidate.total_bits
        deltas = [max(0.0, entry.candidate.total_bits - least) for entry in entries]
        return [
            entry.with_fields(rank=rank, delta_bits=delta, evidence_bound=evidence_bound(delta))
            for rank, (entry, delta) in enumerate(zip(entries, deltas, strict=True), 1)
        ]

    def _listed(self, entries: Sequence[_Entry]) -> list[_Entry]:
        """Return the best of each family, the runner-up, and what is not told from the first."""
        seen: set[str] = set()
        found = []
        for rank, entry in enumerate(entries, 1):
            close = entry.candidate.delta_bits < self.request.min_gain_bits
            if (
                self.request.every
                or close
                or rank == RUNNER_UP
                or entry.candidate.family not in seen
            ):
                found.append(entry)
            seen.add(entry.candidate.family)
        return found

    def _certify(self, entries: list[_Entry]) -> list[_Entry]:
        """Return the entries, the first one's message decoded here."""
        if not entries:
            return []
        payload = write(self._code, self._message(entries[0]))
        try:
            back = read(self._code, payload)
            same = put_together(back.cells, back.values).equals(self.texts)
        except DecodeError as error:
            raise self._broken(entries[0], str(error)) from error
        if not same:
            raise self._broken(entries[0], "it decodes to another column")
        return [self._sent(entries[0], 8 * len(payload)), *entries[1:]]

    def _certify_afresh(self, entries: list[_Entry]) -> list[_Entry]:
        """Return the entries, the message of each decoded in a fresh process."""
        containers = [self._container(entry) for entry in entries]
        wanted = sha256(self.raw).hexdigest()
        given = None if self.known is None else self.known.to_csv_bytes()
        for entry, received in zip(entries, decode_afresh(containers, given), strict=True):
            if received.digest != wanted:
                raise self._broken(entry, received.error or "it decodes to another column")
        lengths = [len(write(self._code, self._message(entry))) for entry in entries]
        return [self._sent(e, 8 * length) for e, length in zip(entries, lengths, strict=True)]

    def _sent(self, entry: _Entry, bits: int) -> _Entry:
        if bits > math.ceil(entry.candidate.total_bits) + _ALLOWED_BITS:
            raise self._broken(entry, f"it has {bits} bits, more than its code length")
        return entry.with_fields(kind="certified", message_bits=bits)

    def _broken(self, entry: _Entry, reason: str) -> CertificationError:
        return CertificationError(
            f"not certified: the message of {entry.candidate.words} for column "
            f"{self.column.name!r}: {reason}. This family is broken: leave it out with --family."
        )

    def _message(self, entry: _Entry | None) -> ColumnMessage:
        return ColumnMessage(self.cells, self.values, None if entry is None else entry.chosen)

    def _container(self, entry: _Entry) -> bytes:
        if self.known is not None:
            target = TargetMessage(None, self._message(entry), self.known)
            return Predicted().container(target, self.raw)
        return Columns().container(TableMessage(b",", None, (self._message(entry),)), self.raw)

    def _baselines(self, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
        """Yield the cells' text as it is, and by xz; both decode without kolmo."""
        least = candidates[0].total_bits if candidates else None
        yield self._baseline("raw text", 8 * len(self.raw), least)
        yield self._baseline(*_xz(self.raw), least)

    def _baseline(self, label: str, bits: int, least: float | None) -> Candidate:
        delta = 0.0 if least is None else bits - least
        return Candidate(
            self.column.file,
            self.column.name,
            rank=None,
            family=label,
            complexity=None,
            complexity_name="",
            parameters={},
            free_parameters=None,
            cells_bits=None,
            model_bits=None,
            parameters_bits=None,
            data_bits=None,
            total_bits=float(bits),
            delta_bits=delta,
            bits_per_row=bits / self.column.rows if self.column.rows else 0.0,
            evidence_bound=evidence_bound(delta),
            kind="certified",
            message_bits=bits,
        )

    @cached_property
    def _modelled(self) -> Column:
        """The column with the values as the families get them; counts are in units of 1."""
        numbers = self.column.numbers
        if numbers is None or self.cells.unit == 1:
            return self.column
        exact = self.values.dtype == np.int64
        values = self.values if exact else tuple(map(int, self.values))
        return replace(self.column, type="decimal", content=replace(numbers, values=values))

    def _about(self) -> dict[str, Any]:
        unit = number(self.cells.unit) if self.cells.numeric else None
        about = {**self.column.to_dict(), "unit": unit}
        return {**about, "features": None, "without_features_bits": None}

    def _in_file_units(self, parameters: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
        """Return the parameters with what counts values counted as in the file."""
        if not self.cells.numeric:
            return {key: value for key, value in parameters.items() if key not in keys}
        return {
            key: scaled_by(value, self.cells.unit) if key in keys else self._inside(value, keys)
            for key, value in parameters.items()
        }

    def _inside(self, value: Any, keys: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            return self._in_file_units(value, keys)
        return [self._inside(item, keys) for item in value] if isinstance(value, list) else value


def _xz(text: bytes) -> tuple[str, int]:
    """Return the settings and the bits of a text by xz, which were decoded."""
    slow = len(text) <= LARGEST_SLOW_BYTES
    preset = 9 | lzma.PRESET_EXTREME if slow else 1
    window = max(4096, 1 << min(26, len(text).bit_length()))  # not 64 MiB for a small text
    packed = lzma.compress(
        text, filters=[{"id": lzma.FILTER_LZMA2, "preset": preset, "dict_size": window}]
    )
    if lzma.decompress(packed) != text:
        raise CertificationError("not certified: xz does not decode to the same text")
    return "xz -9e" if slow else "xz -1", 8 * len(packed)


def _order(entry: _Entry) -> tuple[float, int]:
    """Return what sorts candidates: length, and of equally long ones the simplest first."""
    candidate = entry.candidate
    return round(candidate.total_bits, 6), candidate.complexity or 0


def scaled_by(value: Any, unit: Fraction) -> Any:
    """Return a number, or a list of them, in the units of the file.

    Examples
    --------
    >>> scaled_by([150, 200.5], Fraction(1, 100))
    [1.5, 2.005]
    """
    if isinstance(value, dict):
        return {key: scaled_by(item, unit) for key, item in value.items()}
    if isinstance(value, list):
        return [scaled_by(item, unit) for item in value]
    exact = Fraction(value) * unit
    return exact.numerator if exact.denominator == 1 else number(exact)
