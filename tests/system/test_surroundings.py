"""
What a job finds itself in.
"""

from __future__ import annotations

import resource
from pathlib import Path

from tests.daemons import DaemonCase, processesOf


class OpenFilesTests(DaemonCase):
    """
    The daemon may have as many files open as it is allowed, its jobs as many
    as was set.
    """

    def test_limits(self) -> None:
        """
        Both processes raise their own limit, and jobs get the one from before.
        """
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (900, hard))
        daemon = self.startDaemon("--on-shutdown", "stop")
        job = daemon.run("sh", "-c", "ulimit -S -n; ulimit -H -n")
        said = daemon.call("stream", "--job", job).stdout.decode()
        self.assertEqual(said, f"900\n{hard}\n")
        processes = processesOf(str(daemon.state))
        self.assertEqual(len(processes), 2)
        for process in processes:
            limits = Path(f"/proc/{process}/limits").read_text()
            (line,) = [x for x in limits.splitlines() if x.startswith("Max open files")]
            self.assertEqual(line.split()[3:5], [str(hard), str(hard)])
