"""Importing prices: all rows or none, and every doubtful row by its line."""

from datetime import date

import pytest

from pipeline.catalogues import load_prices
from pipeline.catalogues.price_import import import_prices
from pipeline.errors import UsageError

_TODAY = date(2026, 11, 25)
_HEADING = "gpu,provider,kind,per_gpu_hour,currency,as_of,source"
_GOOD = ["h100,Acme,on-demand,2.5,USD,2026-11-01,quote 7", "H100-SXM,Acme,spot,1.5,,2026-11-02,quote 7"]


def _csv(tmp_path, *rows, heading=_HEADING):
    path = tmp_path / "prices.csv"
    path.write_text("\n".join([heading, *rows, ""]), "utf-8")
    return path


def test_imported_prices_are_used_from_then_on(tmp_path):
    own = tmp_path / "data" / "prices.toml"

    imported = import_prices(_csv(tmp_path, *_GOOD), own, _TODAY)

    assert [(price.name, price.kind, price.per_gpu_hour) for price in imported] == [
        ("H100-SXM", "on-demand", 2.5),
        ("H100-SXM", "spot", 1.5),
    ]
    assert {price for price in load_prices(own) if price.name == "H100-SXM"} == set(imported)


def test_a_second_import_replaces_the_same_offers_and_keeps_others(tmp_path):
    own = tmp_path / "prices.toml"
    import_prices(_csv(tmp_path, *_GOOD), own, _TODAY)

    import_prices(_csv(tmp_path, "H100-SXM,ACME,on-demand,2.75,USD,2026-11-20,quote 8"), own, _TODAY)

    mine = [(price.kind, price.per_gpu_hour) for price in load_prices(own) if price.name == "H100-SXM"]
    assert sorted(mine) == [("on-demand", 2.75), ("spot", 1.5)]


def test_every_doubtful_row_is_named_and_nothing_is_imported(tmp_path):
    own = tmp_path / "prices.toml"
    import_prices(_csv(tmp_path, *_GOOD), own, _TODAY)
    before = own.read_bytes()
    path = _csv(
        tmp_path,
        "T4,Acme,on-demand,0.5,USD,2026-11-01,fine",
        "T5,Acme,on-demand,0.5,USD,2026-11-01,unknown",
        "L4,Acme,on-demand,800,USD,2026-11-01,cents",
        "L4,Acme,spot,0.3,USD,2027-01-01,future",
        "T4,acme,on-demand,0.6,USD,2026-11-02,again",
        "H100,Acme,spot,3,USD,2026-11-01,dearer than what is known",
        "A10G,Acme,weekly,free,CHF,yesterday,nonsense",
        "A10G,Acme,spot",
        "A10G,Acme,spot,0.4,USD,2011-01-01,old",
    )

    with pytest.raises(UsageError) as caught:
        import_prices(path, own, _TODAY)

    assert str(caught.value).splitlines() == [
        f"{path}: nothing was imported:",
        "  line 3: no GPU 'T5' is known; the nearest: T4; or describe it in LORA_GPUS_FILE",
        "  line 4: per_gpu_hour: expected 0.02 to 50 USD for one GPU and hour, found 800; "
        "is it for a machine, a month, or in cents?",
        "  line 5: as_of: 2027-01-01 is in the future",
        "  line 6: T4, acme, on-demand is on line 2 already",
        "  line 7: H100-SXM, Acme, spot: 3, dearer than on-demand, 2.5",
        "  line 8: as_of: Input should be a valid date or datetime, input is too short, found 'yesterday'",
        "  line 8: kind: Input should be 'on-demand' or 'spot', found 'weekly'",
        "  line 8: per_gpu_hour: Input should be a valid number, unable to parse string as a number, found 'free'",
        "  line 8: currency: Input should be 'USD', 'EUR' or 'GBP', found 'CHF'",
        "  line 9: expected 7 values",
        "  line 10: as_of: expected a day since 2020-01-01, found 2011-01-01",
    ]
    assert own.read_bytes() == before


def test_other_columns_are_refused(tmp_path):
    path = _csv(tmp_path, heading="gpu,price")

    with pytest.raises(UsageError) as caught:
        import_prices(path, tmp_path / "prices.toml", _TODAY)

    assert str(caught.value) == (
        f"{path}: expected the columns gpu, provider, kind, per_gpu_hour, currency, as_of, source, found gpu, price"
    )
