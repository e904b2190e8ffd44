data "azurerm_client_config" "current" {}

resource "azurerm_resource_group" "network" {
  name     = "${var.environment}-network"
  location = var.location
  tags = {
    environment = var.environment
    owner       = "platform"
    cost-center = "network"
  }
}

resource "azurerm_resource_group" "app" {
  name     = "${var.environment}-app"
  location = var.location
  tags = {
    environment = var.environment
    owner       = "platform"
    cost-center = "app"
  }
}

resource "azurerm_virtual_network" "main" {
  name                = "main"
  resource_group_name = azurerm_resource_group.network.name
  location            = azurerm_resource_group.network.location
  address_space       = ["10.0.0.0/16"]
  tags = {
    environment = var.environment
    owner       = "platform"
    cost-center = "network"
  }
}

resource "azurerm_subnet" "app" {
  name                 = "app"
  resource_group_name  = azurerm_resource_group.network.name
  virtual_network_name = azurerm_virtual_network.main.name
  address_prefixes     = ["10.0.1.0/24"]
}

resource "azurerm_user_assigned_identity" "app" {
  name                = "app"
  resource_group_name = azurerm_resource_group.app.name
  location            = azurerm_resource_group.app.location
  tags = {
    environment = var.environment
    owner       = "platform"
    cost-center = "app"
  }
}

resource "azurerm_network_interface" "app" {
  name                = "app"
  resource_group_name = azurerm_resource_group.app.name
  location            = azurerm_resource_group.app.location
  tags = {
    environment = var.environment
    owner       = "platform"
    cost-center = "app"
  }

  ip_configuration {
    name                          = "main"
    subnet_id                     = azurerm_subnet.app.id
    private_ip_address_allocation = "Dynamic"
  }
}

resource "azurerm_role_assignment" "joins_network" {
  scope              = azurerm_virtual_network.main.id
  principal_id       = azurerm_user_assigned_identity.app.principal_id
  principal_type     = "ServicePrincipal"
  role_definition_id = "/subscriptions/${data.azurerm_client_config.current.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7"
  description        = "The application joins machines to the network."
}

resource "azurerm_role_assignment" "reads_all" {
  scope              = "/subscriptions/${data.azurerm_client_config.current.subscription_id}"
  principal_id       = azurerm_user_assigned_identity.app.principal_id
  principal_type     = "ServicePrincipal"
  role_definition_id = "/subscriptions/${data.azurerm_client_config.current.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
  description        = "The application finds what there is."
}
