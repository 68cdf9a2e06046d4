"""Names of attempts where only letters, digits and hyphens are allowed, and few of them."""

import hashlib
import re

_DIGEST_HEX_DIGITS = 12
MOST = 63
"""Characters: of a training job at SageMaker, and of a label of DNS, as Kubernetes has."""


def legal_name(attempt_id: str) -> str:
    """A name that only this attempt has, and that begins so that people know it.

    >>> legal_name("talk-llama-3.1-8b-instruct-balanced-lora-bf9cac9bd8f2.1")
    'talk-llama-3-1-8b-instruct-balanced-lora-bf9cac9bd-3f72fe75da96'
    """
    digest = hashlib.sha256(attempt_id.encode()).hexdigest()[:_DIGEST_HEX_DIGITS]
    known = re.sub(r"[^a-z0-9]+", "-", attempt_id.lower()).strip("-")[: MOST - _DIGEST_HEX_DIGITS - 1].strip("-")
    return f"{known or 'attempt'}-{digest}"
