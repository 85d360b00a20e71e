"""The story: an unfair model is refused, a mended one goes into service, a second takes its place, a bad one goes."""

from dataclasses import dataclass

from .stage import Act, Written

NAME = "income-support-triage"
TRAIN = "mlops run azureml/pipelines/train.yml"
JUDGED = r"^refused by .*? must be at (least|most) [\d.]+|^  ↺.*|^\d+ gates, .*|^registered.*"
DECIDED = r"^\d\d:\d\d:\d\d (?!deploy).*"

SHORT = """
release:
  ladder:
    - {mirror: 50, requests: 300, hours: 1}
    - {share: 20, requests: 250, hours: 1}
    - {share: 50, requests: 400, hours: 1}
    - {share: 100, requests: 100, hours: 1}
  guards:
    errors: {allowed: 0.02, detects: 0.15}
    latency: {allowed: 0.1, detects: 0.4}
    shift: {allowed: 0.05, detects: 0.3}
  stress_seconds: 10
"""
MARGIN = """
  champion:
    better_by: {outcome: -5}
    reason: To see a release climb, five fewer eligible people in 1,000 files may be found. Not to be kept.
"""


@dataclass(frozen=True)
class Scene:
    title: str
    steps: tuple[Act | Written, ...]


STORY = (
    Scene(
        "A project of your own",
        (
            Act(
                "It was generated just now, as a git repository with one commit. Its packages are locked; they go into "
                "an environment of its own.",
                "make setup",
            ),
        ),
    ),
    Scene(
        "An unfair model is refused",
        (
            Act(
                "The model proposes which applications for income support a case worker opens first. Trained on the "
                "data as they are, it overlooks eligible men of 45 to 64 far more often than eligible young women. "
                "The gate `fairness` compares groups on rows that no training saw, and refuses: such a model cannot "
                "be registered.",
                f"{TRAIN} --set mitigation=none --register",
                says="refused by fairness",
                shows=JUDGED,
                ends=1,
            ),
        ),
    ),
    Scene(
        "Mended, it is registered and signed for",
        (
            Act(
                "With the mitigation that train.yml asks for, rows are weighed so that eligibility depends less on sex "
                "and age in training. What still differs stands by waivers that somebody answers for, and that end. "
                "Steps whose input is the same are reused.",
                f"{TRAIN} --register",
                says=f"registered {NAME}:1",
                shows=JUDGED,
            ),
        ),
    ),
    Scene(
        "It goes into service",
        (
            Written(
                "A new version gets its callers step by step. The usual ladder takes hours; for this demo it is made "
                "short, with guards that see only what is much worse.",
                "mlops.yaml",
                "schema: 1",
                SHORT,
            ),
            Act(
                "Before its first caller all signatures are verified, it is tried, and put under load for ten seconds. "
                "The first model has nothing to be compared with, and goes straight to full.",
                f"mlops release start {NAME}:1 --follow",
                says="champion",
                shows=DECIDED,
            ),
        ),
    ),
    Scene(
        "A second version climbs",
        (
            Written(
                "The gate `champion` lets a model pass that is shown to be better than the one in service, and few "
                "changes are. For this demo a small loss may pass.",
                "mlops.yaml",
                "gates:",
                MARGIN,
            ),
            Act(
                "Somebody tries fewer rounds of training: smaller, and about as good.",
                f"{TRAIN} --set rounds=150 --register -m 'fewer rounds'",
                says=f"registered {NAME}:2",
                shows=JUDGED,
            ),
            Act(
                "Callers ask all the while. First the new version gets copies of their requests and nobody sees its "
                "answers; then it answers 20 %, 50 % and all of them. At each step guards compare it with the model in "
                "service: errors, latency, predictions.",
                f"mlops release start {NAME}:2 --follow",
                says="champion",
                shows=DECIDED,
                called=True,
            ),
        ),
    ),
    Scene(
        "A bad version is rolled back by itself",
        (
            Act(
                "A delivery of data comes in which refused applications are missing: those of people who work over 40 "
                "hours a week. Nobody notices.",
                "python {here}/delivery.py data/delivery.parquet",
            ),
            Act(
                "A model learns from it that whoever works long is eligible. The gates judge it on rows of the same "
                "delivery, where that is true, and let it pass.",
                f"{TRAIN} --input applications=data/delivery.parquet --register -m 'the new delivery'",
                says=f"registered {NAME}:3",
                shows=JUDGED,
            ),
            Act(
                "What callers send is as it always was. On copies of their requests it predicts otherwise than the model "
                "in service: the guard `shift` shows it, and the release is rolled back before anybody got an answer "
                "of it.",
                f"mlops release start {NAME}:3 --follow",
                says="rollback: shift",
                shows=DECIDED,
                ends=1,
                called=True,
            ),
            Act(
                "The second version is in service, as before.",
                "mlops release status",
                says=rf"in service +{NAME}:2",
                shows=r"^(in service|rollback to) .*",
            ),
        ),
    ),
    Scene(
        "Where to look",
        (
            Act(
                "Why it was bad is in the data: what moved most is the answer itself, and then the hours.",
                "mlops data diff applications:1 data/delivery.parquet",
                says="income",
                shows=r"^(the table|income|hours_per_week) .*",
            ),
            Act(
                "Every decision was signed before it was done, with the figures that it rests on.",
                "mlops release history",
                says="rollback",
                shows=r"^\S+ +(champion|rollback) .*",
            ),
            Act("The endpoint is stopped; the next change of a release starts it again as it was.", "mlops release down"),
        ),
    ),
)

OPENING = """
The life of a model, on this machine alone. After `$` stands what a person types in the project; of what it says, what
matters. Nothing is played: each command really runs, and `make demo` fails where one does not turn out as told. It
takes about three minutes on two cores; Ctrl-C ends it, and whatever it started."""
ENDING = """
All of it turned out as told, in {minutes:.1f} minutes. The project is {project}; nothing of it runs on.

  cd {project} && . .venv/bin/activate
  mlops report last                  a page about the last training, for those who decide
  mlops models card income-support-triage:2
  make ui                            the runs, in a browser on this machine
  docs/start.md                      the first hour

All that was said is in {log}."""
