"""
What README.rst says of the daemon.
"""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from jobworker.tap import Options
from tests.daemons import ROOT

README = (ROOT / "README.rst").read_text("utf-8")


class OptionsTests(SynchronousTestCase):
    """
    The table of options is complete.
    """

    def test_options(self) -> None:
        """
        Every option of the daemon stands there, and no other.
        """
        table = README.partition("The daemon\n------")[2].partition("The command line")[
            0
        ]
        written = set(re.findall(r"\* - ``--([a-z-]+)", table))
        options = Options()
        known = set(options.longOpt) - {"version", "help", "help-reactors"}
        self.assertEqual(written, {name.removesuffix("=") for name in known})
