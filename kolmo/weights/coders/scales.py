"""Indices by scale mixing: the local scale of weights, learnt from those already coded."""

from __future__ import annotations

from typing import ClassVar

from kolmo.weights.coders._mixed import MixedIndices

EXAMPLES: list[dict[str, int]] = [{}]


class Scales(MixedIndices):
    """The scale-mixing coder of indices that were rounded one by one."""

    name: ClassVar[str] = "scales"
    quantiser: ClassVar[str] = "scalar"
