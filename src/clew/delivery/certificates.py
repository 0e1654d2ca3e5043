"""Whose certificates are believed: the system's authorities, and one's own."""

from __future__ import annotations

import ssl

import httpx

from clew.errors import ConfigError


def trusting(ca_file: str) -> ssl.SSLContext:
    """A context that checks certificates and host names. Raises ConfigError."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"The setting export.ca_file: {ca_file} cannot be read.") from error
    return context
