r"""Regular expressions that cannot backtrack without end.

Python's engine tries one way after another, and `^(a+)+$` has more ways than a lifetime has seconds. Where no linear
engine is installed, a pattern is taken only if this page can say that it has few ways:

- Each single character (a literal, an escape, a class) matches in one way; a repetition of one that ends where the next
  item begins, in one way too; any other bounded repetition `{m,n}` of one in n - m + 1 ways.
- A sequence has the product of the ways of its items, a choice the sum. A group may be repeated a bounded number of
  times; its ways are then multiplied as often.
- A repetition without bound stands last, or before an item that begins with another character, in a pattern that is
  anchored by `^`: elsewhere it would be tried from each place of the text.
- What one attempt costs, its ways times its length, has a limit; a low one where the attempt is made from each place of
  the text, or where its length is that of the text.

Patterns are those of ECMA 262, as JSON Schema has it: `\d` and `\w` are ASCII, and `$` is the very end of the text.
"""

import re
from dataclasses import dataclass

MAX_WAYS = 1000
_MAX_COST = 100_000
_MAX_COST_EACH = 50

_SPACE = "\\t\\n\\x0b\\x0c\\r \\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff"
_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": _SPACE}
_CONTROLS = {"t": "\\t", "n": "\\n", "r": "\\r", "f": "\\x0c", "v": "\\x0b"}
_PUNCTUATION = set("^$\\.*+?()[]{}|/-")


class UnsafePatternError(ValueError):
    """A pattern that may backtrack without end, or that this page does not know."""


def compile_bounded(pattern: str) -> re.Pattern[str]:
    """Compile a pattern that cannot backtrack without end, to be searched for.

    Raises:
        UnsafePatternError: It can, or it may.
    """
    parser = _Parser(pattern)
    anchored = pattern.startswith("^")
    parser.at = 1 if anchored else 0
    text, ways = parser.choice(anchored=anchored)
    if parser.at < len(pattern):
        raise UnsafePatternError("it has a ')' too many")
    each = parser.unbounded or not anchored
    cost = ways if parser.unbounded else ways * parser.length
    if cost > (_MAX_COST_EACH if each else _MAX_COST):
        raise UnsafePatternError("it can match in too many ways")
    return re.compile(rf"\A{text}" if anchored else text)


