"""Makes the golden streams anew: ``python tests/golden/make_streams.py``.

Only by hand, and only where the format or a stream was changed on purpose. A test never runs it:
what it made once must decode for as long as the format's number stands.
"""

import sys
from pathlib import Path

import kolmo

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from test_container import GOLDEN, GOLDEN_GIVEN, GOLDEN_TEXT  # noqa: E402


def main() -> None:
    """Write one container for each code."""
    folder = HERE / "streams"
    folder.mkdir(exist_ok=True)
    for name, label in GOLDEN.items():
        side = GOLDEN_GIVEN if "given" in name else None
        message = kolmo.encode(GOLDEN_TEXT, label, given=side)
        assert kolmo.decode(message, given=side) == GOLDEN_TEXT
        (folder / f"{name}.klm").write_bytes(message)


if __name__ == "__main__":
    main()
