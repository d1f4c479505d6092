"""
Which status a caller gets for what went wrong.
"""

from __future__ import annotations

import inspect

from google.rpc.error_details_pb2 import BadRequest as BadRequestDetails
from google.rpc.status_pb2 import Status
from grpc import StatusCode as Code

from twisted.internet.testing import EventLoggingObserver
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from jobworker import errors
from jobworker.access.claims import BadToken
from jobworker.errors import (
    BadConfiguration,
    BadSpecification,
    CannotCreate,
    IllegalTransition,
    JobWorkerError,
    KeyTaken,
    LaunchFailed,
    NoRoom,
    NoSuchJob,
    NotRunning,
    PlaceLost,
    RosterUnreachable,
    ShuttingDown,
    SpoolDamaged,
    StillRunning,
    StopIgnored,
    StorageFailed,
    TableDamaged,
    TooOld,
    Unrecorded,
)
from jobworker.rpc.bridge import NotAnswered
from jobworker.rpc.failures import (
    Denied,
    Outcome,
    TooLong,
    TooMany,
    detailsOf,
    outcomeOf,
)
from jobworker.rpc.parsing import BadRequest

#: What is told of each failure: the code, and the field that is to blame.
TOLD: dict[JobWorkerError, tuple[Code, str]] = {
    BadRequest("grace", "too long"): (Code.INVALID_ARGUMENT, "grace"),
    BadToken("expired"): (Code.PERMISSION_DENIED, ""),
    Denied("not yours"): (Code.PERMISSION_DENIED, ""),
    BadSpecification("nice", "wrong"): (Code.INVALID_ARGUMENT, "nice"),
    KeyTaken("k"): (Code.ALREADY_EXISTS, "key"),
    LaunchFailed("not found"): (Code.INVALID_ARGUMENT, "command"),
    NoSuchJob("x"): (Code.NOT_FOUND, "job"),
    NotRunning("x"): (Code.ALREADY_EXISTS, "job"),
    StillRunning("x"): (Code.FAILED_PRECONDITION, "job"),
    StopIgnored("x", 1.0): (Code.DEADLINE_EXCEEDED, "force"),
    NotAnswered(30.0): (Code.DEADLINE_EXCEEDED, ""),
    StorageFailed("disk full"): (Code.RESOURCE_EXHAUSTED, ""),
    TableDamaged("malformed"): (Code.DATA_LOSS, ""),
    NoRoom("no memory"): (Code.RESOURCE_EXHAUSTED, ""),
    TooMany("followers"): (Code.RESOURCE_EXHAUSTED, ""),
    TooOld("list jobs", "0.1"): (Code.UNIMPLEMENTED, ""),
    TooLong(): (Code.OUT_OF_RANGE, ""),
    Unrecorded(): (Code.UNAVAILABLE, ""),
    PlaceLost("too old"): (Code.OUT_OF_RANGE, "resume_token"),
    ShuttingDown(): (Code.UNAVAILABLE, ""),
    RosterUnreachable("gone"): (Code.UNAVAILABLE, ""),
}

#: Failures of ours that are no business of callers.
UNTOLD = (
    BadConfiguration("secret"),
    CannotCreate("secret"),
    IllegalTransition("secret"),
)


class OutcomeTests(SynchronousTestCase):
    """
    There is a status for everything.
    """

    def test_damaged(self) -> None:
        """
        What is wrong with a log is told, and where it is only to the operator.
        """
        observer = EventLoggingObserver.createWithCleanup(self, globalLogPublisher)  # type: ignore[arg-type]
        outcome = outcomeOf(SpoolDamaged("/secret/index", "cut off"), "ReadLog")
        self.assertIs(outcome.code, Code.DATA_LOSS)
        self.assertEqual(
            outcome.message, "the log of this job is damaged: index: cut off"
        )
        (event,) = observer
        self.assertIn("/secret/index", event["error"])

    def test_told(self) -> None:
        """
        What is a caller's business is told in its own words.
        """
        for error, (code, field) in TOLD.items():
            outcome = outcomeOf(error, "StopJob")
            self.assertEqual(outcome, Outcome(code, str(error), field))

    def test_complete(self) -> None:
        """
        For every failure it is decided whether it is told.
        """
        decided = {type(error) for error in (*TOLD, *UNTOLD)} | {SpoolDamaged}
        ours = {
            each
            for _, each in inspect.getmembers(errors, inspect.isclass)
            if issubclass(each, JobWorkerError) and each is not JobWorkerError
        }
        self.assertLessEqual(ours, decided)

    def test_untold(self) -> None:
        """
        Of what is no business of callers they learn nothing, and the log has
        it.
        """
        for error in (*UNTOLD, KeyError("secret"), OSError("secret")):
            try:
                raise error
            except (JobWorkerError, KeyError, OSError) as raised:
                outcome = outcomeOf(raised, "StopJob")
            self.assertIs(outcome.code, Code.INTERNAL)
            self.assertNotIn("secret", outcome.message)
            self.assertEqual(len(self.flushLoggedErrors(type(error))), 1)

    def test_odd(self) -> None:
        """
        Whatever is in a message, the wire can carry it.
        """
        outcome = outcomeOf(LaunchFailed("\udc80" + "\U0001f600" * 10_000), "StartJob")
        self.assertLessEqual(len(outcome.message.encode()), 1000)
        self.assertTrue(outcome.message.startswith("?\U0001f600"))
        details = detailsOf(outcome)
        assert details is not None
        self.assertLess(len(details), 2200)


class DetailsTests(SynchronousTestCase):
    """
    The field that is to blame is named as C{google.rpc.BadRequest}.
    """

    def test_details(self) -> None:
        """
        The details are a status with the same code and message.
        """
        details = detailsOf(Outcome(Code.NOT_FOUND, "no such job", "job"))
        assert details is not None
        status = Status.FromString(details)
        self.assertEqual((status.code, status.message), (5, "no such job"))
        blame = BadRequestDetails()
        self.assertTrue(status.details[0].Unpack(blame))
        self.assertEqual(
            [(each.field, each.description) for each in blame.field_violations],
            [("job", "no such job")],
        )

    def test_none(self) -> None:
        """
        Where nothing is to blame there are no details.
        """
        self.assertIsNone(detailsOf(Outcome(Code.INTERNAL, "oh")))
