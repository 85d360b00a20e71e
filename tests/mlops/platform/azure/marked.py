"""The `mlops` command, whose requests say which adapter makes them."""

from requests.adapters import HTTPAdapter

from mlops import cli
from tests.mlops.platform.azure.seen import marked

if __name__ == "__main__":
    HTTPAdapter.add_headers = marked
    cli.main()
