"""Versions of everything that a compressed size can depend on."""

import ctypes
import platform
import zlib
from importlib import import_module, metadata

import kolmo

DISTRIBUTIONS = {
    "numpy": "numpy",
    "numba": "numba",
    "zstandard": "zstandard",
    "brotli": "brotli",
    "pyppmd": "pyppmd",
    "bzip3": "bzip3",
    "click": "click",
    "rich": "rich",
    "matplotlib": "matplotlib",
}


def versions() -> dict[str, str | None]:
    """Return versions by name; None for what is not installed or does not tell."""
    import zstandard

    found: dict[str, str | None] = {
        "kolmo": kolmo.__version__,
        "python": platform.python_version(),
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        "liblzma": _library_version("_lzma", "lzma_version_string"),
        "bzip2": _library_version("_bz2", "BZ2_bzlibVersion"),
        "zstd": ".".join(map(str, zstandard.ZSTD_VERSION)),
    }
    return found | {name: _distribution(item) for name, item in DISTRIBUTIONS.items()}


def _library_version(extension: str, function: str) -> str | None:
    """Ask the C library under an extension module; it may not be reachable."""
    try:
        path = import_module(extension).__file__
        ask = getattr(ctypes.CDLL(path), function)
        ask.restype = ctypes.c_char_p
        answer: bytes = ask()
        return answer.decode("ascii").split(",")[0]
    except (AttributeError, OSError, TypeError):
        return None


def _distribution(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
