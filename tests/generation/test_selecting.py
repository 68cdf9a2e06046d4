"""Every conversation of a batch ends in one state with its reason, and what is accepted fits together as a file."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dataset.profiles.splits import SplitRules
from pipeline.generation.accepting import Candidate, Selection, SelectionRules, select
from pipeline.generation.cells import Refill, cell_of, quotas_of
from pipeline.generation.endings import Ending, count_states, final_states, tier_of
from pipeline.generation.likeness import Likeness, without_repeats
from pipeline.generation.made_findings import MadeFinding
from pipeline.generation.model import Failed, MadeConversation, MadeTurn
from pipeline.generation.thinning import Thinning
from pipeline.generation.variety import closing, measure_variety, most_times, opening_of, openings, too_common
from tests.generation.made_samples import conversation, item, judgement, sentences
from tests.how_many import examples

ERROR, WARNING, NOTE = (MadeFinding("code", each, 1, "Mend it.") for each in ("error", "warning", "note"))
ALL = SelectionRules(unjudged="accepted")


def changed(made: MadeConversation, turn: int, content: str) -> MadeConversation:
    turns = [replace_content(each, content) if n == turn else each for n, each in enumerate(made.turns)]
    return MadeConversation(made.title, made.system, tuple(turns))


def replace_content(turn: MadeTurn, content: str) -> MadeTurn:
    return MadeTurn(turn.role, content)


def candidate(number: int, score: int | None = 4, **fields: object) -> Candidate:
    made = {"judgement": judgement(score), "conversation": conversation(number), **fields}
    return Candidate(item(number), **made)


def only(*candidates: Candidate, **fields: object) -> list[Ending]:
    return list(select(candidates, **fields).endings.values())


@pytest.mark.parametrize(
    ("fields", "ending"),
    [
        ({"score": 5}, Ending("accepted", tier="seed", side="train")),
        ({"score": 4}, Ending("accepted", tier="production", side="train")),
        ({"score": 3}, Ending("accepted", tier="experimental", side="train")),
        ({"score": 2}, Ending("rejected", "low-score", "expected a score of 2.5 or more, found 2.0")),
        ({"findings": (NOTE,)}, Ending("accepted", tier="production", side="train")),
        ({"findings": (NOTE, WARNING)}, Ending("needs_review", "finding", "code: Mend it.")),
        ({"findings": (WARNING, ERROR), "verdict": "approve"}, Ending("failed", "finding", "code: Mend it.")),
        ({"judgement": None}, Ending("needs_review", "unjudged", "it was not judged")),
        (
            {"judgement": judgement(voice=None)},
            Ending("needs_review", "unjudged", "no score for voice: not judged"),
        ),
        ({"verdict": "reject", "score": 5}, Ending("rejected", "person", "a person who read it rejected it")),
        ({"verdict": "approve", "score": 1}, Ending("accepted", tier="experimental", side="train")),
        ({"verdict": "approve", "judgement": None}, Ending("accepted", side="train")),
    ],
)
def test_a_conversation_by_itself(fields, ending):
    assert only(candidate(1, **fields)) == [ending]


def test_a_missed_arc_and_no_score_are_as_the_rules_have_it():
    missed = replace_judgement(is_arc_reached=False)

    assert only(candidate(1, judgement=missed)) == [
        Ending("needs_review", "arc-missed", "the judge says that it does not end as its arc does")
    ]
    assert only(candidate(1, judgement=missed), rules=SelectionRules(arc_missed="accepted"))[0].state == "accepted"
    assert only(candidate(1, judgement=None), rules=ALL) == [Ending("accepted", side="train")]


def replace_judgement(**fields: object):
    return msgspec.structs.replace(judgement(), **fields)


@pytest.mark.parametrize(
    ("score", "tier"),
    [(5.0, "seed"), (4.5, "seed"), (4.25, "production"), (3.5, "production"), (2.5, "experimental"), (2.25, None)],
)
def test_tiers_are_by_score(score, tier):
    assert tier_of(score) == tier


def test_of_repeats_the_best_stays():
    same, near = conversation(1), changed(conversation(1), 3, f"{conversation(1).turns[3].content} Goodbye.")
    worse, better, best = candidate(1, 3), candidate(2, 4, conversation=near), candidate(3, 5, conversation=same)

    assert only(worse, better, best, candidate(4)) == [
        Ending("rejected", "duplicate", "it says the same as conversation 3"),
        Ending("rejected", "near-duplicate", "it says nearly the same as conversation 3"),
        Ending("accepted", tier="seed", side="train"),
        Ending("accepted", tier="production", side="train"),
    ]
    approved = replace(worse, verdict="approve")
    assert [each.state for each in only(approved, better, best)] == ["accepted", "rejected", "rejected"]
    held = replace(best, findings=(WARNING,))
    assert [each.state for each in only(worse, held)] == ["accepted", "rejected"]


def test_what_was_accepted_before_stays_and_what_came_since_gives_way():
    near = changed(conversation(1), 3, f"{conversation(1).turns[3].content} Goodbye.")
    settled = [candidate(1, 3, is_settled=True), candidate(2, 1, is_settled=True)]

    endings = only(*settled, candidate(3, 5, conversation=near), candidate(4, 5), quotas={cell_of(item()): 1})

    assert [each.code for each in endings] == [None, None, "near-duplicate", "cell-full"]
    twice = [replace(each, conversation=conversation(1)) for each in settled]
    assert [each.state for each in only(*twice)] == ["accepted", "accepted"]


def test_another_system_prompt_makes_no_other_conversation():
    other = MadeConversation("T", "Be kind.", conversation(1).turns)

    assert [each.code for each in only(candidate(1), candidate(2, conversation=other))] == [None, "near-duplicate"]


@settings(max_examples=examples(20))
@given(seed=st.integers(0, 2**32), count=st.integers(0, 12))
def test_what_is_left_of_repeats_has_none(seed, count):
    random = Random(seed)
    made = [_varied(random) for _ in range(count)]
    likeness, ranks = Likeness(made), [random.random() for _ in range(count)]

    gone = without_repeats(likeness, range(count), ranks.__getitem__)

    left = [place for place in range(count) if place not in gone]
    assert Likeness(made[place] for place in left).firsts(range(len(left))) == list(range(len(left)))
    assert all(ranks[one] > ranks[other] for one, other in gone.items())


class ByTwos:
    """Compares the first with the second, the third with the fourth: what it finds depends on who is there."""

    def __init__(self, *said: str) -> None:
        self.said = said

    def firsts(self, places: Sequence[int]) -> list[int]:
        befores = [places[at - 1] if at % 2 else place for at, place in enumerate(places)]
        return [
            before if self.said[before] == self.said[place] else place
            for before, place in zip(befores, places, strict=True)
        ]

    def are_the_same(self, one: int, other: int) -> bool:
        return False


def test_who_is_left_is_compared_anew():
    assert without_repeats(ByTwos(*"aaab"), range(4), lambda place: place) == {1: 0, 2: 0}
    assert without_repeats(ByTwos(*"aaab"), range(4), lambda place: -place) == {0: 1, 1: 2}
    assert without_repeats(ByTwos(*"baab"), range(4), lambda place: place) == {}


def test_repeats_are_looked_for_again_once_others_are_gone():
    made = {place: (item(place + 1), conversation(place)) for place in range(3)}
    thinning = Thinning(made, ByTwos(*"baa"), lambda place: place, None)

    assert thinning.too_many([0, 1, 2], 0.02) == {}
    assert thinning.too_many([1, 2], 0.02) == {
        2: Ending("rejected", "near-duplicate", "it says nearly the same as conversation 2")
    }


def _varied(random: Random) -> MadeConversation:
    """One of three conversations, with a few words more or less."""
    made = conversation(random.randrange(3), 6)
    return (
        changed(made, random.randrange(6), sentences(random, random.randrange(1, 3))) if random.random() < 0.7 else made
    )


def test_an_opening_and_a_closing_line_may_stand_twice_in_few_conversations():
    opening, end = "It is a long way to the bank.", "Do write down what you think of it."
    openers = [
        candidate(n, conversation=changed(conversation(n), 0, f"{opening} {sentences(Random(n), 2)}"))
        for n in (1, 2, 3)
    ]
    enders = [
        candidate(n, conversation=changed(conversation(n), 3, f"{sentences(Random(n), 2)} {end}")) for n in (4, 5, 6)
    ]

    endings = only(*openers, *enders)

    assert [each.code for each in endings] == [None, None, "common-opening", None, None, "common-closing"]
    assert endings[2].reason == "too many have this line: 'user: it is a long way'"
    assert endings[5].reason == "too many have this line: 'do write down what you think of it'"


@given(count=st.integers(0, 300), kinds=st.integers(1, 60), seed=st.integers(0, 2**16))
def test_no_line_is_left_in_more_than_its_share(count, kinds, seed):
    random = Random(seed)
    lines = {place: [str(random.randrange(kinds))] for place in range(count)}

    while gone := too_common(lines, lambda place: place):
        lines = {place: line for place, line in lines.items() if place not in gone}

    counts = Counter(line for several in lines.values() for line in several)
    assert all(times <= most_times(len(lines)) for times in counts.values())
    assert len(lines) < 100 or max(counts.values()) <= 0.02 * len(lines)
    assert len(lines) >= min(count, 2)


def test_lines_are_known_whatever_their_marks():
    made = MadeConversation(
        "T",
        "",
        (MadeTurn("user", "“Hello”, I'm the one - who called!"), MadeTurn("assistant", "Yes.\n*Until* then, Ada!")),
    )

    assert openings(made) == ["user: hello i'm the one who", "assistant: yes until then ada"]
    assert closing(made) == ["until then ada"]
    assert opening_of("私は銀行に行く。") == "私 は 銀 行 に"


def test_variety_is_measured_of_what_is_accepted():
    figures = select([candidate(n) for n in range(1, 9)]).variety

    assert (figures.conversations, figures.opening_share, figures.closing_share) == (8, 0.125, 0.125)
    assert figures.distinct_1 is not None
    assert figures.distinct_1 < figures.distinct_2 <= figures.distinct_3 == 1
    empty = measure_variety([])
    assert (empty.conversations, empty.opening_share, empty.distinct_1) == (0, None, None)


def test_a_cell_has_no_more_than_its_quota_and_what_lacks_is_told():
    mine, other = cell_of(item()), ("quick_starter", "fear_to_calm", "pension")
    made = [candidate(1, 3), candidate(2, 5), candidate(3, 4), candidate(4, 1)]

    selection = select(made, {mine: 2, other: 3})

    assert [each.code for each in selection.endings.values()] == ["cell-full", None, None, "low-score"]
    assert selection.endings[1].reason == "its cell has the 2 that it is to have"
    assert selection.refills == (Refill(other, 3, ()),)


def test_a_refill_is_told_which_openings_there_were_and_what_waits_fills_a_cell():
    cell = cell_of(item())
    made = [candidate(1, 1), candidate(2, None)]

    (refill,) = select(made, {cell: 3}).refills

    assert (refill.cell, refill.count) == (cell, 2)
    said = [line.partition(": ")[2] for each in made for line in openings(each.conversation)]
    assert sorted(refill.avoided_openings) == sorted(said)
    assert select(made, {cell: 1}).refills == ()


def test_a_twentieth_is_for_validation_and_a_seed_chooses_which():
    made = [candidate(n, conversation=conversation(n, 2)) for n in range(1, 101)]

    def sides(seed: int, of: list[Candidate] = made) -> dict[int, str | None]:
        return {number: each.side for number, each in select(of, rules=SelectionRules(seed=seed)).endings.items()}

    chosen = sides(1)
    assert Counter(chosen.values()) == {"train": 95, "validation": 5}
    assert sides(1, list(reversed(made))) == chosen
    assert sides(2) != chosen
    fewer = sides(1, made[:80])
    assert sum(fewer[number] != chosen[number] for number in fewer) <= 5
    assert set(sides(1, made[:49]).values()) == {"train"}
    whole = SelectionRules(split=SplitRules(validation_share=0.5, min_conversations=2))
    assert Counter(each.side for each in only(*made[:4], rules=whole)) == {"train": 2, "validation": 2}


_findings = st.lists(st.sampled_from([ERROR, WARNING, NOTE]), max_size=2).map(tuple)
_scores = st.sampled_from([None, 1, 2, 3, 4, 5])


@st.composite
def batches(draw: st.DrawFn) -> tuple[list, dict, list[Candidate]]:
    """Items of a plan, those that failed, and candidates of others; some of neither."""
    items = [
        item(number, persona=draw(st.sampled_from(["careful_planner", "quick_starter"]))) for number in range(1, 9)
    ]
    fates = [draw(st.sampled_from(["failed", "made", "made", "none"])) for _ in items]
    failed = {each.number: Failed("refusal", "no") for each, fate in zip(items, fates, strict=True) if fate == "failed"}
    made = [
        Candidate(
            each,
            conversation(draw(st.integers(1, 5)), 2),
            draw(_findings),
            draw(st.none() | _scores.map(judgement)),
            draw(st.sampled_from([None, None, "approve", "reject"])),
        )
        for each, fate in zip(items, fates, strict=True)
        if fate == "made"
    ]
    return items, failed, made


@settings(max_examples=examples(40))
@given(batch=batches(), quota=st.none() | st.integers(0, 3), unjudged=st.sampled_from(["needs_review", "accepted"]))
def test_accepted_and_rejected_and_failed_and_needs_review_are_all_items(batch, quota, unjudged):
    items, failed, made = batch
    quotas = None if quota is None else dict.fromkeys(quotas_of(items), quota)
    selection = select(made, quotas, SelectionRules(unjudged=unjudged))

    ends = final_states(items, failed, selection.endings)

    assert sum(count_states(ends.values()).values()) == len(items)
    assert list(ends) == [each.number for each in items]
    for ending in ends.values():
        assert (ending.state == "accepted") == (ending.reason is None) == (ending.code is None)
        assert (ending.state == "accepted") == (ending.side is not None)
        assert ending.state == "accepted" or ending.tier is None
    _fits_together(made, selection, quotas)


def _fits_together(made: list[Candidate], selection: Selection, quotas: dict | None) -> None:
    accepted = [each for each in made if selection.endings[each.item.number].state == "accepted"]
    kept = [each.conversation for each in accepted]
    assert Likeness(kept).firsts(range(len(kept))) == list(range(len(kept)))
    lines = Counter(line for each in kept for line in (*openings(each), *closing(each)))
    assert all(times <= most_times(len(kept)) for times in lines.values())
    for cell, quota in (quotas or {}).items():
        there = sum(cell_of(each.item) == cell for each in accepted)
        waiting = sum(
            cell_of(each.item) == cell and selection.endings[each.item.number].state == "needs_review" for each in made
        )
        (lacking,) = [refill.count for refill in selection.refills if refill.cell == cell] or [0]
        assert there <= quota
        assert lacking == max(0, quota - there - waiting)


def test_an_item_of_which_nothing_is_known_got_no_answer():
    ends = final_states(
        [item(1), item(2), item(3)],
        {2: Failed("refusal", "It refused."), 3: Failed("unknown", "")},
        {3: Ending("accepted")},
    )

    assert ends == {
        1: Ending("failed", "no-answer", "no answer came"),
        2: Ending("failed", "no-conversation", "It refused."),
        3: Ending("accepted"),
    }


def test_a_number_of_no_item_or_of_two_is_a_fault_of_the_caller():
    for items, failed in (([item(1)], {7: Failed("refusal", "")}), ([item(7), item(7)], {})):
        with pytest.raises(ValueError) as refused:
            final_states(items, failed, {})

        assert str(refused.value) == "expected numbers of items, each of one, found 7"


def test_what_the_engine_rejects_is_a_fault_of_the_caller():
    with pytest.raises(ValueError) as refused:
        select([candidate(1, conversation=changed(conversation(1), 0, "A NUL\0."))])

    assert str(refused.value) == "expected conversations that the engine accepts; those with errors have failed before"


def test_an_empty_batch_is_one():
    assert select([]).endings == {}
