r"""Regular expressions of `re` as trees.

`re` has compiled each pattern before, so it is well-formed, and this reader need not report mistakes. Some syntax has
no counterpart in an automaton (`\b`, looking behind, flags that change letters). It is read as something that matches
more, and the tree says that it is not exact. Patterns that refer to a group, or have the verbose form, are not read at
all.
"""

import re

import msgspec


class UnreadablePatternError(ValueError):
    """A pattern that has no automaton."""


class Category(msgspec.Struct, frozen=True):
    """One of the classes `d`, `w` and `s`, in Unicode or only in ASCII."""

    name: str
    negated: bool
    ascii: bool


class Characters(msgspec.Struct, frozen=True):
    """A single character that is in any of the ranges and categories; or in none of them, if negated."""

    ranges: tuple[tuple[int, int], ...] = ()
    categories: tuple[Category, ...] = ()
    negated: bool = False


class Sequence(msgspec.Struct, frozen=True):
    """One item after another; without items, the empty text."""

    items: tuple["Node", ...] = ()


class Choice(msgspec.Struct, frozen=True):
    """One of several options."""

    options: tuple["Node", ...]


class Repetition(msgspec.Struct, frozen=True):
    """An item, repeated `low` to `high` times; None is without bound."""

    item: "Node"
    low: int
    high: int | None


class LookAhead(msgspec.Struct, frozen=True):
    """An item that is tried at a place, but does not take characters."""

    item: "Node"


Node = Characters | Sequence | Choice | Repetition | LookAhead

EMPTY = Sequence()


class Tree(msgspec.Struct, frozen=True):
    """A pattern as a tree, and whether the tree matches exactly the same texts as the pattern."""

    root: Node
    exact: bool


def read_pattern(pattern: str) -> Tree:
    """Read a pattern that `re` has compiled.

    Raises:
        UnreadablePatternError: It refers to its own groups, or is verbose.
    """
    reader = _Reader(pattern)
    root = reader.choice(_Flags())
    if reader.at < len(pattern):
        raise UnreadablePatternError(f"{pattern!r} has an unmatched ')'")
    return Tree(root, reader.exact)


class _Flags(msgspec.Struct, frozen=True):
    ignore_case: bool = False
    dot_all: bool = False
    ascii: bool = False


