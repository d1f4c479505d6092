"""
Who may pass: certificate, token and policy, in this order.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Final

from attrs import define, field

from twisted.logger import Logger

from ..access.claims import BadToken
from ..access.identity import Caller, Peer, vouches
from ..access.peers import PeerBook
from ..access.policy import (
    DEEDS,
    OPEN,
    mayAttempt,
    mayChooseUser,
    mayKnow,
    permits,
)
from ..access.tokens import TokenVerifier
from ..errors import ShuttingDown
from ..jobs import Command
from ..sparing import Sparing
from ..specification import Specification
from .accounts import Accounts
from .failures import Denied, TooMany

_BEARER: Final = "bearer "


@define(eq=False)
class Gate:
    """
    Finds out who calls, and lets in who may.

    It belongs to the loop, but for C{verifier}, which may be set anywhere.

    @ivar verifier: Says who a token stands for.
    @ivar accounts: Where account is kept of calls.
    @ivar _most: How many followers there may be.
    @ivar _mostOfOne: How many of one subject.
    """

    verifier: TokenVerifier
    _peers: PeerBook
    _most: int
    _mostOfOne: int
    accounts: Accounts = field(factory=Accounts)
    _closing: bool = field(default=False, init=False)
    _calls: int = field(default=0, init=False)
    _empty: asyncio.Event = field(factory=asyncio.Event, init=False)
    _followers: Counter[str] = field(factory=Counter, init=False)
    _following: int = field(default=0, init=False)
    _sparing: Sparing = field(factory=Sparing, init=False)
    _log: Logger = field(factory=Logger, init=False)

    @property
    def closing(self) -> bool:
        """
        Whether nobody is let in any more.
        """
        return self._closing

    @property
    def calls(self) -> int:
        """
        How many calls are inside.
        """
        return self._calls

    @property
    def following(self) -> int:
        """
        How many of them stay for a while.
        """
        return self._following

    def open(self) -> None:
        """
        Let in who may.
        """
        self._closing = False
        self._empty = asyncio.Event()

    def close(self) -> None:
        """
        Let nobody in any more.
        """
        self._closing = True
        if not self._calls:
            self._empty.set()

    async def whenEmpty(self, seconds: float) -> None:
        """
        Wait until nobody is inside, once the gate is closed.

        @param seconds: For how long.
        """
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._empty.wait(), seconds)

    @contextmanager
    def call(self) -> Iterator[None]:
        """
        Count a call while the context lasts.
        """
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1
            if self._closing and not self._calls:
                self._empty.set()

    def admit(
        self, method: str, peer: str, metadata: Iterable[tuple[str, str | bytes]]
    ) -> Caller:
        """
        Find out who calls, and whether they may use a method at all.

        @param peer: What gRPC calls the other end of the connection.

        @raise BadToken: If the token does not say who calls.

        @raise Denied: If they may not.

        @raise ShuttingDown: If nobody may.
        """
        if self._closing:
            raise ShuttingDown
        certified = self._identify(method, peer)
        try:
            caller = self.verifier.verify(_token(metadata))
            self.accounts.recognised(caller)
            if not vouches(certified, caller):
                reason = "token and certificate name different subjects"
                raise Denied(reason, "subject")
            if not mayAttempt(caller, method):
                deed = DEEDS.get(method, f"use {method}")
                reason = f"the roles of the token do not allow to {deed}"
                raise Denied(reason, "role")
        except (BadToken, Denied) as refusal:
            self._note(
                "refused {method} to {names} from {address}: {refusal}",
                method=method,
                names=sorted(certified.names),
                address=certified.address,
                refusal=str(refusal),
            )
            raise
        return caller

    def admitOpen(self, service: str, peer: str) -> Peer:
        """
        Find out who calls a service that a certificate is enough for.

        @raise Denied: If it is not, or there is none.

        @raise Unrecorded: If nobody would know of that.
        """
        if service not in OPEN:
            raise Denied(f"{service} is for nobody")
        certified = self._identify(service, peer)
        self.accounts.allow()
        return certified

    def _identify(self, what: str, peer: str) -> Peer:
        """
        Find the certificate of a connection.
        """
        certified = self._peers.find(peer)
        if certified is None:
            self._note(
                "refused {method}: peer {peer} is not known", method=what, peer=peer
            )
            raise Denied("the connection has no certificate", "certificate")
        self.accounts.identified(certified)
        return certified

    def require(
        self, caller: Caller, method: str, owner: str, command: Command | None = None
    ) -> None:
        """
        Go on only if a caller may use a method on a job.

        @param owner: Whose job it is.

        @param command: What it starts, if it does.

        @raise Denied: If not.

        @raise Unrecorded: If nobody would know of that.
        """
        if not permits(caller, method, owner):
            raise self.notYours(caller, method)
        if command is not None:
            self._requireUser(caller, command.specification)
        self.accounts.allow(command)

    def _requireUser(self, caller: Caller, wanted: Specification) -> None:
        """
        Go on only if a caller may choose the user of a job, or does not.
        """
        if (wanted.user or wanted.group) and not mayChooseUser(caller):
            self._note(
                "refused StartJob as user {user!r} to {subject!r}",
                user=wanted.user,
                subject=caller.subject,
            )
            reason = "the roles of the token do not allow to choose a user"
            raise Denied(reason, "role")

    def mayKnow(self, caller: Caller) -> bool:
        """
        Say whether a caller may be told that a job does not exist.
        """
        return mayKnow(caller)

    def notYours(self, caller: Caller, method: str) -> Denied:
        """
        Say that a job is somebody else's, whether or not it exists.
        """
        self._note(
            "refused {method} to {subject!r}: not the owner",
            method=method,
            subject=caller.subject,
        )
        return Denied(f"only its owner may {DEEDS[method]}", "owner")

    def _note(self, format: str, **data: object) -> None:
        """
        Log a refusal, unless there were very many just now.
        """
        omitted = self._sparing.take()
        if omitted is None:
            return
        if omitted:
            self._log.warn("refused {count} more calls", count=omitted)
        self._log.info(format, **data)

    def follower(self, caller: Caller) -> AbstractContextManager[None]:
        """
        Count a follower while the context lasts.

        @raise TooMany: If there are enough.
        """
        return self.watcher(caller.subject)

    @contextmanager
    def watcher(self, subject: str) -> Iterator[None]:
        """
        Count somebody who stays for a while, while the context lasts.

        @raise TooMany: If there are enough.
        """
        if self._following >= self._most:
            raise TooMany("the service has as many followers of jobs as it may")
        if self._followers[subject] >= self._mostOfOne:
            raise TooMany("you follow as many jobs as you may at one time")
        self._followers[subject] += 1
        self._following += 1
        try:
            yield
        finally:
            self._following -= 1
            self._followers[subject] -= 1
            if not self._followers[subject]:
                del self._followers[subject]


def _token(metadata: Iterable[tuple[str, str | bytes]]) -> str:
    """
    Find the token of a call.

    @raise BadToken: If there is none, or more than one.
    """
    tokens = set()
    for key, value in metadata:
        if not isinstance(value, str):
            continue
        if key == "token":
            tokens.add(value)
        elif key == "authorization" and value[: len(_BEARER)].lower() == _BEARER:
            tokens.add(value[len(_BEARER) :])
    if not tokens:
        raise BadToken("the call has no token")
    if len(tokens) > 1:
        raise BadToken("the call has more than one token")
    return tokens.pop()
