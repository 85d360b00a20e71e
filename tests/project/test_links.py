"""Every link of a project's pages leads to a file that is there, and to a heading in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.support.project import Project

MARKDOWN = MarkdownIt().enable("table")


def links(page: Path) -> Iterator[str]:
    for token in MARKDOWN.parse(page.read_text("utf-8")):
        for child in token.children or ():
            target = child.attrs.get("href") or child.attrs.get("src")
            if target and "://" not in str(target):
                yield str(target)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    tokens = MARKDOWN.parse(page.read_text("utf-8"))
    titles = [after.content for token, after in zip(tokens, tokens[1:], strict=False) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def dead(page: Path) -> list[str]:
    found = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or anchor and anchor not in anchors(target):
            found.append(f"{page.name}: {link}")
    return found


def test_every_link_leads_somewhere(reference: Project):
    pages = [reference.path / "README.md", *(reference.path / "docs").rglob("*.md")]
    assert [link for page in pages for link in dead(page)] == []


def test_every_page_is_named_by_another(reference: Project):
    """From the README on, so that nobody needs a list of files."""
    reached, open = set[Path](), [reference.path / "README.md"]
    while open:
        page = open.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            open += [(page.parent / link.partition("#")[0]).resolve() for link in links(page) if link[0] != "#"]
    assert {*(reference.path / "docs").rglob("*.md")} - reached == set()


@pytest.mark.parametrize(("text", "wrong"), [("[a](gone.md)", 1), ("# One: `b`\n[a](#one-b)", 0), ("[a](#two)", 1)])
def test_a_dead_link_is_found(text: str, wrong: int, tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(text)
    assert len(dead(page)) == wrong
