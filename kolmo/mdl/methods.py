"""Which families there are for a column, and the code that names one with its settings.

A column by itself is modelled by the families of `kolmo.mdl.families` and by compressors; a target
whose features are known, by predictors as well.
"""

from __future__ import annotations

import json
import zlib
from functools import lru_cache
from typing import Any, NamedTuple

from kolmo.coding.code import Code, Reader, Writer, damaged
from kolmo.coding.discrete import Uniform
from kolmo.complexity.estimator import Bound
from kolmo.errors import DecodeError, ParameterError, nearest, shorten
from kolmo.header import LONGEST_NAME, LONGEST_PARAMETERS, minimal_json
from kolmo.mdl.family import Family
from kolmo.mdl.features import Features
from kolmo.mdl.packed import RawBytes, count_code
from kolmo.mdl.rival import Rival
from kolmo.registry import Registry, estimators, families, parse_label, predictors

DEFAULT_RIVALS = ("lzma", "zstd", "bz2", "zlib")
FAST_RIVALS = ("bz2", "zlib:level=6")


class Method(NamedTuple):
    """A family by its registered name, and its settings where they are not the defaults."""

    name: str
    settings: tuple[tuple[str, int], ...] = ()

    @property
    def label(self) -> str:
        """Return ``name:key=value`` as users write it."""
        return self.name + "".join(f":{key}={value}" for key, value in self.settings)


@lru_cache(maxsize=2)
def catalogue(*, predicting: bool = False) -> tuple[str, ...]:
    """Return the names that one number stands for: families, predictors, bound estimators."""
    bounds = [name for name in estimators.own_names() if issubclass(estimators.get(name), Bound)]
    more = predictors.own_names() if predicting else []
    return (*families.own_names(), *more, *bounds)


def edition(*, predicting: bool = False) -> int:
    """Return 16 bits of a sum of the catalogue; a message is read by the one that made it."""
    return zlib.crc32(",".join(catalogue(predicting=predicting)).encode()) & 0xFFFF


def parse_method(label: str, features: Features | None = None) -> Method:
    """Return the method of a label such as ``markov:limit=3``; ParameterError if there is none."""
    name, settings = parse_label(label)
    method = Method(name, tuple(sorted(settings.items())))
    make_family(method, features)
    return method


def default_methods(features: Features | None = None, *, fast: bool = False) -> list[Method]:
    """Return all available families, and the usual compressors, for long columns quick ones.

    For a target, predictors too; and no compressors: they know nothing of the features.
    """
    own = [name for name in families.names() if families.missing(name) is None]
    if features is not None:
        more = [name for name in predictors.names() if predictors.missing(name) is None]
        return [*map(Method, own), *map(Method, more)]
    return [*map(Method, own), *map(parse_method, FAST_RIVALS if fast else DEFAULT_RIVALS)]


def make_family(method: Method, features: Features | None = None) -> Family[Any]:
    """Return the family; a bound estimator becomes a `Rival`, a predictor is told the features.

    Raises
    ------
    ParameterError
        If there is no such family or setting, or the estimator has no decoder.
    """
    for registry in (families, *((predictors,) if features is not None else ())):
        if method.name in registry.own_names() or method.name in registry.names():
            found = _with_settings(registry, method)
            family: Family[Any] = found.given(features) if registry is predictors else found
            return family
    settings = dict(method.settings)
    if method.name in estimators.own_names() or method.name in estimators.names():
        packer = estimators.make(method.name, **settings)
        if not hasattr(packer, "decompress"):
            raise ParameterError(f"no model: got {method.name}, which only estimates. Try lzma.")
        return Rival(packer)
    if method.name in predictors.own_names():
        raise ParameterError(f"no features: got {method.name}, which predicts. Use --target.")
    hint = nearest(method.name, sorted(catalogue(predicting=features is not None)))
    raise ParameterError(f"unknown family: got '{shorten(method.name)}'. {hint}")


def _with_settings(registry: Registry, method: Method) -> Any:
    try:
        return registry.make(method.name, **dict(method.settings))
    except TypeError:
        raise ParameterError(
            f"unknown setting of {method.name}: got {method.label}. See 'kolmo info'."
        ) from None


def sent_method(method: Method, family: Family[Any]) -> Method:
    """Return the method as a decoder needs it: without settings that only compressing heeds."""
    if isinstance(family, Rival):
        return Method(method.name, tuple(sorted(family.packer.parameters().items())))
    return method


class MethodCode(Code[Method]):
    """The code of a method: one of the catalogue or a name spelled out, and the settings.

    Parameters
    ----------
    predicting : bool
        Whether predictors are among them.
    """

    def __init__(self, *, predicting: bool = False) -> None:
        self._known = catalogue(predicting=predicting)

    def codelength(self, value: Method, /) -> float:
        """Return the length in bits."""
        index, name, settings = self._parts(value)
        spelled = _Spelled(LONGEST_NAME).codelength(name) if index == len(self._known) else 0.0
        return (
            self._which().codelength(index)
            + spelled
            + _Spelled(LONGEST_PARAMETERS).codelength(settings)
        )

    def encode(self, value: Method, coder: Writer, /) -> None:
        """Store a method."""
        index, name, settings = self._parts(value)
        self._which().encode(index, coder)
        if index == len(self._known):
            _Spelled(LONGEST_NAME).encode(name, coder)
        _Spelled(LONGEST_PARAMETERS).encode(settings, coder)

    def decode(self, coder: Reader, /) -> Method:
        """Return the method stored next."""
        index = self._which().decode(coder)
        if index < len(self._known):
            name = self._known[index]
        else:
            name = _Spelled(LONGEST_NAME).decode(coder).decode("ascii", "replace")
        return Method(name, _read_settings(_Spelled(LONGEST_PARAMETERS).decode(coder)))

    def _which(self) -> Uniform:
        return Uniform(len(self._known) + 1)

    def _parts(self, method: Method) -> tuple[int, bytes, bytes]:
        known = self._known
        index = known.index(method.name) if method.name in known else len(known)
        return index, method.name.encode(), minimal_json(dict(method.settings))


class _Spelled(Code[bytes]):
    """A few bytes, their number first."""

    def __init__(self, longest: int) -> None:
        self._count = count_code(longest)

    def codelength(self, value: bytes, /) -> float:
        """Return the length in bits."""
        return self._count.codelength(len(value)) + 8.0 * len(value)

    def encode(self, value: bytes, coder: Writer, /) -> None:
        """Store bytes."""
        self._count.encode(len(value), coder)
        RawBytes(len(value)).encode(value, coder)

    def decode(self, coder: Reader, /) -> bytes:
        """Return the bytes stored next."""
        return RawBytes(self._count.decode(coder)).decode(coder)


def _read_settings(stored: bytes) -> tuple[tuple[str, int], ...]:
    try:
        found = json.loads(stored) if stored else {}
    except (ValueError, RecursionError):
        raise damaged("settings that are not JSON") from None
    if not isinstance(found, dict) or not all(type(item) is int for item in found.values()):
        raise damaged("settings that are not integers by name")
    return tuple(sorted(found.items()))


def stored_family(method: Method, features: Features | None = None) -> Family[Any]:
    """Return the family that a message names; DecodeError if there is none."""
    try:
        return make_family(method, features)
    except ParameterError as error:
        raise DecodeError(f"payload refused: {error}") from error
