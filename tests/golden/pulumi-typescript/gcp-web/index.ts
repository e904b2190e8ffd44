import * as pulumi from "@pulumi/pulumi";
import * as gcp from "@pulumi/gcp";

const config = new pulumi.Config();
// Where it all lives.
const project = config.get("project") ?? "acme";
const region = config.get("region") ?? "europe-west1";
const zone = config.get("zone") ?? "europe-west1-b";
const environment = config.get("environment") ?? "dev";
if (!["dev", "production"].includes(environment)) {
    throw new pulumi.RunError("environment must be one of: dev, production.");
}
// The certificate that visitors see.
const certificate = config.get("certificate") ?? "projects/acme/global/sslCertificates/www";

const mainNetwork = new gcp.compute.Network("main", {
    name: "web",
    autoCreateSubnetworks: false,
    routingMode: "REGIONAL",
});

const serversSubnetwork = new gcp.compute.Subnetwork("servers", {
    name: "servers",
    network: mainNetwork.id,
    ipCidrRange: "10.0.0.0/20",
    region: region,
    privateIpGoogleAccess: true,
    logConfig: {
        aggregationInterval: "INTERVAL_10_MIN",
        flowSampling: 0.5,
        metadata: "INCLUDE_ALL_METADATA",
    },
});

const balancerFirewall = new gcp.compute.Firewall("balancer", {
    name: "allow-balancer",
    description: "Health checks and requests of the load balancer",
    network: mainNetwork.id,
    allows: [{ protocol: "tcp", ports: ["8080"] }],
    sourceRanges: ["35.191.0.0/16", "130.211.0.0/22"],
    targetTags: ["web"],
    logConfig: { metadata: "INCLUDE_ALL_METADATA" },
});

const serverAccount = new gcp.serviceaccount.Account("server", {
    accountId: "web-server",
    displayName: "Runs the web servers",
});

const serverInstanceTemplate = new gcp.compute.InstanceTemplate("server", {
    name: "web-1",
    machineType: (environment === "production") ? "e2-standard-2" : "e2-small",
    tags: ["web"],
    labels: { environment: environment },
    metadata: { "block-project-ssh-keys": "true", "enable-oslogin": "true" },
    disks: [{
        boot: true,
        sourceImage: "projects/debian-cloud/global/images/family/debian-12",
        diskSizeGb: 20,
    }],
    networkInterfaces: [{ subnetwork: serversSubnetwork.id }],
    serviceAccount: {
        email: serverAccount.email,
        scopes: ["https://www.googleapis.com/auth/cloud-platform"],
    },
    shieldedInstanceConfig: { enableSecureBoot: true },
});

const webHealthCheck = new gcp.compute.HealthCheck("web", {
    name: "web",
    httpHealthCheck: { port: 8080, requestPath: "/healthz" },
});

const webInstanceGroupManager = new gcp.compute.InstanceGroupManager("web", {
    name: "web",
    zone: zone,
    baseInstanceName: "web",
    targetSize: 2,
    versions: [{ instanceTemplate: serverInstanceTemplate.id }],
    autoHealingPolicies: { healthCheck: webHealthCheck.id, initialDelaySec: 120 },
});

const webBackendService = new gcp.compute.BackendService("web", {
    name: "web",
    loadBalancingScheme: "EXTERNAL_MANAGED",
    protocol: "HTTP",
    healthChecks: webHealthCheck.id,
    backends: [{ group: webInstanceGroupManager.instanceGroup }],
    logConfig: { enable: true, sampleRate: 1 },
});

const webUrlMap = new gcp.compute.URLMap("web", {
    name: "web",
    defaultService: webBackendService.id,
});

const webTargetHttpsProxy = new gcp.compute.TargetHttpsProxy("web", {
    name: "web",
    urlMap: webUrlMap.id,
    sslCertificates: [certificate],
});

const webGlobalAddress = new gcp.compute.GlobalAddress("web", {
    name: "web",
    labels: { environment: environment },
});

const webGlobalForwardingRule = new gcp.compute.GlobalForwardingRule("web", {
    name: "web",
    target: webTargetHttpsProxy.id,
    ipAddress: webGlobalAddress.id,
    portRange: "443",
    loadBalancingScheme: "EXTERNAL_MANAGED",
    labels: { environment: environment },
});

const assetsBucket = new gcp.storage.Bucket("assets", {
    name: `${project}-web-assets-${environment}`,
    location: region.toUpperCase(),
    uniformBucketLevelAccess: true,
    publicAccessPrevention: "enforced",
    versioning: { enabled: true },
    labels: { environment: environment },
});

const readerBucketIamMember = new gcp.storage.BucketIAMMember("reader", {
    bucket: assetsBucket.name,
    role: "roles/storage.objectViewer",
    member: serverAccount.member,
});

export const address = webGlobalAddress.address;
export const assets = assetsBucket.url;
