r"""Personal data: mail addresses and numbers of phones, cards, accounts and persons, by checksum.

Takes      what names one person or opens one account of theirs
Leaves     [TYPE:TOKEN], a keyed HMAC of the value in one spelling: the same value is still the same
Blind to   names, streets, dates of birth; numbers of other countries; phone numbers without separators,
           country code or a word before them
"""

from __future__ import annotations

from clew.redact._pattern import Pattern

DIGITS = "regexp_replace({value}, '[^0-9]', '', 'g')"
COMPACT = "upper(regexp_replace({value}, '[^0-9A-Za-z]', '', 'g'))"
NOT_A_NUMBER = r"[\w.+/@#$-]|[0-9][ :,]"
"""Before a number: what makes it a part of something longer, as of an id, a time or a list of numbers."""
GOES_ON = r"[\w@%]|[.,:/-][0-9A-Za-z]|[ ][0-9]"
"""Behind a number: the same."""

FILES = (
    "png|jpe?g|gif|svg|webp|ico|css|js|mjs|ts|tsx|jsx|py|go|rs|rb|sh|php|html?|json|ya?ml|toml|lock|txt|md|log|pdf"
    "|zip|gz|tar|tgz|whl|jar|so|dll|exe|bin|mp[34]|woff2?|ttf|map|conf|cfg|ini|service|socket|target|timer|slice"
)
"""Endings of `logo@2x.png` and `getty@tty1.service`, which are no domains."""

LETTERS = r"A-Za-z\x{C0}-\x{1FFF}\x{3040}-\x{D7FF}"
"""Of most scripts, as a class that RE2 compiles fast."""

IBAN_LENGTHS: dict[int, str] = {
    15: "NO", 16: "BE", 18: "DK|FI|FO|GL|NL|SD", 19: "MK|SI", 20: "AT|BA|EE|KZ|LT|LU|MN|XK",
    21: "CH|HR|LI|LV", 22: "BG|BH|CR|DE|GB|GE|IE|ME|RS|VA", 23: "AE|GI|IL|IQ|OM|SO|TL",
    24: "AD|CZ|ES|MD|PK|RO|SA|SE|SK|TN|VG", 25: "LY|PT|ST", 26: "IS|TR", 27: "BI|DJ|FR|GR|IT|MC|MR|SM",
    28: "AL|AZ|BY|CY|DO|GT|HU|LB|NI|PL|SV", 29: "BR|EG|PS|QA|UA", 30: "JO|KW|MU|YE", 31: "MT|SC", 32: "LC", 33: "RU",
}  # fmt: skip
"""Characters of an IBAN to the countries that have so many."""


def _iban() -> str:
    forms = []
    for length, countries in IBAN_LENGTHS.items():
        groups, rest = divmod(length - 4, 4)
        last = f"[ -]?[0-9A-Z]{{{rest}}}" if rest else ""
        forms.append(f"(?:{countries})[0-9]{{2}}(?:[ -]?[0-9A-Z]{{4}}){{{groups}}}{last}")
    return rf"\b(?:{'|'.join(forms)})\b"


