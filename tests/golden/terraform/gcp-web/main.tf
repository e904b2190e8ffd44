resource "google_compute_network" "main" {
  name                    = "web"
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}

resource "google_compute_subnetwork" "servers" {
  name                     = "servers"
  network                  = google_compute_network.main.id
  ip_cidr_range            = "10.0.0.0/20"
  region                   = var.region
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.5
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "balancer" {
  name          = "allow-balancer"
  description   = "Health checks and requests of the load balancer"
  network       = google_compute_network.main.id
  source_ranges = ["35.191.0.0/16", "130.211.0.0/22"]
  target_tags   = ["web"]

  allow {
    protocol = "tcp"
    ports    = ["8080"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_service_account" "server" {
  account_id   = "web-server"
  display_name = "Runs the web servers"
}

resource "google_compute_instance_template" "server" {
  name         = "web-1"
  machine_type = var.environment == "production" ? "e2-standard-2" : "e2-small"
  tags         = ["web"]
  labels = {
    environment = var.environment
  }
  metadata = {
    block-project-ssh-keys = "true"
    enable-oslogin         = "true"
  }

  disk {
    boot         = true
    source_image = "projects/debian-cloud/global/images/family/debian-12"
    disk_size_gb = 20
  }

  network_interface {
    subnetwork = google_compute_subnetwork.servers.id
  }

  service_account {
    email  = google_service_account.server.email
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot = true
  }
}

resource "google_compute_health_check" "web" {
  name = "web"

  http_health_check {
    port         = 8080
    request_path = "/healthz"
  }
}

resource "google_compute_instance_group_manager" "web" {
  name               = "web"
  zone               = var.zone
  base_instance_name = "web"
  target_size        = 2

  version {
    instance_template = google_compute_instance_template.server.id
  }

  auto_healing_policies {
    health_check      = google_compute_health_check.web.id
    initial_delay_sec = 120
  }
}

resource "google_compute_backend_service" "web" {
  name                  = "web"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTP"
  health_checks         = [google_compute_health_check.web.id]

  backend {
    group = google_compute_instance_group_manager.web.instance_group
  }

  log_config {
    enable      = true
    sample_rate = 1
  }
}

resource "google_compute_url_map" "web" {
  name            = "web"
  default_service = google_compute_backend_service.web.id
}

resource "google_compute_target_https_proxy" "web" {
  name             = "web"
  url_map          = google_compute_url_map.web.id
  ssl_certificates = [var.certificate]
}

resource "google_compute_global_address" "web" {
  name = "web"
  labels = {
    environment = var.environment
  }
}

resource "google_compute_global_forwarding_rule" "web" {
  name                  = "web"
  target                = google_compute_target_https_proxy.web.id
  ip_address            = google_compute_global_address.web.id
  port_range            = "443"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  labels = {
    environment = var.environment
  }
}

resource "google_storage_bucket" "assets" {
  name                        = "${var.project}-web-assets-${var.environment}"
  location                    = upper(var.region)
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  labels = {
    environment = var.environment
  }

  versioning {
    enabled = true
  }
}

resource "google_storage_bucket_iam_member" "reader" {
  bucket = google_storage_bucket.assets.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.server.member
}
