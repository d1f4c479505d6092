"""
The life of a job.
"""

from __future__ import annotations

from itertools import accumulate

from attrs import evolve
from hypothesis import given

from twisted.trial.unittest import SynchronousTestCase

from jobworker.errors import IllegalTransition
from jobworker.jobs import FORCED, POLITE, Cause, Ending, Phase, Record, Status, Stop
from jobworker.life import CommandExited, Drained, Event, Lost, StopRequested, advance
from tests.contracts import exampleRecord
from tests.lives import after
from tests.strategies import events, lives, newRecords, records

#: Which events can happen in which phase, and to which phase they lead: the
#: whole machine a second time, as a table.
NEXT = {
    (Phase.RUNNING, StopRequested): Phase.RUNNING,
    (Phase.RUNNING, CommandExited): Phase.DRAINING,
    (Phase.RUNNING, Lost): Phase.ENDED,
    (Phase.DRAINING, StopRequested): Phase.DRAINING,
    (Phase.DRAINING, Drained): Phase.ENDED,
    (Phase.DRAINING, Lost): Phase.ENDED,
}


class AdvanceTests(SynchronousTestCase):
    """
    What holds whatever happens.
    """

    @given(records, events)
    def test_table(self, record: Record, event: Event) -> None:
        """
        What can happen in a phase leads to the phase that the table says;
        everything else is refused.
        """
        phase = NEXT.get((record.phase, type(event)))
        if phase is None:
            self.assertRaises(IllegalTransition, advance, record, event)
        else:
            self.assertIs(advance(record, event).phase, phase)

    @given(lives(complete=True), events)
    def test_endedIsFinal(self, life: list[Event], event: Event) -> None:
        """
        Nothing can happen to a job that has ended.
        """
        ended = after(exampleRecord(), *life)
        self.assertIs(ended.phase, Phase.ENDED)
        refusal = self.assertRaises(IllegalTransition, advance, ended, event)
        self.assertIn("ended", str(refusal))

    @given(lives(complete=True))
    def test_oneEnding(self, life: list[Event]) -> None:
        """
        Every life comes to one ending, with the last event, and has none
        before.
        """
        *before, last = accumulate(life, advance, initial=exampleRecord())
        self.assertEqual({earlier.ending for earlier in before}, {None})
        self.assertIsInstance(last.ending, Ending)

    @given(lives())
    def test_phases(self, life: list[Event]) -> None:
        """
        A job never goes back to an earlier phase.
        """
        order = list(Phase)
        phases = [
            order.index(moment.phase)
            for moment in accumulate(life, advance, initial=exampleRecord())
        ]
        self.assertEqual(phases, sorted(phases))

    @given(newRecords, lives())
    def test_startIsKept(self, record: Record, life: list[Event]) -> None:
        """
        Who started what, when and as which process never changes.
        """
        now = after(record, *life)
        self.assertEqual(
            evolve(
                now,
                phase=Phase.RUNNING,
                stop=None,
                status=None,
                usage=None,
                ending=None,
                written=None,
            ),
            record,
        )

    @given(lives())
    def test_firstStop(self, life: list[Event]) -> None:
        """
        The first request to stop a job whose command runs is remembered, and
        no other.
        """
        requests = []
        for event in life:
            if not isinstance(event, StopRequested):
                break
            requests.append(event.stop)
        self.assertEqual(
            after(exampleRecord(), *life).stop, requests[0] if requests else None
        )

    @given(lives())
    def test_statusIsKept(self, life: list[Event]) -> None:
        """
        The status that the command left with is that of the job for ever, and
        of its ending.
        """
        statuses = [event.status for event in life if isinstance(event, CommandExited)]
        status = statuses[0] if statuses else None
        now = after(exampleRecord(), *life)
        self.assertEqual(now.status, status)
        if now.ending is not None:
            self.assertEqual(now.ending.status, status)

    @given(lives(complete=True))
    def test_cause(self, life: list[Event]) -> None:
        """
        A job was lost if the service died; else its end has the cause of the
        first request for it, if there was one while its command ran; else it
        was ended by a signal, or by itself.
        """
        ended = after(exampleRecord(), *life)
        assert ended.ending is not None
        if isinstance(life[-1], Lost):
            expected = Cause.LOST
        elif isinstance(life[0], StopRequested):
            expected = life[0].stop.cause
        else:
            assert isinstance(life[0], CommandExited)
            signaled = life[0].status.signal is not None
            expected = Cause.SIGNALED if signaled else Cause.EXITED
        self.assertIs(ended.ending.cause, expected)


class ExampleTests(SynchronousTestCase):
    """
    Lives as they are lived.
    """

    def test_exited(self) -> None:
        """
        A job that ended by itself has the code of its command, and the time at
        which its log was complete.
        """
        life: list[Event] = [CommandExited(Status(code=3)), Drained(17)]
        self.assertEqual(
            after(exampleRecord(), *life),
            exampleRecord(
                phase=Phase.ENDED,
                status=Status(code=3),
                ending=Ending(Cause.EXITED, Status(code=3), 17),
            ),
        )

    def test_stopped(self) -> None:
        """
        A job that leaves politely when it is asked to was stopped, and has the
        code that it left with.
        """
        stop = Stop("bob", POLITE, 11)
        life: list[Event] = [
            StopRequested(stop),
            CommandExited(Status(code=0)),
            Drained(17),
        ]
        self.assertEqual(
            after(exampleRecord(), *life),
            exampleRecord(
                phase=Phase.ENDED,
                stop=stop,
                status=Status(code=0),
                ending=Ending(Cause.STOPPED, Status(code=0), 17),
            ),
        )

    def test_stopTooLate(self) -> None:
        """
        A job that was asked to stop after its command had exited was not
        stopped.
        """
        life: list[Event] = [
            CommandExited(Status(signal=11)),
            StopRequested(Stop("bob", FORCED, 11)),
            Drained(17),
        ]
        ended = after(exampleRecord(), *life)
        self.assertIsNone(ended.stop)
        self.assertEqual(ended.ending, Ending(Cause.SIGNALED, Status(signal=11), 17))

    def test_lost(self) -> None:
        """
        A job that was running when the service died was lost, whoever had
        asked it to stop, and nobody knows its status.
        """
        life: list[Event] = [
            StopRequested(Stop("bob", FORCED, 11)),
            Lost(17, "power cut"),
        ]
        ended = after(exampleRecord(), *life)
        self.assertEqual(ended.ending, Ending(Cause.LOST, None, 17, "power cut"))
