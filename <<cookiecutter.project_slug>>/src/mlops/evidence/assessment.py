"""What a page such as `impact-assessment.md` says under its headings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

HEADING = re.compile(r"^(#+) +(.*)$", re.MULTILINE)
QUESTION = re.compile(r"^>(.*)$", re.MULTILINE)
COMMENT = re.compile(r"<!--[\s\S]*?-->")


@dataclass(frozen=True)
class Part:
    """A heading of a level, its line, and what is said below it: without comments, questions and their repetition."""

    heading: str
    level: int
    line: int
    said: str

    @property
    def anchor(self) -> str:
        return re.sub(r"[^\w]+", "-", self.heading.lower()).strip("-")


def parts(text: str) -> Iterator[Part]:
    headings = list(HEADING.finditer(text))
    for heading, after in zip(headings, [*headings[1:], None], strict=True):
        body = COMMENT.sub("", text[heading.end() : after.start() if after else None])
        said, asked = QUESTION.sub("", body).strip(), " ".join(QUESTION.findall(body))
        repeated = " ".join(said.split()) in " ".join(asked.split())
        line = text.count("\n", 0, heading.start()) + 1
        yield Part(heading[2].strip(), len(heading[1]), line, "" if repeated else said)
