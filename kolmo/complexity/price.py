"""What a bound on K costs beside its payload: naming it, its parameters; and the decoder, c."""

import sys
import zlib
from importlib import import_module

from kolmo.complexity.estimator import Bound
from kolmo.container import overhead_bytes
from kolmo.header import minimal_json
from kolmo.registry import estimators
from kolmo.results import Estimate


def priced(row: Estimate, code: Bound, *, given: bool) -> Estimate:
    """Return ``row`` with what it costs to name code and parameters, and with its container."""
    assert row.payload_bits is not None
    assert row.length_bits is not None
    stored = minimal_json(code.parameters())
    naming_bits = _naming_bits(code.name)
    parameters_bits = 1 + 8 * len(stored)
    return row._replace(
        naming_bits=naming_bits,
        parameters_bits=parameters_bits,
        bound_bits=row.payload_bits + row.length_bits + naming_bits + parameters_bits,
        container_bits=row.payload_bits + 8 * overhead_bytes(code, row.input_bytes, given=given),
    )


def _naming_bits(name: str) -> int:
    """Return the price of naming one of M methods, or one of another distribution.

    After ``stored``, which has no parameters, the bit that says "parameters follow" announces a
    name in full: strangers cost our own methods nothing.
    """
    among = (count_methods() - 1).bit_length()
    return among if name in estimators.own_names() else among + 1 + 8 * (len(name) + 1)


def count_methods() -> int:
    """Return M, the number of kolmo's own codes among which a message names one."""
    return len(_codes())


def _codes() -> list[type[Bound]]:
    plugins = [estimators.get(name) for name in estimators.own_names()]
    return [plugin for plugin in plugins if issubclass(plugin, Bound)]


def decoder_bits() -> int:
    """Return the size of kolmo's own part of the decoder c: its modules' source, deflated."""
    names = [plugin.__module__ for plugin in _codes()]
    names += ["kolmo.complexity.estimators._streams", "kolmo.complexity.estimator"]
    names += ["kolmo.coding.integers", "kolmo.registry", "kolmo.errors"]
    sources = []
    for name in names:
        spec = import_module(name).__spec__
        assert spec is not None
        sources.append(spec.loader.get_source(name))  # type: ignore[union-attr]
    return 8 * len(zlib.compress("\0".join(sources).encode(), 9, -15))


def decoder_parts() -> str:
    """Return in words what the decoder c needs beside kolmo's own modules."""
    version = sys.version_info
    return f"Python {version.major}.{version.minor} with the named compressor's library"
