"""Blob storage of every account. Who may do what, and what is kept, is for blobs.py."""

from tests.emulator.https.blobs import SUFFIX
from tests.emulator.https.routing import Asked, route
from tests.emulator.https.wire import Response

PARTS = ("", "metadata", "list", "block", "blocklist", "lease", "appendblock", "properties")


def answer(asked: Asked) -> Response:
    return asked.cloud.blobs.answer(asked.request)


for part in PARTS:
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        route(method, f"{{account}}{SUFFIX}/{{rest}}" + (f"?comp={part}" if part else ""), "-")(answer)
