"""The work of ``kolmo weights verify``: containers in, decoded and compared, records out."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from kolmo.data import Buffer, Input
from kolmo.errors import CertificationError, KolmoError, shorten
from kolmo.messages import decode_stream, describe
from kolmo.parallel import in_background
from kolmo.registry import weight_coders
from kolmo.weights.checkpoint import Checkpoint, Tensor
from kolmo.weights.message import Index, Streams, read_streams
from kolmo.weights.tensors import describe as describe_tensor
from kolmo.weights.tensors import floats, pieces, word_type

from ..artefacts import check_names
from ..errors import FAILED, say
from ..output import Output, print_paragraph, write
from .weights_models import open_file, open_model, open_packed


class Errors(NamedTuple):
    """How far received weights are from the original's, all tensors together."""

    largest: float = 0.0
    squares: float = 0.0
    weights: int = 0


def run(
    files: tuple[str, ...], against: str | None, given: str | None, *, jobs: int, memory_limit: int
) -> int:
    """Do the work on each file; return the exit code."""
    names = files or ("-",)
    check_names([*names, against, given])
    output = Output("weights verify", {"against": against, "given": given})
    side = None if given is None else open_file(given, memory_limit)
    original = None if against is None else open_model(against, memory_limit)
    failed = False
    for name in names:
        try:
            source = open_file(name, memory_limit)
            row = _check(source, original, side, jobs=jobs, memory_limit=memory_limit)
        except KolmoError as error:
            where = shorten(name)
            say(str(error) if where in str(error) else f"{where}: {error}")
            failed = True
            continue
        source.close()
        output.rows([row], lambda row=row: _render(row, against))  # type: ignore[misc]
    output.finish()
    return FAILED if failed else 0


def _check(
    source: Input, original: Checkpoint | None, side: Input | None, *, jobs: int, memory_limit: int
) -> dict[str, Any]:
    """Return the record of a container that decodes to what it says, and to the original."""
    opened = open_packed(source)
    received = in_background(decode_stream(opened, side, memory_limit=memory_limit, jobs=jobs))
    next(received, None)  # the header of the safetensors file, which the index told
    streams = Streams(opened.payload())
    index = streams.index()
    errors = _compare(index, _coders(streams, index), received, original)
    for _ in received:
        pass
    rmse = (errors.squares / errors.weights) ** 0.5 if errors.weights else None
    return {
        **describe(opened, kind="certified").to_dict(),
        "tensors": len(index.tensors),
        "weights": sum(tensor.elements for tensor in index.tensors),
        "step": index.step or None,
        "largest_error": errors.largest if errors.weights else None,
        "rmse": rmse,
    }


def _coders(streams: Streams, index: Index) -> Iterator[str]:
    return (stream.coder for stream in read_streams(streams, index))


def _compare(
    index: Index, coders: Iterator[str], received: Iterator[Buffer], original: Checkpoint | None
) -> Errors:
    """Return the errors of what was quantised; CertificationError for any other difference."""
    errors = Errors()
    known = {} if original is None else {tensor.name: tensor for tensor in original.tensors}
    if original is not None:
        _check_names(index, original, known)
    for tensor, coder, data in zip(index.tensors, coders, received, strict=False):
        if original is None:
            continue
        wanted = known[tensor.name].load()
        if weight_coders.get(coder).quantised:
            errors = _added(errors, tensor, wanted, data, original.file)
        elif wanted != data:
            raise _different(tensor, original, "has other bytes")
    return errors


def _check_names(index: Index, original: Checkpoint, known: dict[str, Tensor]) -> None:
    for tensor in index.tensors:
        other = known.get(tensor.name)
        if other is None:
            raise _different(tensor, original, "is missing")
        if (other.dtype, other.shape) != (tensor.dtype, tensor.shape):
            raise _different(tensor, original, f"is {describe_tensor(other)}")
    here = {tensor.name for tensor in index.tensors}
    for tensor in original.tensors:
        if tensor.name not in here:
            raise _different(tensor, original, "is more than the container has")


def _different(tensor: Tensor, original: Checkpoint, what: str) -> CertificationError:
    return CertificationError(
        f"not the same tensors: '{shorten(tensor.name)}' of '{shorten(original.file)}' {what}"
    )


def _added(errors: Errors, tensor: Tensor, wanted: bytes, data: Buffer, file: str) -> Errors:
    """Return the errors with those of one more tensor."""
    kind = word_type(tensor.dtype)
    for sent, got in zip(
        pieces(np.frombuffer(wanted, kind)), pieces(np.frombuffer(data, kind)), strict=True
    ):
        with np.errstate(over="ignore", invalid="ignore"):
            difference = floats(got, tensor.dtype).astype(np.float64)
            difference -= floats(sent, tensor.dtype)
            squares = float(np.dot(difference, difference))
        if not np.isfinite(squares):
            raise CertificationError(
                f"not the same tensors: '{shorten(tensor.name)}' of '{shorten(file)}' holds "
                "values beyond any error"
            )
        largest = max(errors.largest, float(np.abs(difference).max()))
        errors = Errors(largest, errors.squares + squares, errors.weights + sent.size)
    return errors


def _render(row: dict[str, Any], against: str | None) -> None:
    print_paragraph(
        f"{row['file']}: {row['tensors']:,} tensors, {row['weights']:,} weights in "
        f"{row['container_bits']:,} bits ({row['kind']})"
    )
    if against is not None and row["rmse"] is None:
        print_paragraph(f"every bit is that of {against}")
    elif against is not None:
        print_paragraph(
            f"quantised with step {row['step']:.4g}: from {against} weights differ by at most "
            f"{row['largest_error']:.4g}, RMSE {row['rmse']:.4g}; all else is the same"
        )
    elif row["step"] is not None:
        print_paragraph(f"quantised with step {row['step']:.4g}")
    print_paragraph(f"SHA-256 of the safetensors file begins with {row['data_digest']}")
    if row["given_digest"] is not None:
        print_paragraph(
            f"needs a base, the SHA-256 of whose file begins with {row['given_digest']}"
        )
    write("\n")
