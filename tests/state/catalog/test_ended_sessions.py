"""Promises of `pipeline.state.catalog.ended_sessions`."""

from tests.state.catalog.examples import LATER, MUCH_LATER, NOON


def test_an_ended_session_is_remembered_until_it_is_over_by_itself(catalog):
    catalog.end_session("s1", "ann", LATER)
    catalog.end_session("s1", "ann", LATER)
    catalog.end_session("s2", "ann", MUCH_LATER)

    kept = catalog.forget_ended_sessions(NOON)
    forgotten = catalog.forget_ended_sessions(MUCH_LATER)

    assert (kept, forgotten) == (0, 1)
    assert [catalog.is_ended(each) for each in ("s1", "s2", "s3")] == [False, True, False]
