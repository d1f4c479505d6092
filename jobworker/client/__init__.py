"""
The client: everything that can be asked of a job worker, from Python.

Names are loaded when they are first used, as gRPC takes its time to load.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..conditions import Conditions
    from ..jobs import Source
    from ..specification import Input, ResourceLimit, Specification
    from .addresses import Address
    from .aio.client import AsyncClient
    from .aio.job import AsyncJob
    from .client import Client
    from .credentials import Credentials, loadToken
    from .events import Event, Finished, Missing, Output, Waiting
    from .failures import (
        BadContext,
        BadCredentials,
        ClientClosed,
        Exhausted,
        Failure,
        Forbidden,
        Incomplete,
        OutputDamaged,
        ServerFailed,
        StopIgnored,
        TimedOut,
        Unacceptable,
        UnknownJob,
        Unreachable,
        Unreadable,
        Unsupported,
        WrongState,
    )
    from .filters import Filter
    from .happenings import Changed, ChangeKind, Current, Happening, Present
    from .job import Job
    from .target import Target
    from .values import Guarantee, JobStatus, ServerInfo, State

__all__ = (
    "Address",
    "AsyncClient",
    "AsyncJob",
    "BadContext",
    "BadCredentials",
    "ChangeKind",
    "Changed",
    "Client",
    "ClientClosed",
    "Conditions",
    "Credentials",
    "Current",
    "Event",
    "Exhausted",
    "Failure",
    "Filter",
    "Finished",
    "Forbidden",
    "Guarantee",
    "Happening",
    "Incomplete",
    "Input",
    "Job",
    "JobStatus",
    "Missing",
    "Output",
    "OutputDamaged",
    "Present",
    "ResourceLimit",
    "ServerFailed",
    "ServerInfo",
    "Source",
    "Specification",
    "State",
    "StopIgnored",
    "Target",
    "TimedOut",
    "Unacceptable",
    "UnknownJob",
    "Unreachable",
    "Unreadable",
    "Unsupported",
    "Waiting",
    "WrongState",
    "loadToken",
)

#: Which names a module is the home of.
_HOMES: Final = {
    name: home
    for home, names in {
        ".conditions": "Conditions",
        ".jobs": "Source",
        ".specification": "Input ResourceLimit Specification",
        "addresses": "Address",
        "aio.client": "AsyncClient",
        "aio.job": "AsyncJob",
        "client": "Client",
        "credentials": "Credentials loadToken",
        "events": "Event Finished Missing Output Waiting",
        "failures": "BadContext BadCredentials ClientClosed Exhausted Failure "
        "Forbidden Incomplete OutputDamaged ServerFailed StopIgnored "
        "TimedOut Unacceptable UnknownJob Unreachable Unreadable "
        "Unsupported WrongState",
        "filters": "Filter",
        "happenings": "Changed ChangeKind Current Happening Present",
        "job": "Job",
        "target": "Target",
        "values": "Guarantee JobStatus ServerInfo State",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> object:
    """
    Load what stands behind a public name.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
