"""What a job is planned from, together."""

from dataclasses import dataclass

from pipeline.catalogues.gpus import Gpu
from pipeline.catalogues.models import BaseModelSpec
from pipeline.trainers.objectives import objective_of
from pipeline.trainers.overrides import Overrides
from pipeline.trainers.registry import BY_NAME, are_hosted
from pipeline.trainers.target_name import TargetName
from pipeline.trainers.trainer import Objective
from pipeline.training.jobs.dataset_facts import DatasetFacts
from pipeline.training.presets import Preset


@dataclass(frozen=True, slots=True)
class Inputs:
    """own: what was set by hand."""

    facts: DatasetFacts
    model: BaseModelSpec
    gpu: Gpu
    gpu_count: int
    preset: Preset
    targets: tuple[TargetName, ...]
    own: Overrides

    @property
    def is_hosted(self) -> bool:
        """Whether nobody needs a GPU of their own."""
        return are_hosted(self.targets)

    @property
    def objective(self) -> Objective:
        """What is learned from the dataset."""
        return objective_of(self.facts.format)

    @property
    def is_packed(self) -> bool:
        """Whether rows are joined to the full length.

        Plain texts are, as nothing keeps them apart; and conversations where a provider bills each row at its full
        length otherwise.
        """
        own = self.own.switch("is_packed")
        if own is not None:
            return own
        is_billed_whole = all(BY_NAME[target].bills_full_rows for target in self.targets)
        return self.objective == "text" or (self.objective == "sft" and is_billed_whole)

    @property
    def train_tokens(self) -> int:
        """Of the training rows, as the profile estimates them."""
        return round(self.facts.tokens * self.facts.train_rows / max(1, self.facts.rows))

    def count_examples(self, max_length: int) -> int:
        """Training rows as the trainer counts them: several conversations are one when they are packed."""
        rows = self.facts.train_rows
        if not self.is_packed:
            return rows
        packed = max(1, -(-self.train_tokens // max_length))
        return packed if self.objective == "text" else min(rows, packed)  # texts are cut up, conversations cut off
