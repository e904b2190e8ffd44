name = "from-tfvars"
size = 4
list = ["a"]
