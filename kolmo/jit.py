"""The only place that knows numba: its decorator, its flags and the folder of compiled kernels.

numba's own cache misses an edit to a kernel that is called from another file, raises when a cache
file is truncated or no folder is writable, and trusts altered files. Here every compiled form is
one file that starts with its SHA-256, in a folder that only its owner can write and whose name
depends on every kernel source and on the versions of everything that compiles it. Whatever goes
wrong with such a file, the kernel is compiled again; no error ever comes from the cache.

Kernels release the GIL, follow IEEE arithmetic (no fastmath) and divide by zero as numpy does.
"""

import contextlib
import functools
import hashlib
import importlib
import os
import pickle
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np

from kolmo.errors import UnavailableError

try:
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Environment variable", RuntimeWarning)
        import numba
except (ImportError, RuntimeWarning) as error:  # not installed, another numpy, NUMBA_...=abc
    reason = str(error).split("\n", 1)[0].rstrip(".")
    hint = " Try: pip install --upgrade numba" if isinstance(error, ImportError) else ""
    raise UnavailableError(f"numba cannot be used: {reason}.{hint}") from error

_P = ParamSpec("_P")
_R = TypeVar("_R")
_DIGEST_BYTES = hashlib.sha256().digest_size


def kernel(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return ``function`` compiled by numba on its first call for each signature, and cached.

    Parameters
    ----------
    function : callable
        A module-level function on numbers and numpy arrays; it may call other kernels.

    Returns
    -------
    callable
        The compiled function, or ``function`` itself under ``NUMBA_DISABLE_JIT=1``.

    Notes
    -----
    A read-only array has another signature than a writable one, hence is compiled apart.
    """
    return _compile(function)


def lean_kernel(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return a kernel that is compiled into its callers and counts no references to arrays.

    For a loop that calls small kernels many times, and for these: where every call takes a few
    arrays, counting who holds them can take most of the time. It cannot make an array; numba
    refuses to compile one that does.
    """
    return _compile(function, forceinline=True, _nrt=False)


def _compile(function: Callable[_P, _R], **flags: bool) -> Callable[_P, _R]:
    compiled: Any = numba.njit(nogil=True, fastmath=False, error_model="numpy", **flags)(function)
    if hasattr(compiled, "_cache") and function.__closure__ is None:
        folder = _locate()[0]
        if folder is not None:
            compiled._cache = _KernelCache(function, folder)
    return cast(Callable[_P, _R], compiled)


def cache_status() -> str | None:
    """Return why compiled kernels are not kept on disk, or None if they are."""
    return _locate()[1]


def is_compiled(name: str) -> bool:
    """Return whether the cache holds a kernel of that name, in any form."""
    folder = _locate()[0]
    return folder is not None and any(folder.glob(f"{name}-*.kernel"))


class _KernelCache:
    """The compiled forms of one kernel on disk, in place of the cache of a numba dispatcher."""

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self.cache_path = str(folder)
        self._code = function.__code__
        self._name = f"{function.__module__}.{function.__qualname__}:{self._code.co_firstlineno}"

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Return the compiled form for a signature, or None if it is absent or damaged."""
        with contextlib.suppress(Exception):
            compiler: Any = importlib.import_module("numba.core.compiler")
            target.refresh()
            stored = self._path(signature, target.codegen()).read_bytes()
            digest, body = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
            if hashlib.sha256(body).digest() == digest:
                return compiler.CompileResult._rebuild(target, *pickle.loads(body))
        return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep a compiled form, if the disk allows and it holds no address of this process."""
        with contextlib.suppress(Exception):
            serialize: Any = importlib.import_module("numba.core.serialize")
            if not compiled.lifted and not compiled.library.has_dynamic_globals:
                body = serialize.dumps(compiled._reduce())
                path = self._path(signature, compiled.codegen)
                _replace(path, hashlib.sha256(body).digest() + body)

    def flush(self) -> None:
        """Do nothing: an edit changes the name of the file."""

    def _path(self, signature: Any, codegen: Any) -> Path:
        config: Any = numba.config
        target = (*codegen.magic_tuple(), config.OPT, config.BOUNDSCHECK)
        parts = (self._name, str(signature), target)
        source = Path(self._code.co_filename).read_bytes()
        digest = hashlib.sha256(repr(parts).encode() + source).hexdigest()
        return Path(self.cache_path) / f"{self._code.co_name}-{digest[:24]}.kernel"


def _replace(path: Path, content: bytes) -> None:
    """Write a whole file or none: a crash or a full disk leaves the old one."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


@functools.cache
def _locate() -> tuple[Path | None, str | None]:
    """Return the folder of compiled kernels, or why there is none."""
    try:
        return _make_private(_user_cache(), ("kolmo", "kernels", _key())), None
    except OSError as error:
        return None, f"compiled kernels are not kept: {error}"


def _user_cache() -> Path:
    variable = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
    base = Path(os.environ.get(variable, ""))
    if not base.is_absolute():  # the XDG specification: a relative path must be ignored
        base = Path(os.path.expanduser("~/.cache"))
    if not base.is_absolute():
        raise OSError("this user has no home folder")
    return base


def _make_private(folder: Path, names: tuple[str, ...]) -> Path:
    """Make nested folders that nobody else can write: their files are unpickled and run."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in names:
        folder = folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.stat()
        if sys.platform != "win32" and (status.st_uid != os.getuid() or status.st_mode & 0o022):
            raise OSError(f"another user owns or can write {folder}")
    if not os.access(folder, os.W_OK):
        raise OSError(f"{folder} is not writable")
    return folder


def _key() -> str:
    """Return a name that changes with any kernel source and any version that compiles it."""
    llvmlite = importlib.import_module("llvmlite")
    versions = (sys.version, numba.__version__, llvmlite.__version__, np.__version__)
    digest = hashlib.sha256(repr(versions).encode())
    package = Path(__file__).parent
    for path in sorted(package.rglob("*.py")):
        if path.name == "kernels.py" or path.parent.name == "kernels":
            source = path.read_bytes()
            digest.update(f"{path.relative_to(package).as_posix()} {len(source)} ".encode())
            digest.update(source)
    return digest.hexdigest()[:16]
