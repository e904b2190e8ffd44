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

ports := {
	"22": "SSH", "23": "Telnet", "445": "SMB", "1433": "SQL Server", "1521": "Oracle",
	"2375": "Docker", "3306": "MySQL", "3389": "RDP", "5432": "PostgreSQL", "5439": "Redshift",
	"5985": "WinRM", "5986": "WinRM", "6379": "Redis", "9042": "Cassandra", "9200": "Elasticsearch",
	"11211": "memcached", "27017": "MongoDB",
}

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
	some group in lib.resources("aws_security_group")
	group.unknown.ingress
	found := lib.undecided(group, "ingress")
}

# The peer is not known, and the ports would matter.
unknown contains found if {
	some group in lib.resources("aws_security_group")
	some place, rule in lib.elements(group, "ingress")
	some peer in peers
	matters(group, place, rule)
	found := lib.undecided(group, lib.member("ingress", place, peer))
}

# The ports or the protocol are not known, and the peer is the world.
unknown contains found if {
	some group in lib.resources("aws_security_group")
	some place, rule in lib.elements(group, "ingress")
	some peer in peers
	rule[peer] in world
	some detail in ["protocol", "from_port", "to_port"]
	found := lib.undecided(group, lib.member("ingress", place, detail))
}

# The names of the guarded ports that a rule opens; undefined while protocol or ports are not known.
opened(group, place, rule) := names if {
	every detail in ["protocol", "from_port", "to_port"] {
		not lib.is_unknown(group, lib.member("ingress", place, detail))
	}
	names := sort([sprintf("%s (%s)", [name, number]) |
		some number, name in ports
		covers(rule, to_number(number))
	])
}

matters(group, place, rule) if count(opened(group, place, rule)) > 0

matters(group, place, _) if {
	some detail in ["protocol", "from_port", "to_port"]
	lib.is_unknown(group, lib.member("ingress", place, detail))
}

covers(rule, _) if rule.protocol in {"-1", "all"}

covers(rule, port) if {
	rule.protocol in {"tcp", "6"}
	object.get(rule, "from_port", 0) <= port
	port <= object.get(rule, "to_port", 65535)
}
