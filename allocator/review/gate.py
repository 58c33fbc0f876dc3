"""Who may speak to the server: this machine's browser that was given the address.

Every request must name this server as its host (no rebinding of names), come from this
server's own page where it says where it comes from, and carry the token: once in the
address, which sets a cookie, and by that cookie from then on. All others get 403,
websockets too.
"""

from __future__ import annotations

import hmac
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    type Scope = MutableMapping[str, Any]
    type Message = MutableMapping[str, Any]
    type Receive = Callable[[], Awaitable[Message]]
    type Send = Callable[[Message], Awaitable[None]]
    type App = Callable[[Scope, Receive, Send], Awaitable[None]]

TOKEN = "token"  # noqa: S105 (the name of a parameter)
_POLICY_VIOLATION = 1008  # close code of a websocket, RFC 6455


class Gate:
    """An ASGI app in front of another.

    Parameters
    ----------
    app
        What is guarded.
    token
        The secret of this run of the server.
    port
        Where it listens.
    """

    def __init__(self, app: App, *, token: str, port: int) -> None:
        self._app = app
        self._token = token
        self._cookie = f"allocator_review_{port}"
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self._origins = {f"http://{host}" for host in self._hosts}
        sockets = " ".join(f"ws://{host}" for host in sorted(self._hosts))
        # Quasar and Vue compile templates and style elements in the page; nothing is
        # ever loaded from elsewhere.
        self._policy = (
            "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
            "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
            f"font-src 'self' data:; connect-src 'self' {sockets}; "
            "object-src 'none'; base-uri 'none'; form-action 'none'; "
            "frame-src 'self'; frame-ancestors 'self'"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = _headers(scope)
        given = self._given(scope)
        if not self._is_ours(scope, headers):
            await _refuse(scope, receive, send)
        elif given is not None:
            if self._is_token(given) and scope["type"] == "http":
                await self._welcome(send)
            else:
                await _refuse(scope, receive, send)
        elif self._is_token(_cookie(headers.get("cookie", ""), self._cookie)):
            await self._app(scope, receive, self._guarded(send))
        else:
            await _refuse(scope, receive, send)

    def _is_ours(self, scope: Scope, headers: dict[str, str]) -> bool:
        if headers.get("host") not in self._hosts:
            return False
        origin = headers.get("origin")
        if origin is None:
            return bool(scope["type"] == "http")
        return origin in self._origins

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token.encode())

    def _given(self, scope: Scope) -> str | None:
        """Return the token in the address; None where there is none."""
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        return query[TOKEN][0] if TOKEN in query else None

    async def _welcome(self, send: Send) -> None:
        """Set the cookie and lead to the page, so that the address holds no secret."""
        cookie = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Strict"
        headers = [
            (b"location", b"/"),
            (b"set-cookie", cookie.encode()),
            (b"cache-control", b"no-store"),
            (b"referrer-policy", b"no-referrer"),
        ]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _guarded(self, send: Send) -> Send:
        own = (
            (b"content-security-policy", self._policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
        )

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message.get("headers", [])}
                new = [pair for pair in own if pair[0] not in there]
                message["headers"] = [*message.get("headers", []), *new]
            await send(message)

        return add


def _headers(scope: Scope) -> dict[str, str]:
    """Return the headers; of one given twice all values, which then match nothing."""
    found: dict[str, str] = {}
    for name, value in scope.get("headers", []):
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}; {text}" if key in found else text
    return found


def _cookie(header: str, name: str) -> str:
    try:
        jar = SimpleCookie(header)
    except CookieError:
        return ""
    return jar[name].value if name in jar else ""


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": b"403\n"})
