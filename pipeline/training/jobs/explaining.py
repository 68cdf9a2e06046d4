"""Writes `explain.md`: what a job is, how to start it, why each value is what it is, and which rows are left out."""

from collections.abc import Mapping

from pipeline.dataset.convert.losses import LOSSES, Losses
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.learning import DropReason
from pipeline.trainers.markdown_text import block, code, inline
from pipeline.trainers.objectives import TITLES
from pipeline.trainers.registry import HOSTED
from pipeline.trainers.renderer import Renderer
from pipeline.trainers.requirements import REQUIREMENTS_FILE
from pipeline.trainers.strict_keys import recorded_lock
from pipeline.trainers.survey import Survey
from pipeline.trainers.trainer import Objective
from pipeline.wording import count_of

_WHY_DROPPED: Mapping[DropReason, str] = {
    "nothing-supervised": "no answer is to be learned: there is none, or the weight of each is 0",
    "answer-cut-off": "no answer begins within the length, so nothing of them would be learned",
    "no-question": "nothing comes before the answer",
    "not-one-answer": "the alternatives are not one answer each, which is all that every trainer takes",
}

# What conversions do not lose, but some files of judgements do.
_LOSSES = LOSSES | {
    "tool-calls": "conversations with calls of tools, which are left out",
    "tools": "descriptions of tools",
}
_ROWS: Mapping[Objective, str] = {"preference": "preference", "kto": "judgement", "text": "text"}


def _machine(job: TrainingJob) -> str:
    return f"{job.hardware.gpu_count} × {inline(job.hardware.gpu)}"


def explain_md(job: TrainingJob, target: Renderer, found: Survey, losses: Losses, tokenizer: str) -> str:
    """The page."""
    sections = [
        f"# {inline(job.name)}: {target.title}",
        _facts(job, target, found),
        *([_list("To be aware of", [inline(each) for each in job.warnings])] if job.warnings else []),
        _start(job, target, found),
        _list("Good to know", target.notes(job, found)),
        _values(job),
        _dropped(job, found, tokenizer),
        *([_lost(losses)] if losses.counts else []),
    ]
    return "\n\n".join(sections) + "\n"


def _start(job: TrainingJob, target: Renderer, found: Survey) -> str:
    start = f"## Start\n\n{block(target.start(job, found), 'sh')}"
    if not recorded_lock(target.name):
        return start
    return start + (
        f"\n\n`{REQUIREMENTS_FILE}` names the exact versions that these files are made for: another release may know "
        "other arguments, or mean something else by them."
    )


def _facts(job: TrainingJob, target: Renderer, found: Survey) -> str:
    rows = (
        ("job", code(job.job_id)),
        ("for", target.version),
        ("base model", f"{inline(job.base_model)} ({code(job.hub_id)})"),
        ("dataset", f"{inline(job.data.dataset_name)} ({code(job.data.dataset_id)}, {inline(job.data.format)})"),
        ("content", f"sha256 {code(job.data.content_sha256)}"),
        *([("learned", TITLES[job.objective])] if job.objective != "sft" else []),
        ("training", _amount(job, found.train_rows, found.train_answers)),
        ("validation", _amount(job, found.validation_rows, found.validation_answers)),
        *([] if target.name in HOSTED else [("planned for", _machine(job))]),
    )
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _amount(job: TrainingJob, rows: int, answers: int) -> str:
    if job.objective in _ROWS:
        return count_of(rows, _ROWS[job.objective])
    return f"{count_of(rows, 'conversation')}, {count_of(answers, 'answer')} to learn"


def _values(job: TrainingJob) -> str:
    lines = ["## Values", "", "| setting | value | because |", "|---|---|---|"]
    lines += [f"| {code(e.setting)} | {inline(e.value)} | {inline(e.because)} |" for e in job.explanations]
    return "\n".join(lines)


def _dropped(job: TrainingJob, found: Survey, tokenizer: str) -> str:
    if not found.dropped:
        return "## Rows left out\n\nNone."
    lines = [
        "## Rows left out",
        "",
        f"{count_of(found.dropped.total(), 'row')}, with their places in `dropped_rows.jsonl`. The length is "
        f"{job.max_length:,} tokens of {inline(tokenizer)}; the model's own tokenizer may count a little more or less.",
        "",
    ]
    for reason, sentence in _WHY_DROPPED.items():
        if count := found.dropped[reason]:
            first = found.first_dropped[reason]
            more = ", …" if count > len(first) else ""
            lines.append(f"- `{reason}`: {count:,}, {sentence}. Rows {', '.join(map(str, first))}{more}")
    return "\n".join(lines)


def _lost(losses: Losses) -> str:
    lines = ["## What the data files do not hold", ""]
    lines += [
        f"- {_LOSSES[kind]}: {count_of(losses.counts[kind], 'conversation')}, the first in rows "
        + ", ".join(map(str, losses.rows[kind]))
        for kind in _LOSSES
        if kind in losses.counts
    ]
    return "\n".join(lines)


def _list(title: str, sentences: tuple[str, ...] | list[str]) -> str:
    return "\n".join([f"## {title}", "", *(f"- {sentence}" for sentence in sentences)])
