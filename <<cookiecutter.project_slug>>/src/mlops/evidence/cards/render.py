"""A card as Markdown from a template, and a page of HTML from the Markdown."""

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markdown_it import MarkdownIt
from markupsafe import Markup

from mlops.evidence.report import render
from mlops.files import write_text

SCROLL = '<div class="scroll" tabindex="0"><table>', "</table></div>"


def write(kind: str, seen: Mapping[str, Any], to: Path) -> list[Path]:
    """Write the card `model` or `data`, as a file .md and one .html; returns where. Raises Failure."""
    templates = render.environment(Path(__file__).parent)
    text = markdown(kind, seen, templates)
    parts, body = html(text)
    title = text.partition("\n")[0].lstrip("# ").replace("\\", "")
    head, first, rest = body.partition("<h2")
    page = templates.get_template("page.html.j2").render(title=title, parts=parts, head=head, body=first + rest)
    stem = to.with_suffix("") if to.suffix in (".md", ".html") else to
    files = {stem.with_name(f"{stem.name}.md"): text, stem.with_name(f"{stem.name}.html"): page}
    for file, content in files.items():
        write_text(file, content)
    return [*files]


def markdown(kind: str, seen: Mapping[str, Any], templates: Environment) -> str:
    """The text of a card: whatever stands in it as a value is only a text there, on one line."""
    own = templates.overlay(finalize=escaped)
    own.filters["code"] = code
    text = own.get_template(f"{kind}.md.j2").render(seen)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def html(text: str) -> tuple[dict[str, str], Markup]:
    """The parts of a card by their ids, and its body; HTML in the text stays text."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens, parts = parser.parse(text), {}
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.tag == "h2":
            parts[name := f"part-{len(parts) + 1}"] = inline.content
            opening.attrSet("id", name)
    body = parser.renderer.render(tokens, parser.options, {})
    return parts, Markup(body.replace("<table>", SCROLL[0]).replace("</table>", SCROLL[1]))


def escaped(value: Any) -> Markup:
    """A text with everything escaped that Markdown would act on; Markup is Markdown already."""
    if isinstance(value, Markup):
        return value
    text = re.sub(r"[\\`*\[\]<>|~&#]|(?<!\w)_|_(?!\w)", r"\\\g<0>", re.sub(r"\s+", " ", str(value)))
    return Markup(re.sub(r"^(\d+(?=[.)](?: |$))|(?=[-+](?: |$)))", r"\1\\", text))


def code(value: Any) -> Markup:
    return Markup("`{}`".format(" ".join(str(value).replace("`", "'").replace("|", "\\|").split())))
