"""What was measured, written down at once, so that an interrupted run goes on where it was.

A sample has a key of four: the part of the suite, what was measured, of whom, and the round. The samples of one round
stand side by side in time, so peers are compared within a round, and the median over the rounds is what counts.
"""

import json
import os
import pathlib
import statistics
from collections.abc import Callable
from typing import TextIO

Key = tuple[str, str, str, int]
Sample = dict[str, float]


class Results:
    """The samples of one run, in a file of JSON lines.

    The first line is `facts`: where and with what it was measured. With `resume`, the samples that the file holds are
    not measured again; but where the facts differ, it is begun anew. Without a path nothing is kept.
    """

    def __init__(self, path: pathlib.Path | None, facts: dict[str, object], *, resume: bool = False) -> None:
        self.facts = facts
        self.samples: dict[Key, Sample] = {}
        self.missing: dict[str, str] = {}
        path = path or pathlib.Path(os.devnull)
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text().splitlines() if resume and path.is_file() else []
        if lines and json.loads(lines[0]) == facts:
            self._read(lines[1:])
            self._file: TextIO = path.open("a")
        else:
            self._file = path.open("w")
            self._write(facts)

    def _read(self, lines: list[str]) -> None:
        for line in lines:
            *key, sample = json.loads(line)
            part, subject, peer, number = key
            self.samples[part, subject, peer, number] = sample

    def _write(self, value: object) -> None:
        self._file.write(json.dumps(value) + "\n")
        self._file.flush()

    def measure(self, key: Key, take: Callable[[], Sample]) -> Sample:
        """Take the sample of `key`, unless it is there."""
        if key not in self.samples:
            self.samples[key] = take()
            self._write([*key, self.samples[key]])
        return self.samples[key]

    def miss(self, peer: str, reason: str) -> None:
        """Note that there is nothing of a peer, or not all, and why."""
        self.missing[peer] = reason
        print(f"  {peer}: {reason.splitlines()[-1] if reason else 'failed'}", flush=True)

    def values(self, part: str, subject: str, peer: str, figure: str) -> dict[int, float]:
        """Return a figure of each round."""
        return {
            number: sample[figure]
            for (of_part, of_subject, of_peer, number), sample in self.samples.items()
            if (of_part, of_subject, of_peer) == (part, subject, peer)
        }

    def median(self, part: str, subject: str, peer: str, figure: str) -> float | None:
        """Return the median of a figure over the rounds; None where it was not measured."""
        found = self.values(part, subject, peer, figure)
        return statistics.median(found.values()) if found else None

    def ratio(self, part: str, figure: str, ours: tuple[str, str], theirs: tuple[str, str]) -> float | None:
        """Return the median over the rounds of one figure over another, each of a (subject, peer)."""
        above, below = self.values(part, *ours, figure), self.values(part, *theirs, figure)
        found = [above[number] / below[number] for number in above.keys() & below.keys() if below[number]]
        return statistics.median(found) if found else None

    def subjects(self, part: str) -> list[str]:
        """Return what was measured in a part, in order."""
        return list(dict.fromkeys(subject for of_part, subject, _, _ in self.samples if of_part == part))

    def peers(self, part: str, subject: str | None = None) -> list[str]:
        """Return the subjects, in order."""
        return list(
            dict.fromkeys(
                peer
                for of_part, of_subject, peer, _ in self.samples
                if of_part == part and subject in {None, of_subject}
            )
        )

    def rounds(self, part: str) -> int:
        """Return how many rounds there were."""
        return len({number for of_part, _, _, number in self.samples if of_part == part})

    def close(self) -> None:
        """Close the file."""
        self._file.close()
