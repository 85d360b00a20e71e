"""Print the JSON schema of `mlops.yaml`, made from its types."""

import json

from mlops import settings

print(json.dumps(settings.schema(), indent=2))
