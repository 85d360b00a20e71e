"""Who signs in: the directory of one tenant. It gives tokens for assertions of issuers that an identity trusts."""

import secrets
import time
import uuid
from dataclasses import dataclass, replace
from typing import Any

import jwt

from tests.emulator.arm import Arm
from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.store import TENANT, Document

IDENTITIES = "microsoft.managedidentity/userassignedidentities"
EXCHANGE = "api://AzureADTokenExchange"
ISSUER = "https://token.actions.example"


@dataclass(frozen=True)
class Principal:
    """Somebody who signs in: `id` is the object id that roles are given to."""

    id: str
    client: str
    subject: str = ""


class Directory:
    """People and applications that a test adds, and the identities of the subscription with whom they trust."""

    def __init__(self, arm: Arm) -> None:
        self._arm, self._key = arm, secrets.token_bytes(32)
        self._added: dict[str, Principal] = {}
        self.tenants = {TENANT}
        """Where somebody can sign in. The subscription belongs to the first."""

    def add(self, name: str) -> Principal:
        """Somebody new, who signs in by assertions about `name`."""
        id, client = (str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{name}")) for kind in ("object", "client"))
        made = Principal(id, client, name)
        self._added[made.client] = made
        return made

    def member(self, name: str, group: str) -> Principal:
        """Somebody new, who has what is given to a group, and nothing else."""
        made = replace(self.add(name), id=group)
        self._added[made.client] = made
        return made

    def assertion(self, subject: str, *, issuer: str = ISSUER, minutes: float = 10) -> str:
        """What an issuer such as a CI system says of a job of its own, for so many minutes."""
        return self._signed({"iss": issuer, "sub": subject, "aud": EXCHANGE}, minutes)

    def token(self, client: str, scope: str, minutes: float = 60, tenant: str = TENANT) -> str:
        """An access token for somebody who is signed in already, such as an identity inside Azure."""
        audience = scope.removesuffix("/.default").removesuffix("/")
        claims = {"oid": self._principal(client).id, "appid": client, "tid": tenant, "aud": audience}
        issued = {"iss": f"https://sts.windows.net/{tenant}/", "sub": claims["oid"]}
        return self._signed(claims | issued, minutes)

    def sign_in(self, tenant: str, form: Document) -> Document:
        """The answer to a request for a token.

        Source: "Microsoft Entra authentication and authorization error codes" (Microsoft Learn): AADSTS90002, 700016,
        700213, 700024; wordings shortened.
        """
        if tenant not in self.tenants:
            raise Refusal(400, "invalid_request", f"AADSTS90002: Tenant '{tenant}' not found.")
        client, scope = form.get("client_id", ""), form["scope"].split()[0]
        principal = self._principal(client)
        try:
            said = jwt.decode(form.get("client_assertion", ""), self._key, ["HS256"], audience=EXCHANGE)
        except jwt.ExpiredSignatureError:
            message = "AADSTS700024: Client assertion is not within its valid time range."
            raise Refusal(401, "invalid_client", message) from None
        except jwt.InvalidTokenError as error:
            raise Refusal(401, "invalid_client", f"AADSTS50027: JWT token is invalid or malformed: {error}.") from None
        if (said["iss"], said["sub"]) not in self._trusted(principal):
            message = "AADSTS700213: No matching federated identity record found for presented assertion subject"
            raise Refusal(401, "invalid_client", f"{message} '{said['sub']}'.")
        return {"token_type": "Bearer", "expires_in": 3600, "access_token": self.token(client, scope, tenant=tenant)}

    def caller(self, authorization: str | None, audience: str) -> str:
        """The object id of who holds a token made out to `audience`.

        Source: InvalidAuthenticationToken, ExpiredAuthenticationToken, InvalidAuthenticationTokenTenant and
        InvalidAuthenticationTokenAudience of Azure Resource Manager.
        """
        try:
            token = (authorization or "").removeprefix("Bearer ")
            claims: dict[str, Any] = jwt.decode(token, self._key, ["HS256"], options={"verify_aud": False})
        except jwt.ExpiredSignatureError:
            message = "The access token expiry UTC time is earlier than the current time."
            raise Refusal(401, "ExpiredAuthenticationToken", message) from None
        except jwt.InvalidTokenError:
            raise Refusal(401, "InvalidAuthenticationToken", "The access token is invalid.") from None
        if claims["tid"] != TENANT:
            message = f"The access token is from the wrong issuer '{claims['iss']}'. It must match the tenant {TENANT}."
            raise Refusal(401, "InvalidAuthenticationTokenTenant", message)
        if claims["aud"].rstrip("/") != audience:
            message = f"The access token is for '{claims['aud']}' and not for '{audience}'."
            raise Refusal(401, "InvalidAuthenticationTokenAudience", message)
        return claims["oid"]

    def _principal(self, client: str) -> Principal:
        if client in self._added:
            return self._added[client]
        for document in self._identities():
            if document["properties"]["clientId"] == client:
                return Principal(document["properties"]["principalId"], client)
        message = f"AADSTS700016: Application with identifier '{client}' was not found in the directory."
        raise Refusal(400, "unauthorized_client", message)

    def _trusted(self, principal: Principal) -> set[tuple[str, str]]:
        """Issuer and subject of each assertion that is taken for the principal."""
        if principal.subject:
            return {(ISSUER, principal.subject)}
        [identity] = [each for each in self._identities() if each["properties"]["principalId"] == principal.id]
        said = [each["properties"] for each in self._arm.below(identity["id"])]
        return {(each["issuer"], each["subject"]) for each in said if "issuer" in each}

    def _identities(self) -> list[Document]:
        return [each for each in self._arm.store.documents.values() if Id(each["id"]).kind == IDENTITIES]

    def _signed(self, claims: Document, minutes: float) -> str:
        now = int(time.time())
        return jwt.encode({"iat": now, "nbf": now - 5, "exp": now + int(minutes * 60)} | claims, self._key, "HS256")
