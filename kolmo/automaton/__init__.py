"""The coffee automaton: entropy and apparent complexity of cream that mixes, audited.

Public names are resolved on first use: `run` (one run), `scan` (ensembles of many sizes),
`make_plan` with `scale_maps` and `light_cones` (other measures along a run), `from_image` (a start
from a picture).
"""

import importlib
from typing import Any

_WHERE = {
    "Graining": "coarse",
    "from_image": "image",
    "light_cones": "lightcone",
    "make_plan": "plan",
    "run": "curve",
    "scale_maps": "scales",
    "scan": "ensembles",
}

__all__ = [
    "Graining",
    "from_image",
    "light_cones",
    "make_plan",
    "run",
    "scale_maps",
    "scan",
]


def __getattr__(name: str) -> Any:
    """Import the module that holds a public name, once it is asked for (PEP 562)."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
