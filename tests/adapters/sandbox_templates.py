"""Templates for the sandbox's tests: a small network with servers, and what breaks it."""

from __future__ import annotations

import copy
import json
from typing import Any

from dharma.orchestrator.clouds import StackTemplate

Json = dict[str, Any]


def ref(name: str) -> Json:
    return {"Ref": name}


def att(name: str, attribute: str) -> Json:
    return {"Fn::GetAtt": [name, attribute]}


NETWORK: Json = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Parameters": {
        "Environment": {"Type": "String", "Default": "dev"},
        "DatabasePassword": {"Type": "String", "NoEcho": True},
    },
    "Conditions": {
        "IsProduction": {"Fn::Equals": [{"Ref": "Environment"}, "production"]},
    },
    "Resources": {
        "Vpc": {
            "Type": "AWS::EC2::VPC",
            "Properties": {
                "CidrBlock": "10.0.0.0/16",
                "EnableDnsHostnames": True,
                "Tags": [{"Key": "Name", "Value": {"Fn::Sub": "${Environment}-network"}}],
            },
        },
        "Gateway": {"Type": "AWS::EC2::InternetGateway"},
        "Attachment": {
            "Type": "AWS::EC2::VPCGatewayAttachment",
            "Properties": {"VpcId": ref("Vpc"), "InternetGatewayId": ref("Gateway")},
        },
        "SubnetA": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": ref("Vpc"),
                "CidrBlock": "10.0.0.0/24",
                "AvailabilityZone": {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
            },
        },
        "SubnetB": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": ref("Vpc"),
                "CidrBlock": "10.0.1.0/24",
                "AvailabilityZone": {"Fn::Select": [1, {"Fn::GetAZs": ""}]},
            },
        },
        "Routes": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": ref("Vpc")}},
        "RouteOut": {
            "Type": "AWS::EC2::Route",
            "DependsOn": "Attachment",
            "Properties": {
                "RouteTableId": ref("Routes"),
                "DestinationCidrBlock": "0.0.0.0/0",
                "GatewayId": ref("Gateway"),
            },
        },
        "RoutesOfA": {
            "Type": "AWS::EC2::SubnetRouteTableAssociation",
            "Properties": {"RouteTableId": ref("Routes"), "SubnetId": ref("SubnetA")},
        },
        "Address": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}},
        "Nat": {
            "Type": "AWS::EC2::NatGateway",
            "Properties": {
                "AllocationId": att("Address", "AllocationId"),
                "SubnetId": ref("SubnetA"),
            },
        },
        "Web": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": "web",
                "VpcId": ref("Vpc"),
                "SecurityGroupIngress": [
                    {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}
                ],
            },
        },
        "Data": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupDescription": "data", "VpcId": ref("Vpc")},
        },
        "DataFromWeb": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                "GroupId": att("Data", "GroupId"),
                "IpProtocol": "tcp",
                "FromPort": 5432,
                "ToPort": 5432,
                "SourceSecurityGroupId": att("Web", "GroupId"),
            },
        },
        "WebToData": {
            "Type": "AWS::EC2::SecurityGroupEgress",
            "Properties": {
                "GroupId": att("Web", "GroupId"),
                "IpProtocol": "tcp",
                "FromPort": 5432,
                "ToPort": 5432,
                "DestinationSecurityGroupId": att("Data", "GroupId"),
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "ec2.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                },
                "Policies": [
                    {
                        "PolicyName": "jobs",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Action": "sqs:*",
                                    "Resource": att("Jobs", "Arn"),
                                }
                            ],
                        },
                    }
                ],
            },
        },
        "Profile": {
            "Type": "AWS::IAM::InstanceProfile",
            "Properties": {"Roles": [ref("Role")]},
        },
        "Servers": {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {
                "LaunchTemplateData": {
                    "ImageId": "ami-12c6146b",
                    "InstanceType": "t3.micro",
                    "SecurityGroupIds": [att("Web", "GroupId")],
                    "IamInstanceProfile": {"Arn": att("Profile", "Arn")},
                    "UserData": {"Fn::Base64": "#!/bin/sh\necho hello"},
                }
            },
        },
        "Fleet": {
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "Properties": {
                "MinSize": "1",
                "MaxSize": "2",
                "VPCZoneIdentifier": [ref("SubnetA"), ref("SubnetB")],
                "LaunchTemplate": {
                    "LaunchTemplateId": ref("Servers"),
                    "Version": att("Servers", "LatestVersionNumber"),
                },
                "TargetGroupARNs": [ref("Targets")],
            },
        },
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {
                "Subnets": [ref("SubnetA"), ref("SubnetB")],
                "SecurityGroups": [att("Web", "GroupId")],
                "LoadBalancerAttributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "30"}],
            },
        },
        "Targets": {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {
                "Port": 8080,
                "Protocol": "HTTP",
                "VpcId": ref("Vpc"),
                "HealthCheckPath": "/health",
            },
        },
        "Listener": {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {
                "LoadBalancerArn": ref("Balancer"),
                "Port": 80,
                "Protocol": "HTTP",
                "DefaultActions": [{"Type": "forward", "TargetGroupArn": ref("Targets")}],
            },
        },
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {"Description": "assets", "EnableKeyRotation": True},
        },
        "Assets": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "VersioningConfiguration": {"Status": "Enabled"},
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {
                            "ServerSideEncryptionByDefault": {
                                "SSEAlgorithm": "aws:kms",
                                "KMSMasterKeyID": att("Key", "Arn"),
                            }
                        }
                    ]
                },
                "LifecycleConfiguration": {
                    "Rules": [{"Id": "old", "Status": "Enabled", "ExpirationInDays": 90}]
                },
            },
        },
        "AssetsPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": ref("Assets"),
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": {"Fn::Sub": "${Assets.Arn}/*"},
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                },
            },
        },
        "Subnets": {
            "Type": "AWS::RDS::DBSubnetGroup",
            "Properties": {
                "DBSubnetGroupDescription": "both",
                "SubnetIds": [ref("SubnetA"), ref("SubnetB")],
            },
        },
        "Database": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {
                "DBInstanceClass": "db.t3.micro",
                "Engine": "postgres",
                "AllocatedStorage": "20",
                "MasterUsername": "web",
                "MasterUserPassword": ref("DatabasePassword"),
                "DBSubnetGroupName": ref("Subnets"),
                "VPCSecurityGroups": [att("Data", "GroupId")],
                "MultiAZ": {"Fn::If": ["IsProduction", True, False]},
            },
        },
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 30}},
        "Failed": {"Type": "AWS::SQS::Queue"},
        "Jobs": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "VisibilityTimeout": 60,
                "RedrivePolicy": {
                    "deadLetterTargetArn": att("Failed", "Arn"),
                    "maxReceiveCount": 5,
                },
            },
        },
        "Audit": {"Type": "AWS::SQS::Queue", "Condition": "IsProduction"},
    },
    "Outputs": {
        "Url": {"Value": {"Fn::Sub": "http://${Balancer.DNSName}"}},
        "Database": {"Value": att("Database", "Endpoint.Address")},
        "Audit": {"Value": ref("Audit"), "Condition": "IsProduction"},
    },
}

# A subnet outside of its VPC: accepted by the template, refused by EC2.
OUTSIDE: Json = {
    "Type": "AWS::EC2::Subnet",
    "Properties": {"VpcId": ref("Vpc"), "CidrBlock": "10.99.0.0/24"},
}


# What the small network does without: no servers, no database.
_LARGE = (
    "Address",
    "Balancer",
    "Database",
    "Fleet",
    "Listener",
    "Nat",
    "Profile",
    "Servers",
    "SubnetB",
    "Subnets",
    "Targets",
)


def network(
    password: str = "Correct-horse-1",
    environment: str = "dev",
    *,
    small: bool = False,
    **changes: Any,
) -> StackTemplate:
    """The network as a stack template. `changes`: a resource's name to its new properties (merged
    over the old), to a whole resource (has `Type`), or to None to leave it out."""
    document = copy.deepcopy(NETWORK)
    resources = document["Resources"]
    if small:
        for name in _LARGE:
            del resources[name]
        document["Outputs"] = {"Jobs": {"Value": att("Jobs", "Arn")}}
    for name, change in changes.items():
        if change is None:
            del resources[name]
        elif "Type" in change:
            resources[name] = change
        else:
            resources[name].setdefault("Properties", {}).update(change)
    return StackTemplate(
        json.dumps(document),
        {"Environment": environment, "DatabasePassword": password},
        frozenset({"DatabasePassword"}),
    )
