"""Kinds that AWS does not charge for by themselves, each with the reason."""

from __future__ import annotations

from dharma.costing.component import PricedKind

# Price rules: https://aws.amazon.com/vpc/pricing/, https://aws.amazon.com/iam/faqs/,
# https://aws.amazon.com/autoscaling/pricing/, https://aws.amazon.com/rds/pricing/,
# https://aws.amazon.com/elasticloadbalancing/pricing/, https://aws.amazon.com/eventbridge/pricing/,
# https://aws.amazon.com/api-gateway/pricing/, https://aws.amazon.com/lambda/pricing/
_REASONS = {
    "aws_vpc": "a VPC has no charge",
    "aws_subnet": "a subnet has no charge",
    "aws_internet_gateway": "the gateway has no charge; data transfer out has",
    "aws_route_table": "route tables have no charge",
    "aws_ec2_transit_gateway": "a gateway has no charge; its attachments have",
    "aws_security_group": "security groups have no charge",
    "aws_launch_template": "a launch template has no charge; the instances that use it have",
    "aws_lb_listener": "a listener has no charge; the load balancer has",
    "aws_lb_target_group": "a target group has no charge; the load balancer has",
    "aws_db_subnet_group": "a subnet group has no charge",
    "aws_iam_role": "IAM has no charge",
    "aws_iam_instance_profile": "IAM has no charge",
    "aws_iam_policy": "IAM has no charge",
    "aws_iam_user": "IAM has no charge",
    "aws_iam_group": "IAM has no charge",
    "aws_autoscaling_schedule": "scaling has no charge; the instances have",
    "aws_cloudwatch_query_definition": "a stored query has no charge; running it has",
    "aws_customer_gateway": "a gateway has no charge; its connections have",
    "aws_network_interface": "an interface has no charge",
    "aws_lb_listener_rule": "a rule has no charge; the load balancer has",
    "aws_appautoscaling_target": "scaling has no charge; what it scales has",
    "aws_appautoscaling_policy": "scaling has no charge; what it scales has",
    "aws_kms_alias": "an alias has no charge; its key has",
    "aws_lambda_permission": "a permission has no charge",
    "aws_cloudwatch_event_rule": "a rule has no charge; events that are published have",
    "aws_apigatewayv2_stage": "a stage has no charge; the requests of its API have",
    "aws_apigatewayv2_integration": "an integration has no charge; the requests of its API have",
    "aws_apigatewayv2_route": "a route has no charge; the requests of its API have",
    "aws_apigatewayv2_authorizer": "an authorizer has no charge; the requests of its API have",
    "aws_network_acl": "network ACLs have no charge",
    "aws_vpc_peering_connection": "a connection has no charge; data over it has",
    "aws_cloudfront_origin_access_control": "access control has no charge; the distribution has",
    "aws_redshift_subnet_group": "a subnet group has no charge",
    "aws_ecs_cluster": "a cluster has no charge; what runs on it has",
    "aws_ecs_task_definition": "a task definition has no charge; tasks that run have",
    "AWS::Lambda::LayerVersion": "a layer has no charge of its own",
}

PRICED = tuple(PricedKind(kind, free=reason) for kind, reason in _REASONS.items())
