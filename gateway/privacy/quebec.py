"""Recognizers for identifiers that Presidio does not have in French, or at all. Formats and check digits are strict.

Numbers are tolerant of the no-break spaces (U+00A0, U+202F) of French typography.
"""

from __future__ import annotations

import re
from calendar import monthrange

from presidio_analyzer import Pattern, PatternRecognizer

LEAP_YEAR = 2000
SPACE = "[ \u00a0\u202f-]?"


class SocialInsuranceNumber(PatternRecognizer):
    """NAS: nine digits, Luhn."""

    def __init__(self, supported_language: str) -> None:
        digits = rf"(?<![\d-])\d{{3}}{SPACE}\d{{3}}{SPACE}\d{{3}}(?![\d-])"
        super().__init__(
            "CA_SIN",
            name="SocialInsuranceNumber",
            patterns=[Pattern("nas", digits, 0.5)],
            context=["nas", "sin", "sociale", "assurance", "social", "insurance"],
            supported_language=supported_language,
        )

    def validate_result(self, pattern_text: str) -> bool:
        """Luhn, and not all zeros."""
        digits = [int(character) for character in pattern_text if character.isdigit()]
        doubled = [digit if index % 2 == 0 else sum(divmod(digit * 2, 10)) for index, digit in enumerate(digits)]
        return any(digits) and sum(doubled) % 10 == 0


class HealthInsuranceNumber(PatternRecognizer):
    """NAM (RAMQ): three letters of a surname, one of a given name, then YYMMDD, with 50 added to a woman's month, and two."""

    def __init__(self, supported_language: str) -> None:
        super().__init__(
            "QC_NAM",
            name="HealthInsuranceNumber",
            patterns=[Pattern("nam", rf"(?<!\w)[A-Za-z]{{4}}{SPACE}\d{{4}}{SPACE}\d{{4}}(?!\w)", 0.6)],
            context=["nam", "ramq", "maladie", "soleil", "health", "medicare"],
            supported_language=supported_language,
        )

    def validate_result(self, pattern_text: str) -> bool:
        """The date in it is a date."""
        digits = re.sub(r"\D", "", pattern_text)
        month, day = int(digits[2:4]) % 50, int(digits[4:6])
        return 1 <= month <= 12 and 1 <= day <= monthrange(LEAP_YEAR, month)[1]


class Credential(PatternRecognizer):
    """Keys by their prefix, tokens by their shape, private keys by their armour, passwords by the word before."""

    def __init__(self, supported_language: str) -> None:
        super().__init__(
            "CREDENTIAL",
            name="Credential",
            patterns=[
                Pattern(
                    "prefix",
                    r"(?<!\w)(?:sk-|ghp_|gho_|github_pat_|xox[abp]-|AKIA|AIza|glpat-|vigie_)[A-Za-z0-9_\-]{12,}",
                    0.95,
                ),
                Pattern("jwt", r"(?<!\w)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}", 0.95),
                Pattern(
                    "pem", r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]{1,8000}?-----END [A-Z ]*PRIVATE KEY-----", 0.99
                ),
                Pattern("cue", r"(?<=(?:mot de passe|mdp|password|passwd)\s{0,2}[:=]\s{0,2})\S{6,64}", 0.8),
            ],
            supported_language=supported_language,
            global_regex_flags=re.MULTILINE | re.IGNORECASE,
        )


QUEBEC = (SocialInsuranceNumber, HealthInsuranceNumber, Credential)
