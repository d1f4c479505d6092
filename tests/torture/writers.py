"""
Jobs whose output proves itself: every line has a number and a checksum over all
lines before it.
"""

from __future__ import annotations

import random
import sys
import zlib
from signal import SIGKILL, SIGTERM, SIGUSR1
from typing import Final

from attrs import define, field, frozen

#: What the jobs run.  Arguments: lines, microseconds between them, how it ends:
#: an exit code, or a signal below zero.
_PROGRAM: Final = """
import os, sys, time, zlib
lines, pause, ending = map(int, sys.argv[1:])
sums = {1: 0, 2: 0}
for number in range(lines):
    for stream in (1, 2):
        line = b"%d %08x %s\\n" % (number, sums[stream], b"x" * (number % 97))
        sums[stream] = zlib.crc32(line, sums[stream])
        while line:
            line = line[os.write(stream, line):]
    time.sleep(pause / 1e6)
if ending < 0:
    os.kill(os.getpid(), -ending)
os._exit(ending)
"""


@frozen
class Writer:
    """
    One such job.

    @ivar lines: How many lines it writes to each stream.
    @ivar pause: Microseconds between two lines.
    @ivar ending: Its exit code, or the signal that ends it as a number below zero.
    """

    lines: int
    pause: int
    ending: int

    @property
    def command(self) -> tuple[str, ...]:
        """
        Its command line.
        """
        figures = map(str, (self.lines, self.pause, self.ending))
        return (sys.executable, "-S", "-c", _PROGRAM, *figures)


def randomWriter(chance: random.Random) -> Writer:
    """
    Make one that runs for up to two seconds or so.
    """
    ending = chance.choice([0, 1, 3, 42, 255, -SIGKILL, -SIGTERM, -SIGUSR1])
    return Writer(chance.randrange(1, 1200), chance.choice([0, 200, 1500]), ending)


@frozen
class Broken(Exception):
    """
    Output that is not what was written.
    """

    what: str

    def __str__(self) -> str:
        return self.what


@define(eq=False)
class Proof:
    """
    Checks the output of one stream as it comes.

    @ivar name: Says which one it is.
    @ivar lines: How many lines there were, each once and in order.
    @ivar _sum: The checksum over them.
    @ivar _rest: What follows the last of them.
    """

    name: str
    _rest: bytearray = field(factory=bytearray, init=False)
    lines: int = field(default=0, init=False)
    _sum: int = field(default=0, init=False)

    @property
    def whole(self) -> bool:
        """
        Whether the last line came to its end.
        """
        return not self._rest

    def take(self, data: bytes) -> None:
        """
        Take what comes next.

        @raise Broken: If it is not what was written.
        """
        self._rest += data
        *lines, rest = self._rest.split(b"\n")
        for line in lines:
            expected = b"%d %08x %s" % (self.lines, self._sum, b"x" * (self.lines % 97))
            if line != expected:
                raise Broken(f"{self.name}: {line[:40]!r} where {expected!r} is due")
            self.lines += 1
            self._sum = zlib.crc32(line + b"\n", self._sum)
        self._rest = rest
