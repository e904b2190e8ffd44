output "formatted" { value = format("%s-%03d-%t-%v-%q-%5.1f|%-6s|%+d", "a", 7, true, [1, "b"], "q", 2.345, "x", 5) }
output "list" { value = formatlist("%s=%d", ["a", "b"], [1, 2]) }
output "regex" { value = regex("(?P<major>\\d+)\\.(?P<minor>\\d+)", "v1.25") }
output "all" { value = regexall("[a-z]+", "ab1cd2") }
output "replaced" { value = replace("a.b.c", "/\\./", "-") }
output "split" { value = split(",", "a,b,,c") }
output "case" { value = [upper("aé"), lower("ÀB"), title("hello world")] }
output "trims" { value = [trim("xxaxx", "x"), trimprefix("pre-a", "pre-"), trimsuffix("a.b", ".b"), chomp("a\n")] }
output "subs" { value = [substr("hello", 1, 3), strrev("añb"), length("añb")] }
output "encoded" { value = [base64encode("hé"), urlencode("a b&c"), sha256("x"), md5("x")] }
output "yaml" { value = yamldecode("a: [1, two]\nb: {c: true}") }
output "yamlout" { value = yamlencode({ b = [1, "x"], a = null }) }
output "csv" { value = csvdecode("a,b\n1,2\n3,4") }
output "time" { value = [formatdate("YYYY-MM-DD", "2024-02-29T12:00:00Z"), timeadd("2024-01-01T00:00:00Z", "36h")] }
output "starts" { value = [startswith("abc", "ab"), endswith("abc", "x"), strcontains("abc", "b")] }
output "unicode" { value = "\u00e9 \"quoted\" $${x} %%{y}" }
output "uuid" { value = uuidv5("dns", "example.com") }
