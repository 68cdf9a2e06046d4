"""Mail to the operators, through the mail server that `LORA_SMTP_URL` names; nothing of it is retried here.

smtp://mail.example.com:587                      goes on with TLS; without it only on this machine
smtps://user:password@mail.example.com:465       TLS from the first byte
"""

import logging
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from pipeline.settings import Settings

_LOG = logging.getLogger(__name__)
_TIMEOUT_S = 5.0
_PORTS = {"smtp": 587, "smtps": 465}  # RFC 6409, RFC 8314
_HERE = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Mail:
    """A way to people by mail."""

    to: tuple[str, ...]
    sender: str
    url: str = field(repr=False)
    """Of the mail server, with name and password where it wants them."""

    @classmethod
    def of_settings(cls, settings: Settings) -> "Mail | None":
        """That of an installation; None where no address or no mail server is set."""
        to = tuple(filter(None, map(str.strip, settings.operator_email.split(","))))
        url = settings.smtp_url.get_secret_value()
        return cls(to, settings.smtp_from or to[0], url) if to and url else None

    def send(self, title: str, message: str, page_url: str = "") -> bool:
        """Hand a mail to the server; False, and a line in the log, where it was not taken."""
        try:
            with self._connected() as server:
                server.send_message(self._letter(title, message, page_url))
        # Their text may quote what the server was told. ValueError: a name or password that no server's protocol takes.
        except (OSError, smtplib.SMTPException, ValueError) as error:
            _LOG.warning("operators could not be told by mail: %s", type(error).__name__)
            return False
        return True

    def _connected(self) -> smtplib.SMTP:
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port, timeout=_TIMEOUT_S, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(host, port, timeout=_TIMEOUT_S)
        try:
            if parts.scheme == "smtp" and host not in _HERE:
                server.starttls(context=ssl.create_default_context())
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
        except BaseException:
            server.close()
            raise
        return server

    def _letter(self, title: str, message: str, page_url: str) -> EmailMessage:
        letter = EmailMessage()
        letter["Subject"] = " ".join(_sendable(title).split())
        letter["From"], letter["To"] = self.sender, ", ".join(self.to)
        letter["Date"], letter["Message-ID"] = formatdate(), make_msgid(domain="lora-pipeline.invalid")
        letter.set_content(_sendable(f"{message}\n\n{page_url}".rstrip() + "\n"))
        return letter


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")  # names of files may hold what no text may
