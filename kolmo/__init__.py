"""Algorithmic information theory and minimum description length that one can run.

Every number of bits has a ``kind``: ``certified`` (a message of that length was decoded in this
run), ``bound`` (such a message exists), ``codelength``, ``estimate`` or ``criterion``.
Public names are resolved on first use, so that ``import kolmo`` costs next to nothing.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_WHERE = {
    "bounds": "kolmo.complexity.panel",
    "encode": "kolmo.messages",
    "decode": "kolmo.messages",
    "inspect": "kolmo.messages",
    "code_weights": "kolmo.weights.report",
    "codelengths": "kolmo.mdl.counted",
    "estimators": "kolmo.registry",
    "families": "kolmo.registry",
    "prequential": "kolmo.complexity.prequential",
    "Predictor": "kolmo.complexity.predictor",
    "PredictorBound": "kolmo.complexity.prequential",
    "open_input": "kolmo.data",
    "read_checkpoint": "kolmo.weights.checkpoint",
    "rules": "kolmo.registry",
    "select": "kolmo.mdl.select",
    "weight_coders": "kolmo.registry",
    "KolmoError": "kolmo.errors",
}

__all__ = [
    "KolmoError",
    "Predictor",
    "PredictorBound",
    "__version__",
    "bounds",
    "code_weights",
    "codelengths",
    "decode",
    "encode",
    "estimators",
    "families",
    "inspect",
    "open_input",
    "prequential",
    "read_checkpoint",
    "rules",
    "select",
    "weight_coders",
]


def __getattr__(name: str) -> Any:
    """Import the module that holds a public name, once it is asked for (PEP 562)."""
    if name not in _WHERE:
        raise AttributeError(f"module 'kolmo' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
