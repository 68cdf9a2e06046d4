"""What failed of a batch, when to give the rest of it up, and how often a step is tried."""

import dagster as dg

from pipeline.errors import ServiceError

GIVE_UP_AFTER = 3  # failures in a row: then it is the store or the lake, and the rest of the batch need not ask too
RETRY = dg.RetryPolicy(max_retries=2, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL)


class Failures:
    """Failures of the datasets of one run, which goes on until several come in a row."""

    def __init__(self, done: str) -> None:
        """`done`: what was to be done with the datasets, as in "could not be validated"."""
        self._done = done
        self._messages: list[str] = []
        self._in_a_row = 0

    def add(self, dataset_id: str, error: ServiceError) -> bool:
        """Keep a failure; returns whether to give up."""
        self._messages.append(f"{dataset_id}: {error}")
        self._in_a_row += 1
        return self._in_a_row == GIVE_UP_AFTER

    def add_success(self) -> None:
        """The service answers: failures are counted in a row anew."""
        self._in_a_row = 0

    def raise_any(self) -> None:
        """Fail the run, with all messages.

        Raises:
            Failure: a dataset failed.
        """
        if self._messages:
            raise dg.Failure(
                f"{len(self._messages)} datasets could not be {self._done}",
                metadata={"failures": "\n".join(self._messages)},
            )
