from __future__ import annotations

import asyncio
from typing import Any

import pytest

from allocator.review.gate import Gate

PORT = 8700
HERE = f"127.0.0.1:{PORT}"
COOKIE = {"cookie": f"allocator_review_{PORT}=secret"}
SOCKET = {**COOKIE, "origin": f"http://{HERE}"}


def asked(
    headers: dict[str, str], *, kind: str = "http", query: str = "", host: str = HERE
) -> list[dict[str, Any]]:
    """Return what the gate answers; an app behind it answers 200 or accepts."""
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    lines = {"host": host, **headers}
    scope = {
        "type": kind,
        "path": "/",
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in lines.items()],
    }
    gate = Gate(app, token="secret", port=PORT)  # noqa: S106
    asyncio.run(gate(scope, receive, send))
    return sent


def status(*args: Any, **kwargs: Any) -> int:
    return int(asked(*args, **kwargs)[0]["status"])


def test_the_cookie_lets_in():
    assert status(COOKIE) == 200
    assert status(COOKIE, host=f"localhost:{PORT}") == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"cookie": f"allocator_review_{PORT}=wrong"},
        {"cookie": f"allocator_review_{PORT + 1}=secret"},
        {**COOKIE, "origin": "http://evil.example"},
        {**COOKIE, "origin": f"http://127.0.0.1:{PORT + 1}"},
        {**COOKIE, "origin": "null"},
    ],
)
def test_all_others_are_refused(headers):
    assert status(headers) == 403
    assert asked(headers, kind="websocket")[0]["type"] == "websocket.close"


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", f"127.0.0.1:{PORT}0"]
)
def test_another_host_is_refused_even_with_the_cookie(host):
    assert status(COOKIE, host=host) == 403
    assert status({}, query="token=secret", host=host) == 403


def test_the_address_gives_the_cookie_and_loses_the_token():
    start = asked({}, query="token=secret")[0]
    headers = dict(start["headers"])
    assert start["status"] == 303
    assert headers[b"location"] == b"/"
    cookie = headers[b"set-cookie"].decode()
    assert cookie.startswith(f"allocator_review_{PORT}=secret;")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_a_wrong_token_is_refused_even_beside_a_right_cookie():
    assert status(COOKIE, query="token=wrong") == 403


def test_a_websocket_needs_cookie_and_origin():
    assert asked(SOCKET, kind="websocket")[0]["type"] == "websocket.accept"
    assert asked(COOKIE, kind="websocket")[0]["type"] == "websocket.close"
    token = {"origin": f"http://{HERE}"}
    (answer,) = asked(token, kind="websocket", query="token=secret")
    assert answer == {"type": "websocket.close", "code": 1008}


def test_pages_may_load_nothing_from_elsewhere():
    headers = dict(asked(COOKIE)[0]["headers"])
    policy = headers[b"content-security-policy"].decode()
    assert policy.startswith("default-src 'self';")
    assert "http:" not in policy
    assert "https:" not in policy
    assert f"connect-src 'self' ws://127.0.0.1:{PORT} ws://localhost:{PORT}" in policy
