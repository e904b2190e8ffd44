output "queue" {
  value = module.service.sqs_queue_jobs_url
}

output "subnets" {
  value = module.network.subnet_app_id_list
}
