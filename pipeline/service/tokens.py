"""Bearer tokens: JWTs that an identity provider signs, or the one token of a laptop.

What they say is turned into a `User` here and nowhere else. Sessions of the pages are in `sessions.py`.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import jwt

from pipeline.errors import NotSignedIn, ServiceError, SettingsError
from pipeline.service.jwks import JwksClient
from pipeline.service.private_file import make_private, read_private
from pipeline.service.signing import check_token
from pipeline.service.user import User
from pipeline.settings import Settings
from pipeline.state.store import safe_owner

_ASYMMETRIC = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_LAST_S = datetime(9999, 12, 31, tzinfo=UTC).timestamp()  # what comes later is no date in Python
_LEEWAY_S = 30  # between the clocks of two machines
_MAX_USER_ID_CHARACTERS = 128


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a token speaks for, and until when; None means for ever."""

    user: User
    expires_at: datetime | None


class Authority(Protocol):
    """Knows which tokens are valid."""

    @property
    def may_wait(self) -> bool:
        """Whether it may have to ask another server first."""

    @property
    def epoch(self) -> str:
        """Changes with what it trusts: sessions that began under another are over."""

    def identify(self, token: str) -> Identity:
        """Return whom a token speaks for.

        Raises:
            NotSignedIn: it is not valid.
            ServiceError: the keys to tell with cannot be fetched.
        """


class JwtAuthority:
    """Takes JWTs with a signature, an expiry, the audience and a subject.

    key_of: the key that a token names; may_wait: whether that may have to be fetched.
    """

    def __init__(
        self, key_of: Callable[[str], Any], algorithms: list[str], settings: Settings, *, may_wait: bool
    ) -> None:
        self.may_wait = may_wait
        self.epoch = _epoch(settings.jwt_secret.get_secret_value() or settings.jwks_url)
        self._key_of = key_of
        self._algorithms = algorithms
        self._audience = settings.jwt_audience
        self._admin_claim = settings.jwt_admin_claim

    def identify(self, token: str) -> Identity:
        """See `Authority.identify`."""
        try:
            check_token(token)
            claims = jwt.decode(
                token,
                self._key_of(token),
                self._algorithms,
                audience=self._audience,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "aud", "sub"]},
            )
        except jwt.PyJWKClientConnectionError:
            raise ServiceError("the keys at LORA_JWKS_URL cannot be fetched; check that it is up") from None
        except jwt.ExpiredSignatureError:
            raise NotSignedIn("the token expired: get a new one") from None
        except (
            jwt.PyJWTError,
            TypeError,
            ValueError,
        ) as error:  # TypeError: an algorithm that is not of the key's kind
            raise NotSignedIn(f"the token is not valid ({type(error).__name__}): get a new one") from None
        return Identity(
            User(_owner(str(claims["sub"])), claims.get(self._admin_claim) is True),
            datetime.fromtimestamp(min(float(claims["exp"]), _LAST_S), UTC),
        )


class LaptopAuthority:
    """Takes one token, of which only the hash is kept."""

    may_wait = False

    def __init__(self, token_hash: str, user: User) -> None:
        self.epoch = _epoch(token_hash)
        self._token_hash = token_hash
        self._user = user

    def identify(self, token: str) -> Identity:
        """See `Authority.identify`."""
        if not hmac.compare_digest(_hash(token), self._token_hash):
            raise NotSignedIn(
                "the token is not the one of this installation: `lora-pipeline serve --new-token` makes one"
            )
        return Identity(self._user, None)


def make_authority(settings: Settings) -> Authority:
    """Choose by the settings who may sign: a secret, the keys at an address, or nobody but this laptop.

    Raises:
        SettingsError: two are chosen, or the laptop has no token yet.
    """
    secret = settings.jwt_secret.get_secret_value()
    if secret and settings.jwks_url:
        raise SettingsError("expected one of LORA_JWT_SECRET and LORA_JWKS_URL, found both: unset one")
    if secret:
        return JwtAuthority(lambda _: secret, ["HS256"], settings, may_wait=False)
    if settings.jwks_url:
        keys = JwksClient(settings.jwks_url)
        return JwtAuthority(
            lambda token: keys.get_signing_key_from_jwt(token).key, _ASYMMETRIC, settings, may_wait=True
        )
    found = _token_hash(settings)
    if found is None:
        path = token_path(settings.data_dir)
        raise SettingsError(f"expected the hash of a token in {path}, found none: start `lora-pipeline serve`")
    return LaptopAuthority(found, User(settings.default_owner))


def make_laptop_token(settings: Settings, *, is_renewed: bool = False) -> str | None:
    """Make the token of an installation that has no other; return it this once, None where there is one already.

    is_renewed: the old one ends.
    """
    if settings.jwt_secret.get_secret_value() or settings.jwks_url:
        return None
    path, token = token_path(settings.data_dir), secrets.token_urlsafe(32)
    replaces = path.exists() and (is_renewed or _token_hash(settings) is None)
    return token if make_private(path, _hash(token), replaces=replaces) else None


def _token_hash(settings: Settings) -> str | None:
    """The hash; None where there is none, and where a power cut left half a one, which no token fits."""
    found = read_private(token_path(settings.data_dir))
    return found if found and re.fullmatch(r"[0-9a-f]{64}", found) else None


def token_path(data_dir: Path) -> Path:
    """Where the hash of the laptop's token is."""
    return data_dir / "service_token_hash"


def _owner(subject: str) -> str:
    if not 0 < len(subject) <= _MAX_USER_ID_CHARACTERS:
        raise NotSignedIn(
            f"the token's subject: expected 1 to {_MAX_USER_ID_CHARACTERS} characters, found {len(subject)}"
        )
    return safe_owner(subject)


def _epoch(trusted: str) -> str:
    return _hash(f"sessions of {trusted}")[:16]  # a hash of a long secret tells nothing of it


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
