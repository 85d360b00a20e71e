"""The way in: private endpoints where the stack is private, lists of addresses where it is public.

A network of the stack's own, or a subnet and DNS zones that exist, by id.
"""

from typing import Any

import pulumi
from pulumi_azure_native import network as azure
from pulumi_azure_native import privatedns
from settings import Stack
from settings.rules import DNS_ZONES, PRIVATE_ZONES

from components.part import Part


class Network(Part):
    """Where private endpoints lie. In a public stack it makes nothing."""

    def __init__(self, name: str, stack: Stack) -> None:
        super().__init__(name, stack)
        self.subnet: pulumi.Input[str] | None = stack.network.subnet
        self.zones: dict[str, pulumi.Input[str]] = dict(stack.network.dns_zones)
        self.before: list[pulumi.Resource] = []
        """The endpoint that was made last."""
        if stack.private and stack.network.address_space:
            self._make(stack.network.address_space)
        self.register_outputs({})

    @property
    def otherwise(self) -> str:
        """What happens to a caller that no rule names."""
        return "Deny" if self.stack.private or self.allowed else "Allow"

    @property
    def allowed(self) -> list[str]:
        """Addresses that are let in."""
        return self.stack.network.allowed_ips

    def endpoint(self, parent: Part, group: str, target: pulumi.Input[str], subject: str = "") -> None:
        """Make a resource, or one of its services, reachable in the network.

        One after the other: two at once on one storage account end in StorageAccountOperationInProgress
        (Azure/bicep-registry-modules#6001, 2025-09-24).
        """
        if not self.stack.private:
            return
        name = f"{subject or group}-endpoint"
        link = {"name": group, "private_link_service_id": target, "group_ids": [group]}
        endpoint = azure.PrivateEndpoint(
            name,
            **self.here,
            private_endpoint_name=self.stack.names.of("pep", group),
            custom_network_interface_name=self.stack.names.of("nic", group),
            subnet={"id": self.subnet},
            private_link_service_connections=[link],
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[*self.before]),
        )
        self.before = [endpoint]
        azure.PrivateDnsZoneGroup(
            f"{name}-names",
            **self.group,
            private_endpoint_name=endpoint.name,
            private_dns_zone_group_name="default",
            private_dns_zone_configs=[
                {"name": zone.replace(".", "-"), "private_dns_zone_id": self.zones[zone]} for zone in DNS_ZONES[group]
            ],
            opts=pulumi.ResourceOptions(parent=endpoint),
        )

    def _make(self, space: str) -> None:
        names = self.stack.names
        guard = azure.NetworkSecurityGroup(
            "network-guard",
            **self.here,
            network_security_group_name=names.of("nsg"),
            security_rules=[
                rule("https-from-the-network", 100, "Allow", "VirtualNetwork", "443"),
                rule("nothing-else", 4096, "Deny", "*", "*"),
            ],
            opts=self.own,
        )
        network = azure.VirtualNetwork(
            "virtual-network",
            **self.here,
            virtual_network_name=names.of("vnet"),
            address_space={"address_prefixes": [space]},
            opts=self.own,
        )
        self.subnet = azure.Subnet(
            "private-endpoints",
            **self.group,
            virtual_network_name=network.name,
            subnet_name="private-endpoints",
            address_prefix=space,
            network_security_group={"id": guard.id},
            private_endpoint_network_policies="Enabled",
            default_outbound_access=False,
            opts=pulumi.ResourceOptions(parent=network),
        ).id
        self.zones = {zone: self._zone(zone, network) for zone in PRIVATE_ZONES}

    def _zone(self, name: str, network: azure.VirtualNetwork) -> pulumi.Output[str]:
        everywhere: dict[str, Any] = {**self.here, "location": "global"}
        zone = privatedns.PrivateZone(name, **everywhere, private_zone_name=name, opts=self.own)
        privatedns.VirtualNetworkLink(
            f"{name}-link",
            **everywhere,
            private_zone_name=zone.name,
            virtual_network_link_name=self.stack.names.of("link"),
            virtual_network={"id": network.id},
            registration_enabled=False,
            opts=pulumi.ResourceOptions(parent=zone),
        )
        return zone.id


def rule(name: str, priority: int, access: str, source: str, port: str) -> azure.SecurityRuleArgs:
    """A rule about traffic that comes in, as Azure writes it."""
    return azure.SecurityRuleArgs(
        name=name,
        priority=priority,
        access=access,
        direction="Inbound",
        protocol="Tcp" if access == "Allow" else "*",
        source_address_prefix=source,
        source_port_range="*",
        destination_address_prefix="VirtualNetwork",
        destination_port_range=port,
    )
