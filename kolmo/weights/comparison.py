"""How near two checkpoints are: what each costs alone, and given the other."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from kolmo.progress import SILENT, Progress
from kolmo.weights.checkpoint import Checkpoint
from kolmo.weights.method import Method
from kolmo.weights.packing import pack

FORMULA = "max(L(A|B), L(B|A)) / max(L(A), L(B))"


@dataclass(frozen=True)
class CheckpointDistance:
    """Lengths of containers without loss, in bits, and a distance made of them.

    Attributes
    ----------
    kind : str
        Of the four lengths: ``certified``, as every stream was decoded, or ``bound``.
    distance : float
        An estimate: `FORMULA`. Near 0 for a model and itself, about 1 for strangers.
    """

    a: str
    b: str
    kind: str
    a_bits: int
    b_bits: int
    a_given_b_bits: int
    b_given_a_bits: int
    distance: float

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return asdict(self)


def compare(
    a: Checkpoint,
    b: Checkpoint,
    method: Method | None = None,
    *,
    certify: bool = True,
    jobs: int = 1,
    progress: Progress = SILENT,
) -> CheckpointDistance:
    """Return the lengths of two checkpoints, alone and given each other.

    Parameters
    ----------
    method : Method, optional
        By which all four are coded; without loss by ``mix`` if not given.

    Raises
    ------
    CheckpointError
        If they have no tensor in common, or one of the same name and another type or shape.

    References
    ----------
    M. Li, X. Chen, X. Li, B. Ma, P. Vitanyi (2004). The similarity metric. IEEE Trans. Information
    Theory 50:3250: the normalised information distance, of which this is the form for a code.
    """

    def bits(model: Checkpoint, base: Checkpoint | None) -> int:
        made = pack(model, method, base, certify=certify, jobs=jobs, progress=progress)
        return made.container_bits

    both = (bits(a, b), bits(b, a))
    alone = (bits(a, None), bits(b, None))
    kind = "certified" if certify else "bound"
    return CheckpointDistance(a.file, b.file, kind, *alone, *both, distance=max(both) / max(alone))
