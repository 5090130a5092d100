"""`python -m benchmarks [CASE...] [--quick] [--corpora DIR] [--list]`, from the checkout's root."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path


def parse(words: list[str]) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the installed kolmo beside named peers; Markdown on stdout.",
        epilog="Writes benchmarks/results/CASE.json, except with --quick. "
        "Exit 1 if a case failed, 2 if none of the cases asked for could run.",
        allow_abbrev=False,
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help="default: every case")
    parser.add_argument("--quick", action="store_true", help="smaller and fewer; writes nothing")
    parser.add_argument("--corpora", type=Path, metavar="DIR", help="folder of real files")
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    return parser.parse_args(words)


def leave_checkout() -> None:
    """Take the checkout off the module path, so that `import kolmo` finds the installed one."""
    root = Path(__file__).resolve().parent.parent
    sys.path[:] = [entry for entry in sys.path if Path(entry or os.curdir).resolve() != root]


def main(words: list[str]) -> int:
    """Run the cases and return the exit code."""
    options = parse(words)
    leave_checkout()
    if importlib.util.find_spec("kolmo") is None:
        print("kolmo is not installed in this environment: pip install .", file=sys.stderr)
        return 1
    from benchmarks import runner

    if options.list:
        print(runner.listing())
        return 0
    return runner.run_all(options.cases, quick=options.quick, corpora=options.corpora)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
