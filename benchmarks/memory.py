"""
How much memory the processes of a daemon have.
"""

from __future__ import annotations

from pathlib import Path

from tests.daemons import Daemon, processesOf


def resident(process: int) -> float:
    """
    Say how many kilobytes of memory a process has that are its own.
    """
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss_Anon:"):
            return float(line.split()[1])
    raise ValueError(f"no Pss_Anon of process {process}")


def gatewayOf(daemon: Daemon) -> int:
    """
    Name the process of the gateway.
    """
    assert daemon.process is not None
    return daemon.process.pid


def supervisorOf(daemon: Daemon) -> int:
    """
    Name the process of the supervisor.
    """
    (supervisor,) = set(processesOf(str(daemon.state))) - {gatewayOf(daemon)}
    return supervisor


def together(daemon: Daemon) -> float:
    """
    Say how many kilobytes both processes have.
    """
    return sum(map(resident, {gatewayOf(daemon), *processesOf(str(daemon.state))}))