PHONE_FORMS = (
    r"\+[1-9][0-9]{8,14}",  # +14155550132
    r"\+[1-9][0-9]{0,2}[ .-]?\(?[0-9]{1,5}\)?(?:[ .-]?[0-9]{2,9}){1,5}",  # +44 20 7946 0958
    r"00[1-9][0-9]{0,2}[ .-][0-9]{1,4}(?:[ .-][0-9]{2,8}){1,4}",  # 0044 20 7946 0958
    r"(?:1[ .-])?\([0-9]{3}\)[ .-]?[0-9]{3}[ .-][0-9]{4}",  # (415) 555-0132
    r"(?:1[.-])?[2-9][0-9]{2}[.-][0-9]{3}[.-][0-9]{4}",  # 415-555-0132
    r"[2-9][0-9]{2} [0-9]{3}[ -][0-9]{4}",  # 415 555 0132
    r"\(0[0-9]{1,5}\)[ .-]?[0-9]{3,4}[ .-]?[0-9]{3,4}",  # (020) 7946 0958
    r"02[0-9] [0-9]{4} [0-9]{4}|01[0-9]{2} [0-9]{3} [0-9]{4}|0[1-9][0-9]{3} [0-9]{6}|07[0-9]{3} [0-9]{3} [0-9]{3}",
    r"01[567][0-9] [0-9]{7,8}",  # 0151 23456789
    r"0[1-9](?:[ .-][0-9]{2}){4}",  # 01 42 68 53 00
    r"[6-9][0-9]{2} [0-9]{3} [0-9]{3}|[6-9][0-9]{2}(?: [0-9]{2}){3}",  # 612 345 678
    r"\([1-9][0-9]\) ?9?[0-9]{4}-[0-9]{4}",  # (11) 98765-4321
)
PHONE_DIGITS = f"length({DIGITS}) BETWEEN 9 AND 15"
PHONE_CHECK = PHONE_DIGITS + r" AND NOT regexp_full_match({value}, '\+[0-9]\.[0-9]{1,9}')"
PHONE_WORDS = r"(?i:(?:\b|_)(?:phone|telephone|tel|mobile|cell|cellphone|fax|whatsapp|tel[eé]fono|movil|celular|telefone|telefon|handy)(?:[ _]?(?:no|nr|number|num))?|\b(?:call|text|reach|ring) (?:me|us|him|her) (?:at|on))"

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "payment_card", "payment cards, by their first digits, their length and Luhn's sum",
        r"(?:[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{1,7}|3[0-9]{3}[ -]?[0-9]{6}[ -]?[0-9]{4,5})",
        r"(?:^|[^0-9A-Za-z.]|\\[nrtbf])[2-6](?:[0-9]{12,18}(?:[^0-9A-Za-z]|$)|[0-9]{3}[ -](?:[0-9]{4}[ -]?[0-9]{4}|[0-9]{6}[ -]?[0-9]))",
        before=NOT_A_NUMBER, behind=r"[\w@]|[.,:/-][0-9A-Za-z]|[ ][0-9]{4}",
        check=f"clew_is_card({DIGITS})", plain=DIGITS,
        group="digits", found=("paid with 4111 1111 1111 1111.", "5555555555554444", "378282246310005", "6011-1111-1111-1117", "5018000000007", "card=4111111111111111"),
        kept=("4111 1111 1111 1112", "id 1763000000007826", "0.4111111111111111", "ord-4111111111111111", "4111-1111"),
    ),
    Pattern(
        "iban", "IBANs, by their country's length and the remainder by 97", _iban(),
        r"\b[A-Z]{2}[0-9]{2}[ -]?[0-9A-Z]{4}[ -]?[0-9A-Z]{3}", before=r"[\w-]", behind=r"[\w@]", check=f"clew_is_iban({COMPACT})", plain=COMPACT,
        group="digits", found=("to GB29 NWBK 6016 1331 9268 19 now", "DE89370400440532013000", "BE68 5390 0754 7034 PAYS"),
        kept=("DE89370400440532013001", "AB12CDEF34567890", "GB29NWBK"),
    ),
    Pattern(
        "iban", "the same in small letters, after their name", r"[a-z]{2}[0-9]{2}[0-9a-z]{11,30}", r"(?i:\biban)\W{1,5}[a-z]{2}[0-9]{2}", ("iban",), before=r"\[",
        lead=r"(?i:\biban)\W{1,5}", behind=r"[\w@]", check=f"clew_is_iban({COMPACT})", plain=COMPACT,
        group="word", found=("iban=de89370400440532013000",), kept=("iban: de89370400440532013001",),
    ),
    Pattern(
        "us_ssn", "US social security numbers, in the ranges that are given out", r"[0-9]{3}-[0-9]{2}-[0-9]{4}",
        r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}", before=NOT_A_NUMBER, behind=GOES_ON, check=f"clew_is_ssn({DIGITS})", plain=DIGITS,
        group="digits", found=("ssn 078-05-1120",), kept=("000-12-3456", "666-12-3456", "912-12-3456", "123-00-4567", "123-45-0000", "a-123-45-6789"),
    ),
    Pattern(
        "us_ssn", "the same without hyphens, after their name", r"[0-9]{3} ?[0-9]{2} ?[0-9]{4}", r"(?i:(?:\b|_)ssn|social[ _-]?security)",
        ("ssn", "security"), before=r"\[", lead=r"""(?i:(?:\b|_)(?:ssn|social[ _-]?security(?:[ _-](?:number|no))?))\W{1,5}(?:is )?""",
        behind=GOES_ON, check=f"clew_is_ssn({DIGITS})", plain=DIGITS, group="word", found=('"ssn":"078051120"', "SSN: 078 05 1120"), kept=("ssn 123", "ssn: 000000000"),
    ),
    Pattern(
        "uk_nino", "UK national insurance numbers, by their prefixes",
        r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b", r"\b[A-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b",
        before=r"[\w-]", behind=r"[\w@-]", check="left({value}, 2) NOT IN ('BG', 'GB', 'NK', 'KN', 'TN', 'NT', 'ZZ')", plain=COMPACT,
        group="digits", found=("nino AB123456C", "AB 12 34 56 C"), kept=("BG123456C", "DA123456C", "AB123456E", "AB123456"),
    ),
    Pattern(
        "uk_nino", "the same in small letters or with hyphens, after their name", r"[a-zA-Z]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[a-dA-D]\b", r"(?i:\b(?:nino|national insurance))\b",
        ("nino", "national insurance"), before=r"\[", lead=r"(?i:\b(?:nino|national insurance)(?: (?:number|no))?)\W{1,5}(?:is )?", behind=r"[\w@-]",
        check="upper(left({value}, 2)) NOT IN ('BG', 'GB', 'NK', 'KN', 'TN', 'NT', 'ZZ')", plain=COMPACT,
        group="word", found=("nino ab123456c", "nino: AB-12-34-56-C"), kept=("nino bg123456c",),
    ),
    Pattern(
        "es_dni", "the same in small letters or with dots, after their name", r"(?:[0-9]{1,2}\.?[0-9]{3}\.?[0-9]{3}|[xyzXYZ]-?[0-9]{7})[ -]?[a-zA-Z]\b", r"(?i:\b(?:dni|nif|nie))\b",
        ("dni", "nif", "nie"), before=r"\[", lead=r"(?i:\b(?:dni|nif|nie))\W{1,5}", behind=r"[\w@-]", check=f"clew_is_dni({COMPACT})", plain=COMPACT,
        group="word", found=("dni=12345678z", "NIF 12.345.678-Z"), kept=("dni=12345678a",),
    ),
    Pattern(
        "es_dni", "Spanish DNI and NIE, by their letter", r"\b(?:[0-9]{8}|[XYZ]-?[0-9]{7})[ -]?[A-HJ-NP-TV-Z]\b",
        r"\b(?:[0-9]|[XYZ]-?)[0-9]{7}[ -]?[A-Z]\b", before=r"[\w.+/@#-]", behind=r"[\w@-]", check=f"clew_is_dni({COMPACT})", plain=COMPACT,
        group="digits", found=("dni 12345678Z", "NIE X1234567L", "X-1234567-L"), kept=("12345678A", "X1234567A", "20260102T030405Z"),
    ),
    Pattern(
        "br_cpf", "Brazilian CPF, by their two check digits", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-",
        before=NOT_A_NUMBER, behind=GOES_ON, check=f"clew_is_cpf({DIGITS})", plain=DIGITS,
        group="digits", found=("CPF 529.982.247-25",), kept=("529.982.247-26", "111.111.111-11", "1.529.982.247-25"),
    ),
    Pattern(
        "br_cpf", "the same without dots, after their name", r"[0-9]{11}", r"(?i:(?:\b|_)cpf)", ("cpf",), before=r"\[", lead=r"""(?i:(?:\b|_)cpf)\W{1,5}""",
        behind=GOES_ON, check=f"clew_is_cpf({DIGITS})", plain=DIGITS, group="word", found=("cpf=52998224725",), kept=("cpf 52998224726",),
    ),
    Pattern(
        "email", "e-mail addresses",
        rf"[0-9{LETTERS}](?:(?:[0-9{LETTERS}._+'-]|%2[BbDdEe]|%5[Ff])*[0-9{LETTERS}_+-])?(?:@|%40)(?:[0-9{LETTERS}-]+\.)+[{LETTERS}]{{2,24}}",
        r"@[A-Za-z0-9\[_]|@[^\x00-\x7F]|%40", ("@", "%40"), before="%[0-9A-Fa-f]{2}", behind="[:/]" + r"[\w.-]+/[\w.-]+\.git|[0-9]",
        check=f"NOT regexp_matches(lower({{value}}), '^git@|\\.(?:{FILES})$')",
        plain="lower(coalesce(try(url_decode({value})), {value}))",
        group="at", found=("from alice.b+c@example.com today", "mail=bob%40example.co.uk&x=1", "josé@example.es", "<ann@mail.example.org>."),
        kept=("git@github.com:a/b.git", "logo@2x.png", "user@localhost", "react@18.2.0", "image@sha256:0123"),
    ),
    Pattern(
        "phone", "phone numbers with a country code, or written as one", f"(?:{'|'.join(PHONE_FORMS)})",
        r"\+[1-9][0-9]{0,2}[ .(-]{0,2}[0-9][0-9 .)-]{1,2}[0-9]|\([0-9]{2,6}\)[ .-]?[0-9]{3}"
        r"|\b(?:[2-9][0-9]{2}[ .-][0-9]{3}[ .-][0-9]{3}|0[0-9]{2} [0-9]{4} [0-9]{4}|0[0-9]{3} [0-9]{3} [0-9]{4}|0[0-9]{4} [0-9]{3} ?[0-9]{3}|01[567][0-9] [0-9]{7}"
        r"|00[1-9][0-9]{0,2}[ .-][0-9]{1,4}[ .-][0-9]|0[1-9](?:[ .-][0-9]{2}){4}|[6-9][0-9]{2}(?: [0-9]{2}){3})",
        before=NOT_A_NUMBER + r"|[0-9] |[:([]\+", behind=GOES_ON + r"|[ ]?[:+*=]", check=PHONE_CHECK, plain=DIGITS,
        group="phone", found=("call +14155550132 or", "+44 20 7946 0958", "(415) 555-0132", "415-555-0132", "01 42 68 53 00", "tel. 612 345 678", "(11) 98765-4321",
               "020 7946 0958", "+49 (0)30 901820", "+33 1 23 45 67 89", "0049 151 23456789", "tel=+34612345678"),
        kept=("2026-11-25 21:31:00", "192.168.100.200", "+0000", "req-415-555-0132", "1763000000.123", "415-555-0132-7781",
              "0217 1607 1097 0173", "10.20.30.40.50", "123 456 789 012 345", "3.14159265358979", "+3.14159265", "-122.4194155"),
    ),
    Pattern(
        "phone", "any digits after the word phone", r"[+(]?[0-9][0-9 ().-]{5,17}[0-9]",
        r"(?i:(?:^|[^\[])(?:phone|(?:\b|_)tel|mobile|\bcell|(?:\b|_)fax|whatsapp|movil|celular|handy|\b(?:call|text|reach|ring) (?:me|us|him|her))"
        r"(?:[eé]fono|efone|efon)?(?:[ _]?(?:no|nr|number|num|is|at|on))?)[^0-9A-Za-z]{1,5}[+(]?[0-9]",
        ("phone", "tel", "mobile", "cell", "fax", "whatsapp", "movil", "celular", "handy", " me ", " us ", " him ", " her "), before=r"\[", lead=PHONE_WORDS + r"""\W{1,5}(?:is )?""",
        behind=GOES_ON, check=f"length({DIGITS}) BETWEEN 7 AND 15", plain=DIGITS,
        group="word", found=('"phone":"4155550132"', "phone number: 5550132", "contact_phone=4155550132", "call me at 4155550132"), kept=("phone 123", "telemetry 20260102030405", "cell (3, 4)"),
    ),
    Pattern(
        "ip", "IP addresses, where `redact.addresses` says so", r"\b(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\b",
        r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]", before=r"[\w.-]", behind=r"[\w-]|\.[0-9]",
        group="digits", option="addresses", found=("from 192.0.2.7 port",), kept=("v1.2.3", "1.2.3.4.5", "999.1.1.1"),
    ),
    Pattern(
        "ip", "IPv6 addresses, where `redact.addresses` says so", r"(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{1,4}){1,6}|(?:[0-9a-fA-F]{1,4}:){7}:|::(?:[0-9a-fA-F]{1,4}:){0,5}[0-9a-fA-F]{1,4}",
        r"[0-9a-fA-F]:[0-9a-fA-F]{0,4}:|::[0-9a-fA-F]", before=r"[\w:.]", behind=r"[\w:]",
        check="contains({value}, '::') OR length(regexp_replace({value}, '[^:]', '', 'g')) = 7",
        plain="lower({value})", group="digits", option="addresses", found=("from 2001:db8::7 port",), kept=("12:34:56", "a::b::c", "std::vector"),
    ),
)  # fmt: skip
"""In the order in which they are looked for."""

