"""
What commands do that are never run.
"""

from __future__ import annotations

from collections.abc import Mapping
from signal import SIGKILL, SIGTERM
from typing import Final

from attrs import field, frozen

from jobworker.jobs import Status
from tests.doings import COMMANDS, Doing


@frozen
class Script:
    """
    What a command does, as far as anybody can see it from outside.

    @ivar refusal: Why it cannot be started; C{None} if it can.
    @ivar status: How it ends by itself; C{None} if it does not.
    @ivar after: Seconds until it does.
    @ivar answers: The statuses it leaves with on signals; C{None} for one that
        it ignores.  One that is not named ends it as signals do.
    @ivar leaves: Seconds that something runs on which it leaves behind.
    @ivar writes: Seconds between two growths of its log; C{None} if it writes
        nothing.
    """

    refusal: str | None = None
    status: Status | None = None
    after: float = 0.0
    answers: Mapping[int, Status | None] = field(factory=dict)
    leaves: float = 0.0
    writes: float | None = None

    def answer(self, signal: int) -> Status | None:
        """
        Say how the command leaves on a signal; C{None} if it does not.
        """
        if signal == SIGKILL:
            return Status(signal=SIGKILL)
        return self.answers.get(signal, Status(signal=signal))


#: What the commands of the contract do.
SCRIPTS: Final = {
    COMMANDS[doing]: script
    for doing, script in {
        Doing.SUCCEEDS: Script(status=Status(code=0)),
        Doing.FAILS: Script(status=Status(code=3)),
        Doing.KILLS_ITSELF: Script(status=Status(signal=SIGKILL)),
        Doing.LEAVES_CHILD: Script(status=Status(code=3), leaves=2.0),
        Doing.SLEEPS: Script(status=Status(code=0), after=60.0),
        Doing.WRITES: Script(writes=0.1),
        Doing.IGNORES: Script(writes=0.1, answers={SIGTERM: None}),
        Doing.OBEYS: Script(writes=0.1, answers={SIGTERM: Status(code=5)}),
        Doing.CANNOT: Script(refusal="command not found"),
    }.items()
}
