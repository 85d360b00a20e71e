"""The comment says first whether something refuses a change; what it is given never acts."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from markdown_it import MarkdownIt

from mlops.ci.comment import LONGEST, MARKER, compose
from tests.mlops.evidence.markdown import uneven

RUN = "https://github.com/agency/triage/actions/runs/4711"
POISON = (
    "@everyone <img src=x onerror=go()> [a](https://evil.example) #12 | `tick` ##vso[task.setvariable] www.a.example"
)


def interval(value: float, half: float = 0.01) -> dict[str, float]:
    return {"value": value, "low": value - half, "high": value + half}


def verdict(gate: str = "quality", passed: bool = True, **more: Any) -> dict[str, Any]:
    said = {"why": f"{gate} is as it should be.", "next_step": "", "waiver": None} | more
    return {"gate": gate, "subject": "auc", "measured": 0.9, "limit": 0.8, "passed": passed, **said}


def findings(*verdicts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Those of a change that nothing refuses, with changes; None takes one away."""
    metrics = {"outcome": interval(0.95), "auc": interval(0.91)}
    served = {"model": "triage:3", "metrics": {"outcome": interval(0.9), "auc": interval(0.905)}, "rows": 90}
    costs = {"currency": "EUR", "fixed": 112.4, "difference": [["together, of what is known", "110.90 EUR", "x"]]}
    stacks = [{"stack": name, "status": 0, "violations": [], "costs": costs} for name in ("dev", "staging", "prod")]
    found: dict[str, Any] = {
        "run": {"run": "r", "status": 0, "remark": "", "metrics": metrics, "rows": 100},
        "infra": {"status": 0, "not_compared": "", "rights": "", "stacks": stacks},
    }
    found["run"]["verdicts"] = [*verdicts] or [verdict()]
    for name in ("dev", "staging", "prod"):
        found[f"preview-{name}"] = {"stack": name, "status": 0, "changes": {"same": 4}, "resources": []}
        found[f"champion-{name}"] = {"model": None, "release": None}
    found["champion-prod"] |= served
    return {name: each for name, each in (found | changes).items() if each is not None}


def heading(text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith("## "))


def test_a_change_that_nothing_refuses_is_said_so_in_the_first_line():
    text = compose(findings(verdict(), verdict("fairness", False, waiver="fairness: sex, until 2027-01-01")), RUN)
    assert text.startswith(f"{MARKER}\n## ✅ Nothing refuses this change\n")
    assert "2 verdicts: 1 passed, 1 waived; **better** than `triage:3`, in service on prod" in text
    assert "**Infrastructure:** no changes" in text
    assert "fairness: sex, until 2027-01-01" in text and "112.40 EUR (was 110.90 EUR)" in text


def test_what_refuses_stands_first_with_why_and_what_to_do():
    why = ("selection_rate is 0.3.", "It is 0.4.")
    found = findings(verdict(), *(verdict("fairness", False, why=each, next_step="Mitigate it.") for each in why))
    found["run"]["status"] = 1
    found["infra"]["stacks"][2]["violations"] = ["Storage keeps what it holds: `store` does not."]
    found["infra"]["rights"] = "docs/rights.md is not what infra/roles.py says."
    text = compose(found, RUN)
    assert heading(text) == "## ❌ Not ready: 3 things to mend"
    assert "| **fairness** | • selection rate is 0.3.<br>• It is 0.4. | Mitigate it. |" in text
    assert "| **policies of prod** | Storage keeps what it holds: \\`store\\` does not. |  |" in text
    assert "❌ 1 violated" in text and "docs/rights.md is not" in text


def test_of_one_gate_three_reasons_stand_first_and_all_below():
    text = compose(findings(*(verdict("slices", False, why=f"Slice {at} is worse.") for at in range(5))), RUN)
    assert heading(text) == "## ❌ Not ready: 1 thing to mend"
    first, _, rest = text.partition("<details>")
    assert [at for at in range(5) if f"Slice {at} is worse." in first] == [0, 1, 2] and "• 2 more |" in first
    assert "<summary>Refused: 5 verdicts</summary>" in text and "Slice 4 is worse." in rest


def test_training_that_failed_without_a_verdict_refuses_too():
    found = findings()
    found["run"] |= {"status": 3, "verdicts": [], "remark": ""}
    text = compose(found, RUN)
    assert heading(text) == "## ❌ Not ready: 1 thing to mend"
    assert "| **training** | It failed before it was judged. | The log of its step says where. |" in text


@pytest.mark.parametrize(
    ("fork", "why"), [(True, "a change from a fork gets no login to Azure"), (False, "its job did not get that far")]
)
def test_what_is_not_known_is_said_with_the_reason(fork: bool, why: str):
    names = [f"{start}-{name}" for start in ("preview", "champion") for name in ("dev", "staging", "prod")]
    text = compose(findings(**dict.fromkeys(names)), RUN, fork)
    assert heading(text) == "## ⚠️ Nothing refuses this change, but not everything is known"
    assert f"- what changes in prod: {why}" in text and f"- what is in service on dev: {why}" in text
    assert "**Infrastructure:** not known" in text and "compared with no model in service" in text
    assert f"[This run of CI]({RUN})" in text


