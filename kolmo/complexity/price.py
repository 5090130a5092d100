"""What a bound on K costs beside its payload: naming it, its parameters; and the decoder, c."""

import os
import sys
import zlib

import kolmo
from kolmo.complexity.estimator import Bound
from kolmo.container import overhead_bytes
from kolmo.errors import CertificationError
from kolmo.header import minimal_json
from kolmo.registry import estimators
from kolmo.results import Estimate

# The codes that a number names, in order: part of every message, and quicker to have than to find.
METHODS = ("brotli", "bz2", "bzip3", "ctw", "lzma", "mix", "ppmd", "stored", "zlib", "zstd")
ANY_WITHOUT_PARAMETERS = "stored"
CLOSING = format(ord("}"), "08b")
MODULES = (
    "kolmo.complexity.estimator",
    "kolmo.complexity.estimators._streams",
    "kolmo.complexity.price",
    "kolmo.container",
    "kolmo.data",
    "kolmo.errors",
    "kolmo.header",
    "kolmo.registry",
    "kolmo.results",
)


def priced(row: Estimate, code: Bound, *, given: bool) -> Estimate:
    """Return ``row`` with what it costs to name code and parameters, and with its container.

    What stands before the payload is written and read back here, so that a certified row is
    certified as a whole: the message is this prefix and the payload that was decoded.
    """
    assert row.payload_bits is not None
    lengths = code.lengths(row.payload_bits // 8, row.input_bytes)
    parts = (_name_word(code.name), _parameters_word(code), "".join(map(delta_word, lengths)))
    if _read_prefix("".join(parts), len(lengths)) != (code.name, code.parameters(), lengths):
        raise CertificationError("the prefix of its message is read back as something else")
    naming_bits, parameters_bits, length_bits = map(len, parts)
    bound_bits = naming_bits + parameters_bits + length_bits + row.payload_bits
    overhead = overhead_bytes(code, row.input_bytes, given=given) if code.storable else 0
    return row._replace(
        naming_bits=naming_bits,
        parameters_bits=parameters_bits,
        length_bits=length_bits,
        bound_bits=bound_bits,
        deficiency_bits=8 * row.input_bytes - bound_bits,
        container_bits=row.payload_bits + 8 * overhead if code.storable else None,
    )


def _name_word(name: str) -> str:
    """Return the bits that name one of M methods, or one of another distribution.

    After ``stored``, which has no parameters, the bit that says "parameters follow" announces a
    name in full: strangers cost our own methods nothing.
    """
    names = METHODS
    if name in names:
        return format(names.index(name), f"0{(len(names) - 1).bit_length()}b")
    return f"{_name_word(ANY_WITHOUT_PARAMETERS)}1{_byte_bits(name.encode())}{_byte_bits(bytes(1))}"


def _parameters_word(code: Bound) -> str:
    """Return 0, or 1 and JSON, which ends by itself."""
    stored = minimal_json(code.parameters())
    return f"1{_byte_bits(stored)}" if stored else "0"


def delta_word(value: int) -> str:
    """Return Elias' delta codeword of ``value`` + 1.

    Examples
    --------
    >>> delta_word(9)
    '00100010'
    """
    digits = format(value + 1, "b")
    size = format(len(digits), "b")
    return "0" * (len(size) - 1) + size + digits[1:]


def _read_prefix(bits: str, count: int) -> tuple[str, dict[str, int], tuple[int, ...]]:
    """Read what the words above wrote; ``count`` lengths, which the named method asks for."""
    names = METHODS
    at = (len(names) - 1).bit_length()
    name = names[int(bits[:at], 2)]
    if name == ANY_WITHOUT_PARAMETERS and bits[at] == "1":
        stop = next(i for i in range(at + 1, len(bits), 8) if bits[i : i + 8] == "0" * 8)
        name, at = _bits_bytes(bits[at + 1 : stop]).decode(), stop + 8
    parameters: dict[str, int] = {}
    flag, at = bits[at], at + 1
    if flag == "1":
        import json

        stop = next(i for i in range(at + 8, len(bits) + 1, 8) if bits[i - 8 : i] == CLOSING)
        parameters, at = json.loads(_bits_bytes(bits[at:stop])), stop
    lengths = []
    for _ in range(count):
        zeros = bits.index("1", at) - at
        digits = int(bits[at + zeros : at + 2 * zeros + 1], 2) - 1
        at += 2 * zeros + 1
        lengths.append(int("1" + bits[at : at + digits], 2) - 1)
        at += digits
    return name, parameters, tuple(lengths)


def _byte_bits(data: bytes) -> str:
    return "".join(format(byte, "08b") for byte in data)


def _bits_bytes(bits: str) -> bytes:
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def count_methods() -> int:
    """Return M, the number of kolmo's own codes among which a message names one."""
    return len(METHODS)


def decoder_bits() -> int:
    """Return the size of kolmo's own part of the decoder c: its modules' source, deflated."""
    sources = b"\0".join(map(_source, decoder_modules()))
    return 8 * len(zlib.compress(sources, 9, -15))


def decoder_modules() -> list[str]:
    """Return the names of the modules that decode, those of each method first."""
    codes: list[type[Bound]] = [estimators.get(name) for name in METHODS]
    own = [name for plugin in codes for name in (plugin.__module__, *plugin.modules)]
    return list(dict.fromkeys([*own, *MODULES]))


def _source(name: str) -> bytes:
    """Return a module's source without importing it: kernels would load numba."""
    loader = kolmo.__spec__.loader
    path = os.path.join(kolmo.__path__[0], *name.split(".")[1:]) + ".py"
    source: bytes = loader.get_data(path)  # type: ignore[union-attr]
    return source


def decoder_parts() -> str:
    """Return in words what the decoder c needs beside kolmo's own modules."""
    version = sys.version_info
    return f"Python {version.major}.{version.minor} with the named method's libraries"
