"""The review app, tried from outside: what it answers to whom, and where it listens."""

from __future__ import annotations

import ast
import http.client
import shutil
import socket
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from tests.review.runs import small_run
from tests.review.served import Served, served
from tests.trust.contained import CANARY
from tests.trust.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGE = Path(__file__).parents[2] / "allocator"
REFUSED = 403
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
POLLING = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
_METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH")
_UP = ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..\\", "....//", "%252e%252e/")
_SERVED = ("", "drawing/", "_nicegui/", "_nicegui/{v}/static/",
           "_nicegui/{v}/libraries/", "_nicegui/{v}/components/",
           "_nicegui/{v}/resources/", "_nicegui/{v}/esm/",
           "static/")  # fmt: skip
_LISTENS = "0A"  # state of a socket in /proc/net/tcp
_LOOPBACK = "0100007F"  # 127.0.0.1 there


class Client:
    """Somebody who speaks to the server as bluntly as they like."""

    def __init__(self, server: Served) -> None:
        self.host = server.origin.removeprefix("http://")
        self.port = int(self.host.rpartition(":")[2])
        self.token = server.address.partition("token=")[2]
        status, _, headers = self.ask("GET", f"/?token={self.token}")
        assert status == 303
        self.cookie = headers["set-cookie"].partition(";")[0]

    def ask(
        self, method: str, path: str, **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        """Return status, text and headers of an answer; a path goes as it is."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        line.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in ({"host": self.host} | headers).items():
            line.putheader(name, value)
        line.endheaders()
        answer = line.getresponse()
        text = answer.read().decode("utf-8", "replace")
        found = {name.lower(): value for name, value in answer.getheaders()}
        line.close()
        return answer.status, text, found

    def upgrade(self, **headers: str) -> int:
        """Return the status of a handshake of a websocket."""
        key = "dGhlIHNhbXBsZSBub25jZQ=="
        sent = {
            "host": self.host,
            "connection": "Upgrade",
            "upgrade": "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": key,
        } | headers
        lines = [f"GET {SOCKET} HTTP/1.1", *(f"{k}: {v}" for k, v in sent.items())]
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            answer = line.recv(200).split()
        return int(answer[1]) if len(answer) > 1 else 0


def _strangers(client: Client) -> Iterator[tuple[str, int]]:
    """Yield what strangers are answered; all must be refused."""
    cookie, own = client.cookie, f"http://{client.host}"
    hosts = ("evil.example", f"evil.example:{client.port}", "127.0.0.1", "[::1]",
             f"127.0.0.1.evil.example:{client.port}", f"0.0.0.0:{client.port}",
             f"{client.host}.", "", f"LOCALHOST.evil:{client.port}")  # fmt: skip
    origins = ("http://evil.example", "null", f"https://{client.host}",
               f"http://{client.host}.evil.example", "http://127.0.0.1",
               f"http://127.0.0.1:{client.port + 1}", "file://", "")  # fmt: skip
    tokens = ("", "x", client.token[:-1], client.token + "x",
              client.token.lower() + "0", "%00", "a" * 8000)  # fmt: skip
    for method in _METHODS:
        for path in ("/", "/drawing/r", POLLING, "/_nicegui/client/x", "/docs"):
            yield f"{method} {path} without a token", client.ask(method, path)[0]
            yield (
                f"{method} {path} from another page",
                client.ask(method, path, cookie=cookie, origin="http://evil.example")[
                    0
                ],
            )
    for host in hosts:
        yield f"host {host}", client.ask("GET", "/", cookie=cookie, host=host)[0]
        path = f"/?token={client.token}"
        yield f"host {host} with the token", client.ask("GET", path, host=host)[0]
        yield (
            f"websocket to host {host}",
            client.upgrade(cookie=cookie, origin=own, host=host),
        )
    for origin in origins:
        given = {"cookie": cookie, "origin": origin}
        yield f"origin {origin}", client.ask("POST", POLLING, **given)[0]
        yield f"websocket of {origin}", client.upgrade(**given)
    yield "websocket without an origin", client.upgrade(cookie=cookie)
    yield "websocket without a cookie", client.upgrade(origin=own)
    for token in tokens:
        yield f"token {token[:9]}", client.ask("GET", f"/?token={token}")[0]
        name = cookie.partition("=")[0]
        given = {"cookie": f"{name}={token}"}
        yield f"cookie {token[:9]}", client.ask("GET", "/", **given)[0]


def _paths() -> Iterator[str]:
    version = __import__("nicegui").__version__
    targets = ("etc/passwd", "outside/secret.txt", "other/run.json", "task/brief.toml")
    for served_at in _SERVED:
        start = "/" + served_at.format(v=version)
        for up in _UP:
            for target in targets:
                yield start + up * 12 + target
                yield start + up + target
        yield start + "/etc/passwd"
        yield start + "%00"
    for name in ("other", "..", ".", "%2e%2e", "/etc", "C:%5c", "run.json", "~root"):
        yield f"/drawing/{name}"
        yield f"/?run={name}"
        yield f"/?run=../{name}"


def _readers(client: Client) -> Iterator[tuple[str, bool]]:
    """Yield paths that one who may come in asks for, and whether too much came out."""
    for path in _paths():
        status, text, _ = client.ask("GET", path, cookie=client.cookie)
        leaked = "root:" in text or CANARY in text or "[policy]" in text
        yield path, leaked or status >= 500


def bound_elsewhere(port: int) -> list[str]:
    """Return where a port listens besides 127.0.0.1."""
    found = []
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text("ascii").splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            address, _, number = local.rpartition(":")
            if state == _LISTENS and int(number, 16) == port and address != _LOOPBACK:
                found.append(local)
    return found


# What would run data as code, or read objects out of it.
_CALLS = {"eval", "exec", "compile", "__import__", "system", "popen", "read_pickle",
          "to_pickle", "loads_pickle"}  # fmt: skip
_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "yaml", "code",
            "jsonpickle"}  # fmt: skip
# joblib sends objects between processes that this program began; its files are barred.
_OF_JOBLIB = {"Parallel", "delayed", "parallel_config", "cpu_count"}


def code_from_data(package: Path = PACKAGE) -> tuple[int, list[str]]:
    """Return how many modules were read, and every place that could run data."""
    modules, found = sorted(package.rglob("*.py")), []
    for path in modules:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            place = f"{path.name}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name.split(".")[0] for alias in node.names}
                source = str(getattr(node, "module", "")).split(".")[0]
                names |= {source}
                found += [f"{place} {name}" for name in sorted(names & _MODULES)]
                found += [f"{place} joblib"] * (source == "joblib")
            elif isinstance(node, ast.Call):
                found += [f"{place} {words}" for words in _odd_call(node)]
    return len(modules), found


def _odd_call(node: ast.Call) -> Iterable[str]:
    called = node.func
    own = isinstance(called, ast.Name) and called.id in _CALLS
    of = isinstance(called, ast.Attribute) and called.attr in _CALLS - {"compile"}
    files = (
        isinstance(called, ast.Attribute)
        and ast.unparse(called.value) == "joblib"
        and called.attr not in _OF_JOBLIB
    )
    if own or of or files:
        yield ast.unparse(called)
    for given in node.keywords:
        true = isinstance(given.value, ast.Constant) and given.value.value is True
        if given.arg in ("shell", "allow_pickle") and true:
            yield given.arg


def figures() -> Iterable[Figure]:
    """Yield what was tried on a served review."""
    folder = Path(mkdtemp(prefix="allocator-served-"))
    try:
        run, _ = small_run(folder)
        (folder / "outside").mkdir()
        (folder / "outside" / "secret.txt").write_text(CANARY, "utf-8")
        shutil.copytree(run, folder / "other")
        for name in ("run.json", "placements.csv"):
            path = folder / "other" / name
            path.write_text(path.read_text("utf-8").replace("小县", CANARY), "utf-8")
        with served(run) as server:
            client = Client(server)
            assert client.ask("GET", "/", cookie=client.cookie)[0] == 200
            all_of = [*_strangers(client)]
            let_in = [words for words, status in all_of if status != REFUSED]
            read = [*_readers(client)]
            bound = bound_elsewhere(client.port)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    leaked = [path for path, is_leak in read if is_leak]
    modules, code = code_from_data()
    for words in (*let_in, *leaked, *bound, *code):
        print(words)  # noqa: T201 (what is wrong, for whoever runs it)
    yield Figure(
        "requests to the review by strangers: host, origin, token, cookie, websocket",
        len(all_of),
        len(let_in),
    )
    yield Figure("paths out of the reviewed run", len(read), len(leaked))
    yield Figure("addresses it listens on besides 127.0.0.1", 1, len(bound))
    yield Figure("modules that run or unpickle data", modules, len(code))
