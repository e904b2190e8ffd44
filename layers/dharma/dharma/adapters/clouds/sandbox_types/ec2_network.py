"""VPCs and what lies in them."""

from __future__ import annotations

from typing import Any, ClassVar

from dharma.adapters.clouds.aws_clients import AwsClients
from dharma.adapters.clouds.sandbox_types.native_type import (
    Live,
    Made,
    NativeType,
    Properties,
    first,
    found,
    known,
    tag_list,
    tag_map,
    truth,
)


def set_tags(aws: AwsClients, physical_id: str, wanted: Properties, before: Properties) -> None:
    """Bring the tags of an EC2 resource to what is wanted."""
    tags, old = tag_map(wanted.get("Tags")), tag_map(before.get("Tags"))
    gone = [{"Key": key} for key in old.keys() - tags.keys()]
    if gone:
        aws["ec2"].delete_tags(Resources=[physical_id], Tags=gone)
    if tags:
        aws["ec2"].create_tags(
            Resources=[physical_id], Tags=[{"Key": k, "Value": v} for k, v in tags.items()]
        )


class Vpc(NativeType):
    type = "AWS::EC2::VPC"
    immutable = frozenset({"CidrBlock", "Ipv4IpamPoolId"})

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        answer = found(lambda: aws["ec2"].describe_vpcs(VpcIds=[made.physical_id])["Vpcs"])
        vpc = first(answer or [])
        if vpc is None:
            return None
        support, hostnames = (
            aws["ec2"].describe_vpc_attribute(VpcId=made.physical_id, Attribute=name)
            for name in ("enableDnsSupport", "enableDnsHostnames")
        )
        return Live(
            known(
                CidrBlock=vpc["CidrBlock"],
                InstanceTenancy=vpc.get("InstanceTenancy"),
                EnableDnsSupport=support["EnableDnsSupport"]["Value"],
                EnableDnsHostnames=hostnames["EnableDnsHostnames"]["Value"],
                Tags=tag_list(vpc.get("Tags")),
            ),
            {
                "VpcId": vpc["VpcId"],
                "CidrBlock": vpc["CidrBlock"],
                "DefaultSecurityGroup": self._default_group(aws, made.physical_id),
            },
        )

    @staticmethod
    def _default_group(aws: AwsClients, vpc: str) -> str:
        filters = [
            {"Name": "vpc-id", "Values": [vpc]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        groups = aws["ec2"].describe_security_groups(Filters=filters)["SecurityGroups"]
        return str(groups[0]["GroupId"]) if groups else ""

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        for name in ("EnableDnsSupport", "EnableDnsHostnames"):
            if name in wanted or name in made.properties:
                # Without a word the support is on and host names are off.
                value = truth(wanted.get(name, name == "EnableDnsSupport"))
                aws["ec2"].modify_vpc_attribute(VpcId=made.physical_id, **{name: {"Value": value}})
        set_tags(aws, made.physical_id, wanted, made.properties)

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["ec2"].delete_vpc(VpcId=made.physical_id)


class Subnet(NativeType):
    type = "AWS::EC2::Subnet"
    immutable = frozenset({"VpcId", "CidrBlock", "AvailabilityZone", "AvailabilityZoneId"})

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        answer = found(lambda: aws["ec2"].describe_subnets(SubnetIds=[made.physical_id])["Subnets"])
        subnet = first(answer or [])
        if subnet is None:
            return None
        return Live(
            known(
                VpcId=subnet["VpcId"],
                CidrBlock=subnet["CidrBlock"],
                AvailabilityZone=subnet["AvailabilityZone"],
                MapPublicIpOnLaunch=subnet.get("MapPublicIpOnLaunch"),
                Tags=tag_list(subnet.get("Tags")),
            ),
            {
                "SubnetId": subnet["SubnetId"],
                "VpcId": subnet["VpcId"],
                "CidrBlock": subnet["CidrBlock"],
                "AvailabilityZone": subnet["AvailabilityZone"],
            },
        )

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        aws["ec2"].modify_subnet_attribute(
            SubnetId=made.physical_id,
            MapPublicIpOnLaunch={"Value": truth(wanted.get("MapPublicIpOnLaunch", False))},
        )
        set_tags(aws, made.physical_id, wanted, made.properties)

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["ec2"].delete_subnet(SubnetId=made.physical_id)


class InternetGateway(NativeType):
    type = "AWS::EC2::InternetGateway"

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        answer = found(
            lambda: aws["ec2"].describe_internet_gateways(InternetGatewayIds=[made.physical_id])
        )
        gateway = first((answer or {}).get("InternetGateways", []))
        if gateway is None:
            return None
        return Live(
            {"Tags": tag_list(gateway.get("Tags"))},
            {"InternetGatewayId": gateway["InternetGatewayId"]},
        )

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        set_tags(aws, made.physical_id, wanted, made.properties)

    def delete(self, aws: AwsClients, made: Made) -> None:
        for vpc in GatewayAttachment.attachments(aws, made.physical_id):
            aws["ec2"].detach_internet_gateway(InternetGatewayId=made.physical_id, VpcId=vpc)
        aws["ec2"].delete_internet_gateway(InternetGatewayId=made.physical_id)


class GatewayAttachment(NativeType):
    """Physical id: `<gateway>|<vpc>`."""

    type = "AWS::EC2::VPCGatewayAttachment"
    by_hand = True
    immutable = frozenset({"VpcId", "InternetGatewayId"})

    def create(self, aws: AwsClients, wanted: Properties, token: str) -> str:
        gateway, vpc = wanted["InternetGatewayId"], wanted["VpcId"]
        attached = self.attachments(aws, gateway)
        if vpc not in attached:
            aws["ec2"].attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        return f"{gateway}|{vpc}"

    @staticmethod
    def attachments(aws: AwsClients, gateway: str) -> list[str]:
        answer = found(lambda: aws["ec2"].describe_internet_gateways(InternetGatewayIds=[gateway]))
        found_gateway = first((answer or {}).get("InternetGateways", []))
        return [a["VpcId"] for a in (found_gateway or {}).get("Attachments", [])]

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        gateway, vpc = made.physical_id.split("|")
        if vpc not in self.attachments(aws, gateway):
            return None
        return Live({"VpcId": vpc, "InternetGatewayId": gateway})

    def delete(self, aws: AwsClients, made: Made) -> None:
        gateway, vpc = made.physical_id.split("|")
        aws["ec2"].detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)


class ElasticIp(NativeType):
    type = "AWS::EC2::EIP"
    immutable = frozenset({"Domain"})

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        answer = found(lambda: aws["ec2"].describe_addresses(PublicIps=[made.physical_id]))
        address = first((answer or {}).get("Addresses", []))
        if address is None:
            return None
        return Live(
            known(Domain=address.get("Domain"), Tags=tag_list(address.get("Tags"))),
            {"AllocationId": address["AllocationId"], "PublicIp": address["PublicIp"]},
        )

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        live = self.read(aws, made)
        if live is not None:
            set_tags(aws, live.attributes["AllocationId"], wanted, made.properties)

    def delete(self, aws: AwsClients, made: Made) -> None:
        live = self.read(aws, made)
        if live is not None:
            aws["ec2"].release_address(AllocationId=live.attributes["AllocationId"])


class NatGateway(NativeType):
    type = "AWS::EC2::NatGateway"
    immutable = frozenset({"AllocationId", "SubnetId", "ConnectivityType"})

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        answer = found(lambda: aws["ec2"].describe_nat_gateways(NatGatewayIds=[made.physical_id]))
        gateway = first((answer or {}).get("NatGateways", []))
        if gateway is None or gateway["State"] in ("deleted", "deleting", "failed"):
            return None
        address = first(gateway.get("NatGatewayAddresses", [])) or {}
        return Live(
            known(
                SubnetId=gateway["SubnetId"],
                AllocationId=address.get("AllocationId"),
                ConnectivityType=gateway.get("ConnectivityType"),
                Tags=tag_list(gateway.get("Tags")),
            ),
            {"NatGatewayId": gateway["NatGatewayId"]},
        )

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        set_tags(aws, made.physical_id, wanted, made.properties)

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["ec2"].delete_nat_gateway(NatGatewayId=made.physical_id)


class RouteTable(NativeType):
    type = "AWS::EC2::RouteTable"
    immutable = frozenset({"VpcId"})

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        table = route_table(aws, made.physical_id)
        if table is None:
            return None
        return Live(
            {"VpcId": table["VpcId"], "Tags": tag_list(table.get("Tags"))},
            {"RouteTableId": table["RouteTableId"]},
        )

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        set_tags(aws, made.physical_id, wanted, made.properties)

    def delete(self, aws: AwsClients, made: Made) -> None:
        table = route_table(aws, made.physical_id)
        for association in (table or {}).get("Associations", []):
            if not association.get("Main"):
                identifier = association["RouteTableAssociationId"]
                aws["ec2"].disassociate_route_table(AssociationId=identifier)
        aws["ec2"].delete_route_table(RouteTableId=made.physical_id)


def route_table(aws: AwsClients, identifier: str) -> Any:
    answer = found(lambda: aws["ec2"].describe_route_tables(RouteTableIds=[identifier]))
    return first((answer or {}).get("RouteTables", []))


class Route(NativeType):
    """Physical id: `<route table>|<destination>`."""

    type = "AWS::EC2::Route"
    by_hand = True
    immutable = frozenset({"RouteTableId", "DestinationCidrBlock", "DestinationIpv6CidrBlock"})
    TARGETS: ClassVar[tuple[str, ...]] = (
        "GatewayId",
        "NatGatewayId",
        "VpcPeeringConnectionId",
        "TransitGatewayId",
        "NetworkInterfaceId",
        "InstanceId",
    )

    def create(self, aws: AwsClients, wanted: Properties, token: str) -> str:
        destination = self._destination(wanted)
        made = Made(f"{wanted['RouteTableId']}|{next(iter(destination.values()))}", wanted)
        if self.read(aws, made) is None:
            aws["ec2"].create_route(
                RouteTableId=wanted["RouteTableId"], **destination, **self._target(wanted)
            )
        else:
            self.update(aws, made, wanted)
        return made.physical_id

    @staticmethod
    def _destination(wanted: Properties) -> dict[str, str]:
        names = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
        return {name: wanted[name] for name in names if wanted.get(name)}

    def _target(self, wanted: Properties) -> dict[str, str]:
        return {name: wanted[name] for name in self.TARGETS if wanted.get(name)}

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        identifier, destination = made.physical_id.split("|")
        table = route_table(aws, identifier)
        for route in (table or {}).get("Routes", []):
            if destination in (
                route.get("DestinationCidrBlock"),
                route.get("DestinationIpv6CidrBlock"),
                route.get("DestinationPrefixListId"),
            ):
                names = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", *self.TARGETS)
                told = {name: route.get(name) for name in names}
                return Live(known(RouteTableId=identifier, **told))
        return None

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        aws["ec2"].replace_route(
            RouteTableId=wanted["RouteTableId"],
            **self._destination(wanted),
            **self._target(wanted),
        )

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["ec2"].delete_route(
            RouteTableId=made.physical_id.split("|")[0], **self._destination(made.properties)
        )


class RouteTableAssociation(NativeType):
    type = "AWS::EC2::SubnetRouteTableAssociation"
    by_hand = True
    immutable = frozenset({"SubnetId", "RouteTableId"})

    def create(self, aws: AwsClients, wanted: Properties, token: str) -> str:
        existing = self._find(aws, wanted)
        if existing is not None:
            return str(existing["RouteTableAssociationId"])
        answer = aws["ec2"].associate_route_table(
            RouteTableId=wanted["RouteTableId"], SubnetId=wanted["SubnetId"]
        )
        return str(answer["AssociationId"])

    @staticmethod
    def _find(aws: AwsClients, wanted: Properties) -> Any:
        table = route_table(aws, wanted["RouteTableId"])
        for association in (table or {}).get("Associations", []):
            if association.get("SubnetId") == wanted["SubnetId"]:
                return association
        return None

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        association = self._find(aws, made.properties)
        if association is None or association["RouteTableAssociationId"] != made.physical_id:
            return None
        return Live(
            {"SubnetId": association["SubnetId"], "RouteTableId": association["RouteTableId"]},
            {"Id": made.physical_id},
        )

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["ec2"].disassociate_route_table(AssociationId=made.physical_id)


TYPES = (
    Vpc(),
    Subnet(),
    InternetGateway(),
    GatewayAttachment(),
    ElasticIp(),
    NatGateway(),
    RouteTable(),
    Route(),
    RouteTableAssociation(),
)
