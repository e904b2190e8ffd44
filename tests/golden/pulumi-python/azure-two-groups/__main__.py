import pulumi
import pulumi_azure as azure

config = pulumi.Config()
# Part of every name
environment = config.get("environment", "dev")
if environment not in ["dev", "production"]:
    raise pulumi.RunError("environment must be one of: dev, production.")
# Where everything stands
location = config.get("location", "westeurope")

current_client = azure.core.get_client_config_output()

network_resource_group = azure.core.ResourceGroup(
    "network",
    name=f"{environment}-network",
    location=location,
    tags={
        "environment": environment,
        "owner": "platform",
        "cost-center": "network",
    },
)

app_resource_group = azure.core.ResourceGroup(
    "app",
    name=f"{environment}-app",
    location=location,
    tags={
        "environment": environment,
        "owner": "platform",
        "cost-center": "app",
    },
)

main_virtual_network = azure.network.VirtualNetwork(
    "main",
    name="main",
    resource_group_name=network_resource_group.name,
    location=network_resource_group.location,
    address_spaces=["10.0.0.0/16"],
    tags={
        "environment": environment,
        "owner": "platform",
        "cost-center": "network",
    },
)

app_subnet = azure.network.Subnet(
    "app",
    name="app",
    resource_group_name=network_resource_group.name,
    virtual_network_name=main_virtual_network.name,
    address_prefixes=["10.0.1.0/24"],
)

app_user_assigned_identity = azure.authorization.UserAssignedIdentity(
    "app",
    name="app",
    resource_group_name=app_resource_group.name,
    location=app_resource_group.location,
    tags={
        "environment": environment,
        "owner": "platform",
        "cost-center": "app",
    },
)

app_network_interface = azure.network.NetworkInterface(
    "app",
    name="app",
    resource_group_name=app_resource_group.name,
    location=app_resource_group.location,
    ip_configurations=[{
        "name": "main",
        "subnet_id": app_subnet.id,
        "private_ip_address_allocation": "Dynamic",
    }],
    tags={
        "environment": environment,
        "owner": "platform",
        "cost-center": "app",
    },
)

joins_network_assignment = azure.authorization.Assignment(
    "joins_network",
    scope=main_virtual_network.id,
    principal_id=app_user_assigned_identity.principal_id,
    principal_type="ServicePrincipal",
    role_definition_id=pulumi.Output.concat("/subscriptions/", current_client.subscription_id, "/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7"),
    description="The application joins machines to the network.",
)

reads_all_assignment = azure.authorization.Assignment(
    "reads_all",
    scope=pulumi.Output.concat("/subscriptions/", current_client.subscription_id),
    principal_id=app_user_assigned_identity.principal_id,
    principal_type="ServicePrincipal",
    role_definition_id=pulumi.Output.concat("/subscriptions/", current_client.subscription_id, "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"),
    description="The application finds what there is.",
)

pulumi.export("principal_id", app_user_assigned_identity.principal_id)
pulumi.export("subnet_id", app_subnet.id)
