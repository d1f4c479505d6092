"""
What is in force for jobs.
"""

from __future__ import annotations

from attrs import evolve
from hypothesis import given

from twisted.trial.unittest import SynchronousTestCase

from jobworker.conditions import Conditions, inForce
from jobworker.specification import NOTHING, ResourceLimit, Specification
from tests.strategies import conditions, specifications

#: What jobs find that ask for nothing.
USUAL = Conditions(
    directory="/",
    umask=0o022,
    nice=0,
    limits=(ResourceLimit("core", 0, -1), ResourceLimit("nofile", 1024, 4096)),
    userNumber=0,
    user="root",
    groupNumber=0,
    group="root",
    variables=("HOME", "PATH"),
    logLimit=2**30,
    logPolicy="drop-oldest",
)


class InForceTests(SynchronousTestCase):
    """
    A job finds what it asked for, and else what is usual.
    """

    @given(conditions)
    def test_nothing(self, usual: Conditions) -> None:
        """
        Who asks for nothing finds what is usual.
        """
        self.assertIs(inForce(usual, NOTHING), usual)

    @given(conditions, specifications)
    def test_asked(self, usual: Conditions, wanted: Specification) -> None:
        """
        What is asked for is in force, and every limit once.
        """
        found = inForce(usual, wanted)
        limits = {each.resource: each for each in found.limits}
        self.assertEqual(len(limits), len(found.limits))
        for limit in wanted.limits:
            self.assertEqual(limits[limit.resource], limit)
        for name, value in wanted.environment:
            self.assertEqual(name in found.variables, value is not None)
        for field in ("directory", "stopSignal"):
            if getattr(wanted, field):
                self.assertEqual(getattr(found, field), getattr(wanted, field))
        for field in ("umask", "nice", "stopGrace"):
            if getattr(wanted, field) is not None:
                self.assertEqual(getattr(found, field), getattr(wanted, field))

    def test_rest(self) -> None:
        """
        What was not asked for is as usual; values of variables are not kept.
        """
        wanted = Specification(
            environment={"A": "secret", "HOME": None},
            umask=0,
            nice=5,
            limits=[ResourceLimit("nofile", 16, 16)],
            stopGrace=0.0,
        )
        self.assertEqual(
            inForce(USUAL, wanted),
            evolve(
                USUAL,
                umask=0,
                nice=5,
                limits=(USUAL.limits[0], ResourceLimit("nofile", 16, 16)),
                variables=("A", "PATH"),
                stopGrace=0.0,
            ),
        )
        self.assertNotIn("secret", repr(inForce(USUAL, wanted)))
