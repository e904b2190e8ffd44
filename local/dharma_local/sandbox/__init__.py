"""A practice cloud: an emulated AWS account that survives its process."""
