"""
Options of twistd's commands that are refused in one line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from twisted.python import usage

from .descriptors import occupyStandardDescriptors


class StrictOptions(usage.Options):
    """
    Options whose values are read, and which end the process with one line and
    status 1 if something is wrong with them; twistd itself prints all its help
    then, and leaves with status 0.

    @cvar command: How users call this.
    @cvar required: Options that must be given.
    @cvar readers: How the value of an option is read from its text; raises
        L{ValueError} with words that go behind the option's name.
    """

    command: ClassVar[str] = ""
    required: ClassVar[Sequence[str]] = ()
    readers: ClassVar[Mapping[str, Callable[[str], Any]]] = {}

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """
        Parse a command line; nothing of ours is called earlier.

        @raise SystemExit: If something is wrong with it.
        """
        occupyStandardDescriptors()
        try:
            super().parseOptions(options)  # type: ignore[no-untyped-call]
        except usage.UsageError as error:
            raise SystemExit(
                f"{self.command}: {error} (see twistd {self.command} --help)"
            ) from None

    def parseArgs(self, *arguments: str) -> None:
        """
        Refuse what is no option.
        """
        if arguments:
            raise usage.UsageError(f"{arguments[0]!r} is not an option")

    def postOptions(self) -> None:
        """
        Read the values.
        """
        for name in self.required:
            if not self[name]:
                raise usage.UsageError(f"--{name} is missing")
        for name, read in self.readers.items():
            if isinstance(self[name], str):
                try:
                    self[name] = read(self[name])
                except ValueError as error:
                    raise usage.UsageError(f"--{name}: {error}") from None


def oneOf(*words: str) -> Callable[[str], str]:
    """
    Make a reader of options that take one of some words.
    """

    def choose(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r} is not one of: {', '.join(words)}")
        return text

    return choose


def number(least: int, most: int) -> Callable[[str], int]:
    """
    Make a reader of options that take a whole number.
    """

    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or not least <= int(text) <= most:
            raise ValueError(f"{text!r} is not a number from {least} to {most}")
        return int(text)

    return read