def test_nothing_at_all_is_a_comment_too():
    text = compose({}, "")
    assert "**Model:** not judged" in text and "whether the model passes its gates: its job did not get" in text


def test_a_preview_that_failed_says_why():
    wrong = {"stack": "prod", "status": 2, "wrong": "infra/Pulumi.prod.yaml: the project is not onboarded."}
    text = compose(findings(**{"preview-prod": wrong}), RUN)
    assert "| **infrastructure of prod** | infra/Pulumi.prod.yaml: the project is not onboarded. |  |" in text


def test_what_is_removed_is_listed_before_what_is_new():
    steps = [{"op": "create", "type": "t", "name": "a"}, {"op": "delete", "type": "t", "name": "store"}]
    changed = {"stack": "dev", "status": 0, "changes": {"create": 1, "delete": 1, "same": 3}, "resources": steps}
    text = compose(findings(**{"preview-dev": changed}), RUN)
    assert "| 1 removed, 1 new |" in text and "changes in dev." in text
    assert text.index("| removed | `store` |") < text.index("| new | `a` |")


@pytest.mark.parametrize(
    ("now", "said", "more"), [(0.95, "**better** than", "**yes**"), (0.85, "**worse** than", "**yes**"),
                              (0.905, "as good as", "no")]
)  # fmt: skip
def test_a_difference_counts_when_it_is_more_than_noise(now: float, said: str, more: str):
    found = findings()
    found["run"]["metrics"]["outcome"] = interval(now)
    text = compose(found, RUN)
    assert said in text
    [row] = [line for line in text.splitlines() if line.startswith("| **outcome**")]
    assert row.endswith(f"| {more} |")


class Tags(HTMLParser):
    """Those of a comment's Markdown. HTML is let through, as GitHub lets <details> through; any other is for a test."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen, self.links = set[str](), set[str | None]()
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links |= {text for name, text in attrs if name in ("href", "src")}


def poisoned() -> dict[str, Any]:
    """A change of which every text is hostile."""
    found = findings(
        verdict(POISON, False, why=POISON, next_step=POISON, subject=POISON),
        verdict(POISON, False, why=POISON, waiver=POISON),
        verdict(POISON, why=f"\n::error::{POISON}\n\n<!-- x -->\u202e"),
    )
    found["run"]["metrics"][POISON] = interval(0.5)
    found["champion-prod"]["metrics"][POISON] = interval(0.5)
    found["champion-prod"] |= {"model": POISON, "release": POISON}
    found["champion-dev"] |= {"why": POISON}
    step = {"op": "delete", "type": POISON, "name": POISON}
    found["preview-dev"] |= {"changes": {"delete": 1, POISON: 1}, "resources": [step], "violations": [POISON]}
    found["preview-staging"] |= {"status": 3, "wrong": POISON}
    found["infra"]["stacks"][1]["costs"]["difference"] = [[POISON] * 3]
    found["infra"]["not_compared"] = POISON
    return found


def test_nothing_that_a_change_says_acts():
    text = compose(poisoned(), RUN)
    tags = Tags(text)
    assert tags.seen <= {
        "h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "strong", "code", "details", "summary", "ul",
        "li", "a", "br",
    }  # fmt: skip
    assert tags.links == {RUN}
    apart = text.replace(RUN, "").removeprefix(MARKER)
    assert not re.search(r"@\w|#\d|://|##[^ #]|www\.|\u202e", apart), "a mention, a reference, an address or a command"
    assert "<!--" not in apart.replace("\\<", "")
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
    assert uneven(text) == []
    assert "everyone" in text, "it is shown all the same"


def test_the_same_texts_act_where_they_are_not_made_inert():
    assert {"img", "a"} <= Tags(POISON).seen


@pytest.mark.parametrize("count", [60, 3000])
def test_it_is_never_longer_than_github_takes(count: int):
    long = "@<>|`*" * 500
    found = findings(*(verdict(f"g{at}", at % 3 == 0, why=long, next_step=long, subject=long) for at in range(count)))
    steps = [{"op": "create", "type": long, "name": long}] * count
    for name in ("dev", "staging", "prod"):
        found[f"preview-{name}"] |= {"changes": {"create": count}, "resources": steps}
    found["run"]["metrics"] |= {f"{long}{at}": interval(0.5) for at in range(count)}
    found["champion-prod"]["metrics"] = found["run"]["metrics"]
    text = compose(found, RUN)
    assert len(text) <= LONGEST
    assert uneven(text) == [] and text.count("<details>") == text.count("</details>")
    assert re.search(rf"And [\d,]+ more: \[the run\]\({RUN}\) has them", text)
