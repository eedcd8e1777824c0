"""Who may read: requests to this address by its own name, with the token, that only ask. Everything else is refused.

A page of another site cannot read (Host is checked against a name that was pointed here, the cookie is not sent from
other sites), and a page of ours can load nothing from anywhere else (the policy below).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
FIGURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"  # a figure opened by itself
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
LONGEST = 2048  # bytes of an address with its query
_REFUSED = (
    "This page needs its token. Open the address that `lithostat dashboard` printed, whole, with everything after the "
    "question mark."
)


def names_of(port: int) -> frozenset[str]:
    """What a request to this computer's own address may call it."""
    names = ("127.0.0.1", "localhost")
    return frozenset(f"{name}:{port}" for name in names) | frozenset(names if port == 80 else ())


class Guard:
    """Around an application. `names` are the hosts that a request may name; `cookie` holds the token in a browser."""

    def __init__(self, app: ASGIApp, *, token: str, names: Iterable[str], cookie: str) -> None:
        self._app, self._token, self._names, self._cookie = app, token, frozenset(names), cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with a sentence."""
        if scope["type"] != "http":
            return  # nothing here speaks anything else; the server closes it
        response = self._refusal(scope)
        if response is None:
            await self._app(scope, receive, _with_headers(send))
        else:
            await response(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if headers.getlist("host") == [] or len(headers.getlist("host")) > 1 or headers["host"] not in self._names:
            return PlainTextResponse("This server does not have that name.", 400)
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("This server can only be read.", 405, {"allow": "GET, HEAD"})
        query = scope.get("query_string", b"")
        if len(scope.get("raw_path", b"")) + len(query) > LONGEST:
            return PlainTextResponse("The address is too long.", 414)
        asked = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
        if "token" in asked:
            return self._entered(scope, asked) if self._is_token(asked["token"]) else PlainTextResponse(_REFUSED, 403)
        if not self._is_token(self._kept(headers)):
            return PlainTextResponse(_REFUSED, 403)
        return None

    def _entered(self, scope: Scope, asked: dict[str, str]) -> Response:
        """To the same address without the token, which does not stay in the address bar and the history."""
        rest = urlencode({name: value for name, value in asked.items() if name != "token"})
        path = "/" + scope["path"].lstrip("/\\")  # never '//host'
        response = RedirectResponse(path + (f"?{rest}" if rest else ""), 303)
        response.set_cookie(self._cookie, self._token, httponly=True, samesite="strict", path="/")
        return response

    def _kept(self, headers: Headers) -> str:
        for line in headers.getlist("cookie"):
            try:
                kept = SimpleCookie(line).get(self._cookie)
            except CookieError:
                continue
            if kept is not None:
                return kept.value
        return ""

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode("utf-8", "replace"), self._token.encode())


def _with_headers(send: Send) -> Send:
    """Send with the headers that every answer has; one that an answer has set itself stays."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name for name, _ in message["headers"]}
            more = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in there]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return sending
