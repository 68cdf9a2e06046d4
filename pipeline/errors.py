"""Every exception the project raises on purpose, grouped by who must act.

    PipelineError
    ├── UsageError              the person who typed the command or set the setting     exit 2
    │   ├── SettingsError
    │   ├── DatasetNotFound
    │   ├── DatasetNotReady                                                             exit 1
    │   ├── JobNotFound
    │   ├── ModelNotFound
    │   ├── ScaffoldNotFound
    │   ├── BatchNotFound
    │   ├── ConversationNotFound
    │   ├── TrainingFileNotFound
    │   ├── NotificationNotFound
    │   ├── QueryError
    │   └── RequestRefused          a request that the service does not carry out as it was sent
    │       ├── NotSignedIn
    │       ├── NotAllowed
    │       ├── Conflicting
    │       ├── TooLarge
    │       │   └── OverQuota
    │       └── TooManyRequests
    └── ServiceError            the operator: something we depend on is broken          exit 3, retried in runs
        ├── StoreError
        │   ├── ObjectMissing       the object is gone
        │   ├── ObjectChanged       other bytes lie there than the ones that were registered
        │   └── ObjectUnreadable    it may not be read, though others may
        ├── QueueError              the queue of a bucket's events
        ├── CatalogError
        ├── LakeError
        │   └── LakeDamaged         files that are no Parquet files any more
        ├── EngineError             a cluster gave up a part of the work
        │   └── EngineDown          its scheduler does not answer, or has no worker
        ├── WarehouseError
        │   └── WarehouseIncomplete not published, because it would lack datasets
        └── StateError              a file of the installation's own state is damaged or of a newer version

A bad dataset is not here: bad data is a value (`Finding`), never an exception.
"""


class PipelineError(Exception):
    """Base of all; `exit_code` is what the command line returns for it."""

    exit_code = 3


class UsageError(PipelineError):
    """Wrong use; the message says what was expected and what to type instead."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting that cannot be used."""


class DatasetNotFound(UsageError):
    """No dataset of that id (or none this user may see)."""


class NotificationNotFound(UsageError):
    """No notification of that id (or none of this user)."""


class DatasetNotReady(UsageError):
    """A dataset that cannot be trained on: not validated yet, with errors, superseded or deleted."""

    exit_code = 1


class JobNotFound(UsageError):
    """No training job of that id (or none this user may see)."""


class ModelNotFound(UsageError):
    """No model of that id (or none this user may see)."""


class ScaffoldNotFound(UsageError):
    """No scaffold of that kind and key (or none this user may see)."""


class BatchNotFound(UsageError):
    """No batch of conversations of that id (or none this user may see)."""


class ConversationNotFound(UsageError):
    """No conversation that was made of that id (or none this user may see)."""


class TrainingFileNotFound(UsageError):
    """No training file of that id (or none this user may see)."""


class QueryError(UsageError):
    """SQL that the warehouse refuses."""


class RequestRefused(UsageError):
    """The service does not do what a request asks; it, or what it speaks of, has to change first."""


class NotSignedIn(RequestRefused):
    """The request says nobody's name, or says one without proof."""


class NotAllowed(RequestRefused):
    """Signed in or signed, but not for this."""


class Conflicting(RequestRefused):
    """What the request speaks of is not in the state that it needs."""


class TooLarge(RequestRefused):
    """More bytes than are taken."""


class OverQuota(TooLarge):
    """More bytes than a user may have in all."""


class TooManyRequests(RequestRefused):
    """Asked again too soon; `retry_after_s` says when it is worth it."""

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ServiceError(PipelineError):
    """A store, catalog or disk that does not do its part; worth another try later."""


class StoreError(ServiceError):
    """The object store cannot be reached or refuses."""


class ObjectMissing(StoreError):
    """The object is not (or no longer) in the store."""


class ObjectChanged(StoreError):
    """The object's bytes are not the registered content version any more."""


class ObjectUnreadable(StoreError):
    """The object's permissions keep us from reading it, or it lies behind a link; the store may be well."""


class QueueError(ServiceError):
    """The queue of a bucket's events cannot be reached, is not there, or refuses."""


class CatalogError(ServiceError):
    """The catalog database cannot be reached, is locked, or refuses."""


class LakeError(ServiceError):
    """The lake cannot be written or read (disk full, permissions)."""


class LakeDamaged(LakeError):
    """Files that are not what they should be; `places` names them."""

    def __init__(self, message: str, places: tuple[str, ...]) -> None:
        super().__init__(message)
        self.places = places


class EngineError(ServiceError):
    """A cluster could not do a part of the work that it was given."""


class EngineDown(EngineError):
    """A cluster's scheduler does not answer, or it has no worker: no fault of the work."""


class WarehouseError(ServiceError):
    """The warehouse file cannot be built or read."""


class WarehouseIncomplete(WarehouseError):
    """The warehouse was not published, because it would lack datasets that it should have; ids of datasets.

    expected: how many it should have. lost: their files are not in the lake. unknown: published, and not in the
    catalog. returning: published, and validated again just now.
    """

    def __init__(
        self,
        message: str,
        expected: int,
        lost: tuple[str, ...] = (),
        unknown: tuple[str, ...] = (),
        returning: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.expected = expected
        self.lost = lost
        self.unknown = unknown
        self.returning = returning

    @property
    def missing(self) -> tuple[str, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys((*self.lost, *self.unknown, *self.returning)))


class StateError(ServiceError):
    """A file that holds the state of the installation, or of Dagster, is damaged or of a newer version."""
