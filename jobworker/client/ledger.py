"""
What was received of a log, so that it can be resumed and verified.

Nothing here performs I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from attrs import define, field

from ..api import worker_pb2 as wire
from ..jobs import Source
from .failures import OutputDamaged

_REMEDY: Final = "read the log again from its beginning"


@define
class _Account:
    """
    What was received of one source.

    @ivar first: Where we began.
    @ivar position: Where to go on: the offset behind the last byte received.
    """

    source: Source
    first: int
    position: int
    digest: blake2b = field(factory=blake2b)


@define
class Ledger:
    """
    What was received of some sources of one log.
    """

    _sources: Sequence[Source]
    _accounts: dict[int, _Account] = field(factory=dict, init=False)

    def offsets(self) -> wire.Offsets | None:
        """
        Write where to go on.

        @return: C{None} if nothing has begun yet.
        """
        if not self._accounts:
            return None
        return wire.Offsets(
            offsets=[
                wire.Offset(
                    source=source,  # type: ignore[arg-type]
                    offset=account.position,
                    digest_from=account.first,
                )
                for source, account in self._accounts.items()
            ]
        )

    def begin(self, begin: wire.Begin) -> None:
        """
        Take note of where a reading begins.

        @raise OutputDamaged: If that is not where we left off.
        """
        if self._accounts:
            self._compare(begin)
            return
        begins = {offset.source: offset for offset in begin.offsets}
        for source in self._sources:
            offset = begins.get(int(source))  # type: ignore[call-overload]
            if offset is None:
                raise OutputDamaged(
                    f"the server does not begin with {source.name.lower()}", _REMEDY
                )
            self._accounts[source] = _Account(
                source=source,
                first=offset.offset,
                position=offset.offset,
            )

    def take(self, chunk: wire.Chunk) -> tuple[Source, int, bytes]:
        """
        Take bytes, but for those that we had already.

        @return: The source, the offset of the first new byte, and all that are
            new.

        @raise OutputDamaged: If some before them are missing.
        """
        account = self._reach(chunk.source, chunk.offset)
        offset = account.position
        data = chunk.data[offset - chunk.offset :]
        account.digest.update(data)
        account.position += len(data)
        return account.source, offset, data

    def skip(self, gap: wire.Gap) -> tuple[Source, int, int]:
        """
        Take note that bytes are missing, but for those that we had already.

        @return: The source, the offset of the first missing byte, and how many
            there are.

        @raise OutputDamaged: If more are missing before them.
        """
        account = self._reach(gap.source, gap.offset)
        offset = account.position
        length = max(0, gap.offset + gap.length - offset)
        account.position += length
        return account.source, offset, length

    def verify(self, end: wire.End) -> None:
        """
        Compare everything that was received with what the server sent, as far
        as it can tell: of bytes that it has dropped since there is no digest.

        @raise OutputDamaged: If it is not the same.
        """
        totals = {total.source: total for total in end.totals}
        for number, account in self._accounts.items():
            total = totals.get(number)  # type: ignore[call-overload]
            name = account.source.name.lower()
            if total is None:
                raise OutputDamaged(f"the server does not say what {name} was", _REMEDY)
            if total.bytes != account.position:
                raise OutputDamaged(
                    f"{account.position} bytes of {name} arrived where the server has "
                    f"{total.bytes}",
                    _REMEDY,
                )
            if total.digest and (total.digest_from, total.digest) != (
                account.first,
                account.digest.digest(),
            ):
                raise OutputDamaged(
                    f"{name} is not what the job wrote: its digest is another", _REMEDY
                )

    def _compare(self, begin: wire.Begin) -> None:
        """
        Require that a reading goes on where we left off.
        """
        begins = {offset.source: offset.offset for offset in begin.offsets}
        for number, account in self._accounts.items():
            if begins.get(number) != account.position:  # type: ignore[call-overload]
                raise OutputDamaged(
                    f"the server goes on with {account.source.name.lower()} at another "
                    f"byte than {account.position}",
                    _REMEDY,
                )

    def _reach(self, source: int, offset: int) -> _Account:
        """
        Find an account that all bytes before an offset have come to.
        """
        account = self._accounts.get(source)
        if account is None:
            raise OutputDamaged("the server sends what it did not begin with", _REMEDY)
        if offset > account.position:
            raise OutputDamaged(
                f"{offset - account.position} bytes of {account.source.name.lower()} "
                f"did not arrive, from byte {account.position} on",
                _REMEDY,
            )
        return account
