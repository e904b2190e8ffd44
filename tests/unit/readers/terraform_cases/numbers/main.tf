output "sum" { value = sum([1, 2.5, 3]) }
output "division" { value = [7 / 2, 7 % 3, -7 % 3, floor(7 / 2), ceil(1.2), pow(2, 10), abs(-3.5), signum(-2), log(8, 2)] }
output "thirds" { value = format("%.3f", 1 / 3) }
output "exact" { value = 0.1 + 0.2 == 0.3 }
output "big" { value = 12345678901234567890 }
output "text" { value = "${1.50} ${10000000000} ${1e3}" }
output "parsed" { value = parseint("ff", 16) + parseint("101", 2) }
output "range" { value = [range(3), range(1, 8, 3), range(3, 0, -1)] }
output "minmax" { value = [min(3, 1, 2), max([3, 9]...)] }
output "compare" { value = [1 < 2, 2 >= 2, "1" == 1, !true, true && false || true] }
