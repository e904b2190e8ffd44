output "principal_id" {
  description = "Who the application is"
  value       = azurerm_user_assigned_identity.app.principal_id
}

output "subnet_id" {
  value = azurerm_subnet.app.id
}
