"""What every route shares: who asks, errors as sentences, rows as streams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from clew.cli.render import json
from clew.engines import Answer
from clew.errors import ClewError, ConfigError, InputError, QueryError, UnknownName
from clew.live.service import Service
from clew.live.tokens import Reader
from clew.sources._otlp_request import Refused, caller_of


def service_of(request: Request) -> Service:
    """The live server's inside."""
    service: Service = request.app.state.service
    return service


def reader_of(request: Request) -> Reader:
    """Who reads, when it may."""
    return service_of(request).admit_reader(caller_of(request.scope))


def admin_of(request: Request) -> Reader:
    """Who administers, when it may."""
    return service_of(request).admit_reader(caller_of(request.scope), "admin")


Live = Annotated[Service, Depends(service_of)]
Reading = Annotated[Reader, Depends(reader_of)]


def listed(rows: Iterable[Any]) -> Response:
    """A JSON list, an object a line."""
    return StreamingResponse(json.lines(rows), media_type="application/json")


def objects(parts: Iterator[Answer]) -> Iterator[dict[str, Any]]:
    """The rows of an answer that comes in parts; the first is fetched at once, for its errors."""
    first = next(parts)
    return _objects(first, parts)


def _objects(first: Answer, parts: Iterator[Answer]) -> Iterator[dict[str, Any]]:
    yield from first.dicts()
    for part in parts:
        yield from part.dicts()


def answer_errors(app: FastAPI) -> None:
    """Every error is one sentence in JSON: {"error": "...", "sentence": "..."}."""

    @app.exception_handler(ClewError)
    def of_clew(request: Request, error: ClewError) -> Response:
        told: dict[str, Any] = {"error": type(error).__name__, "sentence": str(error)}
        if isinstance(error, QueryError):
            told |= {"position": error.position, "length": error.length}
        headers = {"www-authenticate": "Bearer"} if _status(error) == 401 else {}
        return JSONResponse(told, _status(error), headers)

    @app.exception_handler(RequestValidationError)
    def of_request(request: Request, error: RequestValidationError) -> Response:
        wrong = "; ".join(
            f"{'.'.join(str(step) for step in fault['loc'][1:]) or 'the body'}: {fault['msg']}"
            for fault in error.errors()[:3]
        )
        return JSONResponse(
            {"error": "ConfigError", "sentence": f"The request is wrong: {wrong}."}, 400
        )

    @app.exception_handler(HTTPException)
    def of_http(request: Request, error: HTTPException) -> Response:
        words = f"{request.method} {request.url.path}: {error.detail}."
        told = {"error": "HTTPException", "sentence": words}
        return JSONResponse(told, error.status_code, error.headers)

    @app.exception_handler(Exception)
    def of_ours(request: Request, error: Exception) -> Response:
        words = f"BUG: {type(error).__name__}: {error}".replace("BUG: AssertionError: BUG", "BUG")
        return JSONResponse({"error": "BUG", "sentence": words[:500]}, 500)


def _status(error: ClewError) -> int:
    if isinstance(error, Refused):
        return 403 if error.is_known else 401
    if isinstance(error, UnknownName):
        return 404
    if isinstance(error, ConfigError | InputError):
        return 400
    return 500
