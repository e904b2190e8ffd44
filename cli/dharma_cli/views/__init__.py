"""What people see: tables and trees of results, without any logic of the product."""
