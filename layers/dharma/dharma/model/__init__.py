"""The one model that everything is read into, written from and judged by. Plain dataclasses."""
