"""
The client: everything that can be asked of a job worker, from Python.

Names are loaded when they are first used, as gRPC takes its time to load.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..conditions import Conditions
    from ..specification import Input, ResourceLimit, Specification
    from .addresses import Address
    from .aio.client import AsyncClient
    from .aio.job import AsyncJob
    from .client import Client
    from .credentials import Credentials, loadToken
    from .events import Event, Finished, Missing, Output, Waiting
    from .failures import Failure
    from .filters import Filter
    from .happenings import Changed, ChangeKind, Current, Happening, Present
    from .job import Job
    from .target import Target
    from .values import Guarantee, JobStatus, ServerInfo, State

__all__ = (
    "Address",
    "AsyncClient",
    "AsyncJob",
    "ChangeKind",
    "Changed",
    "Client",
    "Conditions",
    "Credentials",
    "Current",
    "Event",
    "Failure",
    "Filter",
    "Finished",
    "Guarantee",
    "Happening",
    "Input",
    "Job",
    "JobStatus",
    "Missing",
    "Output",
    "Present",
    "ResourceLimit",
    "ServerInfo",
    "Specification",
    "State",
    "Target",
    "Waiting",
    "loadToken",
)

_HOMES: Final = {
    "Address": "addresses",
    "AsyncClient": "aio.client",
    "AsyncJob": "aio.job",
    "ChangeKind": "happenings",
    "Changed": "happenings",
    "Client": "client",
    "Conditions": ".conditions",
    "Credentials": "credentials",
    "Current": "happenings",
    "Event": "events",
    "Failure": "failures",
    "Filter": "filters",
    "Finished": "events",
    "Guarantee": "values",
    "Happening": "happenings",
    "Input": ".specification",
    "Job": "job",
    "JobStatus": "values",
    "Missing": "events",
    "Output": "events",
    "Present": "happenings",
    "ResourceLimit": ".specification",
    "ServerInfo": "values",
    "Specification": ".specification",
    "State": "values",
    "Target": "target",
    "Waiting": "events",
    "loadToken": "credentials",
}


def __getattr__(name: str) -> object:
    """
    Load what stands behind a public name.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
