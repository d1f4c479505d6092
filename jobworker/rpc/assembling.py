"""
What a gRPC server is made of.  Nothing here knows of threads but that there are some
for reading.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from concurrent.futures import ThreadPoolExecutor

import grpc

from ..interfaces.roster import IRoster
from ..logs.reading import Library
from .board import Board, Poster
from .bridge import Bridge
from .desks import ReadingRoom
from .gate import Gate
from .handlers import Answering, Streaming
from .health import NAME as HEALTH
from .health import Health
from .informing import limitsOf
from .places import Places
from .readlog import ChunkStreamer
from .reflection import NAMES as REFLECTION
from .reflection import Reflection
from .server import Server
from .servicer import Servicer
from .settings import Settings
from .standard import makeOpenHandler
from .streamlog import LineStreamer
from .turns import Shares
from .watchjobs import ChangeStreamer


def makeServer(
    loop: AbstractEventLoop,
    bridge: Bridge,
    roster: IRoster,
    gate: Gate,
    settings: Settings,
    logs: str,
    socket: str,
) -> tuple[Server, Poster]:
    """
    Make a server, and what is to listen to the roster for it.

    @param loop: The loop that the server is to run in.

    @param logs: The directory of all logs.

    @param socket: The path of the socket to listen on.
    """
    board = Board(loop, bridge, roster, settings.patience, settings.remembered)
    servicer = Servicer(
        gate, board, bridge, roster, settings.patience, limitsOf(settings)
    )
    threads = ThreadPoolExecutor(settings.readers, "reader")
    shares = Shares(loop, settings.readersPerCaller)
    room = ReadingRoom(loop, Library(logs), threads, shares)
    places = Places(servicer.find, room, board)
    changes = ChangeStreamer(
        loop, gate, bridge, roster, board.feed, settings.patience, settings.heartbeat
    )
    server = Server(
        bridge,
        gate,
        board,
        room,
        _answering(servicer),
        _streaming(loop, gate, places, changes, settings.heartbeat),
        socket,
        settings.grace,
        _others(loop, bridge, roster, gate),
    )
    return server, Poster(bridge, board)


def _answering(servicer: Servicer) -> dict[str, Answering]:
    """
    Find what answers the methods with one answer.
    """
    return {
        "StartJob": servicer.startJob,
        "StopJob": servicer.stopJob,
        "QueryJob": servicer.queryJob,
        "DeleteJob": servicer.deleteJob,
        "SignalJob": servicer.signalJob,
        "GetServerInfo": servicer.getServerInfo,
        "ListJobs": servicer.listJobs,
        "WaitJob": servicer.waitJob,
    }


def _streaming(
    loop: AbstractEventLoop,
    gate: Gate,
    places: Places,
    changes: ChangeStreamer,
    heartbeat: float,
) -> dict[str, Streaming]:
    """
    Find what answers the methods with many answers.
    """
    lines = LineStreamer(places, heartbeat)
    chunks = ChunkStreamer(loop, places, heartbeat, lambda: gate.following)
    return {
        "StreamLog": lines.streamLog,
        "ReadLog": chunks.readLog,
        "WatchJobs": changes.watchJobs,
    }


def _others(
    loop: AbstractEventLoop, bridge: Bridge, roster: IRoster, gate: Gate
) -> list[grpc.GenericRpcHandler]:
    """
    Make what answers the services that every gRPC server may have.
    """
    health = Health(loop.time, bridge, roster, lambda: gate.closing)
    checking = {"Check": health.check, "Watch": health.watch}
    reflecting = {"ServerReflectionInfo": Reflection().info}
    return [
        makeOpenHandler(gate, HEALTH, checking),
        *(makeOpenHandler(gate, name, reflecting) for name in REFLECTION),
    ]
