"""Priced kinds by name. Adding one is adding a file and a line here."""

from __future__ import annotations

from dharma.costing.component import PricedKind
from dharma.costing.components.aws import (
    aws_apigatewayv2_api,
    aws_autoscaling_group,
    aws_cloudwatch_event_bus,
    aws_cloudwatch_log_group,
    aws_cloudwatch_log_metric_filter,
    aws_cloudwatch_metric_alarm,
    aws_config_config_rule,
    aws_db_instance,
    aws_dynamodb_table,
    aws_ebs_volume,
    aws_ecs_service,
    aws_eip,
    aws_eks_cluster,
    aws_instance,
    aws_kms_key,
    aws_lambda_function,
    aws_lb,
    aws_nat_gateway,
    aws_rds_cluster,
    aws_rds_cluster_instance,
    aws_s3_bucket,
    aws_sfn_state_machine,
    aws_sns_topic,
    aws_sqs_queue,
    aws_ssm_parameter,
    aws_wafv2_web_acl,
    free,
    passed_through,
)

PRICED: dict[str, PricedKind] = {
    priced.kind: priced
    for priced in (
        aws_apigatewayv2_api.priced,
        aws_autoscaling_group.priced,
        aws_cloudwatch_event_bus.priced,
        aws_cloudwatch_log_group.priced,
        aws_cloudwatch_log_metric_filter.priced,
        aws_cloudwatch_metric_alarm.priced,
        aws_config_config_rule.priced,
        aws_db_instance.priced,
        aws_dynamodb_table.priced,
        aws_ebs_volume.priced,
        aws_ecs_service.priced,
        aws_eip.priced,
        aws_eks_cluster.priced,
        aws_instance.priced,
        aws_kms_key.priced,
        aws_lambda_function.priced,
        aws_lb.priced,
        aws_nat_gateway.priced,
        aws_rds_cluster.priced,
        aws_rds_cluster_instance.priced,
        aws_s3_bucket.priced,
        aws_sfn_state_machine.priced,
        aws_sns_topic.priced,
        aws_sqs_queue.priced,
        aws_ssm_parameter.priced,
        aws_wafv2_web_acl.priced,
        *free.PRICED,
        *passed_through.PRICED,
    )
}