IS_SECRET = False
"""What is found becomes a token."""

MACROS = r"""
CREATE OR REPLACE TEMP MACRO clew_luhn(digits) AS
    list_sum(list_transform(range(1, length(digits) + 1), lambda place:
        CASE WHEN (length(digits) - place) % 2 = 0 THEN digits[place]::INTEGER
        ELSE digits[place]::INTEGER * 2 // 10 + digits[place]::INTEGER * 2 % 10 END)) % 10 = 0;
CREATE OR REPLACE TEMP MACRO clew_is_card(digits) AS
    regexp_full_match(digits, '4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}'
        || '|7[01][0-9]|720)[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[689][0-9])[0-9]{11}|35(?:2[89]|[3-8][0-9])[0-9]{12}'
        || '|(?:50(?:18|20|38)|5893|6304|6759|676[1-3])[0-9]{8,15}|6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12,15}|62[0-9]{14,17}') AND clew_luhn(digits);
CREATE OR REPLACE TEMP MACRO clew_is_iban(compact) AS
    list_reduce(list_transform(string_split(compact[5:] || compact[:4], ''), lambda sign:
        CASE WHEN sign BETWEEN '0' AND '9' THEN sign::INTEGER ELSE ascii(sign) - 55 END),
        lambda rest, number: (rest * CASE WHEN number > 9 THEN 100 ELSE 10 END + number) % 97) = 1;
CREATE OR REPLACE TEMP MACRO clew_is_ssn(digits) AS
    left(digits, 3) NOT IN ('000', '666') AND left(digits, 1) <> '9' AND digits[4:5] <> '00' AND digits[6:9] <> '0000';
CREATE OR REPLACE TEMP MACRO clew_is_dni(compact) AS
    'TRWAGMYFPDXBNJZSQVHLCKE'[replace(replace(replace(left(compact, -1), 'X', '0'), 'Y', '1'), 'Z', '2')::BIGINT % 23 + 1]
        = right(compact, 1);
CREATE OR REPLACE TEMP MACRO clew_cpf_digit(digits, places) AS
    (list_sum(list_transform(range(1, places + 1), lambda place: digits[place]::INTEGER * (places + 2 - place))) * 10 % 11) % 10;
CREATE OR REPLACE TEMP MACRO clew_is_cpf(digits) AS
    digits <> repeat(left(digits, 1), 11) AND clew_cpf_digit(digits, 9) = digits[10]::INTEGER
        AND clew_cpf_digit(digits, 10) = digits[11]::INTEGER;
"""
"""The checksums, as the checks of the patterns call them."""
