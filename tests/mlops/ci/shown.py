"""A comment as GitHub shows it: its Markdown with tables as a page, in colours and sizes like those there.

`python -m tests.mlops.ci.shown COMMENT.md PICTURE.png` takes a picture of it.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>comment</title><style>
body {{ margin: 0; padding: 16px; width: 848px; background: #fff; color: #1f2328;
  font: 14px/1.5 "Liberation Sans", Helvetica, Arial, sans-serif }}
article {{ border: 1px solid #d1d9e0; border-radius: 6px }}
header {{ padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; color: #59636e }}
main {{ padding: 16px }}
h2 {{ margin: 0 0 16px; padding-bottom: .3em; border-bottom: 1px solid #d1d9e0; font-size: 1.5em }}
h3 {{ margin: 24px 0 16px; font-size: 1.25em }}
table {{ border-collapse: collapse; display: block; max-width: 100%; overflow: auto; margin: 0 0 16px }}
th, td {{ border: 1px solid #d1d9e0; padding: 6px 13px }}
tr:nth-child(2n) td {{ background: #f6f8fa }}
code {{ padding: .2em .4em; border-radius: 6px; background: #eff1f3; font: 85% "Liberation Mono", monospace }}
details, p, ul {{ margin: 0 0 16px }} a {{ color: #0969da }}
</style><body><article><header><b>github-actions</b> bot commented</header><main>{}</main></article></body></html>"""


SIGNS = {"\u274c": "#d1242f'>\u2718", "\u2705": "#1a7f37'>\u2714", "\u26a0\ufe0f": "#9a6700'>\u25b2"}
"""Where there is no font with emoji: a sign of the same colour."""


def page(text: str) -> str:
    """HTML is let through here, as the cleaning of GitHub lets <details> through: a test looks for any other."""
    return PAGE.format(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


def coloured(html: str) -> str:
    for emoji, sign in SIGNS.items():
        html = html.replace(emoji, f"<span style='color: {sign}</span>")
    return html


def picture(text: str, to: Path, path: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "comment.html")
        file.write_text(coloured(page(text)), "utf-8")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": 880, "height": 600})
        shown.goto(file.as_uri())
        shown.screenshot(path=to, full_page=True)
        browser.close()


if __name__ == "__main__":
    browser = subprocess.run(["sh", "tests/tools/browser.sh"], capture_output=True, text=True, check=True)
    picture(Path(sys.argv[1]).read_text("utf-8"), Path(sys.argv[2]), browser.stdout.strip())
