"""What is put into the workflows of a project, one by one, and what has to be found then."""

from collections.abc import Mapping

from tests.workflows.model import AZURE, GITHUB

PROMOTE = {GITHUB: ".github/workflows/promote.yml", AZURE: ".azuredevops/templates/promote.yml"}
READY = {GITHUB: ".github/actions/ready/action.yml", AZURE: ".azuredevops/templates/ready.yml"}
CHECK = {GITHUB: ".github/workflows/check.yml", AZURE: ".azuredevops/check.yml"}
ROLLBACK, TICK, WATCH = (f".github/workflows/{name}.yml" for name in ("rollback", "tick", "watch"))
FAULTS: Mapping[str, tuple[Mapping[str, str], str, str, str]] = {
    "a command is renamed": (PROMOTE, "mlops env build", "mlops env make", "there is no command `mlops env make`"),
    "an option is not there": (
        PROMOTE,
        "train.yml --on dev --register",
        "train.yml --on dev --publish",
        "no --publish",
    ),
    "a target is renamed": (PROMOTE, "make infra-up STACK=prod", "make infra-apply STACK=prod", "no `infra-apply`"),
    "a step with two commands": (PROMOTE, "mlops env sync dev", "mlops env sync dev && date", "more than one command"),
    "no permission to ask for a login": (
        {GITHUB: TICK},
        "      id-token: write # to sign in to Azure, where there is no secret\n",
        "",
        "tick/tick: `id-token: write` belongs to jobs that sign in",
    ),
    "prod is in an environment without approval": (
        PROMOTE,
        "environment: prod #",
        "environment: prod-operate #",
        "release/prod: its environment is `prod-operate`",
    ),
    "nobody's approval is signed": (
        {GITHUB: PROMOTE[GITHUB]},
        "mlops release approve this-change --on prod",
        "mlops release plan",
        "release/prod: it lacks one of, or has in another order: release approve",
    ),
    "prod is changed first": (
        PROMOTE,
        "mlops ci approved --on prod",
        "mlops lint",
        "release/prod: prod is changed before it is known who approved",
    ),
    "something goes without its environment": (
        {AZURE: ".azuredevops/destroy.yml"},
        "            environment: staging\n",
        "",
        "destroy/staging: its environment is ``, and who it signs in as trusts `staging`",
    ),
    "a way back as somebody else": (
        {GITHUB: ROLLBACK},
        "vars.AZURE_CLIENT_ID_DEPLOY_STAGING",
        "vars.AZURE_CLIENT_ID_DEPLOY_DEV",
        "rollback/staging: it signs in as dev-deploy, not as staging-deploy",
    ),
    "a way back by another connection": (
        {AZURE: ".azuredevops/rollback.yml"},
        "stack: dev\n              identity: deploy",
        "stack: dev\n              identity: operate",
        "rollback/dev: it signs in as dev-operate, not as dev-deploy",
    ),
    "prod on a machine of everybody": (
        {GITHUB: TICK, AZURE: ".azuredevops/tick.yml"},
        "RUNNER_PROD",
        "RUNNER_DEV",
        "tick/tick: it runs on ubuntu-24.04",
    ),
    "something goes beside a release": (
        {AZURE: ".azuredevops/destroy.yml"},
        "        lockBehavior: sequential # as in promote.yml: one run at a time has an environment\n",
        "",
        "destroy.yml: another run may cancel the stage dev, or run beside it",
    ),
    "what is older goes to prod after what is newer": (
        {AZURE: PROMOTE[AZURE]},
        "lockBehavior: runLatest",
        "lockBehavior: sequential",
        "in the stage prod an older run may follow a newer one",
    ),
    "prod does not wait for staging": (
        {GITHUB: PROMOTE[GITHUB]},
        "needs: staging",
        "needs: dev",
        "release/prod: it waits for ['dev'], not for staging",
    ),
    "prod does not wait for staging there": (
        {AZURE: PROMOTE[AZURE]},
        "  - stage: prod\n",
        "  - stage: prod\n    dependsOn: dev\n",
        "release/prod: it waits for ['dev'], not for staging",
    ),
    "an action that somebody else can change": (
        {GITHUB: READY[GITHUB]},
        "actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5",
        "actions/cache@v5",
        "action.yml: `uses: actions/cache@v5` is pinned by no commit",
    ),
    "a secret": (
        {GITHUB: TICK},
        "${{ vars.AZURE_TENANT_ID }}",
        "${{ secrets.AZURE_TENANT_ID }}",
        "tick.yml: it uses a secret",
    ),
    "a release is cancelled half-way": (
        {GITHUB: PROMOTE[GITHUB]},
        "group: staging\n      cancel-in-progress: false",
        "group: staging\n      cancel-in-progress: true",
        "release/staging: it is cancelled half-way",
    ),
    "a release is cancelled by the next one": (
        {AZURE: PROMOTE[AZURE]},
        "  - stage: staging\n    lockBehavior: sequential\n",
        "  - stage: staging\n    lockBehavior: runLatest\n",
        "another run may cancel the stage staging",
    ),
    "what a person typed becomes part of a script": (
        {GITHUB: ROLLBACK},
        '--reason "$REASON"',
        '--reason "${{ inputs.reason }}"',
        "rollback.yml: `${{ inputs.reason }}` is put into a script as text",
    ),
    "what a person typed becomes part of a script there": (
        {AZURE: ".azuredevops/templates/rollback.yml"},
        '--reason "$REASON"',
        '--reason "${{ parameters.reason }}"',
        "rollback.yml: `${{ parameters.reason }}` is put into a script as text",
    ),
    "the wrong identity": (
        {GITHUB: PROMOTE[GITHUB]},
        "AZURE_CLIENT_ID: ${{ vars.AZURE_CLIENT_ID_DEPLOY_STAGING }}",
        "AZURE_CLIENT_ID: ${{ vars.AZURE_CLIENT_ID_DEPLOY_PROD }}",
        "release/staging: it signs in as prod-deploy, not as staging-deploy",
    ),
    "the wrong connection": (
        {AZURE: ".azuredevops/tick.yml"},
        "identity: operate",
        "identity: deploy",
        "tick/tick: it signs in as prod-deploy, not as prod-operate",
    ),
    "staging builds": (PROMOTE, "mlops env sync staging", "mlops env build --on staging", "which only dev does"),
    "a token that may more than it needs": (
        {GITHUB: WATCH},
        "    permissions:\n      contents: read # to check out\n    steps:",
        "    permissions:\n      contents: write # why not\n    steps:",
        "watch/project: its token may {'contents': 'write'}",
    ),
    "no limit of time": ({GITHUB: TICK}, "    timeout-minutes: 30\n", "", "tick/tick: it may take 360 minutes"),
    "what nobody reviewed runs in the network": (
        {GITHUB: ".github/workflows/preview.yml"},
        "runs-on: ubuntu-24.04",
        "runs-on: ${{ vars.RUNNER_PROD }}",
        "what nobody has reviewed runs inside a network",
    ),
    "what nobody reviewed runs in the network there": (
        {AZURE: CHECK[AZURE]},
        "  vmImage: ubuntu-24.04 # never",
        "  name: ${{ variables.RUNNER_PROD }} # never",
        "what nobody has reviewed runs inside a network",
    ),
    "history is missing": (
        {GITHUB: PROMOTE[GITHUB]},
        "fetch-depth: 0",
        "fetch-depth: 1",
        "release/dev: it checks out without the history",
    ),
    "history is missing there": (
        {AZURE: READY[AZURE]},
        'fetchDepth: "0"',
        'fetchDepth: "1"',
        "release/dev: it checks out without the history",
    ),
    "the token stays in the repository": (
        {GITHUB: PROMOTE[GITHUB]},
        "persist-credentials: false",
        "persist-credentials: true",
        "release/dev: it checks out without the history that `verify` looks at, or keeps the token",
    ),
    "something comes first": (
        READY,
        "git config user.email",
        "curl example.org && git config user.email",
        "comes before `make setup`",
    ),
    "a command of nobody": (
        PROMOTE,
        "mlops env sync dev",
        "date",
        "release/dev: `date` is no command of make or mlops",
    ),
    "a variable that is not set": (
        {GITHUB: ROLLBACK},
        "          REASON: ${{ inputs.reason }}\n",
        "",
        "wants the variable REASON, which the step does not set",
    ),
    "another stack is changed": (
        PROMOTE,
        "make infra-up STACK=staging",
        "make infra-up STACK=dev",
        "release/staging: it does not begin with preview, up and the names of its stack",
    ),
    "staging starts what it has not verified": (
        PROMOTE,
        "mlops release verify this-change --on staging",
        "mlops release plan --on staging",
        "release/staging: it lacks one of, or has in another order: release verify",
    ),
    "another model is released": (
        PROMOTE,
        "mlops release verify this-change --on prod",
        "mlops release verify income-support-triage:1 --on prod",
        "release/prod: it releases another model",
    ),
    "a look is cancelled half-way": (
        {GITHUB: TICK},
        "cancel-in-progress: false",
        "cancel-in-progress: true",
        "tick/tick: it is cancelled half-way",
    ),
    "two jobs at a time have an environment": (
        {GITHUB: ".github/workflows/destroy.yml"},
        "      group: dev\n",
        "      group: destroy\n",
        "destroy/dev: its group is `destroy`",
    ),
    "a right without a reason": (
        {GITHUB: TICK},
        "contents: read # to check out",
        "contents: read",
        "tick.yml: `contents: read` says no reason",
    ),
    "rights for every job": (
        {GITHUB: TICK},
        "permissions: {}",
        "permissions:\n  contents: read # why not",
        "tick.yml: jobs that ask for nothing get more than nothing",
    ),
    "main's rights for what others propose": (
        {GITHUB: CHECK[GITHUB]},
        "  pull_request:\n",
        "  pull_request_target:\n",
        "`pull_request_target` is not known here",
    ),
}
"""The file of each system, what stands there, what stands there instead, and what is found."""
