"""
Doing the same to several jobs, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..client.failures import Failure, Unreachable
from .choosing import resolved
from .exits import Exit, exitFor
from .printing import remark

if TYPE_CHECKING:
    from ..client.client import Client


def doing(client: Client, called: Sequence[str], act: Callable[[str], None]) -> Exit:
    """
    Do something to each job that is meant.  One where it fails keeps no other
    from it, as long as there is a server.

    @param act: Is given the id of a job.

    @return: What to exit with: the code of the first failure, if there is one.
    """
    whole = resolved(client, called)
    code = Exit.OK
    for identifier in whole:
        try:
            act(identifier)
        except Unreachable:
            raise
        except Failure as failure:
            if len(whole) == 1:
                raise
            said = str(failure)
            if identifier not in said:
                said = f"job {identifier}: {said}"
            remark(said)
            code = code or exitFor(failure)
    return code
