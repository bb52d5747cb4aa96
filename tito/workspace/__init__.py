"""A learner's workspace: its files, its notes, and what commands do in it."""
