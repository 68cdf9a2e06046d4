"""Our verdicts on files beside what the trainers' own loaders and checkers say of them.

Each disagreement stands here with its reason: `WRITTEN` by the trainer ("" for all) and the rule by which we refuse,
`SKIPPED_OTHERWISE` by the file of which LLaMA-Factory skips other rows than we say.
Whatever the loaders object to and we do not is a fault of ours.
"""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.trainers.acceptance import Acceptance, Effect, Verdict
from pipeline.trainers.acceptance.judge_acceptance import acceptance_of, asking

LOADED_BY = {"trl": "newest", "axolotl": "newest", "llama-factory": "oldest"}  # releases of datasets
CHECKED_BY = {**LOADED_BY, "together": "together", "mistral-finetune": "mistral"}
_BY_THE_SERVER = "together 3.1.1 looks at no more than lines that are objects; its server judges what is in them."
_JUDGED_THERE = (
    "unknown-role",
    "partial-weight",
    "no-assistant-turn",
    "system-not-first",
    "several-system-turns",
    "roles-not-alternating",
    "first-turn-not-user",
    "byte-order-mark",
)
WRITTEN: Mapping[tuple[str, str], str] = {
    ("", "rejected-lines"): (
        "A dataset with rejected rows is not ready. Loaders read NaN, which is no JSON; at a text that is missing or "
        "of another type the template stops, not the loader; where rows are of mixed shape, datasets 5.2.0 reads lines "
        "with a reader that takes a comma too many."
    ),
    ("", "integer-too-large"): "It loads, and the whole column is rounded to doubles.",
    ("", "number-too-large"): "Where rows are of mixed shape, datasets 5.2.0 reads it as infinite, which is no JSON.",
    ("", "repeated-key"): "Of an array, the loader takes the last of the two and loses the first; of lines, it stops.",
    (
        "trl",
        "media-beside-text",
    ): "The trainer stops at the column, the loader does not.",
    **{("together", rule): _BY_THE_SERVER for rule in _JUDGED_THERE},
}

SKIPPED_OTHERWISE: Mapping[str, str] = {
    "calls-result-before-call.jsonl": "Of a result without a call it skips the row behind a question, not behind an "
    "answer; we tell of both that the result stands in the user's place, or the row is skipped.",
    "calls-ends-with-result.jsonl": "It forgets results behind the last answer, and learns the rest; we count the "
    "row as dropped, as its last turn is no answer.",
}


def acceptances(path: Path, folder: Path) -> dict[str, Acceptance]:
    """What we say of a file, by trainer; empty of one that is not read at all."""
    folder.mkdir()
    profile = profile_stream(io.BytesIO(path.read_bytes()), folder, asking(Rules()))
    return {each.target: each for each in acceptance_of(profile)}


def disagreements(path: Path, ours: Mapping[str, Acceptance], theirs: Mapping[str, Any]) -> Iterator[str]:
    """What is not written down, for people. theirs: objections by who has them, "" for none."""
    for trainer, said_by in CHECKED_BY.items():
        verdict, objection = ours.get(trainer), theirs[said_by]
        if verdict is None:  # a finding says that it is not read
            continue
        if objection and verdict.verdict is not Verdict.REFUSED and verdict.needs_conversion is None:
            yield f"{trainer} takes {path.name}, we say; it says: {objection}"
        if not objection and verdict.verdict is Verdict.REFUSED:
            rules = {reason.rule for reason in verdict.reasons if reason.effect is Effect.REFUSES}
            if not any((trainer, rule) in WRITTEN or ("", rule) in WRITTEN for rule in rules):
                yield f"{trainer} refuses {path.name} for {', '.join(sorted(rules))}, we say; it objects to nothing"
    verdict, skipped = ours.get("llama-factory"), theirs["llama-factory"]
    is_taken = verdict is not None and verdict.verdict is not Verdict.REFUSED and verdict.needs_conversion is None
    is_known = skipped is not None and path.name not in SKIPPED_OTHERWISE
    if verdict is not None and is_taken and is_known and skipped != verdict.rows_dropped:
        yield f"llama-factory skips {verdict.rows_dropped} rows of {path.name}, we say; it skips {skipped}"
