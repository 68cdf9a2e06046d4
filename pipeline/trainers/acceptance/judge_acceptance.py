"""Judges a dataset by the rules of every target. Pure but for one pass over the findings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.dataset.findings.finding import CATALOGUE, Scope, Severity
from pipeline.dataset.findings.groups import unlisted
from pipeline.dataset.formats.containers import Compression
from pipeline.dataset.formats.recognise import Reading
from pipeline.dataset.profiles.profile import Profile
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.trainers.acceptance.acceptance_rules import (
    CodeRule,
    Effect,
    Target,
    WrappingRule,
    dropping_codes,
    load_targets,
)
from pipeline.trainers.acceptance.acceptance_verdict import Acceptance, Reason, Subject, Verdict
from pipeline.trainers.acceptance.row_counts import RowCount, count_rows

_Counts = Mapping[frozenset[str], RowCount]
_ORDER = {effect: place for place, effect in enumerate(Effect)}
_LOSSES = {Effect.DROPS, Effect.TRUNCATES, Effect.HARMS}


def asking(rules: Rules) -> Rules:
    """The rules with what `acceptance_of` must know of a file."""
    return replace(rules, counted_together=dropping_codes())


def acceptance_of(profile: Profile) -> list[Acceptance]:
    """What each trainer would do with a file; nothing where the file was not read, or only its structure was."""
    if not profile.parts or profile.quality is None:
        return []
    counts = profile.statistics
    subject = Subject(
        format=profile.reading.form.name,
        conversations=counts.conversations,
        rejected_lines=counts.rejected_lines,
        size_bytes=profile.size_bytes,
        truncation=profile.tokens.truncation if profile.tokens else (),
        roles=counts.roles,
        finding_counts=profile.finding_counts,
        together=profile.together,
        wrappings=_wrappings(profile.reading),
    )
    return judge_acceptance(subject, profile.findings_path)


def _wrappings(reading: Reading) -> frozenset[str]:
    """What stands around the rows that is not there once the file is converted."""
    layout = reading.form.layout
    is_list = layout.turns == "$" and bool(layout.role)
    held = {reading.container, reading.compression.value} - {"jsonl", Compression.NONE.value}
    return frozenset(held | ({"lists"} if is_list else set()))


def judge_acceptance(
    subject: Subject, findings_path: Path, targets: Sequence[Target] | None = None
) -> list[Acceptance]:
    """What each target would do with the dataset, in the targets' order; an unready one is judged as it is.

    findings_path: Parquet of the listed findings in row order. targets: ours by default.
    """
    chosen = load_targets() if targets is None else targets
    groups = {_rejecting()}
    for target in chosen:
        rules = _rules(target, subject)
        groups |= {frozenset({rule.code}) for rule in rules} | {_dropping(rules)}
    counts = {
        group: replace(count, count=_all(group, count.count, subject))
        for group, count in count_rows(findings_path, groups).items()
    }
    return [_judge(target, subject, counts) for target in chosen]


def _all(group: frozenset[str], listed: int, subject: Subject) -> int:
    """How many lines have one of the codes, with those whose findings are counted and not listed."""
    if not unlisted({code: subject.finding_counts.get(code, 0) for code in group}):
        return listed
    if len(group) == 1:
        return subject.finding_counts[next(iter(group))]  # a code is reported once a line
    return sum(count for codes, count in subject.together.items() if codes & group)


def _judge(target: Target, subject: Subject, counts: _Counts) -> Acceptance:
    rules = _rules(target, subject)
    dropped = counts[_dropping(rules)].count
    truncated = 0
    cut = _cut(target, subject)
    if target.length and target.length.effect is Effect.DROPS:
        dropped += cut
    else:
        truncated = cut
    dropped = min(dropped, subject.conversations)
    reasons = sorted(
        (
            *_of_format(target, subject),
            *_of_wrappings(target, subject),
            *_of_limits(target, subject, dropped),
            *_of_rejected(target, subject, counts),
            *_of_roles(target, subject),
            *_of_codes(rules, counts),
            *_of_length(target, subject),
        ),
        key=lambda reason: _ORDER[reason.effect],
    )
    return Acceptance(
        target=target.name,
        title=target.title,
        verdict=_verdict({reason.effect for reason in reasons}),
        rows_dropped=dropped,
        rows_truncated=truncated,
        reasons=tuple(reasons),
        needs_conversion=_conversion(target, subject),
    )


def _verdict(effects: set[Effect]) -> Verdict:
    if Effect.REFUSES in effects:
        return Verdict.REFUSED
    return Verdict.WITH_LOSS if effects & _LOSSES else Verdict.ACCEPTED


def _conversion(target: Target, subject: Subject) -> str | None:
    is_hopeless = any(rule.format == subject.format and rule.effect is Effect.REFUSES for rule in target.formats)
    if is_hopeless:
        return None
    is_read = subject.format in target.reads and not subject.finding_counts.get("odd-field-name", 0)
    return None if is_read and not _wrapped(target, subject) else target.convert_to


def _wrapped(target: Target, subject: Subject) -> list[WrappingRule]:
    """The rules against what stands around the rows."""
    return [rule for rule in target.wrappings if rule.wrapping in subject.wrappings]


def _rules(target: Target, subject: Subject) -> list[CodeRule]:
    """The rules for the file as the target gets it."""
    converted = _conversion(target, subject)
    form = converted or subject.format
    return [rule for rule in target.codes if rule.applies_to(form) and not (rule.as_is and converted)]


def _dropping(rules: Sequence[CodeRule]) -> frozenset[str]:
    return frozenset(rule.code for rule in rules if rule.effect is Effect.DROPS)


def _rejecting() -> frozenset[str]:
    kinds = CATALOGUE.values()
    return frozenset(k.code for k in kinds if k.severity is Severity.ERROR and k.scope is Scope.LINE)


def _of_format(target: Target, subject: Subject) -> Iterator[Reason]:
    for rule in target.formats:
        if rule.format == subject.format:
            yield Reason(f"format-{rule.format}", rule.effect, subject.conversations, (), rule.because)


def _of_wrappings(target: Target, subject: Subject) -> Iterator[Reason]:
    for rule in _wrapped(target, subject):
        yield Reason(f"wrapped-in-{rule.wrapping}", Effect.NOTES, subject.conversations, (), rule.because)


def _of_limits(target: Target, subject: Subject, dropped: int) -> Iterator[Reason]:
    left, least, most = subject.conversations - dropped, target.min_conversations, target.max_conversations
    if left < least:
        found = f"found {subject.conversations:,}" + (f", of which {dropped:,} are dropped" if dropped else "")
        yield _limit("too-few-conversations", left, f"It takes {least:,} or more conversations, {found}.")
    if most is not None and subject.conversations > most:
        sentence = f"It takes up to {most:,} conversations, found {subject.conversations:,}."
        yield _limit("too-many-conversations", subject.conversations, sentence)
    if target.max_bytes is not None and subject.size_bytes > target.max_bytes:
        sentence = f"It takes files of up to {target.max_bytes:,} bytes, found {subject.size_bytes:,}."
        yield _limit("file-too-large", subject.conversations, sentence)


def _limit(rule: str, count: int, sentence: str) -> Reason:
    return Reason(rule, Effect.REFUSES, count, (), sentence)


def _of_rejected(target: Target, subject: Subject, counts: _Counts) -> Iterator[Reason]:
    if subject.rejected_lines:
        first = counts[_rejecting()].first
        yield Reason("rejected-lines", Effect.REFUSES, subject.rejected_lines, first, target.rejected_lines)


def _of_roles(target: Target, subject: Subject) -> Iterator[Reason]:
    for rule in target.roles:
        if rule.as_is and _conversion(target, subject):
            continue
        if count := subject.roles.get(rule.role, 0):
            yield Reason(f"role-{rule.role}", rule.effect, count, (), rule.because)


def _of_codes(rules: Sequence[CodeRule], counts: _Counts) -> Iterator[Reason]:
    for rule in rules:
        found = counts[frozenset({rule.code})]
        if found.count:
            yield Reason(rule.code, rule.effect, found.count, found.first, rule.because)


def _cut(target: Target, subject: Subject) -> int:
    return sum(row["rows_cut"] for row in subject.truncation if _is_limit(target, row["max_length"]))


def _is_limit(target: Target, max_length: int) -> bool:
    return target.length is not None and target.length.max_length == max_length


def _of_length(target: Target, subject: Subject) -> Iterator[Reason]:
    for row in subject.truncation:
        if target.length is None or not _is_limit(target, row["max_length"]):
            continue
        if row["rows_cut"]:
            yield Reason("too-long", target.length.effect, row["rows_cut"], (), target.length.because)
        if (empty := row["rows_without_supervised_tokens"]) and target.length.effect is Effect.TRUNCATES:
            sentence = f"Their answers begin after {row['max_length']:,} tokens, so nothing of them is learned."
            yield Reason("answer-cut-off", Effect.HARMS, empty, (), sentence)
