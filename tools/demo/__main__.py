"""`make demo`: the life of a model on this machine, by the commands that a person types in the project.

Exit status: 0 when all of it turned out as told, 1 when something did not, 130 after Ctrl-C. Nothing runs on after it.
"""

import subprocess
import sys
import time
from pathlib import Path

from .scenes import ENDING, OPENING, STORY
from .stage import Stage, Unexpected, bold, environment, say


def main(project: Path) -> int:
    began, stage = time.monotonic(), Stage(project, project / ".mlops" / "demo.txt")
    stage.log.parent.mkdir(exist_ok=True)
    say(OPENING)
    try:
        for number, scene in enumerate(STORY, 1):
            say(bold(f"\n=== {number}. {scene.title} " + "=" * (60 - len(scene.title))))
            for step in scene.steps:
                stage.play(step)
    except Unexpected as error:
        print(f"\n{error}\nAll that was said is in {stage.log}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if (project / ".mlops" / "endpoint").exists():
            down = [project / ".venv" / "bin" / "mlops", "release", "down"]
            subprocess.run(down, cwd=project, env=environment(project), capture_output=True)
    say(ENDING.format(project=project, log=stage.log, minutes=(time.monotonic() - began) / 60))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
