"""The product's serverless world on one machine, from the same template that AWS reads."""