_QUANTIFIER = re.compile(r"([*+?])|\{(?:(\d+)|(\d*),(\d*))\}")
_FLAGS = re.compile(r"([aiLmsux]*)(?:-([imsx]+))?([:)])")
_OPENINGS = ("#", "P<", "P=", "(", ">", "=", "!", "<=", "<!")
_CONTROLS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
_NOTHING = Characters()
_NEWLINE = Characters(((10, 10),), negated=True)
_ANYTHING = Characters(negated=True)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.exact = True

    def ahead(self, text: str) -> bool:
        return self.pattern.startswith(text, self.at)

    def take(self, text: str) -> bool:
        found = self.ahead(text)
        self.at += len(text) * found
        return found

    def next(self) -> str:
        character = self.pattern[self.at : self.at + 1]
        self.at += 1
        return character

    def choice(self, flags: _Flags) -> Node:
        options = [self.sequence(flags)]
        while self.take("|"):
            options.append(self.sequence(flags))
        return Choice(tuple(options)) if len(options) > 1 else options[0]

    def sequence(self, flags: _Flags) -> Node:
        items: list[Node] = []
        while self.at < len(self.pattern) and not self.ahead("|") and not self.ahead(")"):
            items.append(self.repeated(self.item(flags)))
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def repeated(self, item: Node) -> Node:
        found = _QUANTIFIER.match(self.pattern, self.at)
        if found is None:
            return item
        self.at = found.end()
        if self.take("+"):
            self.exact = False  # a possessive quantifier
        else:
            self.take("?")
        match found[1]:
            case "*":
                return Repetition(item, 0, None)
            case "+":
                return Repetition(item, 1, None)
            case "?":
                return Repetition(item, 0, 1)
            case _ if found[2]:
                return Repetition(item, int(found[2]), int(found[2]))
            case _:
                return Repetition(item, int(found[3] or 0), int(found[4]) if found[4] else None)

    def item(self, flags: _Flags) -> Node:
        character = self.next()
        match character:
            case "(":
                return self.group(flags)
            case "[":
                return self.characters(flags)
            case ".":
                return _ANYTHING if flags.dot_all else _NEWLINE
            case "^" | "$":
                self.exact = False
                return EMPTY
            case "\\":
                return self.escape(flags)
            case _:
                return self.literal(character, flags)

    def literal(self, character: str, flags: _Flags) -> Characters:
        return self.cased(Characters(((ord(character), ord(character)),)), flags)

    def cased(self, characters: Characters, flags: _Flags) -> Characters:
        """Add the characters that are the same without case, and possibly others."""
        if not flags.ignore_case:
            return characters
        self.exact = False
        if characters.negated:
            return characters
        both = characters.ranges + tuple(
            (ord(swapped), ord(swapped))
            for low, high in characters.ranges
            for code in range(low, min(high, 127) + 1)
            if (swapped := chr(code).swapcase()).isascii()
        )
        return Characters((*both, (128, 0x10FFFF)), characters.categories)

    def group(self, flags: _Flags) -> Node:
        if not self.take("?"):
            return self.closed(self.choice(flags))
        opening = next((opening for opening in _OPENINGS if self.take(opening)), None)
        if opening is None:
            return self.flagged(flags)
        if opening in {"P=", "("}:
            raise UnreadablePatternError("it refers to a group of its own")
        if opening == "#":
            self.at = self.pattern.index(")", self.at) + 1
            return EMPTY
        if opening == "P<":
            self.at = self.pattern.index(">", self.at) + 1
        else:
            self.exact = False
        node = self.closed(self.choice(flags))
        if opening in {"=", "!"}:
            return LookAhead(node)
        # A pattern that looks behind has a fixed length, so a fixed cost.
        return EMPTY if opening in {"<=", "<!"} else node

    def closed(self, node: Node) -> Node:
        self.take(")")
        return node

    def flagged(self, flags: _Flags) -> Node:
        """Read a group that changes flags, or the flags at the beginning of the whole pattern."""
        found = _FLAGS.match(self.pattern, self.at)
        if found is None or "x" in found[1]:
            raise UnreadablePatternError("it is written in the verbose form")
        self.at = found.end()
        added, removed = found[1], found[2] or ""
        self.exact &= "m" not in added
        flags = _Flags(
            ignore_case=("i" in added or flags.ignore_case) and "i" not in removed,
            dot_all=("s" in added or flags.dot_all) and "s" not in removed,
            ascii=("a" in added or flags.ascii) and "u" not in added,
        )
        node = self.choice(flags)
        return self.closed(node) if found[3] == ":" else node

    def escape(self, flags: _Flags) -> Node:
        if self.pattern[self.at] in "AZbB":
            self.at += 1
            self.exact = False
            return EMPTY
        if re.match(r"[1-9]", self.pattern[self.at]) and not re.match(r"[0-3][0-7][0-7]", self.pattern[self.at :]):
            raise UnreadablePatternError("it refers to a group of its own")
        return self.cased(self.escaped(flags), flags)

    def escaped(self, flags: _Flags) -> Characters:
        character = self.next()
        if character in "dDwWsS":
            return Characters(categories=(Category(character.lower(), character.isupper(), flags.ascii),))
        if digits := _HEX_DIGITS.get(character):
            self.at += digits
            code = int(self.pattern[self.at - digits : self.at], 16)
        elif character == "N":
            import unicodedata  # noqa: PLC0415 - large, and rarely needed

            end = self.pattern.index("}", self.at)
            code = ord(unicodedata.lookup(self.pattern[self.at + 1 : end]))
            self.at = end + 1
        elif octal := re.compile(r"[0-7]{1,3}").match(self.pattern, self.at - 1):
            self.at = octal.end()
            code = int(octal[0], 8)
        else:
            code = ord(_CONTROLS.get(character, character))
        return Characters(((code, code),))

    def characters(self, flags: _Flags) -> Characters:
        """Read a class of characters, after its opening bracket."""
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        categories: list[Category] = []
        first = True
        while first or not self.ahead("]"):
            first = False
            low = self.member(flags)
            if low.categories:
                categories += low.categories
            elif self.ahead("-") and not self.ahead("-]"):
                self.at += 1
                ranges.append((low.ranges[0][0], self.member(flags).ranges[0][0]))
            else:
                ranges += low.ranges
        self.at += 1
        return self.cased(Characters(tuple(ranges), tuple(categories), negated), flags)

    def member(self, flags: _Flags) -> Characters:
        character = self.next()
        if character == "\\":
            return self.escaped(flags)
        return Characters(((ord(character), ord(character)),))
