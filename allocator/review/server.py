"""The server: bound to this machine, behind the gate, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import webbrowser
from typing import TYPE_CHECKING

from fastapi import Request, Response
from nicegui import app, background_tasks, run, ui

from allocator.errors import InputError
from allocator.review.gate import TOKEN, Gate
from allocator.review.page import show, shown_round

if TYPE_CHECKING:
    from collections.abc import Callable

    from allocator.review.room import House

HOST = "127.0.0.1"
_ASK_S = 0.05
_MOST_SECONDS = 300.0  # to read a round
_PORTS = range(8620, 8640)  # tried in order, so that a bookmark often still holds


def free_port(wanted: int | None) -> int:
    """Return a port of this machine that nobody listens on.

    Parameters
    ----------
    wanted
        The one to use; None: any.

    Raises
    ------
    OSError
        When the one wanted is taken.
    """
    tried = [*_PORTS, 0] if wanted is None else [wanted]
    for port in tried:
        with socket.socket() as listener:
            try:
                listener.bind((HOST, port))
            except OSError:
                continue
            return int(listener.getsockname()[1])
    raise OSError(f"port {wanted} is in use")


def serve(
    house: House, *, port: int, browser: bool, ready: Callable[[str], None]
) -> None:
    """Serve a review until the program is interrupted.

    Parameters
    ----------
    house
        What is reviewed.
    port
        From `free_port`.
    browser
        Whether the browser is opened.
    ready
        Told the address, once there is an answer at it.
    """
    token = secrets.token_urlsafe(24)
    address = f"http://{HOST}:{port}/?{TOKEN}={token}"
    app.add_middleware(Gate, token=token, port=port)
    add_pages(house)

    async def announce() -> None:
        while not await asyncio.to_thread(_answers, port):
            await asyncio.sleep(_ASK_S)
        ready(address)
        if browser:
            await asyncio.to_thread(webbrowser.open, address)

    app.on_startup(lambda: background_tasks.create(announce()))
    app.on_shutdown(house.close)
    ui.run(
        host=HOST,
        port=port,
        title="allocator",
        language="zh-CN" if house.language == "zh" else "en-US",
        favicon="🗺️",
        tailwind=False,
        reload=False,
        show=False,
        show_welcome_message=False,
        dark=False,
    )


def _answers(port: int) -> bool:
    """Return whether somebody listens on a port of this machine."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def add_pages(house: House) -> None:
    """Add the page, and the drawings of its maps."""

    @ui.page("/", response_timeout=_MOST_SECONDS)
    async def review(request: Request) -> None:
        # Reading a round takes its time; others are answered meanwhile.
        name = shown_round(house, request)
        with contextlib.suppress(InputError):  # which the page says
            await run.io_bound(house.room, name)
        show(house, name, request)

    @app.get("/drawing/{name}")
    def drawing(name: str) -> Response:
        if name not in house.names:
            return Response(status_code=404)
        content = house.room(name).view.drawing
        return Response(content, media_type="application/json")
