package dharma.aws_security_group_open_to_world_test

import rego.v1

import data.dharma.aws_security_group_open_to_world as policy
import data.dharma.example

test_no_rules_pass if {
	case := example.of("aws_security_group", {})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_ssh_from_the_world_fails if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv4": "0.0.0.0/0"}]})
	count(policy.fail) > 0 with input as case
}

test_ssh_from_the_world_over_ipv6_fails if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv6": "::/0"}]})
	count(policy.fail) > 0 with input as case
}

test_a_range_with_a_database_in_it_fails if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "tcp", "from_port": 5000, "to_port": 6000, "cidr_ipv4": "0.0.0.0/0"}]})
	count(policy.fail) > 0 with input as case
}

test_all_protocols_fail if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}]})
	count(policy.fail) > 0 with input as case
}

test_half_of_the_world_fails if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv4": "128.0.0.0/1"}]})
	count(policy.fail) > 0 with input as case
}

test_https_from_the_world_passes if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "0.0.0.0/0"}]})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_ping_from_the_world_passes if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "icmp", "from_port": -1, "to_port": -1, "cidr_ipv4": "0.0.0.0/0"}]})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_ssh_from_an_office_passes if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv4": "192.0.2.0/24"}]})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_ssh_from_a_group_passes if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "tcp", "from_port": 22, "to_port": 22, "source_security_group_id": "aws_security_group.bastion"}]})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_ssh_from_somewhere_is_unknown if {
	case := example.hidden("aws_security_group", {"ingress": [{"protocol": "tcp", "from_port": 22, "to_port": 22}]}, {"ingress.0.cidr_ipv4": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_https_from_somewhere_passes if {
	case := example.hidden("aws_security_group", {"ingress": [{"protocol": "tcp", "from_port": 443, "to_port": 443}]}, {"ingress.0.cidr_ipv4": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_some_port_from_the_world_is_unknown if {
	case := example.hidden("aws_security_group", {"ingress": [{"protocol": "tcp", "to_port": 99, "cidr_ipv4": "0.0.0.0/0"}]}, {"ingress.0.from_port": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_rules_that_come_later_are_unknown if {
	case := example.hidden("aws_security_group", {}, {"ingress": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_one_rule_that_comes_later_is_unknown if {
	case := example.hidden("aws_security_group", {"ingress": [null]}, {"ingress.0": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_mysql_from_the_world_fails if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "tcp", "from_port": 3306, "to_port": 3306, "cidr_ipv6": "::/0"}]})
	count(policy.fail) == 1 with input as case
	count(policy.unknown) == 0 with input as case
}

test_redis_from_the_world_fails if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "tcp", "from_port": 6379, "to_port": 6379, "cidr_ipv6": "::/0"}]})
	count(policy.fail) == 1 with input as case
	count(policy.unknown) == 0 with input as case
}

test_memcached_from_the_world_fails if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "tcp", "from_port": 11211, "to_port": 11211, "cidr_ipv6": "::/0"}]})
	count(policy.fail) == 1 with input as case
	count(policy.unknown) == 0 with input as case
}

test_mongodb_from_the_world_fails if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "tcp", "from_port": 27017, "to_port": 27017, "cidr_ipv6": "::/0"}]})
	count(policy.fail) == 1 with input as case
	count(policy.unknown) == 0 with input as case
}

test_docker_from_the_world_fails if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "tcp", "from_port": 2375, "to_port": 2375, "cidr_ipv6": "::/0"}]})
	count(policy.fail) == 1 with input as case
	count(policy.unknown) == 0 with input as case
}

test_elasticsearch_from_the_world_fails if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "tcp", "from_port": 9200, "to_port": 9200, "cidr_ipv6": "::/0"}]})
	count(policy.fail) == 1 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_port_that_comes_later_from_an_office_passes if {
	case := example.hidden("aws_security_group", {"ingress": [{"protocol": "tcp", "to_port": 99, "cidr_ipv4": "192.0.2.0/24"}]}, {"ingress.0.from_port": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_udp_from_the_world_passes if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "udp", "from_port": 0, "to_port": 65535, "cidr_ipv4": "0.0.0.0/0"}]})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_rule_for_every_port_fails_with_the_names_of_all if {
	case := example.of("aws_security_group", {"ingress": [{"protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}]})
	messages := [finding.message | some finding in policy.fail] with input as case
	names := concat(", ", [
		"SSH (22)", "Telnet (23)", "SMB (445)", "SQL Server (1433)", "Oracle (1521)", "Docker (2375)",
		"MySQL (3306)", "RDP (3389)", "PostgreSQL (5432)", "Redshift (5439)", "WinRM (5985)",
		"WinRM (5986)", "Redis (6379)", "Cassandra (9042)", "Elasticsearch (9200)",
		"memcached (11211)", "MongoDB (27017)",
	])
	messages == [sprintf("0.0.0.0/0 may reach %s", [names])]
}
