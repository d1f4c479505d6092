"""
Methods for asyncio, made into methods that return Deferreds.

The parameters are those of the original, for people and for type checkers.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from attrs import field, frozen

from twisted.internet.defer import Deferred

from ..client.events import Event, Finished
from .aside import LoopAside

_Original = TypeVar("_Original")
_Original_co = TypeVar("_Original_co", covariant=True)
_Rest = ParamSpec("_Rest")
_Result = TypeVar("_Result")


@frozen
class Deferring(Generic[_Original_co]):
    """
    Something for asyncio, and the loop that it is used in.
    """

    _loop: LoopAside = field(repr=False)
    _original: _Original_co


def deferred(
    method: Callable[Concatenate[_Original, _Rest], Coroutine[Any, Any, _Result]],
) -> Callable[Concatenate[Deferring[_Original], _Rest], Deferred[_Result]]:
    """
    Make a method that has one result.
    """

    @wraps(method)
    def call(
        self: Deferring[_Original], /, *args: _Rest.args, **kwargs: _Rest.kwargs
    ) -> Deferred[_Result]:
        return self._loop.run(method(self._original, *args, **kwargs))

    return call


def collected(
    method: Callable[Concatenate[_Original, _Rest], AsyncGenerator[_Result, None]],
) -> Callable[Concatenate[Deferring[_Original], _Rest], Deferred[list[_Result]]]:
    """
    Make a method that has all results at once.
    """

    @wraps(method)
    def call(
        self: Deferring[_Original], /, *args: _Rest.args, **kwargs: _Rest.kwargs
    ) -> Deferred[list[_Result]]:
        async def collect() -> list[_Result]:
            return [each async for each in method(self._original, *args, **kwargs)]

        return self._loop.run(collect())

    return call


def heard(
    method: Callable[Concatenate[_Original, _Rest], AsyncGenerator[_Result, None]],
) -> Callable[
    Concatenate[Deferring[_Original], Callable[[_Result], object], _Rest],
    Deferred[_Result],
]:
    """
    Make a method that takes a listener first, and has the last event as its
    result.

    If the listener returns a Deferred or a coroutine, the next event is not
    fetched before that has come to its end; if it fails, so does the method.  Once
    the result is cancelled, nothing is heard any more.
    """

    @wraps(method)
    def call(
        self: Deferring[_Original],
        received: Callable[[_Result], object],
        /,
        *args: _Rest.args,
        **kwargs: _Rest.kwargs,
    ) -> Deferred[_Result]:
        return self._loop.hear(
            lambda: method(self._original, *args, **kwargs), received
        )

    return call


def read(
    method: Callable[Concatenate[_Original, _Rest], AsyncGenerator[Event, None]],
) -> Callable[
    Concatenate[Deferring[_Original], Callable[[Event], object], _Rest],
    Deferred[Finished],
]:
    """
    Make a method that takes a listener, as L{heard} does, of one whose last event
    is always L{Finished}.
    """
    hear = heard(method)

    @wraps(method)
    def call(
        self: Deferring[_Original],
        received: Callable[[Event], object],
        /,
        *args: _Rest.args,
        **kwargs: _Rest.kwargs,
    ) -> Deferred[Finished]:
        return hear(self, received, *args, **kwargs).addCallback(_finished)

    return call


def _finished(last: Event) -> Finished:
    """
    Have the last event of a log for what it is.
    """
    assert isinstance(last, Finished)
    return last
