"""An emulated subscription, as the engine reaches it: a provider for each caller, in this process."""

from concurrent import futures

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from tests.emulator.arm import OWNER, Arm
from tests.emulator.pulumi.provider import Front
from tests.emulator.pulumi.random_provider import RandomFront
from tests.emulator.store import SUBSCRIPTION, Document


class Cloud:
    """An emulated subscription, and the providers that speak to it: one for each caller."""

    def __init__(self) -> None:
        self.arm = Arm()
        self.subscription = f"/subscriptions/{SUBSCRIPTION}"
        self._fronts: dict[str, tuple[Front, int]] = {}
        self._servers: list[grpc.Server] = []
        self._random = self._serve(RandomFront())

    def front(self, caller: str = OWNER) -> Front:
        """The azure-native of one principal, by its object id."""
        return self._attached(caller)[0]

    def providers(self, caller: str) -> str:
        """What PULUMI_DEBUG_PROVIDERS has to say."""
        return f"azure-native:{self._attached(caller)[1]},random:{self._random}"

    def ids(self, type: str = "") -> list[str]:
        """What there is, without the subscription and what is only in it from the start."""
        found = (document["id"] for document in self.arm.store.documents.values())
        return [id for id in found if "/resourcegroups/" in id.lower() and type.lower() in id.lower()]

    def document(self, end: str) -> Document:
        """The one resource whose id ends so, as Azure has it."""
        (found,) = [id for id in self.ids() if id.endswith(end)]
        return self.arm.store.documents[found]

    def writes(self) -> list[str]:
        """Ids of the writes that Azure took, in order."""
        return [call.id for call in self.arm.calls if call.verb == "put" and not call.refused]

    def close(self) -> None:
        for server in self._servers:
            server.stop(None)

    def _attached(self, caller: str) -> tuple[Front, int]:
        if caller not in self._fronts:
            front = Front(self.arm, caller)
            self._fronts[caller] = front, self._serve(front)
        return self._fronts[caller]

    def _serve(self, front: provider_pb2_grpc.ResourceProviderServicer) -> int:
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=32))
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(front, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self._servers.append(server)
        return port
