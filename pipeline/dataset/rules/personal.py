"""Personal data: what names or reaches a person. Checksums and numbering plans first, so that few are wrong.

Reserved and fictional values (example.com, 555 numbers, private networks) are nobody's and are left alone.
"""

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address

from pipeline.dataset.model.late_patterns import late_pattern
from pipeline.dataset.rules.kinds import Severity
from pipeline.dataset.rules.text_rules import Place, TextRules

PERSONAL_RULES = TextRules()
_EXPECTED = "no personal data"

# Possessive and bounded: a run of letters without an @ must not be tried from each of its characters.
_EMAIL = late_pattern(
    r"(?<![A-Za-z0-9._%+/=:@-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}+@"
    r"((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24})(?![A-Za-z0-9@-])"
)
_RESERVED_DOMAINS = late_pattern(  # RFC 2606, and what people write instead
    r"(?:.*\.)?(?:(?:my|your|some)?(?:example[a-z-]*|domain|company|email|mail|website|site|test|acme)\.[a-z.]{2,6}"
    r"|.*\.(?:test|example|invalid|localhost))",
    re.IGNORECASE,
)
_PHONE = late_pattern(
    r"(?<![\w+.])\+(?:[1-9]\d{0,2})(?:[ .-]?\(\d{1,4}\))?(?:[ .-]?\d{1,5}){2,6}(?![\d\w])"
    r"|(?<![\w.(-])\((?P<area>[2-9]\d\d)\) ?[2-9]\d\d[-. ]\d{4}(?![\d\w-])"
    r"|(?<![\w.-])[2-9]\d\d(?P<mark>[-.])[2-9]\d\d(?P=mark)\d{4}(?![\d\w-])"
    r"|(?<!\w)(?:tel|phone|mobile|telefon|telephone|téléphone|teléfono|handy|fax)(?: ?number| ?no)?\.?: ?"
    r"(?=[0-9(])(?:[ ./-]?\(?\d{1,6}\)?){2,7}(?![\d\w])",
    re.IGNORECASE,
)
_SOME_ORDER = late_pattern(r"12345|98765|(\d)\1{5}")
_CARD = late_pattern(
    r"(?<![\w.-])(?<!\d{4} )\d{4}(?P<mark>[ -]?)"
    r"(?:\d{4}(?P=mark)\d{4}(?P=mark)\d{4}|\d{6}(?P=mark)\d{5})"
    r"(?![\w-]|\.\d| \d{4}(?!\d))"
)
_CARD_ISSUER = late_pattern(
    r"(?:4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|6011|65|64[4-9]|62|35(?:2[89]|[3-8]))\d*|3[47]\d{13}"
)
_IBAN = late_pattern(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_SSN = late_pattern(r"(?<![\w.-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])")
_SSN_OF_NOBODY = {"078-05-1120", "219-09-9999", "123-45-6789"}  # printed in advertisements and manuals
_IPV4 = late_pattern(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
_BEFORE_VERSION = late_pattern(r"(?:version|ver\.?|release|v|build|section|§)\s*\Z", re.IGNORECASE)

# ISO 13616: how long an IBAN is in each country.
_IBAN_LENGTHS = {
    size: frozenset(countries.split())
    for size, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
}


def _is_email(match: re.Match[str]) -> bool:
    return not _RESERVED_DOMAINS.fullmatch(match[1])


def _is_phone(match: re.Match[str]) -> bool:
    digits = _digits(match[0])
    is_north_american = len(digits) == 10 or (match[0].startswith("+1") and len(digits) == 11)
    is_fictional = is_north_american and "555" in (digits[-10:-7], digits[-7:-4])
    return (9 if match[0].startswith("+") else 7) <= len(digits) <= 15 and not (
        is_fictional or _SOME_ORDER.search(digits)
    )


def _is_card(match: re.Match[str]) -> bool:
    digits = _digits(match[0])
    return len(set(digits)) > 3 and bool(_CARD_ISSUER.fullmatch(digits)) and is_luhn(digits)


def is_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of ISO/IEC 7812."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def is_iban(text: str) -> bool:
    """Whether a text without spaces is an IBAN: its country's length, and a remainder of 1 (ISO 7064, MOD 97-10)."""
    if text[:2] not in _IBAN_LENGTHS.get(len(text), frozenset()):
        return False
    return int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1


def _is_iban_match(match: re.Match[str]) -> bool:
    """An IBAN, whatever words in capitals follow it."""
    text = match[0].replace(" ", "")
    return any(is_iban(text[:size]) for size in _IBAN_LENGTHS if size <= len(text))


def _is_ssn(match: re.Match[str]) -> bool:
    return match[0] not in _SSN_OF_NOBODY


def _is_public_address(match: re.Match[str]) -> bool:
    """Public, and no version number: those have small parts."""
    try:
        address = IPv4Address(match[0])
    except AddressValueError:
        return False
    large_parts = sum(part > 31 for part in address.packed)
    before = match.string[max(match.start() - 12, 0) : match.start()]
    return address.is_global and not address.is_multicast and large_parts >= 2 and not _BEFORE_VERSION.search(before)


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _first(pattern: re.Pattern[str], is_one: Callable[[re.Match[str]], bool], what: str, text: str) -> Place | None:
    return next((Place(match.start(), what) for match in pattern.finditer(text) if is_one(match)), None)


@PERSONAL_RULES.add(_EXPECTED, r"[A-Za-z0-9._%+-]@[A-Za-z0-9]")
def email_address(text: str) -> Place | None:
    """The text holds an e-mail address.

    A model may repeat personal data word for word to anyone who asks.

    What to do: replace it with an invented one at example.com.
    """
    return _first(_EMAIL, _is_email, "an e-mail address", text)


@PERSONAL_RULES.add(
    _EXPECTED,
    r"\+[1-9][0-9 .()-]{7}|[0-9]{3}[-.][0-9]{3}[-.][0-9]{4}|\([2-9][0-9]{2}\) ?[0-9]{3}[-. ][0-9]{4}|"
    r"(?i:tel|phone|mobile|telefon|telephone|téléphone|teléfono|handy|fax)(?i: ?number| ?no)?\.?: ?[0-9(]",
)
def phone_number(text: str) -> Place | None:
    """The text holds a phone number.

    A model may repeat personal data word for word to anyone who asks.

    What to do: replace it with an invented one, such as +1 202 555 0143.
    """
    return _first(_PHONE, _is_phone, "a phone number", text)


@PERSONAL_RULES.add(_EXPECTED, r"[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{3}|[0-9]{4}[ -]?[0-9]{6}[ -]?[0-9]{5}")
def credit_card_number(text: str) -> Place | None:
    """The text holds a credit card number.

    The check digit is right, so it may be real; a model may repeat it word for word.

    What to do: remove it.
    """
    return _first(_CARD, _is_card, "a credit card number", text)


@PERSONAL_RULES.add(_EXPECTED, r"[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4} ?[A-Z0-9]{4}")
def iban(text: str) -> Place | None:
    """The text holds the number of a bank account.

    The check digits of the IBAN are right, so it may be real; a model may repeat it word for word.

    What to do: remove it.
    """
    return _first(_IBAN, _is_iban_match, "an IBAN", text)


@PERSONAL_RULES.add(_EXPECTED, r"[0-9]{3}-[0-9]{2}-[0-9]{4}")
def social_security_number(text: str) -> Place | None:
    """The text holds a US social security number.

    A model may repeat personal data word for word to anyone who asks.

    What to do: remove it.
    """
    return _first(_SSN, _is_ssn, "a US social security number", text)


@PERSONAL_RULES.add(_EXPECTED, r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]", severity=Severity.NOTE)
def ip_address(text: str) -> Place | None:
    """The text holds a public IP address.

    It may lead to a person or to one of your machines.

    What to do: replace it with one for documentation, such as 192.0.2.1, if it is real.
    """
    return _first(_IPV4, _is_public_address, "a public IPv4 address", text)
