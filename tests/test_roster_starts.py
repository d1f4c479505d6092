"""
Starts that are in progress.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from jobworker.errors import ShuttingDown
from jobworker.roster.starts import Starts


class StartsTests(SynchronousTestCase):
    """
    Until they are closed, and after that.
    """

    def test_close(self) -> None:
        """
        Who closes waits for all starts that are in progress, be it that they
        fail, and there are no others.
        """
        starts = Starts()
        with starts.one():
            with self.assertRaises(ZeroDivisionError), starts.one():
                closed = starts.close()
                raise ZeroDivisionError
            self.assertNoResult(closed)
            with self.assertRaises(ShuttingDown), starts.one():
                pass
            again = starts.close()
        self.successResultOf(closed)
        self.successResultOf(again)

    def test_none(self) -> None:
        """
        Nobody waits when there is none.
        """
        starts = Starts()
        with starts.one():
            pass
        self.successResultOf(starts.close())
