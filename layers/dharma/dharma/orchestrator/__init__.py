"""Carries a blueprint into a cloud, or puts back what was there. The story is in `deploy.asl.json`;
each of its states is a module of `steps`."""
