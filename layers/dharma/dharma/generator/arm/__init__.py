"""ARM templates: names, values and places of resources, of one group or of a subscription."""
