"""Bytes that are no UTF-8 are told by how they stand together."""

import pytest

from pipeline.dataset.formats.lookalikes.encodings import encoding_of, may_be


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        ("The café isn’t open – it’s “closed”.", "cp1252", "WINDOWS-1252"),
        ("Grüße aus München, schöne Tage", "latin-1", "WINDOWS-1252"),
        ("绿茶应该泡多久？两到三分钟，水温八十度左右。", "gbk", "GBK"),
        ("緑茶はどのくらい蒸らしますか。二分から三分です。", "shift_jis", "SHIFT-JIS"),
        ("緑茶はどのくらい蒸らしますか。二分から三分です。", "euc_jp", "EUC-JP"),
        ("녹차는 얼마나 우려야 합니까? 이 분에서 삼 분입니다.", "euc_kr", "EUC-KR"),
        ("綠茶應該泡多久？兩到三分鐘，水溫八十度左右。", "big5", "BIG5"),
        ("Сколько заваривать зелёный чай? Две или три минуты.", "cp1251", "WINDOWS-1251"),
        ("Сколько заваривать зелёный чай? Две или три минуты.", "koi8_r", "KOI8-R"),
        ("plain", "ascii", ""),
    ],
)
def test_an_encoding_is_told_by_its_bytes(text, codec, name):
    assert encoding_of(b'{"text": "' + text.encode(codec) + b'"}') == name


def test_few_bytes_may_be_and_many_seem():
    assert may_be(b'"caf\xe9"') == "it may be Windows-1252: iconv -f WINDOWS-1252 -t UTF-8 in.jsonl > out.jsonl"
    assert may_be(b"caf\xe9 " * 20).startswith("it seems Windows-1252: ")
