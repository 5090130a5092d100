"""Decoding in a child process, for libraries that damaged streams can crash.

A stream that this run made itself is decoded in place. One from a file may have been altered on
purpose, sums and all; then a crash must end the child, not kolmo.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator

from kolmo import registry
from kolmo.container import Packer
from kolmo.data import MEMORY_LIMIT, Buffer
from kolmo.errors import DecodeError, KolmoError

REFUSED = 3
LARGEST_LIMIT = 1 << 62
SECONDS, BYTES_PER_SECOND, LONGEST_SECONDS = 60, 100_000, 86_400


class Isolated:
    """A code whose decoder runs in a child process with limits on memory and time."""

    def __init__(self, code: Packer) -> None:
        self.code, self.name = code, code.name
        self.primes, self.given_bytes = code.primes, code.given_bytes

    def parameters(self) -> dict[str, int]:
        """Return the code's parameters."""
        return self.code.parameters()

    def compress(
        self, blocks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the code's payload."""
        return self.code.compress(blocks, length, given)

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return the code's need of memory for encoding."""
        return self.code.memory_bytes(length, given_bytes)

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return the code's need of memory."""
        return self.code.decoder_memory_bytes(length, given_bytes)

    def decompress(
        self,
        chunks: Iterable[Buffer],
        length: int,
        given: bytes = b"",
    ) -> Iterator[Buffer]:
        """Yield the data, all at once."""
        request = json.dumps([self.name, self.code.parameters(), length])
        command = [sys.executable, "-P", "-m", "kolmo.isolation", request]
        try:
            child = subprocess.run(
                command,
                input=b"".join(chunks),
                capture_output=True,
                timeout=min(SECONDS + length / BYTES_PER_SECOND, LONGEST_SECONDS),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DecodeError("the decoder did not end in time") from None
        if child.returncode == REFUSED:
            raise DecodeError(child.stderr.decode(errors="replace").strip())
        if child.returncode < 0:
            raise DecodeError(f"the decoder crashed (signal {-child.returncode})")
        if child.returncode != 0:
            raise KolmoError(f"the decoder's process failed (status {child.returncode})")
        yield child.stdout


def main(request: str) -> int:
    """Decode standard input to standard output; the child's half of `Isolated`."""
    name, parameters, length = json.loads(request)
    code = registry.make_code(name, parameters)
    limit_memory(code.decoder_memory_bytes(length) + MEMORY_LIMIT)
    try:
        count = 0
        for piece in code.decompress([sys.stdin.buffer.read()], length):
            sys.stdout.buffer.write(piece)
            count += len(piece)
            if count > length:  # the parent refuses it, too
                break
        sys.stdout.buffer.flush()
    except (KolmoError, MemoryError, OverflowError) as error:
        sys.stderr.write(str(error) or "out of memory")
        return REFUSED
    return 0


def limit_memory(wanted: int) -> None:
    """Let this process have so many bytes of address space at most, and leave no core file."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = min(wanted, LARGEST_LIMIT)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
