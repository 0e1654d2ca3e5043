"""Checks the token that the caller shows."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel

from recommendation_services import tokens
from recommendation_services.telemetry import Setup, calling

log = structlog.get_logger()


class Claim(BaseModel):
    user_id: str


def build(setup: Setup) -> FastAPI:
    app = FastAPI(lifespan=calling(setup))

    @app.post("/verify")
    async def verify(claim: Claim, authorization: Annotated[str, Header()] = "") -> dict[str, bool]:
        if not tokens.is_of(claim.user_id, authorization.removeprefix("Bearer ")):
            log.warning("token refused", user_id=claim.user_id, status=401)
            raise HTTPException(401, "the signature does not fit")
        return {"allowed": True}

    return app
