"""
Options for those who keep account of what a gateway does, and what is made of
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from attrs import frozen

from ..access.decisions import Decision, IWitness, Nobody
from ..door.listening import openSocket
from ..interfaces import IRoster
from ..metering import IMeter, Unmetered
from .attending import IAttendant
from .options import number

# Seconds after which somebody who reads metrics and does not go on is gone.
_STALL: Final = 60

#: The options.
ACCOUNTING: Final[Sequence[Sequence[Any]]] = (
    ("metrics-port", None, None, "TCP port to show metrics at; 0 for a free one."),
    ("metrics-interface", None, "127.0.0.1", "Address to show metrics at."),
)

#: How they are read.
CHECKS: Final[Mapping[str, Callable[[str], Any]]] = {"metrics-port": number(0, 65535)}


@frozen(eq=False)
class Accounting:
    """
    All who keep account.

    @ivar witness: Is told of decisions.
    @ivar watched: Whether anybody wants to know of them.
    """

    meter: IMeter
    witness: IWitness
    watched: bool
    attendants: Sequence[IAttendant]


@frozen(eq=False)
class _Witnesses:
    """
    Several, one after the other.
    """

    _all: Sequence[IWitness]

    def decided(self, decision: Decision) -> None:
        """
        Tell everybody, unless one refuses.
        """
        for witness in self._all:
            witness.decided(decision)

    def started(self, call: int, job: str) -> None:
        """
        Tell everybody.
        """
        for witness in self._all:
            witness.started(call, job)


def makeAccounting(
    options: Mapping[str, Any], reactor: Any, roster: IRoster
) -> Accounting:
    """
    Make those that are asked for.
    """
    meter: IMeter = Unmetered()
    witnesses: list[IWitness] = []
    attendants: list[IAttendant] = []
    if options["metrics-port"] is not None:
        # It takes as long to load as much of the rest.
        from ..metrics.meter import Meter
        from ..metrics.page import MetricsPage

        place = (options["metrics-interface"], options["metrics-port"])
        meter = measuring = Meter()
        witnesses.append(measuring)
        attendants.append(
            MetricsPage(reactor, roster, measuring, partial(openSocket, *place, _STALL))
        )
    if not witnesses:
        return Accounting(meter, Nobody(), False, attendants)
    witness = witnesses[0] if len(witnesses) == 1 else _Witnesses(witnesses)
    return Accounting(meter, witness, True, attendants)
