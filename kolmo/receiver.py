"""Decoding in a fresh process, which knows nothing of how the messages were made."""

import json
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from kolmo.data import MEMORY_LIMIT
from kolmo.errors import KolmoError
from kolmo.messages import decode


class Received(NamedTuple):
    """What came out of a container: the SHA-256 of its data in hexadecimal, or why nothing did."""

    digest: str | None
    error: str | None


def decode_afresh(
    containers: Sequence[bytes], given: bytes | None = None, *, memory_limit: int = MEMORY_LIMIT
) -> list[Received]:
    """Return what a new process decodes from each container, given the same side information.

    Raises
    ------
    KolmoError
        If that process ends without an answer.
    """
    lengths = [len(container) for container in containers]
    request = json.dumps([memory_limit, None if given is None else len(given), lengths])
    done = subprocess.run(
        [sys.executable, "-P", "-m", "kolmo.receiver", request],
        input=b"".join([given or b"", *containers]),
        capture_output=True,
        check=False,
    )
    try:
        return [Received(*item) for item in json.loads(done.stdout)]
    except ValueError:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise KolmoError(
            f"the decoding process ended with {done.returncode}: {' '.join(reason) or 'no word'}"
        ) from None


def main() -> None:
    """Decode the containers on standard input and print what came out as JSON."""
    memory_limit, given_length, lengths = json.loads(sys.argv[1])
    source = sys.stdin.buffer
    given = None if given_length is None else source.read(given_length)
    found = [_receive(source.read(length), given, memory_limit) for length in lengths]
    sys.stdout.write(json.dumps(found))


def _receive(container: bytes, given: bytes | None, memory_limit: int) -> Received:
    try:
        data = decode(container, given, memory_limit=memory_limit)
        return Received(sha256(data).hexdigest(), None)
    except KolmoError as error:
        return Received(None, str(error))


if __name__ == "__main__":
    main()
