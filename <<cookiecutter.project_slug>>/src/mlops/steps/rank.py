"""What all nodes scored, counted, and the first of it as a ranked list with reasons."""

from argparse import Namespace

from mlops import settings
from mlops.steps import base
from mlops.steps.log import Log


def work(given: Namespace, log: Log) -> None:
    from mlops import files
    from mlops.batch import SUMMARY, job
    from mlops.batch.pieces import pieces, tables
    from mlops.batch.scoring import TableScorer

    with TableScorer.of_folder(given.model, settings.load(given.settings).model.name) as scorer:
        todo = [piece for file in tables(given.rows) for piece in pieces(file, given.rows)]
        summary = job.conclude(scorer, todo, given.scored, given.ranked, given.top, given.errors)
    files.write_json(given.ranked / SUMMARY, summary)
    log.metrics({f"rows.{name}": summary[name] for name in ("scored", "bad")})


if __name__ == "__main__":
    parser = base.arguments(__doc__, "settings", "model", "rows", "scored", "ranked")
    parser.add_argument("--top", type=int, required=True)
    parser.add_argument("--errors", type=float, required=True)
    base.run(parser, work)
