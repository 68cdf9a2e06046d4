"""What the service itself signs: upload addresses of the local store, and sessions.

Both are JWTs (HS256) with an expiry; the audience says what one is for, so that none can stand in for another.
Tokens that others sign are in `tokens.py`.
"""

import secrets
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import jwt

from pipeline.errors import NotSignedIn
from pipeline.service.bounded_json import read_json
from pipeline.service.private_file import read_or_make
from pipeline.settings import MIN_SECRET_BYTES, Settings

_ALGORITHM = "HS256"
_MAX_TOKEN_BYTES = 16 * 1024  # those of identity providers that list every group have some 8,000
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
            check_token(text)
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
    return Signer(secret or _own_secret(secret_path(settings.data_dir)))


def check_token(text: str) -> None:
    """See that a JWT from outside can be read at all, before its signature is looked at.

    Raises:
        DecodeError: it is too long, or its parts are not JSON within bounds (`pipeline/service/bounded_json.py`).
    """
    if len(text) > _MAX_TOKEN_BYTES or not text.isascii():
        raise jwt.DecodeError(f"expected a token of at most {_MAX_TOKEN_BYTES:,} characters of ASCII")
    try:
        parts = [urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in text.split(".")[:2]]
        found = [read_json(part, _MAX_TOKEN_BYTES) for part in parts]
    except ValueError as error:
        raise jwt.DecodeError(str(error)) from None
    if not all(isinstance(part, dict) for part in found):
        raise jwt.DecodeError("expected the parts of a token to be JSON objects")


def _own_secret(path: Path) -> str:
    """An empty or cut one, as a power cut may leave it, would let anybody sign: it is made anew, and sessions end."""
    return read_or_make(path, lambda: secrets.token_hex(32), lambda found: len(found) >= MIN_SECRET_BYTES)


def secret_path(data_dir: Path) -> Path:
    """Where an installation keeps the secret that it made for itself."""
    return data_dir / "service_secret"
