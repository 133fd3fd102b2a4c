"""IBAN_CODE: international bank account numbers, of the length of their country, whose remainder by 97 is 1.

Source: ISO 13616, SWIFT IBAN Registry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.numbers import mod_97
from gateway.privacy.recognizers.view import View

LENGTHS = {
    pair[:2].lower(): int(pair[2:])
    for pair in """
        AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28
        EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27
        JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18
        NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28
        TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
    """.split()
}
START = re.compile(r"[0-9]{2}(?<=[a-z]{2}..)(?<![a-z0-9].{4})(?=[ .\-]?[a-z0-9])")
REST = re.compile(r"(?:[ .\-]?[a-z0-9]){11,40}")


def find(view: View) -> Iterator[Candidate]:
    """Two letters of a country, two check digits, and the rest."""
    folded = view.folded
    for match in START.finditer(folded):
        start = match.start() - 2
        length = LENGTHS.get(folded[start : start + 2])
        rest = REST.match(folded, match.end()) if length else None
        if length is None or rest is None:
            continue
        end, count = match.end(), 4
        while end < rest.end() and count < length:
            count += folded[end].isalnum()
            end += 1
        value = "".join(one for one in folded[start:end] if one.isalnum())
        if count == length and not folded[end : end + 1].isalnum() and mod_97(value):
            yield Candidate(start, end, "IBAN_CODE", 0.98)


RECOGNIZER = Recognizer(("IBAN_CODE",), "ISO 13616, IBAN Registry; remainder by 97", ("IBAN",), find)
