"""Which certificates are trusted: read once a process, for it takes longer than most requests."""

import ssl
from functools import cache


@cache
def trusted() -> ssl.SSLContext:
    """What every client of ours trusts: as httpx2 has it, with `SSL_CERT_FILE` and `SSL_CERT_DIR`."""
    import httpx2  # only who asks somebody needs it

    return httpx2.create_ssl_context()
