"""The objects that a file of torch.save may hold: storages, views of them, and what is ignored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kolmo.errors import shorten
from kolmo.weights.checkpoint import DTYPES, DType
from kolmo.weights.readers._checks import Complaint, is_count
from kolmo.weights.readers._pickle import SAVE, Global, Pairs

STORAGES = {
    "DoubleStorage": "F64",
    "FloatStorage": "F32",
    "HalfStorage": "F16",
    "BFloat16Storage": "BF16",
    "ComplexFloatStorage": "C64",
    "LongStorage": "I64",
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
}
TYPES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "complex64": "C64",
    "float8_e5m2": "F8_E5M2",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2fnuz": "F8_E5M2FNUZ",
    "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e8m0fnu": "F8_E8M0",
    **{f"int{bits}": f"I{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"U{bits}" for bits in (8, 16, 32, 64)},
    "bool": "BOOL",
}
UNTYPED = "torch.storage.UntypedStorage"
IGNORED = ("torch.device", "_codecs.encode", "__builtin__.complex", "builtins.complex")


@dataclass(frozen=True)
class Storage:
    """Numbers in a member of the zip file; ``dtype`` is None where each view has its own."""

    key: str
    dtype: DType | None
    elements: int


@dataclass(frozen=True)
class View:
    """A tensor: elements of a storage, from an offset and with strides, all in elements."""

    storage: Storage
    dtype: DType
    offset: Any
    shape: tuple[Any, ...]
    strides: tuple[Any, ...]


class Objects:
    """Hands out the globals of torch that hold data, and no others."""

    def __init__(self, complain: Complaint) -> None:
        self.complain = complain
        self._makers: dict[str, Callable[[tuple[Any, ...]], Any]] = {
            "collections.OrderedDict": self._dictionary,
            "torch._utils._rebuild_tensor": self._typed_view,
            "torch._utils._rebuild_tensor_v2": self._typed_view,
            "torch._utils._rebuild_tensor_v3": self._untyped_view,
            "torch._utils._rebuild_parameter": self._first,
            "torch._utils._rebuild_parameter_with_state": self._first,
            "torch.Size": self._first,
            "__builtin__.set": self._first,
            "builtins.set": self._first,
            **dict.fromkeys(IGNORED, _nothing),
        }

    def find_global(self, label: str) -> Global:
        """Return a global, or complain that it would run code."""
        module, _, name = label.rpartition(".")
        data = label == UNTYPED or (module == "torch" and (name in STORAGES or name in TYPES))
        if data or label in self._makers:
            return Global(label, self._makers.get(label))
        raise self.complain.unsupported(
            f"got the global {shorten(label)}, which may run code; need tensors alone. {SAVE}"
        )

    def find_persistent(self, identifier: Any) -> Storage:
        """Return the storage of ``("storage", type, key, device, elements)``."""
        match identifier:
            case ("storage", Global(label=label), str(key), _, int(elements)) if is_count(elements):
                name = label.removeprefix("torch.")
                if label == UNTYPED or name in STORAGES:
                    dtype = None if label == UNTYPED else DTYPES[STORAGES[name]]
                    return Storage(key, dtype, elements)
        raise self.complain("got a storage that is not described as torch does")

    def _dictionary(self, arguments: tuple[Any, ...]) -> Pairs:
        """Return the pairs of an OrderedDict; old versions gave them as a list of lists."""
        match arguments:
            case ():
                return Pairs()
            case (list(items),) if all(type(x) in (list, tuple) and len(x) == 2 for x in items):
                return Pairs((key, value) for key, value in items)
        raise self.complain("got an OrderedDict of something else than pairs")

    def _typed_view(self, arguments: tuple[Any, ...]) -> View:
        match arguments:
            case (
                Storage(dtype=DType() as dtype) as storage,
                offset,
                tuple(shape),
                tuple(strides),
                *rest,
            ):
                if len(rest) <= 3 and not _is_lazy(rest[2:]):
                    return View(storage, dtype, offset, shape, strides)
        raise self._odd_view()

    def _untyped_view(self, arguments: tuple[Any, ...]) -> View:
        match arguments:
            case (
                Storage(dtype=None) as storage,
                offset,
                tuple(shape),
                tuple(strides),
                _,
                _,
                Global(label=label),
                *rest,
            ) if label.removeprefix("torch.") in TYPES and not _is_lazy(rest):
                dtype = DTYPES[TYPES[label.removeprefix("torch.")]]
                return View(storage, dtype, offset, shape, strides)
        raise self._odd_view()

    def _first(self, arguments: tuple[Any, ...]) -> Any:
        if not arguments:
            raise self.complain("got a call without arguments")
        return arguments[0]

    def _odd_view(self) -> Exception:
        return self.complain.unsupported(
            "got a tensor that is not a plain view of a storage, or is conjugated or negated "
            "lazily. Save tensor.resolve_conj().resolve_neg().contiguous()"
        )


def _is_lazy(rest: list[Any]) -> bool:
    """Return whether the metadata of a tensor say that its values are still to be changed."""
    return any(bool(item) for item in rest)


def _nothing(arguments: tuple[Any, ...]) -> None:
    """Ignore a value that is no tensor."""
