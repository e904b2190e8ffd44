"""IAC Dharma: one blueprint of infrastructure in; code, verdict, price, plan and deployment out."""

__version__ = "0.1.0"
