"""What only those need who write the course: new modules, and what a module still lacks."""
