"""The comment on a pull request, as Markdown: what stands against a change, what it changes, and what is not known.

What findings say is a change's own text: it is shown, and nothing in it acts (no mention, link, HTML or command of CI).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from mlops.evidence.cards import render
from mlops.evidence.compare import judged
from mlops.evidence.report import render as report
from mlops.gates.base import read_verdicts, tally
from mlops.stats import Interval, apart

MARKER = "<!-- mlops -->"
"""How our comment begins."""
LONGEST = 65_536
"""Characters: GitHub's "Body is too long (maximum is 65536 characters)". Azure DevOps takes 150,000."""
ROWS, CUT = (50, 12, 3), 400
"""Of a table at most, the first number with which the comment is short enough; and characters of one text."""
STACKS = ("dev", "staging", "prod")
Found = Mapping[str, Any]


def compose(found: Found, run: str, fork: bool = False) -> str:
    """The comment from findings by name; `run` is the address of the run of CI."""
    verdicts = read_verdicts(found.get("run", {"verdicts": []}))
    seen = {"found": found, "address": run, "verdicts": verdicts, "tally": tally(verdicts), "champion": champion(found)}
    seen |= {"against": [*against(found)], "unknown": [*unknown(found, fork)], "stacks": STACKS}
    templates = report.environment(Path(__file__).parent).overlay(finalize=inert)
    templates.filters |= {"code": lambda text: render.code(broken(text)), "address": address}
    template, text = templates.get_template("comment.md.j2"), ""
    for rows in ROWS:
        text = re.sub(r"\n{3,}", "\n\n", f"{MARKER}\n{template.render(seen | {'rows': rows}).strip()}\n")
        if len(text) <= LONGEST:
            break
    return text


def inert(value: Any) -> Markup:
    """A text on one line, in which neither Markdown, nor GitHub, nor CI's log finds anything to act on."""
    return value if isinstance(value, Markup) else render.escaped(broken(value))


def broken(value: Any) -> str:
    """A text of what can be seen, cut, with a space of no width where a mention, link or command would begin.

    A backslash does not keep `@` from mentioning: github.com/github/markup/issues/1168.
    """
    plain = "".join(each if each.isprintable() else " " for each in str(value))
    plain = plain if len(plain) <= CUT else f"{plain[:CUT]}…"
    return re.sub(r"(@|#|:(?=[/:])|(?i:www)(?=\.)|(?i:gh-)(?=\d))", "\\1\u200b", plain)


def address(text: str) -> Markup:
    """Of a run, as CI itself gives it."""
    return Markup(re.sub(r"[^\w./:?=&%~-]", "", text))


def against(found: Found) -> Iterator[tuple[str, Sequence[str], str]]:
    """What, why, and what to do: one for each gate and next step."""
    run, infra = found.get("run", {}), found.get("infra", {})
    refused = dict[tuple[str, str], list[str]]()
    for each in read_verdicts(run or {"verdicts": []}):
        if not each.stands:
            refused.setdefault((each.gate, each.next_step), []).append(each.why)
    yield from ((gate, why, todo) for (gate, todo), why in refused.items())
    if run.get("status") and not refused:
        why = run["remark"] or "It failed before it was judged."
        yield "training", [why], "The log of its step says where."
    checked = {each["stack"]: each for each in infra.get("stacks", ())}
    for name in STACKS:
        both = checked.get(name, {}), found.get(f"preview-{name}", {})
        violated, wrong = ([each[what] for each in both if each.get(what)] for what in ("violations", "wrong"))
        yield from ((f"policies of {name}", why, "") for why in violated[:1])
        yield from ((f"infrastructure of {name}", [why], "") for why in dict.fromkeys(wrong))
    yield from (("infrastructure", [infra[what]], "") for what in ("rights", "wrong") if infra.get(what))


def unknown(found: Found, fork: bool) -> Iterator[str]:
    """What no job has said, and why."""
    late = "its job did not get that far; the log says why"
    login = "a change from a fork gets no login to Azure" if fork else late
    asked = {"run": ("whether the model passes its gates", late), "infra": ("what policies and costs say", late)}
    asked |= {f"preview-{each}": (f"what changes in {each}", login) for each in STACKS}
    asked |= {f"champion-{each}": (f"what is in service on {each}", login) for each in STACKS}
    yield from (f"{what}: {why}" for name, (what, why) in asked.items() if name not in found)
    for name in STACKS:
        if why := found.get(f"champion-{name}", {}).get("why"):
            yield f"how good the model in service on {name} is: {why}"


def champion(found: Found) -> dict[str, Any] | None:
    """The model in service nearest to prod, and how each figure of this change differs from its own."""
    ours = found.get("run", {}).get("metrics", {})
    for name in reversed(STACKS):
        served = found.get(f"champion-{name}", {})
        theirs = served.get("metrics", {})
        if both := sorted({*ours} & {*theirs}, key=lambda each: (each != "outcome", each)):
            pairs = {each: (ours[each], theirs[each]) for each in both}
            figures = {each: judged(*pair, apart(*map(Interval.of, pair))) for each, pair in pairs.items()}
            return {**served, "on": name, "figures": figures}
    return None
