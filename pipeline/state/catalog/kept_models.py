"""Models that trainings left: kept with their files, found and renamed by their owner, and how good they are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from pipeline.errors import ModelNotFound
from pipeline.state.catalog.attempt_records import Evaluation, Model, ModelPage, NewModel
from pipeline.state.catalog.attempt_tables import model_evaluations, models
from pipeline.state.catalog.attempts import read_attempt
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.notices import Notice, send
from pipeline.state.catalog.selecting import find_meant, find_row, is_of, paged
from pipeline.state.catalog.statements import insert_or
from pipeline.state.catalog.tables import storable_text
from pipeline.state.catalog.training_jobs import read_job

_NEWEST = (models.c.created_at.desc(), models.c.id)


class Models(Database):
    """The methods that runs, commands and the service use. `user_id=None` means any user's models."""

    def keep_model(self, new: NewModel, now: datetime) -> Model:
        """Remember a model whose files are in place, and tell its owner; the same again is the one that is there.

        Raises:
            JobNotFound: there is no such attempt.
        """
        with self._writing() as connection:
            attempt = read_attempt(connection, new.attempt_id)
            job = read_job(connection, attempt.job_id, for_update=True)
            if (found := _of_attempt(connection, new.attempt_id)) is not None:
                return found
            earlier = select(func.count()).select_from(models).where(models.c.job_id == job.id)
            row = {
                "id": new.attempt_id,
                "user_id": job.user_id,
                "attempt_id": new.attempt_id,
                "job_id": job.id,
                "dataset_id": job.dataset_id,
                "name": job.name,
                "version": connection.execute(earlier).scalar_one() + 1,
                "kind": new.kind,
                "base_model": new.base_model or job.base_model,
                "files_uri": new.files_uri,
                "files": new.files,
                "size_bytes": new.size_bytes,
                "manifest_sha256": new.manifest_sha256,
                "created_at": now,
            }
            connection.execute(insert(models), row)
            title = f"The model of {job.name} is ready"
            message = "Its files are kept, with checksums: take them from its page."
            send(
                connection, job.dataset_id, job.user_id, Notice("model_ready", attempt.id, title, message, job.id), now
            )
            return _read_model(connection, new.attempt_id, None)

    def get_model(self, model_id: str, user_id: str | None = None) -> Model:
        """Return a model by its whole id.

        Raises:
            ModelNotFound: there is none, it is another user's, or it was deleted.
        """
        with self._reading() as connection:
            return _read_model(connection, model_id, user_id)

    def model_of(self, attempt_id: str) -> Model | None:
        """Return the model that an attempt left, also one that its owner took out of the lists."""
        with self._reading() as connection:
            return _of_attempt(connection, attempt_id)

    def find_model(self, user_id: str | None, name_or_id: str) -> Model:
        """Return the model a person means: by id, else by the beginning of its id, else by name.

        Raises:
            ModelNotFound: nothing fits.
            UsageError: several fit; the message names them.
        """
        columns = models.c
        begins_so = func.substr(columns.id, 1, len(name_or_id)) == storable_text(name_or_id)
        meant = (columns.id == name_or_id, begins_so, columns.name == name_or_id)
        query = select(models).where(is_of(models, user_id), columns.deleted_at.is_(None)).order_by(*_NEWEST)
        with self._reading() as connection:
            found = find_meant(connection, query, meant, "model", name_or_id, _candidate)
        if found is None:
            raise ModelNotFound(f"expected the id or name of a model, found {name_or_id!r}: list the models first")
        return to_model(found)

    def list_models(self, user_id: str | None, job_id: str | None = None, page: int = 1, limit: int = 20) -> ModelPage:
        """Return one page of models, newest first; deleted ones are in none."""
        wanted = is_of(models, user_id) & models.c.deleted_at.is_(None)
        if job_id is not None:
            wanted &= models.c.job_id == job_id
        window = paged(select(models).where(wanted).order_by(*_NEWEST), page, limit)
        with self._reading() as connection:
            total = connection.execute(select(func.count()).select_from(models).where(wanted)).scalar_one()
            return ModelPage([to_model(row) for row in connection.execute(window)], total)

    def describe_model(
        self, model_id: str, user_id: str, name: str | None = None, description: str | None = None
    ) -> Model:
        """Give a model another name or description; what is None stays.

        Raises:
            ModelNotFound: there is none of this user.
        """
        wanted = {"name": name, "description": description}
        changed = {key: value for key, value in wanted.items() if value is not None}
        with self._writing() as connection:
            _read_model(connection, model_id, user_id)
            if changed:
                connection.execute(update(models).where(models.c.id == model_id).values(changed))
            return _read_model(connection, model_id, user_id)

    def delete_model(self, model_id: str, user_id: str, now: datetime) -> None:
        """Take a model out of the lists; its files stay.

        Raises:
            ModelNotFound: there is none of this user.
        """
        with self._writing() as connection:
            _read_model(connection, model_id, user_id)
            connection.execute(update(models).where(models.c.id == model_id).values(deleted_at=now))

    def note_evaluations(self, attempt_id: str, found: Sequence[Evaluation], now: datetime) -> None:
        """Remember how good the model of an attempt is; each figure once.

        Raises:
            JobNotFound: there is no such attempt.
        """
        table = model_evaluations
        with self._writing() as connection:
            attempt = read_attempt(connection, attempt_id)
            common = {"attempt_id": attempt_id, "user_id": attempt.user_id, "created_at": now}
            rows = [common | {name: getattr(each, name) for name in Evaluation.__dataclass_fields__} for each in found]
            if rows:
                once = insert_or(connection, table)
                connection.execute(once.on_conflict_do_nothing(index_elements=["attempt_id", "moment", "name"]), rows)

    def evaluations_of(self, attempt_ids: Sequence[str]) -> dict[str, list[Evaluation]]:
        """Return the figures of attempts; every attempt has an entry."""
        found: dict[str, list[Evaluation]] = {attempt_id: [] for attempt_id in attempt_ids}
        columns = model_evaluations.c
        chosen = (columns.attempt_id, *(columns[name] for name in Evaluation.__dataclass_fields__))
        query = select(*chosen).where(columns.attempt_id.in_(list(attempt_ids))).order_by(columns.name, columns.moment)
        with self._reading() as connection:
            for attempt_id, *values in connection.execute(query):
                found[attempt_id].append(Evaluation(*values))
        return found


def to_model(row: Sequence[Any]) -> Model:
    """Make the record of a whole row of `models`."""
    return Model(*row)


def _of_attempt(connection: Connection, attempt_id: str) -> Model | None:
    row = connection.execute(select(models).where(models.c.attempt_id == attempt_id)).one_or_none()
    return None if row is None else to_model(row)


def _read_model(connection: Connection, model_id: str, user_id: str | None) -> Model:
    row = find_row(connection, models, model_id, user_id)
    if row is None or row.deleted_at is not None:
        whose = "" if user_id is None else f" of {user_id}"
        raise ModelNotFound(f"expected the id of a model{whose}, found {model_id!r}: list the models first")
    return to_model(row)


def _candidate(row: Sequence[Any]) -> str:
    found = to_model(row)
    return f"{found.id}  {found.name}, version {found.version}, {found.base_model}"
