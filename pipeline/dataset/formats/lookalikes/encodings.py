"""Which encoding bytes may be in that are no UTF-8: told from how high bytes stand together, without a dictionary."""

import re

_LOOKED_AT_BYTES = 2**14
_FEW = 8  # high bytes, of which less is told
_HIGH = re.compile(rb"[\x80-\xff]+")
_ASIAN = re.compile(rb"(?:[\x81-\xfe][\x40-\x7e\x80-\xfe])+")


def encoding_of(data: bytes) -> str:
    """The name that iconv knows; "" where nothing can be said."""
    data = data[:_LOOKED_AT_BYTES]
    runs = _HIGH.findall(data)
    high = b"".join(runs)
    if not high.strip(b"\xfe\xff") or _is_broken_utf8(data):
        return ""
    if _has_japanese(data):
        return "SHIFT-JIS"
    if len(high) / len(runs) < 1.5:
        return "" if any(byte in b"\x81\x8d\x8f\x90\x9d" for byte in high) else "WINDOWS-1252"
    if _share(high, 0xE0, 0xFF) > 0.7 and _is_odd(runs):
        return "WINDOWS-1251"
    if _share(high, 0xC0, 0xDF) > 0.85 and _is_odd(runs):
        return "KOI8-R"
    return _of_pairs(data)


def may_be(data: bytes) -> str:
    """What a line or a file of such bytes is told; "" where nothing can be said."""
    encoding = encoding_of(data)
    if not encoding:
        return ""
    verb = "may be" if sum(byte > 0x7F for byte in data[:_LOOKED_AT_BYTES]) < _FEW else "seems"
    return f"it {verb} {_TITLES.get(encoding, encoding)}: iconv -f {encoding} -t UTF-8 in.jsonl > out.jsonl"


_TITLES = {"WINDOWS-1252": "Windows-1252", "WINDOWS-1251": "Windows-1251", "SHIFT-JIS": "Shift-JIS", "BIG5": "Big5"}


def _is_odd(runs: list[bytes]) -> bool:
    """Whether words have lengths that pairs of bytes do not have."""
    return sum(len(run) % 2 for run in runs) > len(runs) / 5


def _share(high: bytes, first: int, last: int) -> float:
    return sum(first <= byte <= last for byte in high) / len(high)


def _has_japanese(data: bytes) -> bool:
    """Whether kana stand there as Shift-JIS writes them."""
    kana = len(re.findall(rb"\x82[\x9f-\xf1]|\x83[\x40-\x7e\x80-\x96]|\x81[\x41-\x49\x5b\x75\x76]", data))
    return kana > 0 and kana * 2 >= sum(byte > 0x7F for byte in data) / 4 and _decodes(data, "cp932")


def _of_pairs(data: bytes) -> str:
    """Chinese, Japanese and Korean: by the first bytes of the pairs."""
    pairs = [run[at : at + 2] for run in _ASIAN.findall(data) for at in range(0, len(run) - 1, 2)]
    leads = bytes(pair[0] for pair in pairs)
    if not leads:
        return ""
    has_low_trail = sum(pair[1] < 0xA1 for pair in pairs) > len(pairs) / 10
    if has_low_trail and _share(leads, 0xA1, 0xC6) > 0.8 and _decodes(data, "big5"):
        return "BIG5"
    if not has_low_trail and _share(leads, 0xA4, 0xA5) > 0.25 and _decodes(data, "euc_jp"):
        return "EUC-JP"
    if not has_low_trail and _share(leads, 0xB0, 0xC8) > 0.95 and len(pairs) >= _FEW and _decodes(data, "euc_kr"):
        return "EUC-KR"
    return "GBK" if _share(leads, 0xB0, 0xF7) > 0.5 and _decodes(data, "gb18030") else ""


def _is_broken_utf8(data: bytes) -> bool:
    """Whether it is UTF-8 but for half a character at its end, or characters that only UTF-16 has."""
    try:
        data.decode("utf-8", errors="surrogatepass")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


def _decodes(data: bytes, codec: str) -> bool:
    """Whether the bytes can be text of the codec; the last character may be cut."""
    try:
        data.decode(codec)
    except UnicodeDecodeError as error:
        return error.end >= len(data) - 1
    return True
