"""
Options for those who keep account of what a gateway does, and what is made of
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from os.path import abspath
from typing import Any, Final

from attrs import frozen

from ..access.decisions import Decision, IWitness, Nobody
from ..audit.files import AuditFile
from ..audit.ledger import Ledger
from ..door.listening import openSocket
from ..interfaces.roster import IRoster
from ..metering import IMeter, Reading, Unmetered
from .attending import IAttendant
from .options import number, oneOf
from .quantities import parseSize
from .state import GatewayUser

# Seconds after which somebody who reads metrics and does not go on is gone.
_STALL: Final = 60

#: The options.
ACCOUNTING: Final[Sequence[Sequence[Any]]] = (
    ("metrics-port", None, None, "TCP port to show metrics at; 0 for a free one."),
    ("metrics-interface", None, "127.0.0.1", "Address to show metrics at."),
    ("audit-log", None, None, "File to record who was allowed what, and who not."),
    ("audit-size", None, "100M", "Size at which a new one is begun; 0: never."),
    ("audit-keep", None, "10", "How many older ones are kept."),
    (
        *("audit-failure", None, "refuse"),
        "What is done to calls that cannot be recorded: refuse them, or continue.",
    ),
)

#: Options without a value.
FLAGS: Final[Sequence[Sequence[Any]]] = (
    (
        *("audit-redact-arguments", None),
        "Record how many arguments a command has, and not which.",
    ),
)

#: How they are read.
CHECKS: Final[Mapping[str, Callable[[str], Any]]] = {
    "metrics-port": number(0, 65535),
    "audit-size": parseSize,
    "audit-keep": number(1, 100_000),
    "audit-failure": oneOf("refuse", "continue"),
}


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
    options: Mapping[str, Any],
    reactor: Any,
    roster: IRoster,
    user: GatewayUser | None,
) -> Accounting:
    """
    Make those that are asked for.

    @param user: Who will keep account.
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
    if options["audit-log"] is not None:
        ledger = _makeLedger(options, reactor, user)
        # It comes first, because it may refuse.
        witnesses.insert(0, ledger)
        attendants.append(ledger)
        meter.read(Reading.AUDIT_LINES, lambda: ledger.lines)
        meter.read(Reading.AUDIT_LOST, lambda: ledger.lost)
        meter.read(Reading.AUDIT_FAILING, lambda: ledger.failing)
    if not witnesses:
        return Accounting(meter, Nobody(), False, attendants)
    witness = witnesses[0] if len(witnesses) == 1 else _Witnesses(witnesses)
    return Accounting(meter, witness, True, attendants)


def _makeLedger(
    options: Mapping[str, Any], reactor: Any, user: GatewayUser | None
) -> Ledger:
    """
    Make what writes the audit log.
    """
    file = AuditFile(
        abspath(options["audit-log"]), options["audit-size"], options["audit-keep"]
    )
    return Ledger(
        reactor,
        file,
        None if user is None else (user.uid, user.gid),
        options["audit-failure"] == "refuse",
        bool(options["audit-redact-arguments"]),
    )
