"""Lessons as files: read, exported, handed out, and the exercises in them."""
