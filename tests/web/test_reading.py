"""Patients read at grade 6: short words, short sentences (Kincaid et al., 1975)."""

import re
from html.parser import HTMLParser
from pathlib import Path

PAGE = Path(__file__).parents[2] / "static" / "index.html"
FOR_PATIENTS = {"emergency-notice", "sign-in", "enrol-passkey", "ask-for-help", "message-composer"}
_BLOCKS = {"p", "li", "h1", "h2", "label", "legend", "button", "summary"}


def test_what_patients_read_is_written_for_grade_six() -> None:
    sentences = _sentences_of(PAGE.read_text())

    assert len(sentences) > 30
    assert grade(sentences) <= 6
    assert [sentence for sentence in sentences if len(sentence.split()) > 20] == []


def test_the_measure_knows_hard_words_from_easy_ones() -> None:
    easy = ["Wash it with mild soap.", "Keep it dry and call us."]
    hard = ["Notwithstanding circumferential involvement, immediate hospitalisation is indicated."]

    assert grade(easy) < 3
    assert grade(hard) > 12


def grade(sentences: list[str]) -> float:
    """Flesch-Kincaid: 0.39 words per sentence + 11.8 syllables per word - 15.59."""
    words = [word for sentence in sentences for word in re.findall(r"[a-z]+", sentence.lower())]
    syllables = sum(_syllables(word) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def _syllables(word: str) -> int:
    """Groups of vowels; an `e` at the end is silent, except after another consonant and `l`."""
    sounded = re.sub(r"(?<![aeiouyl])e$|(?<=[aeiouy])le$|es$|ed$", "", word)
    return max(1, len(re.findall(r"[aeiouy]+", sounded)))


def _sentences_of(page: str) -> list[str]:
    reader = _Reader()
    reader.feed(page)
    text = " ".join(f"{block.strip().rstrip('.:')}." for block in reader.blocks if block.strip())
    return [sentence for sentence in re.split(r"(?<=[.?!])\s+", text) if re.search(r"\w", sentence)]


class _Reader(HTMLParser):
    """Collects the blocks of text inside the templates that patients see."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "template":
            self._inside = dict(attrs).get("id") in FOR_PATIENTS
        if tag in _BLOCKS:
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside and self.blocks:
            self.blocks[-1] += " " + " ".join(data.split())
