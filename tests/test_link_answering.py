"""
What comes of requests, over the wire.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import supervisor_pb2 as pb
from jobworker.changes import Changes, JournalPlace
from jobworker.description import Description, Tally
from jobworker.link.answering import answerOf, resultOf
from jobworker.queries import Page

from .contracts import exampleRecord

#: One of each kind of result.
RESULTS = (
    None,
    exampleRecord(),
    Page((exampleRecord(),), True),
    Changes(JournalPlace("0" * 32, 1)),
    Description("1.0"),
    Tally(started=3),
)


class AnswerTests(SynchronousTestCase):
    """
    The gateway gets what the supervisor gives.
    """

    def test_same(self) -> None:
        """
        Whatever kind of result it is, it arrives, with the number of the
        request.
        """
        for result in RESULTS:
            sent = answerOf(7, result).SerializeToString()
            answer = pb.Answer.FromString(sent)
            self.assertEqual((answer.number, resultOf(answer)), (7, result))

    def test_complete(self) -> None:
        """
        Each kind of answer but a failure comes of some result.
        """
        kinds = {answerOf(1, result).WhichOneof("what") for result in RESULTS}
        (oneof,) = pb.Answer.DESCRIPTOR.oneofs
        self.assertEqual(kinds | {"failure"}, {each.name for each in oneof.fields})
