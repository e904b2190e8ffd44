# METADATA
# scope: package
# title: Security groups keep administration and databases from the internet
# description: No ingress rule opens a port of remote administration, file sharing or a
#   database to all IPv4 or IPv6 addresses.
# related_resources:
#   - https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
#   - https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-19
# custom:
#   id: aws_security_group_open_to_world
#   severity: critical
#   category: security
#   kinds: [aws_security_group]
#   remediation: Allow the port from a security group or from the addresses that need it.
package dharma.aws_security_group_open_to_world

import rego.v1

import data.dharma.lib

ports := [
	{"number": 22, "name": "SSH"},
	{"number": 23, "name": "Telnet"},
	{"number": 445, "name": "SMB"},
	{"number": 1433, "name": "SQL Server"},
	{"number": 1521, "name": "Oracle"},
	{"number": 2375, "name": "Docker"},
	{"number": 3306, "name": "MySQL"},
	{"number": 3389, "name": "RDP"},
	{"number": 5432, "name": "PostgreSQL"},
	{"number": 5439, "name": "Redshift"},
	{"number": 5985, "name": "WinRM"},
	{"number": 5986, "name": "WinRM"},
	{"number": 6379, "name": "Redis"},
	{"number": 9042, "name": "Cassandra"},
	{"number": 9200, "name": "Elasticsearch"},
	{"number": 11211, "name": "memcached"},
	{"number": 27017, "name": "MongoDB"},
]

world := {"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "::/1", "8000::/1"}

peers := ["cidr_ipv4", "cidr_ipv6"]

fail contains found if {
	some group in lib.resources("aws_security_group")
	some place, rule in lib.elements(group, "ingress")
	some peer in peers
	rule[peer] in world
	names := opened(group, place, rule)
	count(names) > 0
	found := lib.finding(
		group, lib.member("ingress", place, peer),
		sprintf("%s may reach %s", [rule[peer], concat(", ", names)]),
	)
}

unknown contains found if {
	some group in lib.uncertain("aws_security_group")
	group.unknown.ingress
	found := lib.undecided(group, "ingress")
}

# The peer is not known, and the ports would matter.
unknown contains found if {
	some group in lib.uncertain("aws_security_group")
	some place, rule in lib.elements(group, "ingress")
	some peer in peers
	found := lib.undecided(group, lib.member("ingress", place, peer))
	matters(group, place, rule)
}

# The ports or the protocol are not known, and the peer is the world.
unknown contains found if {
	some group in lib.uncertain("aws_security_group")
	some place, rule in lib.elements(group, "ingress")
	some peer in peers
	rule[peer] in world
	some detail in details
	found := lib.undecided(group, lib.member("ingress", place, detail))
}

details := ["protocol", "from_port", "to_port"]

# The names of the guarded ports that a rule opens; undefined while protocol or ports are not known.
opened(group, place, rule) := names if {
	settled(group, place)
	[low, high] := range(rule)
	names := [sprintf("%s (%d)", [port.name, port.number]) |
		some port in ports
		low <= port.number
		port.number <= high
	]
}

settled(group, _) if count(group.unknown) == 0

settled(group, place) if {
	count(group.unknown) > 0
	every detail in details {
		not lib.is_unknown(group, lib.member("ingress", place, detail))
	}
}

range(rule) := [0, 65535] if rule.protocol in {"-1", "all"}

range(rule) := [object.get(rule, "from_port", 0), object.get(rule, "to_port", 65535)] if {
	rule.protocol in {"tcp", "6"}
}

matters(group, place, rule) if count(opened(group, place, rule)) > 0

matters(group, place, _) if not settled(group, place)
