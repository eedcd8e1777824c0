"""Requests as they go over the wire: without the token, under another name, with impossible numbers."""

from __future__ import annotations

import subprocess
import sys

import pytest
from served import TOKEN, Served

from lithostat.dashboard.guard import HEADERS
from lithostat.dashboard.keeper import Keeper


def request(
    pages: Served, path: str, *, verb: str = "GET", host: str | None = None, more: str = ""
) -> tuple[int, bytes]:
    host = f"Host: 127.0.0.1:{pages.port}\r\n" if host is None else host
    return pages.raw(f"{verb} {path} HTTP/1.1\r\n{host}{more}Connection: close\r\n\r\n".encode())


def cookie(pages: Served, token: str = TOKEN) -> str:
    return f"Cookie: lithostat-{pages.port}={token}\r\n"


PATHS = ["/", "/wall.json", "/static/cell.js", "/cell/x/", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_told_without_the_token(path: str, pages: Served) -> None:
    for more in ("", cookie(pages, ""), cookie(pages, TOKEN[:-1]), cookie(pages, TOKEN + "x"), "Cookie: a=b; ;;\r\n"):
        status, answer = request(pages, path, more=more)
        assert status == 403, (more, answer)
        assert b"shorts" not in answer
    assert request(pages, path + "?token=wrong", more=cookie(pages))[0] == 403
    assert request(pages, path + "?token=", more=cookie(pages))[0] == 403
    assert request(pages, path + "?token=%ff%fe%00")[0] == 403


def test_the_token_is_taken_once_and_leaves_the_address(pages: Served) -> None:
    status, answer = request(pages, f"/?token={TOKEN}")
    head = answer.split(b"\r\n\r\n")[0].lower()
    assert status == 303
    assert b"location: /\r\n" in head + b"\r\n"
    assert f"lithostat-{pages.port}={TOKEN}; httponly; path=/; samesite=strict".encode().lower() in head
    assert request(pages, "/", more=cookie(pages))[0] == 200
    status, answer = request(pages, f"//evil.example/?token={TOKEN}")
    assert status == 303
    assert b"location: /evil.example/" in answer.lower()


@pytest.mark.parametrize(
    "host",
    [
        "",
        "Host: evil.example\r\n",
        "Host: 127.0.0.1\r\n",
        "Host: 127.0.0.1:1\r\n",
        "Host: 127.0.0.1:{port}.evil.example\r\n",
        "Host: evil.example:{port}\r\n",
        "Host: 192.168.0.10:{port}\r\n",
        "Host: LOCALHOST.evil:{port}\r\n",
        "Host: 127.0.0.1:{port}\r\nHost: evil.example\r\n",
        "Host: \r\n",
    ],
)
def test_another_name_is_refused_even_with_the_token(host: str, pages: Served) -> None:
    status, answer = request(pages, "/wall.json", host=host.format(port=pages.port), more=cookie(pages))
    assert status == 400
    assert b"shorts" not in answer


def test_both_names_of_this_computer_are_answered(pages: Served) -> None:
    for name in ("127.0.0.1", "localhost"):
        assert request(pages, "/wall.json", host=f"Host: {name}:{pages.port}\r\n", more=cookie(pages))[0] == 200


@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW", "get"])
def test_it_can_only_be_read(verb: str, pages: Served) -> None:
    assert request(pages, "/wall.json", verb=verb, more=cookie(pages))[0] in (400, 405)


def test_no_socket_is_opened_for_pushing(pages: Served) -> None:
    upgrade = "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    status, _ = request(pages, "/wall.json", more=cookie(pages) + upgrade)
    assert status != 101


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/..%5capp.py",
        "/static/....//app.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/cell.js%00.py",
        "/../../etc/passwd",
        "/cell/../../etc/passwd",
        "/cell/..%2f..%2fetc/figure/0",
        "/cell/{id}/figure/..%2fhead.json",
        "/cell/{id}/figure/-1",
        "/cell/{id}/figure/99999999999999999999999999999999",
        "/cell/{id}/body/../head.json",
        "/cell/{id}x/",
        "/static/uPlot.iife.min.js/",
    ],
)
def test_nothing_but_what_is_shown_is_reached(path: str, pages: Served) -> None:
    status, answer = request(pages, path.format(id=pages.id_of("lives")), more=cookie(pages))
    assert status in (400, 404, 307), answer[:200]
    assert b"root:" not in answer
    assert b"import" not in answer


NUMBERS = {
    "end": ["inf", "-inf", "nan", "1e999", "1e300", "", "x", "1;2", "0x10", "%00", "9" * 400],
    "start": ["inf", "nan", "1e16"],
    "columns": ["0", "-1", "4097", "1e3", "nan", "9" * 300, "1.5", ""],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in NUMBERS.items() for value in values])
def test_numbers_that_cannot_be_are_refused(name: str, value: str, pages: Served) -> None:
    status, answer = request(pages, f"/cell/{pages.id_of('lives')}/traces?{name}={value}", more=cookie(pages))
    assert status == 400, answer[:300]


def test_a_stretch_that_ends_before_it_starts_is_refused(pages: Served) -> None:
    path = f"/cell/{pages.id_of('lives')}/traces"
    assert request(pages, f"{path}?start=5&end=4", more=cookie(pages))[0] == 400
    assert request(pages, f"{path}?start=-1e14&end=1e14&columns=4096", more=cookie(pages))[0] == 200


def test_an_address_without_an_end_is_refused(pages: Served) -> None:
    assert request(pages, "/wall.json?" + "x" * 5000, more=cookie(pages))[0] == 414
    assert request(pages, "/" + "x" * 200_000, more=cookie(pages))[0] in (0, 400, 414)


def test_every_answer_has_the_policy(pages: Served) -> None:
    """Also those that refuse; a figure opened by itself may style itself and nothing else."""
    paths = ["/", "/wall.json", "/static/cell.js", f"/cell/{pages.id_of('shorts')}/", "/nothing"]
    for path in paths:
        _, _, headers = pages.get(path)
        for name, value in HEADERS.items():
            if name != "cache-control":
                assert headers[name] == value, path
        assert "server" not in headers
    for path in ("/", "/wall.json"):
        answer = request(pages, path)[1].lower()
        assert b"content-security-policy: default-src 'none'" in answer
    policy = pages.get("/")[2]["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy


def test_no_page_has_script_or_style_inside(pages: Served) -> None:
    for path in ("/", f"/cell/{pages.id_of('shorts')}/", f"/cell/{pages.id_of('shorts')}/body"):
        text = pages.get(path)[1].decode()
        assert "<script>" not in text
        assert "style=" not in text
        assert "<style" not in text
        assert "javascript:" not in text
        assert "onclick" not in text


def test_a_fault_is_told_without_its_inside(pages: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Keeper, view: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(Keeper, "visit", broken)
    status, content, headers = pages.get(f"/cell/{pages.id_of('lives')}/state.json")
    assert status == 500
    assert b"secret" not in content
    assert headers["content-security-policy"] == HEADERS["content-security-policy"]


def test_the_server_loads_nothing_heavy() -> None:
    """What reads, judges and draws runs in its workers; the server stays small for days."""
    code = (
        "import sys, lithostat.dashboard.serve, lithostat.dashboard.watched\n"
        "print([name for name in ('jax', 'matplotlib', 'scipy', 'pybamm', 'zarr') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
