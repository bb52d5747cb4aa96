"""What a terminal shows: prose, groups of commands, checks, answers and sketches."""
