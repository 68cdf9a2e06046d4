"""Which conversations are too much beside the others: repeats, lines that too many have, cells that are full.

Each of these depends on which others there are, so all are asked again and again until none finds anything. What is
accepted is counted; of repeats also what waits for a person, as it may be accepted yet.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

from pipeline.generation.cells import Cell, cell_of, surplus
from pipeline.generation.endings import Ending, Reason
from pipeline.generation.likeness import Likeness, without_repeats
from pipeline.generation.model import MadeConversation, PlannedItem
from pipeline.generation.variety import closing, openings, too_common

Rank: TypeAlias = Callable[[int], Any]  # of a conversation, by its place: the smallest stays


class Thinning:
    """What is known of the conversations of a batch that may be accepted."""

    def __init__(
        self,
        made: Mapping[int, tuple[PlannedItem, MadeConversation]],
        likeness: Likeness,
        rank: Rank,
        quotas: Mapping[Cell, int] | None,
        settled: Collection[int] = (),
    ) -> None:
        """made: by place, in the order of the file. likeness: of them, in it. quotas: None where no cell is full.

        settled: those that stay in any case.
        """
        self._made, self._likeness, self._rank, self._quotas, self._settled = made, likeness, rank, quotas, settled
        self._order = list(made)
        self._number = {place: number for number, place in enumerate(self._order)}
        conversations = {place: conversation for place, (_, conversation) in made.items()}
        self._openings = {place: openings(each) for place, each in conversations.items()}
        self._closings = {place: closing(each) for place, each in conversations.items()}

    def repeats(self, places: Sequence[int]) -> dict[int, Ending]:
        """Those that say the same as another, or nearly."""
        numbers = [self._number[place] for place in places]
        gone = without_repeats(self._likeness, numbers, lambda number: self._rank(self._order[number]))
        return self._unsettled({self._order[one]: self._repeated(one, other) for one, other in gone.items()})

    def _repeated(self, one: int, other: int) -> Ending:
        stays = self._made[self._order[other]][0].number
        if self._likeness.are_the_same(one, other):
            return Ending("rejected", "duplicate", f"it says the same as conversation {stays}")
        return Ending("rejected", "near-duplicate", f"it says nearly the same as conversation {stays}")

    def too_many(self, places: Sequence[int], most_share: float) -> dict[int, Ending]:
        """The first of what is too much among these; none where nothing is."""
        return (
            self.repeats(places)
            or self._common(self._openings, places, "common-opening", most_share)
            or self._common(self._closings, places, "common-closing", most_share)
            or self._of_full_cells(places)
        )

    def _common(
        self, lines: Mapping[int, Sequence[str]], places: Sequence[int], code: Reason, most_share: float
    ) -> dict[int, Ending]:
        gone = too_common({place: lines[place] for place in places}, self._rank, most_share)
        return self._unsettled(
            {place: Ending("rejected", code, f"too many have this line: {line!r}") for place, line in gone.items()}
        )

    def _of_full_cells(self, places: Sequence[int]) -> dict[int, Ending]:
        if self._quotas is None:
            return {}
        cells = [(place, cell_of(self._made[place][0])) for place in sorted(places, key=self._rank)]
        gone = surplus(cells, self._quotas)
        full = "its cell has the {} that it is to have"
        return self._unsettled(
            {place: Ending("rejected", "cell-full", full.format(quota)) for place, quota in gone.items()}
        )

    def _unsettled(self, gone: Mapping[int, Ending]) -> dict[int, Ending]:
        return {place: ending for place, ending in gone.items() if place not in self._settled}
