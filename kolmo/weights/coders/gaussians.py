"""Indices under a mixture of normal distributions: soft weight sharing."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from kolmo.coding.code import Code, Reader, damaged
from kolmo.coding.discrete import Uniform
from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder
from kolmo.complexity.estimators._streams import refusing
from kolmo.errors import ParameterError
from kolmo.mdl.families.mixture import Mixture
from kolmo.mdl.models.alphabet import Shifted
from kolmo.mdl.models.located import Located, distribution, located_code
from kolmo.mdl.models.mixed import Mixed, mixed_classes
from kolmo.weights.coder import Form, Indices, Payload
from kolmo.weights.coders._indices import (
    LARGEST_DISTANCE_BITS,
    Maker,
    read_all,
    tally,
    write_all,
)
from kolmo.weights.coders._located import fitted, located_bits, read_place
from kolmo.weights.coders._mixtures import best_mixture
from kolmo.weights.coders._words import check_nothing
from kolmo.weights.coders.gaussian import Gaussian as One

EXAMPLES: list[dict[str, int]] = [{}]

LARGEST_COMPONENTS = 8


class Gaussians:
    """One to eight normal distributions with a weight each, then each index under their mixture.

    Told are the number of components, and the weight, location and scale of each, at a precision
    that fits the number of indices; the whole message is the shortest. An index does not say from
    which component it comes. One component is as in `gaussian`.

    References
    ----------
    S. J. Nowlan, G. E. Hinton (1992). Simplifying neural networks by soft weight-sharing. Neural
    Computation 4(4), 473-493. doi:10.1162/neco.1992.4.4.473. Section 3, the mixture as a code of
    weights. We differ in fitting it to weights already trained, and in paying for its parameters.
    """

    name: ClassVar[str] = "gaussians"
    quantised: ClassVar[bool] = True
    quantiser: ClassVar[str] = "scalar"
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""

    def encode(self, indices: Indices, form: Form) -> bytes:
        """Return the parameters of the mixture, and the indices."""
        if not indices.size:
            return b""
        coder = RangeEncoder()
        chosen = _choose(indices)
        Uniform(2).encode(int(isinstance(chosen, Mixed)), coder)
        _parameter_code(isinstance(chosen, Mixed), indices.size).encode(chosen, coder)
        write_all(_maker(chosen), indices, coder)
        return coder.finish()

    def decode(self, payload: Payload, form: Form) -> Indices:
        """Return the indices; DecodeError where the payload is not one of so many."""
        if not form.words:
            check_nothing(payload)
            return np.empty(0, np.int32)
        coder = RangeDecoder(payload)
        with refusing(ParameterError):
            found = read_all(_maker(_read(coder, form.words)), form.words, coder)
        coder.finish()
        return found


def _choose(indices: Indices) -> Located | Mixed:
    """Return the mixture with the shortest message."""
    found = tally(indices)
    one = fitted(found, indices.size, One.shape, One().estimate)
    bits = located_bits(one, One.shape, found, indices.size)
    return best_mixture(found, indices.size, LARGEST_COMPONENTS, bits) or one


def _read(coder: Reader, count: int) -> Located | Mixed:
    if not Uniform(2).decode(coder):
        return read_place(coder, count)
    mixed: Mixed = _parameter_code(True, count).decode(coder)
    if abs(mixed.origin) >> LARGEST_DISTANCE_BITS:
        raise damaged("a mixture is out of range")
    return mixed


def _parameter_code(several: bool, count: int) -> Code[Any]:
    return Mixture(LARGEST_COMPONENTS).parameter_code(count) if several else located_code(1, count)


def _maker(chosen: Located | Mixed) -> Maker:
    """Return what makes the code of so many indices."""
    if isinstance(chosen, Located):
        return distribution(One.shape, chosen).many
    return lambda length: Shifted(mixed_classes(chosen, length), chosen.origin)
