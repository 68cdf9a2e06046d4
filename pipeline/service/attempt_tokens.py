"""What opens one attempt at a training to the machine that trains it elsewhere, and the line that starts it there.

A token is signed here, for this purpose alone, and holds the attempt's id. The same attempt has the same token, so that
its line can be shown again. It opens what `routes/attempt_routes.py` has, and nothing else.
"""

import shlex
from collections.abc import Callable
from urllib.parse import quote

from pipeline.errors import NotSignedIn
from pipeline.launchers.own_machine import LINE_VALID
from pipeline.service.signing import Signer, make_signer
from pipeline.settings import Settings
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.state.catalog.statuses import LIVE_STATES

PURPOSE = "attempt token"


def attempt_token(signer: Signer, attempt: Attempt) -> str:
    """What the machine of an attempt sends with each request."""
    expires_at = (attempt.created_at + LINE_VALID).replace(microsecond=0)
    return signer.sign(PURPOSE, {"sub": attempt.user_id, "attempt": attempt.id}, expires_at)


def attempt_tokens(settings: Settings) -> Callable[[Attempt], str]:
    """The same for whoever starts attempts, with the secret of the service."""
    return lambda attempt: attempt_token(make_signer(settings), attempt)


def read_attempt_token(signer: Signer, token: str) -> tuple[str, str]:
    """Return whose attempt a token opens, and its id.

    Raises:
        NotSignedIn: it was not signed here, for something else, or is over.
    """
    claims = signer.read(PURPOSE, token)
    owner, attempt_id = claims.get("sub"), claims.get("attempt")
    if not isinstance(owner, str) or not isinstance(attempt_id, str):
        raise NotSignedIn("expected a token of an attempt, found another: copy the line from the job's page")
    return owner, attempt_id


def start_line(signer: Signer, attempt: Attempt, service_url: str) -> str | None:
    """The line for the shell of one's own machine; None where there is nothing to start there (any more)."""
    if attempt.launcher != "own-machine" or attempt.state not in (*LIVE_STATES, "lost"):
        return None
    token, url = attempt_token(signer, attempt), service_url.rstrip("/")
    script = f"{url}/api/jobs/{quote(attempt.job_id)}/attempts/{quote(attempt.id)}/run.py"
    return (
        f'curl -fsSL {shlex.quote(script)} -H "Authorization: Bearer {token}" -o run.py && '
        f"LORA_ATTEMPT_TOKEN={token} python3 run.py --service {shlex.quote(url)} --attempt {shlex.quote(attempt.id)}"
    )
