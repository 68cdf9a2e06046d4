"""What goes wrong when a model is asked, by what helps; a wire reads its provider's signs into these.

    UsageError
    ├── KeyRefused          the key is missing, wrong or not allowed this: its owner sets another one
    └── AskingRefused       what was asked is not taken, and would not be when asked again
        └── NotThere        the provider knows no such model or batch
    ServiceError
    ├── RateLimited         too much at once: wait, at least as long as the provider says, and ask less
    ├── Overloaded          the provider has too much to do: wait
    ├── SpendingCap         a cap that somebody set is reached: only its owner, or the next month, helps
    ├── LowCredit           nothing is left to pay with: only the account's owner helps
    ├── Unreachable         nothing was sent
    ├── Unanswered          it was sent, and whether it was done is not known
    └── ResultsGone         the provider keeps a batch's results no longer

All but `Unanswered` mean: not done, and not paid.
"""

from pipeline.errors import ServiceError, SettingsError, UsageError


class KeyRefused(SettingsError):
    """The key is missing, wrong, or not allowed this."""


class AskingRefused(UsageError):
    """What was asked is not taken; the provider's words are in the message."""


class NotThere(AskingRefused):
    """No such model, batch or file."""


class RateLimited(ServiceError):
    """More than the account may ask at a time; retry_after_s: the least to wait, None where the provider says none."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Overloaded(ServiceError):
    """The provider has too much to do, whoever asks; retry_after_s as above."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SpendingCap(ServiceError):
    """The account may not spend more in this period."""


class LowCredit(ServiceError):
    """The account has nothing left to pay with."""


class Unreachable(ServiceError):
    """No connection; nothing was sent."""


class Unanswered(ServiceError):
    """Sent, and the answer never came, or cannot be read: it may have been done, and may be paid.

    status: where it was an error of the provider's own, 500 and above.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ResultsGone(ServiceError):
    """The results of a batch are no longer kept; what was answered was paid."""
