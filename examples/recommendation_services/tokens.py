"""The tokens that callers show: the user's id and a signature. The secret is visibly no secret."""

from __future__ import annotations

import hashlib
import hmac

SECRET = b"example-secret-not-a-real-one"


def signed(user_id: str) -> str:
    """The token of a user.

    >>> signed("u-7").split(".")[0]
    'u-7'
    """
    return f"{user_id}.{_signature(user_id)}"


def is_of(user_id: str, token: str) -> bool:
    return hmac.compare_digest(signed(user_id), token)


def _signature(user_id: str) -> str:
    return hmac.new(SECRET, user_id.encode(), hashlib.sha256).hexdigest()[:24]
