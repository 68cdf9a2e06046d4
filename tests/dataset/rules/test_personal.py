"""Personal data is found by its form and its checksum; what only looks alike is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.rules.personal import is_iban, is_luhn
from tests.dataset.rules.planting import codes, found


@pytest.mark.parametrize(
    ("text", "code", "what", "character"),
    [
        ("mail jane.roe@posteo.de.", "email-address", "an e-mail address", 6),
        ("<jane_roe%x@mail.uni-bonn.de>", "email-address", "an e-mail address", 2),
        ("call +1 415 867 5309 now", "phone-number", "a phone number", 6),
        ("call (415) 867-5309", "phone-number", "a phone number", 6),
        ("call 415-867-5309", "phone-number", "a phone number", 6),
        ("call 415.867.5309.", "phone-number", "a phone number", 6),
        ("call +49 (0)30 901820", "phone-number", "a phone number", 6),
        ("Tel.: 030/901820", "phone-number", "a phone number", 1),
        ("Téléphone : 1\nTéléphone: 01 44 55 66 77", "phone-number", "a phone number", 15),
        ("card 4539148803436467", "credit-card-number", "a credit card number", 6),
        ("card 4539-1488-0343-6467.", "credit-card-number", "a credit card number", 6),
        ("42 4539 1488 0343 6467 12/27", "credit-card-number", "a credit card number", 4),
        ("amex 3782 822463 10005", "credit-card-number", "a credit card number", 6),
        ("to DE89370400440532013000", "iban", "an IBAN", 4),
        ("to GB82 WEST 1234 5698 7654 32 BIC", "iban", "an IBAN", 4),
        ("to NO93 8601 1117 947 OSLO", "iban", "an IBAN", 4),
        ("ssn 536-90-4399", "social-security-number", "a US social security number", 5),
        ("from 93.184.216.34:443", "ip-address", "a public IPv4 address", 6),
        ("http://93.184.216.34/a", "ip-address", "a public IPv4 address", 8),
    ],
)
def test_personal_data_is_found(text, code, what, character):
    assert found(text) == [(code, f"expected no personal data, found {what} at character {character}")]


@pytest.mark.parametrize(
    "text",
    [
        "jane@example.com",
        "you@your-company.example or me@mail.test",
        "@dataclass and user@host",
        "a = b@c.T  # matrix",
        "git@github",
        "npm i left@1.2.3",
        "555-0143, (415) 555-0143, +1 202 555 0143",
        "+1234567890",
        "1 + 1 = 2, +5, +12 %, x+123456",
        "2024-11-24 10:20:30, 1999-2003, 415-867-53091",
        "ISBN 978-3-16-148410-0, ISBN 9783161484100, ISBN 0-306-40615-2",
        "4539 1488 0343 6468",  # wrong check digit
        "4242 4242 4242 4242 and 4111111111111111",  # for testing
        "order 9999888877776665",
        "0.4539148803436467",
        "1234 4539 1488 0343 6467 0000",
        "DE89370400440532013001",
        "XX89370400440532013000",
        "AB12 CDEF GHIJ KLMN",
        "123-45-6789, 000-12-3456, 666-12-3456, 900-12-3456, 536-00-4399, 536-90-0000",
        "part 536-90-4399-1",
        "version 10.15.7.3",
        "v93.184.216.34",
        "Version 93.184.216.34",
        "Chrome/114.0.5735.90, 1.2.3.4, section 3.2.1.4",
        "127.0.0.1 192.168.178.99 10.200.100.50 172.16.99.99 192.0.2.99 203.0.113.77 255.255.255.255 224.99.99.1",
        "8.8.8.8",
        "256.184.216.34, 93.184.216.34.5, 093.184.216.034",
        "1.3.6.1.4.1.311.21.20",
    ],
)
def test_what_only_looks_like_personal_data_is_not(text):
    assert codes(text) == []


@given(digits=st.text("0123456789", min_size=15, max_size=15))
def test_one_check_digit_of_ten_is_right_and_a_changed_digit_shows(digits):
    (right,) = [digits + check for check in "0123456789" if is_luhn(digits + check)]

    changed = [right[:place] + str((int(right[place]) + 1) % 10) + right[place + 1 :] for place in range(16)]
    assert not any(map(is_luhn, changed))


@given(account=st.text("0123456789", min_size=18, max_size=18))
def test_one_pair_of_check_digits_makes_an_iban(account):
    number = int(account + "131400")  # DE00 behind it
    right = f"{98 - number % 97:02}"

    assert is_iban(f"DE{right}{account}")
    assert not is_iban(f"FR{right}{account}")
    assert [check for check in range(2, 99) if is_iban(f"DE{check:02}{account}")] == [int(right)]
