"""Which weights an adapter is for, as PEFT takes it: shared by the trainers that hand it on."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.trainers.job import Adapter, TrainingJob

WIDENINGS = {"mxfp4": "Mxfp4Config", "fp8": "FineGrainedFP8Config"}
"""What of Transformers takes weights out of the quantisation that a base model comes in (`dequantize`)."""


def is_loaded_once(job: TrainingJob) -> bool:
    """Whether one process may read the weights for all that share them out (`cpu_ram_efficient_loading`).

    4 bits that one process makes are not dealt out, and neither is what it widens (axolotl 0.19 refuses both).
    """
    return job.method != "qlora" and not job.own_quantisation


def beside_towers(modules: Iterable[str]) -> str:
    """A pattern of PEFT that names these layers wherever they are but in a tower for pictures or sound."""
    return rf"^(?!.*(vision|audio|multi_modal|embed_)).*\.({'|'.join(modules)})$"


@dataclass(frozen=True, slots=True)
class ExpertPatterns:
    """Rank and alpha of the experts' stacks, by their names; alpha is in the same relation as elsewhere."""

    rank: dict[str, int]
    alpha: dict[str, int]


def expert_patterns(adapter: Adapter) -> ExpertPatterns:
    """`rank_pattern` and `alpha_pattern` of PEFT (0.21: both are matched with the stack's name from the layer on).

    An adapter counts alpha / rank, or alpha / √rank where it is rank-stabilised.
    """
    share = adapter.targets.expert_rank / adapter.rank
    scaled = max(1, round(adapter.alpha * (math.sqrt(share) if adapter.is_rank_stabilised else share)))
    return ExpertPatterns(
        dict.fromkeys(adapter.targets.experts, adapter.targets.expert_rank),
        dict.fromkeys(adapter.targets.experts, scaled),
    )
