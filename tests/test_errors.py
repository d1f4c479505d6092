"""
What errors say.
"""

from __future__ import annotations

import pickle

from twisted.trial.unittest import SynchronousTestCase

from jobworker import errors
from jobworker.access.claims import BadToken
from jobworker.access.requests import BadTokenRequest
from jobworker.errors import JobWorkerError

FORGED = "x\nINFO: all is well"

#: One of each kind, made of text from outside where that is possible, with
#: what must be found in what it says.
EXAMPLES: list[tuple[JobWorkerError, str]] = [
    (errors.NoSuchJob(FORGED), repr(FORGED)),
    (errors.NotRunning("1-2-3"), "1-2-3"),
    (errors.LaunchFailed("no such program"), "no such program"),
    (errors.StillRunning("1-2-3"), "1-2-3"),
    (errors.StopIgnored("1-2-3", 1.0), "1 s after"),
    (errors.NoRoom("only 3 MB are left"), "3 MB"),
    (errors.RosterUnreachable("connection refused"), "connection refused"),
    (errors.TooOld("list jobs", "0.1"), "list jobs"),
    (errors.ShuttingDown(), "shutting down"),
    (errors.BadSpecification("nice", "the niceness is wrong"), "niceness"),
    (errors.PlaceLost("it is too old"), "it is too old; watch without it"),
    (errors.KeyTaken(FORGED), repr(FORGED)),
    (errors.StorageFailed("disk full"), "disk full"),
    (errors.TableDamaged("malformed"), "job table cannot be read: malformed"),
    (errors.Unrecorded(), "audit log"),
    (errors.IllegalTransition("Drained while ended"), "Drained"),
    (errors.SpoolDamaged("/var/x", "bad frame"), "/var/x"),
    (errors.BadConfiguration("no such file"), "no such file"),
    (errors.CannotCreate("it exists already"), "it exists already"),
    (BadToken("the token has expired"), "expired"),
    (BadTokenRequest("'sub' is missing"), "'sub'"),
]


class ErrorTests(SynchronousTestCase):
    """
    Errors are for people too.
    """

    def test_complete(self) -> None:
        """
        There is an example of every error.
        """
        kinds = {type(error) for error, _ in EXAMPLES}
        self.assertLessEqual(
            {
                value
                for value in vars(errors).values()
                if isinstance(value, type) and issubclass(value, JobWorkerError)
            },
            kinds | {JobWorkerError},
        )

    def test_said(self) -> None:
        """
        Every error says in one line what its data is.
        """
        for error, word in EXAMPLES:
            self.assertIn(word, str(error))
            self.assertNotIn("\n", str(error))

    def test_raised(self) -> None:
        """
        Every error can be raised, whatever caused it, and be sent elsewhere.
        """
        for error, _ in EXAMPLES:
            try:
                try:
                    raise KeyError
                except KeyError as cause:
                    raise error from cause
            except JobWorkerError as caught:
                copy = pickle.loads(pickle.dumps(caught))
                self.assertEqual((type(copy), str(copy)), (type(error), str(error)))
