import * as pulumi from "@pulumi/pulumi";
import * as azure from "@pulumi/azure";

const config = new pulumi.Config();
// Part of every name
const environment = config.get("environment") ?? "dev";
if (!["dev", "production"].includes(environment)) {
    throw new pulumi.RunError("environment must be one of: dev, production.");
}
// Where everything stands
const location = config.get("location") ?? "westeurope";

const currentClient = azure.core.getClientConfigOutput();

const networkResourceGroup = new azure.core.ResourceGroup("network", {
    name: `${environment}-network`,
    location: location,
    tags: {
        environment: environment,
        owner: "platform",
        "cost-center": "network",
    },
});

const appResourceGroup = new azure.core.ResourceGroup("app", {
    name: `${environment}-app`,
    location: location,
    tags: {
        environment: environment,
        owner: "platform",
        "cost-center": "app",
    },
});

const mainVirtualNetwork = new azure.network.VirtualNetwork("main", {
    name: "main",
    resourceGroupName: networkResourceGroup.name,
    location: networkResourceGroup.location,
    addressSpaces: ["10.0.0.0/16"],
    tags: {
        environment: environment,
        owner: "platform",
        "cost-center": "network",
    },
});

const appSubnet = new azure.network.Subnet("app", {
    name: "app",
    resourceGroupName: networkResourceGroup.name,
    virtualNetworkName: mainVirtualNetwork.name,
    addressPrefixes: ["10.0.1.0/24"],
});

const appUserAssignedIdentity = new azure.authorization.UserAssignedIdentity("app", {
    name: "app",
    resourceGroupName: appResourceGroup.name,
    location: appResourceGroup.location,
    tags: {
        environment: environment,
        owner: "platform",
        "cost-center": "app",
    },
});

const appNetworkInterface = new azure.network.NetworkInterface("app", {
    name: "app",
    resourceGroupName: appResourceGroup.name,
    location: appResourceGroup.location,
    ipConfigurations: [{
        name: "main",
        subnetId: appSubnet.id,
        privateIpAddressAllocation: "Dynamic",
    }],
    tags: {
        environment: environment,
        owner: "platform",
        "cost-center": "app",
    },
});

const joinsNetworkAssignment = new azure.authorization.Assignment("joins_network", {
    scope: mainVirtualNetwork.id,
    principalId: appUserAssignedIdentity.principalId,
    principalType: "ServicePrincipal",
    roleDefinitionId: pulumi.interpolate`/subscriptions/${currentClient.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7`,
    description: "The application joins machines to the network.",
});

const readsAllAssignment = new azure.authorization.Assignment("reads_all", {
    scope: pulumi.interpolate`/subscriptions/${currentClient.subscriptionId}`,
    principalId: appUserAssignedIdentity.principalId,
    principalType: "ServicePrincipal",
    roleDefinitionId: pulumi.interpolate`/subscriptions/${currentClient.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7`,
    description: "The application finds what there is.",
});

export const principal_id = appUserAssignedIdentity.principalId;
export const subnet_id = appSubnet.id;