@dataclass(slots=True)
class _Item:
    text: str
    characters: str | None
    """The class of a single character; None for a group."""
    low: int = 1
    high: int | None = 1
    ways: int = 1


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.length = 0
        self.unbounded = False

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def take(self) -> str:
        character = self.peek()
        if not character:
            raise UnsafePatternError("it breaks off")
        self.at += 1
        return character

    def choice(self, *, anchored: bool, nested: bool = False) -> tuple[str, int]:
        texts: list[str] = []
        total = 0
        while True:
            text, ways = self.sequence(anchored=anchored, nested=nested)
            texts.append(text)
            total += ways
            if self.peek() != "|":
                break
            if not nested:
                raise UnsafePatternError("a choice must stand in a group")
            self.at += 1
        return (f"(?:{'|'.join(texts)})" if len(texts) > 1 else texts[0]), total

    def sequence(self, *, anchored: bool, nested: bool) -> tuple[str, int]:
        items: list[_Item] = []
        end = ""
        while (character := self.peek()) and character not in "|)":
            if character == "$":
                self.at += 1
                if nested or self.peek():
                    raise UnsafePatternError("a '$' must stand at the end")
                end = r"\Z"
                break
            items.append(self.repeated(self.item()))
        ways = 1
        for index, item in enumerate(items):
            self.length += item.high or 1
            self.unbounded |= item.high is None
            following = items[index + 1] if index + 1 < len(items) else None
            if item.high is None and (nested or not anchored):
                raise UnsafePatternError("a repetition without bound must stand in a pattern anchored by '^'")
            if item.characters is None or item.high == item.low:
                ways *= item.ways
            elif following is None or _apart(item, following):
                # It ends where the next begins: to give characters back is of no use.
                item.text += "+" if following is not None else ""
                ways *= (item.high or item.low) - item.low + 1 if nested else 1
            elif item.high is None:
                raise UnsafePatternError("a repetition without bound must be followed by another character")
            else:
                ways *= item.high - item.low + 1
            if ways > MAX_WAYS:
                raise UnsafePatternError("it can match in too many ways")
        return "".join(item.text for item in items) + end, ways

    def item(self) -> _Item:
        character = self.take()
        match character:
            case "(":
                if self.peek() == "?":
                    self.at += 1
                    if self.take() != ":":
                        raise UnsafePatternError("it looks around")
                text, ways = self.choice(anchored=True, nested=True)
                if self.take() != ")":
                    raise UnsafePatternError("it breaks off")
                return _Item(f"(?:{text})", None, ways=ways)
            case "[":
                body = self.character_class()
                return _Item(f"[{body}]", body)
            case ".":
                return _Item("[^\\n]", "^\\n")
            case "\\":
                body = self.escape()
                return _Item(f"[{body}]", body)
            case "*" | "+" | "?" | "{" | "}" | "]" | "^" | ")":
                raise UnsafePatternError(f"a {character!r} stands where it means nothing")
            case _:
                body = re.escape(character)
                return _Item(body, body)

    def escape(self) -> str:
        character = self.take()
        if character in _CLASSES:
            return _CLASSES[character]
        if character.lower() in _CLASSES:
            return f"^{_CLASSES[character.lower()]}"
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character in {"x", "u"}:
            digits = "".join(self.take() for _ in range(2 if character == "x" else 4))
            if not re.fullmatch("[0-9A-Fa-f]+", digits):
                raise UnsafePatternError("an escape has no digits")
            return f"\\{character}{digits}"
        if character in _PUNCTUATION:
            return re.escape(character)
        raise UnsafePatternError(f"the escape \\{character} is not known")

    def character_class(self) -> str:
        negated = self.peek() == "^"
        if negated:
            self.at += 1
        body = ""
        while (character := self.take()) != "]":
            if character == "[" or (character in "&~|-" and self.peek() == character):
                raise UnsafePatternError(f"a {character!r} stands where engines differ")
            if character == "\\":
                escaped = self.escape()
                if escaped.startswith("^"):
                    raise UnsafePatternError("a class holds a negated class")
                body += escaped
            elif character == "-" and body and self.peek() not in {"]", ""}:
                body += "-"
            else:
                body += re.escape(character)
        if not body:
            raise UnsafePatternError("a class is empty")
        try:
            re.compile(f"[{body}]")
        except re.error:
            raise UnsafePatternError("a class is malformed") from None
        return f"^{body}" if negated else body

    def repeated(self, item: _Item) -> _Item:
        match = _QUANTIFIER.match(self.pattern, self.at)
        if match is None:
            return item
        self.at = match.end()
        if self.peek() and self.peek() in "?+*{":
            raise UnsafePatternError("a repetition is repeated or lazy")
        item.low, item.high = _bounds(match)
        bounded = item.high if item.high is not None else 0
        if max(item.low, bounded) > MAX_WAYS or (item.high is not None and item.high < item.low):
            raise UnsafePatternError("a repetition is too long")
        if item.characters is None:
            if item.high is None:
                raise UnsafePatternError("a group is repeated without bound")
            self.length *= max(item.high, 1)
            item.ways = sum(min(item.ways, MAX_WAYS + 1) ** min(count, 20) for count in range(item.low, item.high + 1))
        item.text += match[0]
        return item


_QUANTIFIER = re.compile(r"([*+?])|\{([0-9]{1,4})(,([0-9]{0,4}))?\}")


def _bounds(match: re.Match[str]) -> tuple[int, int | None]:
    match match[1]:
        case "*":
            return 0, None
        case "+":
            return 1, None
        case "?":
            return 0, 1
        case _:
            low = int(match[2])
            return low, (low if match[3] is None else int(match[4]) if match[4] else None)


def _apart(item: _Item, following: _Item) -> bool:
    """Tell whether no character is in both; only what follows at least once separates."""
    if item.characters is None or following.characters is None or following.low == 0:
        return False
    one, other = re.compile(f"[{item.characters}]"), re.compile(f"[{following.characters}]")
    return not any(one.match(character) and other.match(character) for character in map(chr, range(0x3100))) and not (
        one.match("\U0001f600") and other.match("\U0001f600")
    )
