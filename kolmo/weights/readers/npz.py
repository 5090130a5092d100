"""Npz: arrays of numpy in a zip file."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from kolmo.errors import shorten
from kolmo.weights.checkpoint import Checkpoint, Tensor
from kolmo.weights.readers import _magic
from kolmo.weights.readers._checks import Complaint, checked_name
from kolmo.weights.readers._npy import Layout, put_in_order, read_layout
from kolmo.weights.readers._zip import Archive, Member

if TYPE_CHECKING:
    from kolmo.data import Input

EXAMPLES: list[dict[str, int]] = [{}]

ENDING = ".npy"


class Npz:
    """Reads .npz files, as tensors with the names of the members without ``.npy``.

    Notes
    -----
    Names are never used as paths. A member that is no array is refused, not skipped: what is
    left out would not be counted.
    """

    name = "npz"
    requires: tuple[str, ...] = ()
    extra = ""

    @staticmethod
    def recognises(source: Input) -> bool:
        """Return whether the file is a zip file, and no other reader's."""
        return _magic.zip_kind(source) == "npz"

    @staticmethod
    def read(source: Input) -> Checkpoint:
        """Return the tensors in the order of the zip file's directory."""
        complain = Complaint("npz", source)
        archive = Archive(source, complain)
        tensors = tuple(_tensor(archive, member) for member in archive.members.values())
        return Checkpoint(source.name, Npz.name, tensors, {})


def _tensor(archive: Archive, member: Member) -> Tensor:
    if not member.name.endswith(ENDING):
        raise archive.complain.unsupported(
            f"got a member '{shorten(member.name)}'; need .npy arrays alone"
        )
    name = checked_name(member.name.removesuffix(ENDING), archive.complain)
    layout = read_layout(functools.partial(archive.read, member), name, archive.complain)
    if layout.start + layout.bytes != member.bytes:
        raise archive.complain(
            f"got {member.bytes - layout.start} bytes of '{shorten(name)}'; need {layout.bytes} "
            f"for shape {layout.shape}"
        )
    load = functools.partial(_load, archive, member, layout)
    return Tensor(name, layout.dtype, layout.shape, None, load)


def _load(archive: Archive, member: Member, layout: Layout) -> bytes:
    return put_in_order(archive.pieces(member, layout.start), layout)
