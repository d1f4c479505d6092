"""
A terminal that something is shown on which changes.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import IO, Final, NoReturn

import click
from attrs import define

# Into the screen that programs have for themselves, without a cursor, and back.
_ENTER: Final = "\x1b[?1049h\x1b[?25l"
_LEAVE: Final = "\x1b[?25h\x1b[?1049l"

# To the first line; clear what is behind a line, and what is below the last.
_HOME: Final = "\x1b[H"
_CLEAR_LINE: Final = "\x1b[K"
_CLEAR_BELOW: Final = "\x1b[J"

# What ends the program: the terminal must be as before.
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)


def columnsOf(stream: IO[str]) -> int | None:
    """
    Say how wide lines may be; as wide as they are, C{None}, where it is no terminal.
    """
    return shutil.get_terminal_size().columns if stream.isatty() else None


@define(eq=False)
class Screen:
    """
    Shows lines, and those before them no more.

    @ivar _resized: Called when the terminal has got another size.  It must
        return at once, and may interrupt anything.
    """

    _stream: IO[str]
    _resized: Callable[[], object]

    def size(self) -> tuple[int, int]:
        """
        Get the size of the terminal: columns and lines.
        """
        try:
            found = os.get_terminal_size(self._stream.fileno())
        except OSError:
            found = shutil.get_terminal_size()
        # One that does not know its size says 0.
        return found.columns or 80, found.lines or 24

    def show(self, lines: Sequence[str]) -> None:
        """
        Show these lines, none of which is too wide, and no others.
        """
        # To clear behind a line that fills its row would take its last character.
        rows = [f"{_CLEAR_LINE}{line}\r\n" for line in lines[:-1]]
        self._write("".join([_HOME, *rows, _CLEAR_BELOW, *lines[-1:]]))

    @contextmanager
    def taken(self) -> Iterator[None]:
        """
        Have the terminal while the context lasts; then it is as it was.
        """
        before = {
            signal.SIGWINCH: signal.signal(signal.SIGWINCH, self._resize),
            signal.SIGTSTP: signal.signal(signal.SIGTSTP, self._suspend),
            **{number: signal.signal(number, _end) for number in _ENDING},
        }
        try:
            self._write(_ENTER)
            yield
        finally:
            self._write(_LEAVE)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

    def _resize(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._resized()

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        """
        Leave the terminal to the shell until that lets us go on.
        """
        os.write(self._stream.fileno(), _LEAVE.encode())
        ours = signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        # Here it goes on.
        signal.signal(number, ours)
        os.write(self._stream.fileno(), _ENTER.encode())
        self._resize(number, frame)


def canShow(stream: IO[str], environment: Mapping[str, str]) -> bool:
    """
    Say whether something that changes can be shown there.
    """
    return stream.isatty() and environment.get("TERM", "dumb") not in ("", "dumb")


def _end(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    raise click.exceptions.Exit(128 + number)
