"""Laws of plans: a quota, not dice; the same wish, the same plan; two of a cell differ."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.errors import UsageError
from pipeline.generation.plan import make_plan, refill, turn_counts
from pipeline.generation.wish import Forbidden, PlanWish
from tests.generation.small_scaffolds import arc, keys, persona, scaffolds, template
from tests.how_many import examples

AXES = ("persona", "arc", "topic")


def _counts(plan, *axes):
    """Items by some of their keys, also those of cells that have none."""
    every = Counter({tuple(cell[AXES.index(axis)] for axis in axes): 0 for cell in plan.quotas})
    every.update(tuple(getattr(item, axis) for axis in axes) for item in plan.items)
    return every


def _spread(counts):
    return max(counts.values()) - min(counts.values())


sizes = st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 6))
wishes = st.builds(PlanWish, items=st.integers(1, 150), seed=st.integers(0, 2**53 - 1))


@settings(max_examples=examples(50))
@given(sizes, wishes)
def test_all_is_even_within_one_and_no_pair_is_empty_once_there_are_enough_items(size, wish):
    plan = make_plan(wish, scaffolds(*size))

    pairs = _counts(plan, "arc", "topic")
    assert len(plan.items) == wish.items
    assert len(plan.quotas) == prod(size)
    assert _counts(plan, *AXES) == Counter(plan.quotas)
    assert len(pairs) == size[1] * size[2]
    assert all(pairs.values()) or wish.items < len(pairs)
    for axes in [*product(AXES), ("arc", "topic"), ("persona", "arc"), AXES]:
        assert _spread(_counts(plan, *axes)) <= 1


@st.composite
def restricted(draw):
    """Scaffolds and a wish that forbid much; some leave nothing."""
    size = draw(sizes)
    personas, arcs, topics = map(keys, AXES, size)
    suiting = {key: draw(st.lists(st.sampled_from(arcs), unique=True)) for key in personas}
    cells = st.tuples(*(st.sampled_from([None, *names]) for names in (personas, arcs, topics)))
    named = cells.filter(lambda cell: cell.count(None) <= 1)
    forbidden = draw(st.lists(named, max_size=4))
    wish = PlanWish(
        items=draw(st.integers(1, 80)),
        seed=draw(st.integers(0, 9)),
        forbidden=tuple(Forbidden(persona=p, arc=a, topic=t) for p, a, t in forbidden),
    )
    allowed = {
        (p, a, t)
        for p, a, t in product(personas, arcs, topics)
        if (not suiting[p] or a in suiting[p]) and not any(each.holds(p, a, t) for each in wish.forbidden)
    }
    return scaffolds(*size, suiting), wish, allowed


@settings(max_examples=examples(50))
@given(restricted())
def test_what_is_forbidden_is_not_made_and_the_rest_stays_even(case):
    given_, wish, allowed = case
    if not allowed:
        with pytest.raises(UsageError):
            make_plan(wish, given_)
        return

    plan = make_plan(wish, given_)

    pairs = _counts(plan, "arc", "topic")
    assert set(plan.quotas) == allowed
    assert len(plan.items) == wish.items
    assert _spread(pairs) <= 1
    assert all(pairs.values()) or wish.items < len(pairs)
    for pair in pairs:
        counts = [count for cell, count in plan.quotas.items() if cell[1:] == pair]
        assert max(counts) <= 2 * (min(counts) + 1)  # one that suits less elsewhere counts up to twice as much


def test_personas_are_even_although_some_suit_less():
    """The one that suits only half of the arcs is drawn more often there, and an arc belongs to nobody alone."""
    given_ = scaffolds(
        personas=4, arcs=8, topics=5, suiting={"persona_0": ["arc_0", "arc_1", "arc_2", "arc_3", "arc_4"]}
    )

    for items in (40, 100, 333):
        plan = make_plan(PlanWish(items=items, seed=items), given_)
        assert _spread(_counts(plan, "persona")) <= 1
        assert min(_counts(plan, "persona", "arc").values()) > 0


def test_a_persona_that_suits_too_little_to_be_even_takes_no_arc_for_itself():
    given_ = scaffolds(personas=4, arcs=8, topics=5, suiting={"persona_0": ["arc_0"]})

    counts = _counts(make_plan(PlanWish(items=400), given_), "persona", "arc")

    assert counts["persona_0", "arc_0"] == 20
    assert {counts[f"persona_{number}", "arc_0"] for number in (1, 2, 3)} == {10}


@settings(max_examples=examples(40))
@given(st.data())
def test_weights_give_shares_within_one_by_the_largest_remainder(data):
    size = data.draw(sizes)
    weights = {
        axis: {key: data.draw(st.sampled_from([0.5, 1, 2, 3.25])) for key in keys(axis, count)}
        for axis, count in zip(AXES, size, strict=True)
    }
    wish = PlanWish(items=data.draw(st.integers(1, 120)), seed=data.draw(st.integers(0, 9)), weights=weights)

    plan = make_plan(wish, scaffolds(*size))

    assert len(plan.items) == wish.items
    for axis in AXES:
        total = sum(map(Fraction, weights[axis].values()))
        shares = {key: wish.items * Fraction(weight) / total for key, weight in weights[axis].items()}
        counts = {key: count for (key,), count in _counts(plan, axis).items()}
        assert all(abs(counts[key] - share) < 1 for key, share in shares.items())
        if axis != "persona":  # whose share of each pair has to be whole as well
            more = sorted((share % 1 for key, share in shares.items() if counts[key] > share), reverse=True)
            assert more == sorted((share % 1 for share in shares.values()), reverse=True)[: len(more)]


def test_the_largest_remainders_get_what_is_left():
    wish = PlanWish(items=10, weights={"arc": {"arc_0": 5, "arc_1": 3, "arc_2": 1}})

    counts = _counts(make_plan(wish, scaffolds(personas=3, arcs=3, topics=4)), "arc")

    assert counts == {("arc_0",): 6, ("arc_1",): 3, ("arc_2",): 1}


@settings(max_examples=examples(30))
@given(sizes, wishes)
def test_the_same_wish_is_the_same_plan_in_whatever_order_scaffolds_come(size, wish):
    given_ = scaffolds(*size)
    turned = replace(
        given_, **{name: dict(reversed(getattr(given_, name).items())) for name in ("personas", "arcs", "topics")}
    )

    plan = make_plan(wish, given_)

    assert plan == make_plan(wish, turned)
    assert [item.number for item in plan.items] == list(range(1, wish.items + 1))


def test_a_plan_is_what_it_always_was():
    """On every machine, in every process and every version of Python: a plan that is kept can be made again."""
    plan = make_plan(PlanWish(items=60, seed=11), scaffolds(3, 4, 5))

    assert plan.fingerprint() == "e264ffd73d761607757ca0f0a81c35f4057d8ee1c19eac10f953e47cd3caf48d"


def test_another_seed_is_another_plan():
    plans = {make_plan(PlanWish(items=30, seed=seed), scaffolds()).fingerprint() for seed in range(5)}

    assert len(plans) == 5


def _open(item):
    return (item.persona, item.arc, item.topic, item.turns, item.opening, item.situation)


@settings(max_examples=examples(30))
@given(st.integers(1, 18), st.integers(0, 99), st.integers(1, 3))
def test_two_of_a_cell_differ_and_so_do_their_draws(items, seed, draws):
    """Until each of 3 counts of turns, 2 openings and 3 situations was combined with each other."""
    given_ = scaffolds(1, 1, 1)
    plan = make_plan(PlanWish(items=items, seed=seed), given_)

    drawn = [
        *plan.items,
        *(item for draw in range(1, draws) for item in refill(plan, given_, range(1, items + 1), draw)),
    ]

    assert len(set(map(_open, drawn))) == min(len(drawn), 18)
    assert len({item.seed for item in drawn}) == len(drawn)


@settings(max_examples=examples(30))
@given(st.sets(st.integers(1, 40), min_size=1), st.integers(1, 5))
def test_a_refill_has_the_same_cells_whatever_else_is_missing(numbers, draw):
    given_ = scaffolds()
    plan = make_plan(PlanWish(items=40, seed=3), given_)

    made = refill(plan, given_, numbers, draw)

    assert [item.number for item in made] == sorted(numbers)
    for item in made:
        before = plan.items[item.number - 1]
        assert (item.persona, item.arc, item.topic) == (before.persona, before.arc, before.topic)
        assert item.seed != before.seed
        assert refill(plan, given_, [item.number], draw) == (item,)


def test_draw_0_is_the_plan_itself():
    given_ = scaffolds()
    plan = make_plan(PlanWish(items=40, seed=3), given_)

    assert refill(plan, given_, range(1, 41), 0) == plan.items


def test_turns_are_even_and_within_the_arc():
    assert list(turn_counts(arc("a", turns_min=3, turns_max=9))) == [4, 6, 8]
    assert list(turn_counts(arc("a", turns_min=5, turns_max=5))) == []


def test_only_what_is_active_and_chosen_is_made():
    given_ = scaffolds(arcs=4)
    arcs = {
        **given_.arcs,
        "arc_1": arc("arc_1", is_active=False),
        "arc_2": arc("arc_2", tier="scenario"),
        "arc_3": arc("arc_3", tier="scenario"),
    }
    given_ = replace(given_, arcs=arcs, templates={**given_.templates, "other": template("other", tier="scenario")})
    wish = PlanWish(items=12, personas=("persona_1",), topics=("topic_2", "topic_0"), tiers=("scenario",))

    everything, chosen = make_plan(PlanWish(items=12), given_), make_plan(wish, given_)

    assert {cell[1] for cell in everything.quotas} == {"arc_0", "arc_2", "arc_3"}
    assert set(chosen.quotas) == set(product(["persona_1"], ["arc_2", "arc_3"], ["topic_0", "topic_2"]))
    assert {(item.tier, item.template) for item in chosen.items} == {("scenario", "other")}


def test_an_arcs_own_template_comes_before_those_of_its_tier():
    given_ = scaffolds(arcs=2)
    given_ = replace(given_, templates={**given_.templates, "own": template("own", arc="arc_1")})

    plan = make_plan(PlanWish(items=20), given_)

    assert {(item.arc, item.template) for item in plan.items} == {("arc_0", "plain"), ("arc_1", "own")}


def test_a_persona_without_openings_has_general_ones():
    given_ = replace(scaffolds(1, 1, 1), personas={"persona_0": persona("persona_0", openings=(), situations=())})

    plan = make_plan(PlanWish(items=18), given_)

    assert len({item.opening for item in plan.items}) == 6
    assert {item.situation for item in plan.items} == {""}


def test_the_matrix_has_every_persona_of_every_arc():
    given_ = scaffolds(personas=2, arcs=2, topics=1, suiting={"persona_1": ["arc_0"]})

    assert make_plan(PlanWish(items=4), given_).matrix() == {
        "arc_0": {"persona_0": 1, "persona_1": 1},
        "arc_1": {"persona_0": 2, "persona_1": 0},
    }


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (
            PlanWish(items=1, personas=("persona_9",)),
            "persona: expected the key of one, found 'persona_9'; did you mean persona_1 or persona_0?",
        ),
        (
            PlanWish(items=1, topics=("topic_1",)),
            "topic: expected an active one, found 'topic_1', which is not drawn any more",
        ),
        (
            PlanWish(items=1, arcs=("arc_0",), weights={"arc": {"arc_1": 2}}),
            "weight of arc: expected one that is to be made, found 'arc_1'; did you mean arc_0?",
        ),
        (
            PlanWish(items=1, forbidden=(Forbidden(arc="arc_0", topic="none"),)),
            "topic: expected the key of one, found 'none'",
        ),
        (
            PlanWish(items=1, arcs=("arc_0",), forbidden=(Forbidden(arc="arc_0", topic="topic_0"),)),
            "expected a persona, an arc and a topic that go together, found none: choose more of them, or forbid less",
        ),
        (
            PlanWish(items=1, arcs=("arc_2",)),
            "arc arc_2: expected an active template and an even number of turns, found none; "
            "`lora-pipeline scaffolds check` says more",
        ),
    ],
)
def test_what_cannot_be_planned_is_told(wish, sentence):
    given_ = scaffolds(topics=2)
    topics = {**given_.topics, "topic_1": given_.topics["topic_1"].model_copy(update={"is_active": False})}
    given_ = replace(given_, topics=topics, arcs={**given_.arcs, "arc_2": arc("arc_2", tier="edge_case")})

    with pytest.raises(UsageError) as caught:
        make_plan(wish, given_)

    assert str(caught.value) == sentence


def test_a_refill_names_the_number_that_there_is_none_of():
    plan = make_plan(PlanWish(items=3), scaffolds())

    with pytest.raises(UsageError) as caught:
        refill(plan, scaffolds(), [2, 4], 1)

    assert str(caught.value) == "items: expected numbers from 1 to 3, found 4"


def test_one_key_alone_is_left_out_not_forbidden():
    with pytest.raises(ValidationError, match="expected two or three of persona, arc, topic"):
        Forbidden(arc="arc_0")
