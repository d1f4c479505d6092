"""
Work that is done whether or not anybody waits for it.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

_Result = TypeVar("_Result")


def stand(work: Coroutine[Any, Any, _Result]) -> Deferred[_Result]:
    """
    Begin some work.

    @return: A L{Deferred} firing with what comes of it.  To cancel it is to
        wait no longer; the work goes on.
    """
    answer: Deferred[_Result] = Deferred()
    Deferred.fromCoroutine(work).addCallbacks(answer.callback, answer.errback)
    return answer
