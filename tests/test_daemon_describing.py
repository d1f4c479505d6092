"""
What a supervisor can be relied upon for.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from jobworker.daemon.describing import describe
from jobworker.daemon.settings import SupervisorSettings
from jobworker.daemon.state import StateDirectory
from jobworker.description import Description, Limit
from jobworker.logs.quota import Policy, Quota


def described(quota: Quota) -> Description:
    """
    Describe a supervisor whose logs have a limit.
    """
    return describe(SupervisorSettings(StateDirectory("/x"), quota=quota), 1024)


class DescribingTests(SynchronousTestCase):
    """
    A description says what is so, and why something is not.
    """

    def test_reasons(self) -> None:
        """
        There is a reason for everything that does not hold, and for nothing
        else.
        """
        for each in described(Quota()).guarantees:
            self.assertNotEqual(each.holds, bool(each.reason), each)

    def test_output(self) -> None:
        """
        Output is surely kept only where logs have no limit.
        """
        for policy in Policy:
            for limit in (0, 2**20):
                found = described(Quota(limit, policy))
                holds = {each.name: each.holds for each in found.guarantees}
                self.assertIs(holds["output_complete"], limit == 0)
                self.assertIn(Limit("log_bytes", limit), found.limits)
