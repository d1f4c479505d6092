"""
Names and numbers that the documentation promises are those of the program.
"""

from __future__ import annotations

import re
from itertools import count

from twisted.trial.unittest import SynchronousTestCase

from jobworker import bounds, changes, tap
from jobworker.access.tokens import MONTH
from jobworker.audit.ledger import MOST
from jobworker.cli import stdin
from jobworker.cli.steering import GRACE
from jobworker.client.channels import SILENCE
from jobworker.client.retrying import DELAYS
from jobworker.daemon.settings import SupervisorSettings
from jobworker.daemon.state import StateDirectory
from jobworker.description import Tally
from jobworker.door.causes import WORDS
from jobworker.door.limits import Limits
from jobworker.jobs import Cause
from jobworker.link import outbox
from jobworker.metering import Reading
from jobworker.metrics.jobs import JobFigures
from jobworker.metrics.meter import NAMESPACE, Meter
from jobworker.rpc.readlog import portionOf
from jobworker.rpc.settings import Settings
from jobworker.tls.authority import AUTHORITY_DAYS, LEAF_DAYS
from tests.daemons import ROOT


def read(page: str) -> str:
    """
    Read a page, as one line.
    """
    return " ".join((ROOT / "docs" / f"{page}.rst").read_text("utf-8").split())


class MetricsTests(SynchronousTestCase):
    """
    The page about metrics is complete.
    """

    page = read("metrics")

    def test_names(self) -> None:
        """
        Every metric of ours stands in a table, and no other does.
        """
        meter = Meter()
        for reading in Reading:
            meter.read(reading, float)
        meter.registry.register(JobFigures(Tally()))
        known = {
            f"{family.name}_total" if family.type == "counter" else family.name
            for family in meter.registry.collect()
            if family.name.startswith(NAMESPACE)
        }
        for name in re.findall(r"jobworker_[a-z_]+", self.page):
            self.assertIn(name.removesuffix("_bucket"), known)
        tables = re.findall(r"``(jobworker_\w+)(?:\{[a-z,]+\})?`` +[a-z1]", self.page)
        self.assertEqual(sorted(known), sorted(set(tables)))

    def test_causes(self) -> None:
        """
        Every cause of a refusal at the door and of the end of a job is named.
        """
        ends = {each.value.replace(" ", "_") for each in Cause}
        for word in sorted(WORDS | ends):
            self.assertIn(f"``{word}``", self.page)


class NumberTests(SynchronousTestCase):
    """
    What can be counted on is counted right.
    """

    def assertSaid(self, page: str, *phrases: str) -> None:
        """
        A page says this.
        """
        text = read(page)
        for phrase in phrases:
            self.assertIn(phrase, text)

    def test_security(self) -> None:
        """
        How long one may take at the door, have calls, and believe what is signed.
        """
        self.assertEqual((AUTHORITY_DAYS, Limits().handshakeSeconds), (5 * 365, 10))
        settings = Settings()
        self.assertEqual(2 * settings.readersPerCaller, settings.readers)
        self.assertSaid(
            "security",
            "in handshake, which has ten seconds",
            f"One caller can have {settings.followersPerCaller:,} of these, "
            "and half of the threads that wait for a slow disk",
            "Authorities are good for five years, "
            f"certificates for {LEAF_DAYS} days, tokens for {MONTH // 86_400} days",
        )

    def test_audit(self) -> None:
        """
        How much waits for a slow disk, and how much is kept.
        """
        defaults = tap.Options().defaults
        self.assertSaid(
            "audit",
            f"while {MOST:,} lines wait for a slow disk",
            f"Up to {MOST:,} lines wait in memory",
            f"more than ``--audit-size`` ({defaults['audit-size']})",
            f"``--audit-keep`` ({defaults['audit-keep']}) of them are kept",
        )

    def test_watching(self) -> None:
        """
        How many changes are kept, and how long nothing is heard.
        """
        self.assertSaid(
            "watching",
            f"The last {changes.KEPT:,} changes are kept",
            f"a heartbeat every {Settings().heartbeat:g} seconds",
        )

    def test_link(self) -> None:
        """
        How much waits for a gateway that does not read.
        """
        self.assertSaid("link", f"while more than {outbox.MOST:,} messages wait")

    def test_operations(self) -> None:
        """
        How long a supervisor stays.
        """
        linger = SupervisorSettings(StateDirectory("/")).linger
        self.assertSaid("operations", f"for ``--linger`` seconds ({linger:g})")

    def test_performance(self) -> None:
        """
        How much readers are sent at once.
        """
        kibi = 1024
        few, most = portionOf(1), portionOf(10**9)
        limit = next(n for n in count(1) if portionOf(n + 1) < few)
        self.assertSaid(
            "performance",
            f"A reader takes {few // kibi} KiB at a time",
            f"Among more than {limit} readers the pieces are smaller, "
            f"down to {most // kibi} KiB",
        )

    def test_commandLine(self) -> None:
        """
        When a lost connection is made again, when one counts as lost, and how
        long is waited for a job to end and for standard input to come.
        """
        *first, last = (f"{delay:g}" for delay in DELAYS)
        self.assertEqual((SILENCE, GRACE, stdin.PATIENCE), (60, 10, 10))
        self.assertSaid(
            "cli",
            f"made again, after {', '.join(first)} and {last} seconds",
            "not even a heartbeat arrives for a minute counts as lost",
            "asked to end and killed after ten seconds",
            "brings neither a byte nor its end within ten seconds",
        )

    def test_jobs(self) -> None:
        """
        How much a job may ask for.
        """
        day, kibi = 24 * 3600, 1024
        page = (ROOT / "docs/jobs.rst").read_text("utf-8")
        limits: dict[str, str] = {}
        name = ""
        for line in page.split("=======================\n")[2].splitlines()[:-1]:
            found = re.match(r"``(\w+)``", line)
            name = found[1] if found else name
            limits[name] = f"{limits.get(name, '')} {line[19:45].strip()}"
        expected = {
            "environment": f"{bounds.MAX_VARIABLES} variables, names of "
            f"{bounds.MAX_VARIABLE_NAME} and values of {bounds.MAX_VARIABLE // kibi} "
            f"KiB, {bounds.MAX_ENVIRONMENT // kibi} KiB in all",
            "unset": "counts for these",
            "directory": f"{bounds.MAX_DIRECTORY:,} bytes, absolute",
            "umask": "0 to 777 (octal)",
            "nice": f"0 to {bounds.MAX_NICE}",
            "limits": "each of those below once; ``nofile`` at least "
            f"{bounds.MIN_FILES}",
            "user": f"{bounds.MAX_ACCOUNT} characters; a user of its host, "
            "name or number",
            "group": "the same; only with a user",
            "timeout": f"more than 0, {bounds.MAX_TIME // day} days",
            "idle_timeout": f"more than 0, {bounds.MAX_TIME // day} days",
            "stop_signal": "1 to 64",
            "stop_grace": "0 to one day",
            "labels": f"{bounds.MAX_LABELS}; names and values of {bounds.MAX_LABEL} "
            "characters",
            "name": f"{bounds.MAX_NAME} letters, digits, _ . -",
            "key": f"{bounds.MAX_KEY} characters",
            "stdin": f"{bounds.MAX_INPUT // kibi} KiB",
        }
        self.assertEqual(bounds.MAX_GRACE, day)
        said = {name: " ".join(text.split()) for name, text in limits.items()}
        self.assertEqual(said, expected)
