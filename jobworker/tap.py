"""
C{twistd jobworker}: its options, and the gateway made of them.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Mapping, Sequence
from time import monotonic, time
from typing import Any, ClassVar

from attrs import field, frozen

from twisted.application.service import IService

from .access.peers import PeerBook
from .access.tokens import ISSUER, TokenVerifier
from .daemon.accounting import ACCOUNTING, FLAGS, Accounting, makeAccounting
from .daemon.accounting import CHECKS as ACCOUNTING_CHECKS
from .daemon.ending import endWithError
from .daemon.gateway import Gateway
from .daemon.keeping import CHECKS, KEEPING, keepingArguments
from .daemon.logfile import loggedAs
from .daemon.options import StrictOptions, number, oneOf
from .daemon.starting import SupervisorEndpoint
from .daemon.state import StateDirectory, defaultStateDirectory
from .daemon.users import userToBecome
from .door.limits import Limits, fittingLimits
from .door.service import Door
from .errors import BadConfiguration
from .link.remote import RemoteRoster
from .metering import Reading
from .rpc.accounts import Accounts
from .rpc.service import RPCService
from .rpc.settings import Settings
from .tls.contexts import ServerTLS, makeServerTLS
from .tls.credentials import loadServerCredentials
from .tls.files import readFile


class Options(StrictOptions):
    """
    What a gateway is told on its command line.
    """

    synopsis = "[options]"
    command = "jobworker"
    required: ClassVar[Sequence[str]] = ("cert", "key", "ca", "tokenkey")
    readers: ClassVar[Mapping[str, Callable[[str], Any]]] = {
        "port": number(0, 65535),
        "log-format": oneOf("text", "json"),
        "on-shutdown": oneOf("keep", "stop"),
        "supervisor": oneOf("auto", "never"),
        "max-connections": number(1, 1_000_000),
        "max-handshakes": number(1, 1_000_000),
        "max-followers": number(1, 1_000_000),
        **CHECKS,
        **ACCOUNTING_CHECKS,
    }

    optParameters: ClassVar[Sequence[Sequence[Any]]] = [
        ["port", None, "7777", "TCP port to listen on; 0 takes one that is free."],
        ["interface", None, "127.0.0.1", "Address to listen on."],
        ["cert", None, None, "The server's certificate, and what it was issued by."],
        ["key", None, None, "The key of that certificate."],
        ["tokenkey", None, None, "Public key or certificate that verifies tokens."],
        ["issuer", None, ISSUER, "Who must have issued a token."],
        ["state-dir", None, None, "Directory for logs and the table of jobs."],
        ["log-format", None, "text", "What the daemon logs: text, or lines of json."],
        ["on-shutdown", None, "keep", "What becomes of jobs: keep, or stop them."],
        [
            "supervisor",
            None,
            "auto",
            "Start a supervisor if there is none: auto, never.",
        ],
        ["gateway-user", None, None, "User to become once the port is taken."],
        *KEEPING,
        ["max-connections", None, "2000", "The most connections at a time."],
        ["max-handshakes", None, "200", "The most TLS handshakes at a time."],
        ["max-followers", None, "8192", "The most calls that read logs at a time."],
        *ACCOUNTING,
    ]

    optFlags: ClassVar[Sequence[Sequence[Any]]] = [*FLAGS]

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self["ca"] = []

    def opt_ca(self, path: str) -> None:
        """
        Authority that issues client certificates; may be given several times.
        """
        self["ca"].append(path)


def makeService(options: Options) -> IService:
    """
    Check everything that is configured, and make the gateway.

    @raise SystemExit: If something is wrong.
    """
    try:
        gateway = _makeGateway(options)
    except BadConfiguration as error:
        raise SystemExit(f"jobworker: {error}") from None
    from twisted.internet import reactor as installed

    reactor: Any = installed
    return loggedAs(reactor, options, gateway)


def supervisorArguments(options: Mapping[str, Any]) -> list[str]:
    """
    Write what a supervisor that this gateway starts is told.
    """
    user = options["gateway-user"]
    other = [] if user is None else [f"--gateway-user={user}"]
    # The gateway raises its own limit, which the supervisor inherits.
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    logged = f"--log-format={options['log-format']}"
    return [*keepingArguments(options), f"--open-files={files}", logged, *other]


@frozen
class _Plan:
    """
    What was configured and has been checked, of which the gateway makes its parts
    when it starts.
    """

    options: Options
    reactor: Any
    verifier: TokenVerifier
    tls: ServerTLS
    state: StateDirectory
    roster: RemoteRoster
    accounting: Accounting
    peers: PeerBook = field(factory=PeerBook)

    def makeRPC(self, socket: str) -> RPCService:
        """
        Make the gRPC server.

        @param socket: The path of what it listens on.
        """
        accounting = self.accounting
        return RPCService(
            self.reactor,
            self.roster,
            self.verifier,
            self.peers,
            self.state.logs,
            socket,
            Settings(followers=self.options["max-followers"]),
            Accounts(
                accounting.witness if accounting.watched else None, accounting.meter
            ),
        )

    def makeDoor(self, socket: str) -> Door:
        """
        Make the door, as wide as the open files of this process allow.

        @param socket: The path of what is behind it.
        """
        # The gateway has raised it by now.
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        options, reactor = self.options, self.reactor
        asked = Limits(options["max-connections"], options["max-handshakes"])
        limits = fittingLimits(asked, files)
        place = (options["interface"], options["port"])
        witness, meter = self.accounting.witness, self.accounting.meter
        door = Door(
            reactor, reactor, *place, self.tls, self.peers, socket, limits, witness
        )
        meter.read(Reading.CONNECTIONS, lambda: door.house.connections)
        meter.read(Reading.HANDSHAKES, lambda: door.house.handshakes)
        return door


def _makeGateway(options: Options) -> Gateway:
    """
    Check what is configured, and make the gateway.
    """
    from twisted.internet import reactor as installed

    reactor: Any = installed
    # Time limits are kept when the clock of the host is set.
    reactor.seconds = monotonic

    user = userToBecome(options["gateway-user"])
    key = readFile(options["tokenkey"], "token key")
    verifier = TokenVerifier(key, options["issuer"], time)
    tls = makeServerTLS(
        loadServerCredentials(options["cert"], options["key"], options["ca"], time())
    )
    state = StateDirectory(options["state-dir"] or defaultStateDirectory())
    starts = options["supervisor"] == "auto"
    if starts:
        state.prepare(user)
    endpoint = SupervisorEndpoint(reactor, state, supervisorArguments(options), starts)
    roster = RemoteRoster(reactor, endpoint)
    accounting = makeAccounting(options, reactor, roster, user)
    plan = _Plan(options, reactor, verifier, tls, state, roster, accounting)
    return Gateway(
        reactor,
        roster,
        plan.makeDoor,
        plan.makeRPC,
        user,
        lambda reason: endWithError(reactor, reason),
        options["on-shutdown"] == "stop",
        accounting.attendants,
    )
