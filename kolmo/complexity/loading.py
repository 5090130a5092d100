"""Predictors and estimators from a file that the user names: all that runs a user's code."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import SourceLoader
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any
from zlib import crc32

from kolmo.complexity.predictor import Learner, words_of
from kolmo.complexity.prequential import PredictorBound
from kolmo.data import open_input
from kolmo.errors import InputError, ParameterError, nearest, shorten


def load_predictor(text: str) -> PredictorBound:
    """Return the estimator of ``mine.py:MyPredictor`` or ``package.module:MyPredictor``.

    The file is run. What stands beside it can be imported by it while it is, after all else.

    Raises
    ------
    ParameterError
        If the text is malformed, or names nothing that makes a predictor.
    InputError
        If the file or module cannot be read or run.
    PredictorError
        If the constructor fails.
    """
    factory = load_factory(text, "predictor")
    Learner(factory)
    return PredictorBound(factory, text)


def load_factory(text: str, noun: str) -> Callable[[], Any]:
    """Return the class or function of ``FILE.py:Name`` or ``package.module:Name``.

    Parameters
    ----------
    noun : str
        What it makes, for messages.

    Raises
    ------
    ParameterError
        If the text is malformed, or names nothing that can be called.
    InputError
        If the file or module cannot be read or run.
    """
    where, _, name = text.rpartition(":")
    if not where or not name.isidentifier():
        raise ParameterError(
            f"malformed {noun}: got '{shorten(text)}'; need FILE.py:Class or module:Class"
        )
    module = _run_file(where) if where.endswith(".py") else _import(where, noun)
    factory = getattr(module, name, None)
    if factory is None:
        known = [key for key, item in vars(module).items() if _is_own_class(item, module)]
        hint = nearest(name, known) if known else "It has no class."
        raise ParameterError(f"no '{shorten(name)}' in {shorten(where)}. {hint}")
    return factory  # type: ignore[no-any-return]


def _is_own_class(item: Any, module: ModuleType) -> bool:
    return isinstance(item, type) and item.__module__ == module.__name__


def _import(name: str, noun: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise ParameterError(
            f"malformed {noun}: got '{shorten(name)}', neither the name of a .py file nor of a "
            "module; need FILE.py:Class or module:Class"
        )
    try:
        return import_module(name)
    except (Exception, SystemExit) as error:
        raise _unusable(name, error) from error


class _Source(SourceLoader):
    """Reads a module's source as every other input, and leaves no compiled file beside it."""

    def __init__(self, name: str, path: str) -> None:
        self.name, self.path = name, path

    def get_filename(self, fullname: str) -> str:
        """Return the path."""
        return self.path

    def get_data(self, path: str) -> bytes:
        """Return the source."""
        opened = open_input(self.name if path == self.path else path)
        try:
            return opened.read()
        finally:
            opened.close()


def _run_file(path: str) -> ModuleType:
    """Return the module that a file makes, entered among the modules by a name of its own."""
    full = os.path.abspath(path)
    name = f"kolmo_own_{crc32(os.fsencode(full)):08x}"
    spec = spec_from_file_location(name, full, loader=_Source(path, full))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickles look there
    try:
        with _beside(os.path.dirname(full)):
            spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, Exception | SystemExit) and not isinstance(error, InputError):
            raise _unusable(path, error) from error
        raise
    return module


@contextmanager
def _beside(folder: str) -> Iterator[None]:
    """Let what stands in a folder be imported, after all else; nothing is written there."""
    kept = sys.dont_write_bytecode
    sys.path.append(folder)
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = kept
        if folder in sys.path:
            del sys.path[len(sys.path) - 1 - sys.path[::-1].index(folder)]


def _unusable(name: str, error: BaseException) -> InputError:
    return InputError(f"cannot run '{shorten(name)}': {words_of(error)}")
