"""From exceptions to one line on stderr and an exit code; the only place that knows both."""

import errno
import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

import click

from .text import visible

FAILED, WRONG_USAGE, INCONCLUSIVE, BUG = 1, 2, 3, 70
BROKEN_PIPE = 141
RETRY_SECONDS = 0.01
OUT_OF_MEMORY = (  # what a thread, a library and a compiler say of it
    "can't start new thread",
    "failed to map segment",
    "Could not find/load shared object",
)


class Stopped(BaseException):
    """The process was asked to stop by a signal."""

    last: "Stopped | None" = None

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number
        Stopped.last = self


def run(group: click.Group, arguments: list[str]) -> int:
    """Run the command line; return the exit code, everything flushed."""
    _catch_signals()
    _prepare()
    if sys.stdout is None:
        say("cannot write standard output: it is closed")
        return FAILED
    try:
        code = _run(group, arguments)
    except Stopped as stop:
        return _say_stopped(stop)
    try:
        sys.stdout.flush()
    except OSError as error:
        return _output_failed(error)
    return code


def end(code: int) -> NoReturn:
    """End the process at once: worker threads may be deep in a compressor."""
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
    finally:
        os._exit(code)


def say(message: str, label: str = "error") -> None:
    """Print one line on stderr, control characters shown as escapes."""
    try:
        if sys.stderr is not None:
            sys.stderr.write(f"kolmo: {label}: {visible(message)}\n")
            sys.stderr.flush()
    except OSError:
        pass


def _catch_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup and the like
            signal.signal(number, _stop)
    sys.unraisablehook = _stop_again


def _stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once
    raise Stopped(number)


def _stop_again(unraisable: Any) -> None:
    """Ask once more if the signal came where Python lets no exception out, as in a destructor."""
    if not isinstance(unraisable.exc_value, Stopped):
        sys.__unraisablehook__(unraisable)
        return
    import threading

    number = unraisable.exc_value.exit_code - 128
    signal.signal(number, _stop)
    threading.Timer(RETRY_SECONDS, os.kill, (os.getpid(), number)).start()


def _prepare() -> None:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _run(group: click.Group, arguments: list[str]) -> int:
    from kolmo.errors import KolmoError, ParameterError

    try:
        code = group.main(arguments, prog_name="kolmo", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except Stopped:
        raise
    except BaseException as error:
        if Stopped.last is not None:  # a library made another error of it, as in an import
            raise Stopped.last from error
        if os.environ.get("KOLMO_DEBUG") == "1" and not isinstance(error, SystemExit):
            raise
        if isinstance(error, click.UsageError):
            return _say_usage(error)
        if isinstance(error, KolmoError) and not _is_out_of_memory(error):
            say(str(error))
            return WRONG_USAGE if isinstance(error, ParameterError) else FAILED
        return _say_unexpected(error)


def _say_unexpected(error: BaseException) -> int:
    if isinstance(error, SystemExit):  # click leaves so after completion, or when a pipe breaks
        return BROKEN_PIPE if error.code else 0
    if _is_out_of_memory(error):
        say("out of memory. Try --jobs 1, smaller inputs, or fewer estimators.")
        return FAILED
    if isinstance(error, OSError):
        return _output_failed(error)
    say(
        f"bug in kolmo: {type(error).__name__}: {error}. "
        "Set KOLMO_DEBUG=1 for a traceback, and report it."
    )
    return BUG


def _is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(sign in str(error) for sign in OUT_OF_MEMORY)


def _say_usage(error: click.UsageError) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return WRONG_USAGE
    where = error.ctx.command_path if error.ctx else "kolmo"
    message = _one_line(error.format_message()).rstrip(".") + _variable(error)
    end = "" if message.endswith("?") else "."
    say(f"{message}{end} See '{where} --help'.")
    return WRONG_USAGE


def _variable(error: click.UsageError) -> str:
    """Name the environment variable if the bad value came from there."""
    param: Any = getattr(error, "param", None)
    if error.ctx is None or param is None or param.name is None:
        return ""
    if error.ctx.get_parameter_source(param.name) != click.core.ParameterSource.ENVIRONMENT:
        return ""
    return f" (from the environment variable {error.ctx.auto_envvar_prefix}_{param.name.upper()})"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _output_failed(error: OSError) -> int:
    _silence(sys.stdout)
    if error.errno == errno.EPIPE:
        return BROKEN_PIPE
    say(f"cannot write standard output: {error.strerror or error}")
    return FAILED


def _silence(stream: Any) -> None:
    """Send the rest of a broken stream nowhere, so that no later flush complains."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
    except (OSError, ValueError, AttributeError):
        pass


def _say_stopped(stop: Stopped) -> int:
    say("interrupted" if stop.exit_code == 130 else "terminated")
    return stop.exit_code
