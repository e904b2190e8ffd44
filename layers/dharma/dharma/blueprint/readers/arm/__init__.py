"""ARM templates: the JSON of Azure Resource Manager, as Bicep compiles to it."""
