"""What the service itself signs: upload addresses of the local store, and sessions.

Both are JWTs (HS256) with an expiry; the audience says what one is for, so that none can stand in for another.
Tokens that others sign are in `tokens.py`.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import jwt

from pipeline.errors import NotSignedIn
from pipeline.service.private_file import read_or_make
from pipeline.settings import Settings

_ALGORITHM = "HS256"
Claims = Mapping[str, str | int | bool]


class Signer:
    """Signs claims and reads them back."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def sign(self, purpose: str, claims: Claims, expires_at: datetime) -> str:
        """Return a text that `read` takes until then, for the same purpose."""
        return jwt.encode({**claims, "aud": purpose, "exp": expires_at}, self._secret, _ALGORITHM)

    def read(self, purpose: str, text: str) -> Claims:
        """Return what was signed.

        Raises:
            NotSignedIn: it was not signed here, for something else, or is over.
        """
        try:
            claims: Claims = jwt.decode(
                text, self._secret, [_ALGORITHM], audience=purpose, options={"require": ["exp", "aud"]}
            )
        except jwt.ExpiredSignatureError:
            raise NotSignedIn(f"the {purpose} expired: ask for a new one") from None
        except jwt.InvalidTokenError:
            raise NotSignedIn(f"expected a {purpose} that this service signed, found another text") from None
        return claims


def make_signer(settings: Settings) -> Signer:
    """Sign with the secret of the settings, or with the one in `data_dir`, which is made when it is not there."""
    secret = settings.service_secret.get_secret_value()
    return Signer(secret or read_or_make(secret_path(settings.data_dir), lambda: secrets.token_hex(32)))


def secret_path(data_dir: Path) -> Path:
    """Where an installation keeps the secret that it made for itself."""
    return data_dir / "service_secret"
