"""
Who may do what.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.access.identity import Caller
from jobworker.access.policy import (
    DEEDS,
    REQUIRED,
    mayAttempt,
    mayChooseUser,
    mayKnow,
    permits,
)
from jobworker.api.worker_pb2 import DESCRIPTOR

#: For each method and role: whether it may be used on own jobs, and on those
#: of others.  This is the contract, written down a second time on purpose.
TABLE = {
    ("StartJob", "system.admin"): (True, True),
    ("StartJob", "system.user"): (True, False),
    ("StartJob", "system.observer"): (False, False),
    ("StopJob", "system.admin"): (True, True),
    ("StopJob", "system.user"): (True, False),
    ("StopJob", "system.observer"): (False, False),
    ("QueryJob", "system.admin"): (True, True),
    ("QueryJob", "system.user"): (True, True),
    ("QueryJob", "system.observer"): (True, True),
    ("StreamLog", "system.admin"): (True, True),
    ("StreamLog", "system.user"): (True, False),
    ("StreamLog", "system.observer"): (False, False),
    ("ReadLog", "system.admin"): (True, True),
    ("ReadLog", "system.user"): (True, False),
    ("ReadLog", "system.observer"): (False, False),
    ("DeleteJob", "system.admin"): (True, True),
    ("DeleteJob", "system.user"): (True, False),
    ("DeleteJob", "system.observer"): (False, False),
    ("SignalJob", "system.admin"): (True, True),
    ("SignalJob", "system.user"): (True, False),
    ("SignalJob", "system.observer"): (False, False),
    ("GetServerInfo", "system.admin"): (True, True),
    ("GetServerInfo", "system.user"): (True, True),
    ("GetServerInfo", "system.observer"): (True, True),
    ("ListJobs", "system.admin"): (True, True),
    ("ListJobs", "system.user"): (True, True),
    ("ListJobs", "system.observer"): (True, True),
    ("WatchJobs", "system.admin"): (True, True),
    ("WatchJobs", "system.user"): (True, True),
    ("WatchJobs", "system.observer"): (True, True),
    ("WaitJob", "system.admin"): (True, True),
    ("WaitJob", "system.user"): (True, True),
    ("WaitJob", "system.observer"): (True, True),
}

METHODS = [
    method.name for method in DESCRIPTOR.services_by_name["WorkerService"].methods
]

#: Known roles, and such as look nearly like them.
ROLES = st.sampled_from(
    [
        "system.admin",
        "system.user",
        "system.observer",
        "system.janitor",
        "System.Admin",
        "system.admin ",
        "admin",
        "system.*",
        "",
    ]
)


def caller(*roles: str, subject: str = "alice") -> Caller:
    """
    Make a caller with roles.
    """
    return Caller(subject, "", "", frozenset(roles), frozenset(), 0)


class PolicyTests(SynchronousTestCase):
    """
    The table of permissions.
    """

    def test_everyMethodHasARow(self) -> None:
        """
        For each method of the service somebody has decided who may use it,
        and nothing is decided for methods that do not exist.
        """
        self.assertEqual(set(REQUIRED), set(METHODS))
        self.assertEqual({method for method, _ in TABLE}, set(METHODS))
        self.assertEqual(set(DEEDS), set(METHODS))

    def test_table(self) -> None:
        """
        Each role may do what the contract says.
        """
        for (method, role), (own, other) in TABLE.items():
            who = caller(role)
            answers = (
                permits(who, method, "alice"),
                permits(who, method, "bob"),
                mayAttempt(who, method),
            )
            self.assertEqual(answers, (own, other, own or other), (method, role))

    def test_unknownRole(self) -> None:
        """
        A role that nobody knows grants nothing, and neither does having none.
        """
        for roles in ((), ("system.janitor",), ("SYSTEM.ADMIN", "root", "")):
            for method in METHODS:
                self.assertFalse(mayAttempt(caller(*roles), method))
                self.assertFalse(permits(caller(*roles), method, "alice"))

    def test_unknownMethod(self) -> None:
        """
        Nobody may use a method that does not stand in the table.
        """
        for method in ("", "stopjob", "FireJob", "/proto.WorkerService/StopJob"):
            self.assertFalse(mayAttempt(caller("system.admin"), method))
            self.assertFalse(permits(caller("system.admin"), method, "alice"))

    def test_rolesAddUp(self) -> None:
        """
        Of several roles, each grants what it grants alone.
        """
        both = caller("system.observer", "system.user", "system.janitor")
        self.assertTrue(permits(both, "QueryJob", "bob"))
        self.assertTrue(permits(both, "StopJob", "alice"))
        self.assertFalse(permits(both, "StopJob", "bob"))

    def test_mayChooseUser(self) -> None:
        """
        Nobody but an administrator chooses the user that a job runs as.
        """
        self.assertTrue(mayChooseUser(caller("system.admin")))
        self.assertTrue(mayChooseUser(caller("system.user", "system.admin")))
        for role in ("system.user", "system.observer", "system.janitor", "root"):
            self.assertFalse(mayChooseUser(caller(role)), role)
        self.assertFalse(mayChooseUser(caller()))

    def test_mayKnow(self) -> None:
        """
        Those who may query any job are told that a job does not exist.
        """
        for role in ("system.admin", "system.user", "system.observer"):
            self.assertTrue(mayKnow(caller(role)), role)
        self.assertFalse(mayKnow(caller("system.janitor")))
        self.assertFalse(mayKnow(caller()))

    @given(
        method=st.sampled_from([*METHODS, "DeleteJob"]),
        roles=st.frozensets(ROLES),
        more=st.frozensets(ROLES),
        owner=st.sampled_from(["alice", "bob"]),
    )
    def test_monotone(
        self, method: str, roles: frozenset[str], more: frozenset[str], owner: str
    ) -> None:
        """
        Nobody is permitted less for having one more role, and a set of roles
        permits what one of them permits.
        """
        fewer = permits(caller(*roles), method, owner)
        self.assertLessEqual(fewer, permits(caller(*roles, *more), method, owner))
        self.assertEqual(
            fewer, any(permits(caller(role), method, owner) for role in roles)
        )

    @given(method=st.sampled_from(METHODS), roles=st.frozensets(ROLES))
    def test_attemptsAreForSomeJob(self, method: str, roles: frozenset[str]) -> None:
        """
        A method may be attempted exactly if there can be a job, at least one
        of the caller's own, that it is permitted on.
        """
        who = caller(*roles)
        self.assertEqual(mayAttempt(who, method), permits(who, method, who.subject))
