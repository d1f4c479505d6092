"""
What is asked of a supervisor, without sockets.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import supervisor_pb2 as pb
from jobworker.link.calling import Call, ConnectionBroken
from jobworker.link.greeting import Greeting
from jobworker.roster.audience import Indifferent


class CallTests(SynchronousTestCase):
    """
    Every question has an end.
    """

    def setUp(self) -> None:
        """
        Connect to nobody.
        """
        self.call = Call(Clock(), Greeting(), Indifferent())
        self.call.makeConnection(StringTransport())

    def test_lost(self) -> None:
        """
        When the connection is lost, whoever waits is told, in the order of the
        questions, and then whoever waits for that.
        """
        told: list[object] = []

        def tell(failure: Failure, number: int) -> None:
            told.append((number, failure.type))

        for number in range(3):
            asked = self.call.ask(pb.Request(describe=pb.Describe()))
            asked.addErrback(tell, number)
        self.call.lost.wait().addCallback(told.append)
        self.call.connectionLost()
        self.assertEqual(told, [*((n, ConnectionBroken) for n in range(3)), None])
        asked = self.call.ask(pb.Request(describe=pb.Describe()))
        self.failureResultOf(asked, ConnectionBroken)

    def test_givesUp(self) -> None:
        """
        Who gives up all questions when one is not answered disturbs nobody.
        """
        first, second, third = [
            self.call.ask(pb.Request(describe=pb.Describe())) for _ in range(3)
        ]

        def giveUp(failure: Failure) -> Failure:
            second.cancel()
            return failure

        first.addErrback(giveUp)
        lost = self.call.lost.wait()
        self.call.connectionLost()
        self.failureResultOf(first, ConnectionBroken)
        self.failureResultOf(second, CancelledError)
        self.failureResultOf(third, ConnectionBroken)
        self.assertIsNone(self.successResultOf(lost))
