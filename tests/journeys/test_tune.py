"""`tune.yml`: three groups of settings, one chosen on quality, latency and cost, judged and registered as any model."""

import json

from tests.support.project import Project


def test_a_candidate_is_chosen_on_rows_that_no_training_saw_and_registered(project: Project):
    done = project.mlops("run", "azureml/pipelines/tune.yml", "--register", "--json")
    assert done.returncode == 0, done.stdout + done.stderr

    record = json.loads(done.stdout)
    [choice] = project.path.glob(f".mlops/runs/{record['run']}/outputs/choose/choice/choice.json")
    chosen = json.loads(choice.read_text())
    assert {candidate["name"] for candidate in chosen["candidates"]} == {"small", "medium", "large"}
    assert chosen["why"].startswith(f"{chosen['chosen']} is chosen: ")
    assert chosen["why"] in done.stderr

    [model] = json.loads(project.mlops("models", "list", "--json").stdout)
    node = record["nodes"][chosen["chosen"]]
    assert model["digest"] == node["outputs"]["model"]["digest"]
    assert model["lineage"]["choice"] == chosen
    assert chosen["why"] in " ".join(project.mlops("models", "show", f"{model['name']}:1").stdout.split())
    assert str(project.path) not in json.dumps(model["lineage"])
