"""How the process gives memory back."""

import contextlib
import sys

_MMAP_THRESHOLD = -3  # glibc's number of the setting
_LARGE_BYTES = 1 << 20


def return_large_blocks() -> None:
    """Have arrays of a megabyte or more returned to the system as soon as they are freed.

    glibc would keep them in the heaps of its threads; a command that makes and drops many arrays
    of the size of a column then holds a fifth more.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
