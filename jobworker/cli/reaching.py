"""
The way to a server, step by step, and what is found there.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from attrs import define, evolve

from .. import __version__
from ..client.addresses import Address
from ..client.credentials import Credentials
from ..client.failures import Failure, Forbidden, UnknownJob, Unsupported
from ..client.probing import connect, greet, requireUsable, resolve
from .exits import Exit
from .findings import Finding, failed, note, ok, skipped, warning, wrong
from .lifetimes import lasting
from .papers import Papers
from .times import span

if TYPE_CHECKING:
    from ..client.client import Client
    from ..client.values import Guarantee, ServerInfo

#: Seconds that an answer may take.
_PATIENCE: Final = 10.0

#: Seconds by which clocks may differ, and by which servers let them differ
#: when they look at a token.
_TOLERANCE: Final = 5.0
_LEEWAY: Final = 30.0

#: The id of a job that nobody has.
_NOBODY: Final = "00000000-0000-4000-8000-000000000000"

_STEPS: Final = ("host", "connection", "tls", "server", "access")

_PROXIES: Final = ("grpc_proxy", "https_proxy", "http_proxy")


@define
class Way:
    """
    The way to the server.

    @ivar clock: Says how many seconds have passed since the epoch.
    """

    _papers: Papers
    _clock: Callable[[], float] = time.time

    def walk(self) -> Iterator[Finding]:
        """
        Go as far as it goes.
        """
        done, why = 0, ""
        steps = self._steps()
        while True:
            try:
                finding = next(steps, None)
            except Failure as failure:
                yield failed(_STEPS[done], failure)
                done, why = done + 1, f"not without {_STEPS[done]}"
                break
            if finding is None:
                break
            yield finding
            if finding.check in _STEPS:
                done = _STEPS.index(finding.check) + 1
        for step in _STEPS[done:]:
            yield skipped(step, why or "not without what is missing above")

    def _steps(self) -> Iterator[Finding]:
        """
        Take one step after the other.

        @raise Failure: Where it ends.
        """
        address, credentials = self._papers.address, self._papers.credentials
        if address is None:
            return
        numbers = resolve(address)
        yield ok("host", f"{address.host} is {', '.join(numbers)}")
        raw = connect(address)
        with raw:
            yield ok("connection", f"{_peerOf(raw, address)} accepts connections")
            if credentials is None:
                return
            yield self._shakeHands(raw, address, credentials)
        if self._papers.token is not None:
            yield from self._ask(address, credentials, self._papers.token)

    def _shakeHands(
        self, raw: socket.socket, address: Address, credentials: Credentials
    ) -> Finding:
        """
        Speak TLS.
        """
        requireUsable(credentials)
        greeting = greet(raw, address, credentials)
        said = f"{greeting.protocol}; the server's certificate is believed"
        found = lasting("tls", said, greeting.begin, greeting.end, self._clock())
        if found.remedy:
            return evolve(found, remedy="tell the server's operator")
        return found

    def _ask(
        self, address: Address, credentials: Credentials, token: str
    ) -> Iterator[Finding]:
        """
        Ask the server about itself and us.
        """
        from ..client.client import Client

        yield from _proxies(address, self._papers.heard.environment)
        with Client(address, credentials, token, _PATIENCE) as client:
            begin = self._clock()
            try:
                info = client.info()
            except Unsupported:
                yield ok(
                    "server",
                    "of the original kind: it tells nothing of itself, streams lines "
                    "only, and forgets jobs when it ends",
                )
                yield _access(client)
                return
            except Forbidden as failure:
                yield ok("server", "answers")
                yield failed("access", failure)
                return
            middle = (begin + self._clock()) / 2
        yield from _versions(info)
        yield ok("access", "the token is accepted")
        yield _times(info.time / 1e9 - middle)
        if info.guarantees:
            yield _guarantees(info.guarantees)


def _peerOf(raw: socket.socket, address: Address) -> Address:
    """
    Say with which of a host's numbers there is a connection.
    """
    try:
        number, port = raw.getpeername()[:2]
    except OSError:
        # It has ended already.
        return address
    return Address(number, port)


def _versions(info: ServerInfo) -> Iterator[Finding]:
    """
    Look at what the server is.
    """
    said = f"jobworker {info.version}, this is {__version__}"
    if info.supervisorProblem:
        yield wrong(
            "server",
            f"{said}; its supervisor cannot be asked: {info.supervisorProblem}",
            "tell the server's operator; its log says more",
            Exit.UNAVAILABLE,
        )
        return
    if info.supervisorVersion != info.version:
        yield warning(
            "server",
            f"{said}; its supervisor is still jobworker {info.supervisorVersion}",
            "have it restarted when its jobs have ended",
        )
        return
    yield ok("server", said)


def _guarantees(given: Sequence[Guarantee]) -> Finding:
    """
    Count what one can rely on.  What a host does not give is no fault of it.
    """
    missing = [each.name.replace("_", " ") for each in given if not each.holds]
    if not missing:
        return ok("guarantees", f"all {len(given)} hold")
    return note(
        "guarantees",
        f"{len(given) - len(missing)} of {len(given)} hold, but not: "
        f"{', '.join(missing)}; 'jobworker info' says why",
    )


def _times(ahead: float) -> Finding:
    """
    Compare our clock with the server's.

    @param ahead: Seconds that the server's is ahead of ours.
    """
    way = "ahead of" if ahead > 0 else "behind"
    said = f"the server's clock is {span(abs(ahead))} {way} this machine's"
    remedy = "set the clock that is wrong"
    if abs(ahead) >= _LEEWAY:
        return wrong("time", f"{said}; tokens may be refused for that", remedy)
    if abs(ahead) >= _TOLERANCE:
        return warning("time", said, remedy)
    return ok("time", "the clocks of the server and of this machine agree")


def _access(client: Client) -> Finding:
    """
    Find out whether a token is accepted, by asking for what nobody has.
    """
    try:
        client.query(_NOBODY)
    except UnknownJob:
        pass
    except Failure as failure:
        return failed("access", failure)
    return ok("access", "the token is accepted")


def _proxies(address: Address, environment: Mapping[str, str]) -> Iterator[Finding]:
    """
    Say so where gRPC takes another way than we did.
    """
    exempt = environment.get("no_grpc_proxy") or environment.get("no_proxy") or ""
    if address.isLocal() or any(
        each and address.host.endswith(each)
        for each in map(str.strip, exempt.split(","))
    ):
        return
    for name in _PROXIES:
        if environment.get(name):
            yield warning(
                "proxy",
                f"calls go through a proxy, as {name} is set; what is above did not",
                f"set no_proxy={address.host} if that is not wanted",
            )
            return
