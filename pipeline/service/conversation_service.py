"""Made conversations as users see them: found, read, downloaded, reviewed, edited. Values in, values out; no HTTP.

Who reviews or edits is who asks, and each leaves a row that says so.
"""

from collections.abc import Iterator, Sequence

from pipeline.contract.conversation_values import (
    ConversationDetails,
    ConversationEdit,
    ConversationList,
    ReviewedConversations,
    WantedReview,
    WantedReviews,
)
from pipeline.errors import ConversationNotFound
from pipeline.flow.generation.editing import Edit, edited
from pipeline.flow.generation.installing import making_of
from pipeline.flow.generation.training_file_building import conversations_now, exported_row
from pipeline.generation.downloads import enriched_json, raw_json
from pipeline.generation.file_content import FileConversation
from pipeline.generation.model import MadeTurn
from pipeline.service.made_access import MadeAccess
from pipeline.service.service import Service
from pipeline.service.shown_conversations import conversation_details, conversation_summary, made_query
from pipeline.service.user import User
from pipeline.state.catalog.generation_records import Made, MadeQuery, Version

MAX_LIMIT = 100


def list_conversations(service: Service, user: User, query: MadeQuery, *, page: int, limit: int) -> ConversationList:
    """One page of the conversations that are meant and that a user may see."""
    found = service.made(user).conversations(query, page, limit)
    items = [conversation_summary(made) for made in found.items]
    return ConversationList(items=items, total=found.total, page=page, limit=limit)


def show_conversation(service: Service, user: User, conversation_id: str, version: int | None) -> ConversationDetails:
    """Everything about a conversation, in one of its versions; None for the newest.

    Raises:
        ConversationNotFound: there is none that the user may see, or it has no such version.
    """
    access = service.made(user)
    made = access.conversation(conversation_id)
    versions = access.readable.versions_of(made.id)
    return conversation_details(access.readable, made, _version(made, versions, version), versions)


def raw_file(service: Service, user: User, conversation_id: str) -> bytes:
    """A conversation's turns alone, as a file of JSON.

    Raises:
        ConversationNotFound: there is none that the user may see.
    """
    return raw_json(_as_file(service.made(user), conversation_id))


def enriched_file(service: Service, user: User, conversation_id: str) -> bytes:
    """A conversation with all that is known of it, as brightrun-lora-v4 has it.

    Raises:
        ConversationNotFound: there is none that the user may see.
    """
    return enriched_json(_as_file(service.made(user), conversation_id))


def review_conversation(service: Service, user: User, conversation_id: str, said: WantedReview) -> ConversationDetails:
    """Approve or reject one's own conversation as it was read; the same again is no change.

    Raises:
        ConversationNotFound: there is none of this user.
        Conflicting: it was changed since, is under way, or has errors and is to be approved.
    """
    own, reviewer = service.made(user).own, user.id
    own.review(conversation_id, said.version, said.action, reviewer, user.id, service.now(), said.note)
    return show_conversation(service, user, conversation_id, None)


def review_conversations(service: Service, user: User, said: WantedReviews) -> ReviewedConversations:
    """Approve or reject all of one's own that are meant, if they are as many as were shown.

    Raises:
        Conflicting: they are more or fewer, or some have errors and all are to be approved.
    """
    own, query = service.made(user).own, made_query(said.query)
    changed = own.review_many(query, said.expected, said.action, user.id, user.id, service.now(), said.note)
    return ReviewedConversations(changed=changed)


def edit_conversation(
    service: Service, user: User, conversation_id: str, said: ConversationEdit
) -> ConversationDetails:
    """Keep what a person made of one's own conversation, screened anew; its judgement is stale from then on.

    Raises:
        ConversationNotFound: there is none of this user.
        Conflicting: it was changed since it was read, or is under way.
        UsageError: nothing is changed, or it is no conversation any more; names each fault.
    """
    turns = None if said.turns is None else [MadeTurn(turn.role, turn.content) for turn in said.turns]
    edit = Edit(said.title, said.system, turns)
    with making_of(service.made(user).own, service.lake, service.settings, {}) as making:
        edited(making, conversation_id, said.version, edit, user.id, user.id, service.now(), said.note)
    return show_conversation(service, user, conversation_id, None)


def export_conversations(service: Service, user: User, query: MadeQuery) -> Iterator[bytes]:
    """All that are meant, a row of the native format a line, with status and batch among what is known of each."""
    access = service.made(user)
    meant = access.readable.meant_conversations(access.reader_id, query)
    return (exported_row(made, chosen) for made, chosen in conversations_now(access.readable, meant))


def _as_file(access: MadeAccess, conversation_id: str) -> FileConversation:
    made = access.conversation(conversation_id)
    [(_made, chosen)] = conversations_now(access.readable, [(made.id, made.version)])
    return chosen


def _version(made: Made, versions: Sequence[Version], number: int | None) -> Version:
    wanted = made.version if number is None else number
    found = next((each for each in versions if each.version == wanted), None)
    if found is None:
        raise ConversationNotFound(f"expected a version of {made.id} up to {made.version}, found {wanted}")
    return found
