"""Milestones: famous networks, trained on the layers of the course."""
