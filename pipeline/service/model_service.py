"""Models as users see them: listed, described, deleted, with their files and where they come from."""

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.contract.model_values import (
    ModelDescription,
    ModelDetails,
    ModelEvaluation,
    ModelList,
    ModelSummary,
)
from pipeline.contract.training_values import KeptFile
from pipeline.errors import LakeError, ModelNotFound
from pipeline.flow.closing import CARD_FILE, MANIFEST_FILE
from pipeline.service.access import Access
from pipeline.service.attempt_values import attempt_value
from pipeline.service.job_service import blocks_of
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.attempt_records import Evaluation, Model
from pipeline.state.catalog.statuses import Moment

MAX_LIMIT = 100
CARD = f"model/{CARD_FILE}"
_LOSSES: dict[str, Moment] = {"eval_loss_before": "before", "eval_loss": "after"}


def list_models(service: Service, user: User, *, job_id: str | None, page: int, limit: int) -> ModelList:
    """One page of the models that a user may see."""
    access = service.access(user)
    found = access.models(job_id=job_id, page=page, limit=limit)
    evaluations = access.evaluations_of([model.attempt_id for model in found.items])
    items = [ModelSummary(**_fields(model, evaluations[model.attempt_id])) for model in found.items]
    return ModelList(items=items, total=found.total, page=page, limit=limit)


def show_model(service: Service, user: User, model_id: str) -> ModelDetails:
    """Everything about a model.

    Raises:
        ModelNotFound: there is none that the user may see.
    """
    access = service.access(user)
    return _details(service, access, access.model(model_id))


def describe_model(service: Service, user: User, model_id: str, said: ModelDescription) -> ModelDetails:
    """Give one's own model another name or description.

    Raises:
        ModelNotFound: there is none of this user.
    """
    access = service.access(user)
    return _details(service, access, access.describe_model(model_id, said.name, said.description))


def delete_model(service: Service, user: User, model_id: str) -> ModelDetails:
    """Take one's own model out of the lists; its files stay.

    Raises:
        ModelNotFound: there is none of this user.
    """
    access = service.access(user)
    shown = _details(service, access, access.own_catalog.get_model(model_id, user.id))
    access.delete_model(model_id, service.now())
    return shown


def read_model_file(service: Service, user: User, model_id: str, name: str) -> tuple[int, Iterator[bytes]]:
    """Size and bytes of a file of a model.

    Raises:
        ModelNotFound: there is no such model that the user may see, or it has no such file.
        LakeError: it is not there any more.
    """
    model = service.access(user).model(model_id)
    if name not in model.files and name != MANIFEST_FILE:
        raise ModelNotFound(f"expected the name of a file of {model.id}, found another: list them first")
    size_bytes = service.lake.model_files(model.attempt_id).get(name)
    if size_bytes is None:
        raise LakeError(f"expected {name} of {model.id} at {model.files_uri}, found none: check LORA_LAKE")
    return size_bytes, blocks_of(service.lake.fetch_model_file(model.attempt_id, name))


def _details(service: Service, access: Access, model: Model) -> ModelDetails:
    job, attempt = access.job(model.job_id), access.attempt(model.job_id, model.attempt_id)
    evaluations = access.evaluations_of([model.attempt_id])[model.attempt_id]
    costs = [each for each in access.costs_of([job.id])[job.id] if each.attempt_id == model.attempt_id]
    data = job.job["data"]
    assert attempt is not None  # noqa: S101  # of an id that is given there is one, or an error
    return ModelDetails(
        **_fields(model, evaluations),
        evaluations=[ModelEvaluation(**_of(each)) for each in evaluations],
        files=[KeptFile(name=name, **each) for name, each in sorted(model.files.items())],
        dataset_name=str(data["dataset_name"]) if isinstance(data, dict) else "",
        job_name=job.name,
        content_sha256=job.content_sha256,
        split_fingerprint=job.split_fingerprint,
        attempt=attempt_value(attempt, service.now()),
        cost_usd=costs[-1].cost_usd if costs else None,
    )


def _fields(model: Model, evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    losses = {each.moment: each.value for each in evaluations if each.name == "eval_loss"}
    found = {name: losses.get(moment) for name, moment in _LOSSES.items()}
    return {name: getattr(model, name) for name in ModelSummary.model_fields if name not in found} | found


def _of(evaluation: Evaluation) -> dict[str, Any]:
    return {name: getattr(evaluation, name) for name in ModelEvaluation.model_fields}
