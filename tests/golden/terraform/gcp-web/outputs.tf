output "address" {
  description = "Where the web is."
  value       = google_compute_global_address.web.address
}

output "assets" {
  value = google_storage_bucket.assets.url
}
