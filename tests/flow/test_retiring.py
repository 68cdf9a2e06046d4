"""Which partitions retire: the oldest, and none of which anything is under way."""

from pipeline.flow.retiring import named_by_runs, to_retire

ORDER = [f"d{number}" for number in range(10)]


def everything(ids):
    return set(ids)


def test_the_oldest_go_until_as_many_are_left_as_may_be():
    assert to_retire(ORDER, 7, set(), everything) == ["d0", "d1", "d2"]
    assert to_retire(ORDER, 10, set(), everything) == to_retire(ORDER, 11, set(), everything) == []
    assert to_retire(ORDER, 0, set(), everything, most=2) == ["d0", "d1"]


def test_what_is_open_or_named_by_a_run_stays_and_newer_ones_go_instead():
    def settled(ids):
        return {each for each in ids if each != "d1"}

    assert to_retire(ORDER, 7, {"d0"}, settled) == ["d2", "d3", "d4"]
    assert to_retire(ORDER, 0, set(ORDER), settled) == []


def test_a_run_names_one_key_or_a_range():
    def ranged(first, last):
        return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}

    found = named_by_runs(ORDER, [{"dagster/partition": "d9"}, ranged("d2", "d4"), ranged("d7", "gone"), {}])

    assert found == {"d9", "d2", "d3", "d4"}
