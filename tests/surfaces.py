"""
The three clients behind one face, so that one contract holds for all.

What is asked is written once, as a function of a client; what that returns is
waited for as each client has it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from typing import Any

from attrs import frozen

from twisted.internet.base import ReactorBase
from twisted.internet.threads import blockingCallFromThread

from jobworker.client import Address, AsyncClient, Client, Credentials, Event
from jobworker.twistedclient import TwistedClient
from tests.loops import lastingLoop


@frozen
class Caller:
    """
    Who calls which server.
    """

    address: Address
    credentials: Credentials
    token: str


class Surface(ABC):
    """
    A client, called from a thread that waits.

    @ivar client: The client itself.
    """

    client: Any

    @abstractmethod
    def ask(self, what: Callable[[Any], Any]) -> Any:
        """
        Ask something, and wait for the answer.

        @param what: Asks it; is given the client.
        """

    @abstractmethod
    def listen(self, job: Any, received: Callable[[Event], object]) -> None:
        """
        Read a log to its end.
        """

    def close(self) -> None:
        """
        Let go of everything.
        """
        self.ask(lambda client: client.close())

    def __str__(self) -> str:
        return type(self).__name__


class Synchronous(Surface):
    """
    The client that waits itself.
    """

    def __init__(self, caller: Caller) -> None:
        """
        Make one.
        """
        self.client = Client(caller.address, caller.credentials, caller.token)

    def ask(self, what: Callable[[Any], Any]) -> Any:
        """
        Ask something.
        """
        answer = what(self.client)
        return list(answer) if isinstance(answer, Iterable) else answer

    def listen(self, job: Any, received: Callable[[Event], object]) -> None:
        """
        Read a log to its end.
        """
        for event in job.logs():
            received(event)


class Asynchronous(Surface):
    """
    The client for asyncio, in a loop that runs while somebody waits.
    """

    def __init__(self, caller: Caller) -> None:
        """
        Make one.
        """
        self.client = AsyncClient(caller.address, caller.credentials, caller.token)
        self._loop = lastingLoop()

    def ask(self, what: Callable[[Any], Any]) -> Any:
        """
        Ask something.
        """

        async def ask() -> Any:
            answer = what(self.client)
            if isinstance(answer, AsyncGenerator):
                return [each async for each in answer]
            return await answer

        return self._loop.run_until_complete(ask())

    def listen(self, job: Any, received: Callable[[Event], object]) -> None:
        """
        Read a log to its end.
        """

        async def listen() -> None:
            async with aclosing(job.logs()) as events:
                async for event in events:
                    received(event)

        self._loop.run_until_complete(listen())


class Deferring(Surface):
    """
    The client for Twisted, called from outside of the reactor thread.
    """

    def __init__(self, caller: Caller, reactor: ReactorBase) -> None:
        """
        Make one.
        """
        self.client = TwistedClient(
            reactor, AsyncClient(caller.address, caller.credentials, caller.token)
        )
        self._reactor = reactor

    def ask(self, what: Callable[[Any], Any]) -> Any:
        """
        Ask something.
        """
        return blockingCallFromThread(self._reactor, what, self.client)

    def listen(self, job: Any, received: Callable[[Event], object]) -> None:
        """
        Read a log to its end.
        """
        self.ask(lambda _: job.logs(received))
