"""How words may be read: joined with their neighbours, cut in two, begun or misspelt. Pure.

A reading is a tsquery. At every word it goes on by one of several options: the word itself, the word that it makes
with the next one, two words that it is made of.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from catalog.words import plain

# A slip of the fingers adds or leaves out a letter or two.
LENGTHS_APART, LONGEST_FORGIVEN, SHORTEST_BEGINNING = 2, 20, 4
# How much a word must resemble another to be its correction (difflib ratio): "ifone" is 0.73 from "iphone" and 0.6
# from "phone". Few people mistype the first letter: without it, a word has to be very like.
SPELT_ALIKE, SPELT_VERY_ALIKE = 0.7, 0.85
MOST_SPELLINGS = 3
_INCHES = re.compile(r"(\d+(?:dot\d+)?)(?:[\s-]*(?:\"|″|”|''|pouces?\b|inch(?:es)?\b)|in\b)")
_BYTES = re.compile(r"(\d+) ?(gb|go|tb)\b|(\d) ?to\b")
_MEASURE = re.compile(r"(\d+)(dot\d+)?(gb|tb|in)?")
_BYTE_UNITS = {"gb": "gb", "go": "gb", "tb": "tb"}


def tokens(text: str) -> list[str]:
    """The words of a text as both sides of the search see them: "128 Go Été S21+" is ["128gb", "ete", "s21", "plus"].

    A number is one word with its unit, so that 8 inches are not 8 GB: 13.3" is "13dot3in".
    """
    text = re.sub(r"(?<=\d)[.,](?=\d)", "dot", text.casefold())
    text = _INCHES.sub(r" \1in ", re.sub(r"dot0+(?!\d)", "", text))
    return _BYTES.sub(_in_bytes, plain(re.sub(r"(?<=\w)\+", " plus ", text))).split()


def _in_bytes(found: "re.Match[str]") -> str:
    return f"{found[3]}tb" if found[3] else f"{found[1]}{_BYTE_UNITS[found[2]]}"


@lru_cache(maxsize=8_192)
def said(text: str) -> tuple[str, ...]:
    """The words of a text that is sold, a measure also without its unit and in whole inches, as people say it."""
    return tuple(form for word in tokens(text) for form in (word, *_shorter(word)))


def _shorter(word: str) -> list[str]:
    found = _MEASURE.fullmatch(word)
    if not found:
        return []
    whole, rest, unit = found[1], found[2] or "", found[3] or ""
    return [f"{whole}{rest}", f"{whole}{unit}", whole]


def written(word: str) -> str:
    """A word as people write it: "13dot3in" is "13.3 inch"."""
    return re.sub(r"(?<=\d)(in|gb|tb)$", lambda unit: " inch" if unit[1] == "in" else f" {unit[1].upper()}",
                  re.sub(r"(?<=\d)dot(?=\d)", ".", word))  # fmt: skip


class Option(NamedTuple):
    """One way to read the next `span` words: as `query`, a part of a tsquery, which is `text` in words.

    `joined` is the same in fewer words, where there is a way to say it so.
    """

    span: int
    query: str
    text: str
    joined: str


def reading(options: Sequence[Sequence[Option]]) -> Option | None:
    """All the words, each by one of its options (those of the word at each place). None if one cannot be read."""
    after: list[Option | None] = [*[None] * len(options), Option(0, "", "", "")]
    for place in reversed(range(len(options))):
        ways = [_followed(option, after[place + option.span]) for option in options[place]]
        if found := [way for way in ways if way]:
            query = found[0].query if len(found) == 1 else f"({' | '.join(f'({way.query})' for way in found)})"
            joined = min((way.joined for way in found), key=lambda text: text.count(" "))
            after[place] = Option(len(options) - place, query, found[0].text, joined)
    return after[0] if options else None


def _followed(option: Option, rest: Option | None) -> Option | None:
    if rest is None:
        return None
    query = f"{option.query} & {rest.query}" if rest.query else option.query
    text, joined = f"{option.text} {rest.text}", f"{option.joined} {rest.joined}"
    return Option(option.span + rest.span, query, text.strip(), joined.strip())


def as_is(word: str, span: int = 1) -> Option:
    return Option(span, word, word, word)


def begun(word: str, span: int = 1) -> Option:
    return Option(span, f"{word}:*", word, word)


def one_of(words: Sequence[str], span: int) -> Option:
    return Option(span, f"({' | '.join(words)})", words[0], words[0])


def joins(words: Sequence[str]) -> list[str]:
    """Every word with the next one."""
    return [first + second for first, second in pairwise(words)]


def cuts(word: str) -> list[tuple[str, str]]:
    """The word in two, where both parts are long enough to be words, or are numbers."""
    pairs = ((word[:at], word[at:]) for at in range(1, len(word))) if len(word) <= LONGEST_FORGIVEN else ()
    return [pair for pair in pairs if all(len(part) >= 3 or any(map(str.isdigit, part)) for part in pair)
            and not (pair[0][-1].isdigit() and pair[1][0].isdigit())]  # fmt: skip


def cut(word: str, known: Collection[str]) -> Option | None:
    """The word as two known ones. A number is that of the word behind it: "12pro" is no "13 Pro" with 12 GB."""
    for first, second in cuts(word):
        if first in known and second in known:
            text = f"{first} {second}"
            return Option(1, f"({first} {'<->' if first.isdigit() else '&'} {second})", text, text)
    return None


def is_forgivable(word: str) -> bool:
    """Numbers are never forgiven: a 13 is not a 12."""
    return len(word) >= 4 and any(letter.isalpha() for letter in word)


def remains_of(word: str) -> list[str]:
    """The word, and what is left of it without one letter, or without two if it is long.

    Two spellings that are one or two slips apart (a letter more, less, another, or two that changed places) share
    some of these, so that an index finds one by the other. A word that is never forgiven has none.
    """
    if not is_forgivable(word) or len(word) > LONGEST_FORGIVEN:
        return []
    once = _without_one(word)
    twice = {less for each in once for less in _without_one(each)} if len(word) >= 5 else set()
    return sorted({word, *once, *twice})


def kept_remains_of(word: str) -> list[str]:
    """What a known word is found by: its remains, and its beginnings as they sound, without one letter or none."""
    if not (found := remains_of(word)):
        return []
    sound = sounded(word)
    starts = {sound[:size] for size in range(SHORTEST_BEGINNING, len(sound) + 1)}
    return sorted({*found, *starts, *(less for start in starts if len(start) > 4 for less in _without_one(start))})


def sought_remains_of(word: str) -> list[str]:
    """What a misspelt word, or the beginning of one, is looked up by."""
    found = remains_of(word)
    return sorted({*found, sounded(word), *_without_one(sounded(word))}) if found else []


def _without_one(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


def sounded(word: str) -> str:
    """The word as it sounds: "iphone" as "ifone"."""
    return re.sub(r"([a-z])\1", r"\1", word.replace("ph", "f").replace("ck", "k").replace("y", "i"))


def spellings(word: str, vocabulary: Iterable[str]) -> list[str]:
    """The words that a misspelt one, or the beginning of one, may mean, the likeliest first."""
    if not is_forgivable(word):
        return []
    near = sorted(((_alike(word, other), other) for other in vocabulary if _numbers(word) == _numbers(other)),
                  key=lambda pair: (-pair[0], pair[1]))  # fmt: skip
    return [other for alike, other in near
            if alike >= (SPELT_ALIKE if other[0] == word[0] else SPELT_VERY_ALIKE)][:MOST_SPELLINGS]  # fmt: skip


def _alike(word: str, other: str) -> float:
    """How much of the two spellings is the same; of a longer word also its beginning, as it sounds, a little less."""
    whole = _ratio(other, word) if abs(len(other) - len(word)) <= LENGTHS_APART else 0
    if len(other) <= len(word) or other[0] != word[0]:
        return whole
    sound = sounded(word)
    return max(whole, 0.9 * _ratio(sounded(other)[: len(sound)], sound))


def _ratio(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other)
    return matcher.ratio() if matcher.quick_ratio() >= SPELT_ALIKE else 0


def _numbers(word: str) -> list[str]:
    """Numbers with the letters at both sides: what no two devices share."""
    return re.findall(r"[a-z]?\d+[a-z]?", word)
