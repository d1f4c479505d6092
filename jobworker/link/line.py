"""
A connection to the supervisor that is made again whenever it is lost.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from attrs import define, field

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IAddress, IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater
from twisted.logger import Logger

from ..errors import BadConfiguration, RosterUnreachable
from ..milestones import Milestone
from .calling import Call, ConnectionBroken

# Seconds until the first attempt to connect again, and at most.
_SOON: Final = 0.05
_LATE: Final = 2.0

# Seconds until the next when somebody has to do something before it can succeed.
_HOPELESS: Final = 10.0


@define(eq=False)
class _CallFactory(Factory):
    """
    Makes the protocol for one connection.
    """

    noisy = False

    _make: Callable[[], Call]

    def buildProtocol(self, addr: IAddress | None) -> Call:  # noqa: ARG002
        """
        Make it.
        """
        return self._make()


@define(eq=False)
class Line:
    """
    Calls the supervisor, again and again.

    @ivar _attend: Called when the supervisor has greeted; when what it returns
        is done, the line is ready.
    @ivar _turned: Called whenever the line has become ready, and after each
        connection that was lost, and each attempt that failed.
    @ivar call: The connection, while the line is ready.
    @ivar why: Why there is none.
    @ivar _last: The connection in whatever state.
    """

    log = Logger()

    _clock: IReactorTime
    _endpoint: IStreamClientEndpoint
    _make: Callable[[], Call]
    _attend: Callable[[Call], Awaitable[None]]
    _turned: Callable[[], None]
    call: Call | None = field(default=None, init=False)
    why: str = field(default="nobody has connected to it yet", init=False)
    _last: Call | None = field(default=None, init=False)
    _decided: Milestone[BadConfiguration | None] = field(factory=Milestone, init=False)
    _working: Deferred[None] | None = field(default=None, init=False)
    _closing: bool = field(default=False, init=False)
    _hopeless: bool = field(default=False, init=False)

    def open(self) -> None:
        """
        Begin.
        """
        if self._working is None:
            self._working = Deferred.fromCoroutine(self._work())

    def whenReady(self) -> Deferred[None]:
        """
        Wait for the line to be ready for the first time.

        @raise BadConfiguration: (asynchronously) If one side refused, or there
            is no supervisor and none could be started.  The line goes on
            trying all the same.
        """

        def tell(error: BadConfiguration | None) -> None:
            if error is not None:
                raise error

        return self._decided.wait().addCallback(tell)

    def close(self) -> Deferred[None]:
        """
        Disconnect for good.

        @return: A L{Deferred} firing when nothing of this is left.
        """
        self._closing = True
        self.why = "this process is ending"
        if self._working is not None:
            self._working.cancel()
        last, self._last, self.call = self._last, None, None
        if last is None or last.lost.reached:
            return succeed(None)
        last.close()
        return last.lost.wait().addCallback(lambda _: None)

    async def _work(self) -> None:
        """
        Connect until closed, with pauses that grow while it is in vain.
        """
        pause = _SOON
        with suppress(CancelledError):
            while True:
                if await self._try():
                    pause = _SOON
                # Who closes it may have been called.
                if self._closing:
                    return
                await deferLater(self._clock, _HOPELESS if self._hopeless else pause)
                pause = min(pause * 2, _LATE)

    async def _try(self) -> bool:
        """
        Connect once, and tell when that is over.

        @return: Whether the line was ready.
        """
        try:
            ready = await self._connect()
            if not self._closing:
                self._turned()
        except CancelledError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, it is tried again
            self.log.failure("while connecting to the supervisor")
            return False
        return ready

    async def _connect(self) -> bool:
        """
        Connect once, and stay until the connection is lost.

        @return: Whether the line was ready.
        """
        self._hopeless = False
        try:
            call = await self._endpoint.connect(_CallFactory(self._make))
        except CancelledError:
            raise
        except BadConfiguration as error:
            self._decide(error)
            return False
        except RosterUnreachable as error:
            self.why = error.reason
            return False
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            self.why = " ".join(str(error).split())
            return False
        assert isinstance(call, Call)
        self._last = call
        ready = await call.met.wait() and await self._meet(call)
        why = await call.lost.wait()
        self.call = None
        self.why = why or "the connection was lost"
        if why is not None:
            self._decide(BadConfiguration(f"the supervisor cannot be used: {why}"))
        elif ready and not self._closing:
            self.log.warn("no supervisor: {error}", error=self.why)
        return ready

    async def _meet(self, call: Call) -> bool:
        """
        Make the line ready.

        Nobody asks anything before that, or an answer might be newer than
        what is known of the jobs, which would then seem to go back in time.
        """
        self.why = "it is still telling what has happened"
        try:
            await self._attend(call)
            self.call = call
            self._turned()
        except CancelledError:
            raise
        except ConnectionBroken:
            return False
        except Exception:  # noqa: BLE001 - whatever it is, it is tried again
            self.log.failure("while taking up the connection to the supervisor")
            call.drop("it cannot be taken up")
            return False
        self.log.info("connected to the supervisor")
        self._decide(None)
        return True

    def _decide(self, error: BadConfiguration | None) -> None:
        """
        Tell those who wait for the line to be ready.
        """
        if error is not None:
            self.why = str(error)
            self._hopeless = True
        if not self._decided.reached:
            self._decided.reach(error)
        elif error is not None:
            self.log.warn("no supervisor: {error}", error=error)
