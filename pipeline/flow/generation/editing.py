"""What a person makes of a conversation: a version of its own, checked and screened again, without asking a model."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import msgspec

from pipeline.errors import UsageError
from pipeline.flow.generation.making import BatchWork, Making
from pipeline.generation.model import MadeConversation, MadeTurn
from pipeline.generation.parsing import faults_of
from pipeline.generation.screening import screened
from pipeline.state.catalog.generation_records import Made

_CHANGED = "a person changed this turn"


@dataclass(frozen=True, slots=True)
class Edit:
    """What is changed; None leaves it as it is."""

    title: str | None = None
    system: str | None = None
    turns: Sequence[MadeTurn] | None = None
    """All of them, in order, without annotations."""


def edited(
    making: Making,
    conversation_id: str,
    version: int,
    edit: Edit,
    author: str,
    user_id: str | None,
    now: datetime,
    note: str | None = None,
) -> Made:
    """Keep what a person made of a version that they read; its judgement is stale from then on.

    What the screening finds is kept with it: with an error it is failed, else a person looks at it once more.

    Raises:
        ConversationNotFound: there is no such conversation of this user.
        Conflicting: it was changed since it was read, or it is not selected yet.
        UsageError: nothing is changed, or it is no conversation any more; names each fault.
    """
    catalog = making.catalog
    made = catalog.get_conversation(conversation_id, user_id)
    newest = catalog.newest_versions([made.id])[made.id]
    before = msgspec.convert(newest.content, MadeConversation)
    after = _applied(edit, before)
    if after == before:
        raise UsageError("expected a change of title, system prompt or turns, found none")
    if faults := _faults(after, before):
        raise UsageError("the edit leaves no conversation: " + "; ".join(faults))
    work = BatchWork(making, catalog.get_batch(made.batch_id))
    item = catalog.items_in([made.id])[made.id]
    planned = work.planned([item])[made.id]
    [findings] = screened([(planned, after)], work.scaffolds, work.language)
    content = msgspec.to_builtins(after)
    listed = [asdict(each) for each in findings]
    return catalog.edit(made.id, version, author, content, listed, user_id, now, note)


def _applied(edit: Edit, before: MadeConversation) -> MadeConversation:
    return msgspec.structs.replace(
        before,
        title=before.title if edit.title is None else edit.title.strip(),
        system=before.system if edit.system is None else edit.system.strip(),
        turns=before.turns if edit.turns is None else tuple(_turns(edit.turns, before.turns)),
    )


def _turns(wanted: Sequence[MadeTurn], before: Sequence[MadeTurn]) -> Iterator[MadeTurn]:
    """A turn that says what one said before keeps what is known of it, wherever it stands now."""
    known: dict[tuple[str, str], list[MadeTurn]] = defaultdict(list)
    for turn in reversed(before):
        known[turn.role, turn.content].append(turn)
    for turn in wanted:
        content = turn.content.strip()
        found = known.get((turn.role, content))
        yield found.pop() if found else MadeTurn(turn.role, content, missing=_CHANGED)


def _faults(after: MadeConversation, before: MadeConversation) -> list[str]:
    lacks_system = bool(before.system) and not after.system
    return [*faults_of(after), *(["expected a system prompt, found none"] if lacks_system else [])]
