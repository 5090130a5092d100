"""Zip files of torch.save: a pickle that describes views, and the storages that they view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kolmo.errors import shorten
from kolmo.weights.checkpoint import Checkpoint, Tensor
from kolmo.weights.readers import _magic
from kolmo.weights.readers._checks import LONGEST_NAME, Complaint
from kolmo.weights.readers._pickle import Machine, Pairs
from kolmo.weights.readers._torch_objects import Objects, View
from kolmo.weights.readers._views import view_tensor
from kolmo.weights.readers._zip import Archive

if TYPE_CHECKING:
    from kolmo.data import Input

EXAMPLES: list[dict[str, int]] = [{}]

PICKLE = "data.pkl"
LARGEST_PICKLE = 1 << 24  # bytes
DEEPEST = 100
WORK_PER_BYTE = 64  # of the pickle: visited objects, and characters of names
SPARE_WORK = 1 << 16
UNNAMED = "tensor"


class Torch:
    """Reads what torch.save makes: tensors in dictionaries, lists and tuples, however nested.

    Notes
    -----
    The pickle is run by a machine that can only build data; see `_pickle`. Names are the keys on
    the way to a tensor, with dots between them. Numbers, texts and other values are left out.
    A storage's checksum is compared where a tensor takes all of it; where torch wrote none, there
    is none to compare.
    """

    name = "torch"
    requires: tuple[str, ...] = ()
    extra = ""

    @staticmethod
    def recognises(source: Input) -> bool:
        """Return whether the file is a zip file with torch's pickle in it."""
        return _magic.zip_kind(source) == "torch"

    @staticmethod
    def read(source: Input) -> Checkpoint:
        """Return the tensors in the order of the pickle."""
        complain = Complaint("torch", source)
        archive = Archive(source, complain, zero_is_unknown=True)
        folder = _folder(archive)
        value, length = _unpickled(archive, f"{folder}{PICKLE}")
        views = _Views(length, complain)
        views.visit(value, "", 0)
        order = _text(archive, f"{folder}byteorder", "little")
        if order not in ("little", "big"):
            raise complain(f"got byte order '{shorten(order)}'; need little or big")
        tensors = tuple(
            _tensor(name, view, archive, folder, order == "big")
            for name, view in views.found.items()
        )
        return Checkpoint(source.name, Torch.name, tensors, {})


class _Views:
    """Collects the tensors of nested containers; those may share parts, or hold themselves."""

    def __init__(self, pickle_bytes: int, complain: Complaint) -> None:
        self.found: dict[str, View] = {}
        self._complain = complain
        self._work = WORK_PER_BYTE * pickle_bytes + SPARE_WORK

    def visit(self, value: Any, name: str, depth: int) -> None:
        if type(value) is View:
            if (called := name or UNNAMED) in self.found:
                raise self._complain(f"got two tensors called '{shorten(called)}'; need one")
            self.found[called] = value
        elif type(value) is Pairs:
            self._children([(_key(key), item) for key, item in value], name, depth)
        elif type(value) in (list, tuple):
            self._children([(str(index), item) for index, item in enumerate(value)], name, depth)

    def _children(self, items: list[tuple[str, Any]], name: str, depth: int) -> None:
        self._spend(len(items))
        if depth > DEEPEST:
            raise self._complain(f"got containers deeper than {DEEPEST}, or one inside itself")
        for key, item in items:
            if type(item) in (View, Pairs, list, tuple):
                self._spend(len(name) + len(key))
                self.visit(item, f"{name}.{key}" if name else key, depth + 1)

    def _spend(self, work: int) -> None:
        self._work -= work
        if self._work < 0:
            raise self._complain("got containers that share their parts too often; need a tree")


def _key(key: Any) -> str:
    known = type(key) in (str, int, float, bool)
    return str(key)[:LONGEST_NAME] if known else type(key).__name__


def _folder(archive: Archive) -> str:
    """Return what stands before the names of all members."""
    names = archive.members
    found = [name for name in names if name.rsplit("/", 1)[-1] == PICKLE]
    script = any(name.rsplit("/", 1)[-1] == "constants.pkl" for name in names)
    if script or any("/code/" in f"/{name}" for name in names):
        raise archive.complain.unsupported(
            "got a TorchScript module, which is code; need tensors alone. Convert it: "
            "torch.save(torch.jit.load(F).state_dict(), G)"
        )
    if len(found) != 1:
        raise archive.complain(f"got {len(found)} pickles; need one data.pkl")
    return found[0].removesuffix(PICKLE)


def _unpickled(archive: Archive, name: str) -> tuple[Any, int]:
    """Return the value in a pickle, and the pickle's length."""
    member = archive.members[name]
    if member.bytes > LARGEST_PICKLE:
        raise archive.complain(
            f"got a pickle of {member.bytes} bytes; need at most "
            f"{LARGEST_PICKLE}. Save the state_dict() alone."
        )
    objects = Objects(archive.complain)
    machine = Machine(
        b"".join(archive.pieces(member)),
        archive.complain,
        find_global=objects.find_global,
        find_persistent=objects.find_persistent,
    )
    return machine.run(), member.bytes


def _text(archive: Archive, name: str, default: str) -> str:
    if name not in archive.members:
        return default
    return archive.read(archive.members[name], 0, 16).decode("latin-1")


def _tensor(name: str, view: View, archive: Archive, folder: str, swapped: bool) -> Tensor:
    member = archive.members.get(f"{folder}data/{view.storage.key}")
    key = shorten(view.storage.key)
    if member is None:
        raise archive.complain(f"got no storage {key} of '{shorten(name)}'; need its member")
    if member.deflated:
        raise archive.complain.unsupported(
            f"got a compressed storage {key} of '{shorten(name)}'; need it plain, as torch.save "
            "makes it. Load and save it again."
        )
    return view_tensor(name, view, archive, member, swapped=swapped)
