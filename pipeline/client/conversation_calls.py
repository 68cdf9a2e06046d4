"""The client's calls about conversations that were made: `client.conversations`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

from pipeline.client.connection import Connection, given
from pipeline.contract.conversation_values import (
    ConversationDetails,
    ConversationEdit,
    ConversationList,
    ConversationQuery,
    EditedTurn,
    ReviewedConversations,
)

_PLACE = "/api/conversations"
_ALL = ConversationQuery()


class ConversationCalls:
    """Which are meant says a `ConversationQuery` of `pipeline.contract.conversation_values`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, query: ConversationQuery = _ALL, *, page: int = 1, limit: int = 20) -> ConversationList:
        """One page of those that are meant, newest first."""
        params = given({**query.model_dump(), "page": page, "limit": limit})
        return self._connection.ask(ConversationList, "GET", _PLACE, params=params)

    def show(self, conversation_id: str, version: int | None = None) -> ConversationDetails:
        """A conversation with all that is known of it; None for its newest version.

        Raises:
            ConversationNotFound: there is none of this id, or it has no such version.
        """
        params = given({"version": version})
        return self._connection.ask(ConversationDetails, "GET", _place(conversation_id), params=params)

    def download(self, conversation_id: str, place: Path, form: Literal["raw", "enriched"] = "raw") -> None:
        """Write a conversation into a file: its turns alone, or all that is known of it.

        Raises:
            ConversationNotFound: there is none of this id.
        """
        self._connection.download(f"{_place(conversation_id)}/{form}.json", place)

    def review(
        self, conversation_id: str, action: Literal["approve", "reject"], version: int, note: str | None = None
    ) -> ConversationDetails:
        """Approve or reject the version that was read.

        Raises:
            ConversationNotFound: there is none of this id.
            RequestRefused: it was changed since, is under way, or has errors and is to be approved.
        """
        body = {"action": action, "version": version, "note": note}
        return self._connection.ask(ConversationDetails, "POST", f"{_place(conversation_id)}/review", json=body)

    def review_all(
        self, action: Literal["approve", "reject"], query: ConversationQuery, expected: int, note: str | None = None
    ) -> int:
        """Approve or reject all that are meant, if they are as many as expected; returns how many changed.

        Raises:
            RequestRefused: they are more or fewer, or some have errors and all are to be approved.
        """
        body = {"action": action, "query": query.model_dump(), "expected": expected, "note": note}
        place = f"{_PLACE}/review"
        return self._connection.ask(ReviewedConversations, "POST", place, is_repeatable=False, json=body).changed

    def edit(
        self,
        conversation_id: str,
        version: int,
        *,
        title: str | None = None,
        system: str | None = None,
        turns: Sequence[tuple[Literal["user", "assistant"], str]] | None = None,
        note: str | None = None,
    ) -> ConversationDetails:
        """Make another version of the one that was read; None leaves as it is. turns: all, as role and content.

        Raises:
            ConversationNotFound: there is none of this id.
            RequestRefused: nothing is changed, it is no conversation any more, or was changed since it was read.
        """
        changed = None if turns is None else [EditedTurn(role=role, content=content) for role, content in turns]
        edit = ConversationEdit(version=version, title=title, system=system, turns=changed, note=note)
        place = f"{_place(conversation_id)}/edit"
        return self._connection.ask(
            ConversationDetails, "POST", place, is_repeatable=False, json=edit.model_dump(mode="json")
        )

    def export(self, place: Path, query: ConversationQuery = _ALL) -> None:
        """Write all that are meant into a file of JSON Lines, in the native format."""
        wanted = urlencode(given(query.model_dump()))
        self._connection.download(f"{_PLACE}/export{f'?{wanted}' if wanted else ''}", place)


def _place(conversation_id: str) -> str:
    return f"{_PLACE}/{quote(conversation_id, safe='')}"
