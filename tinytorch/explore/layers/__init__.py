"""The systems questions of module 03, one file each."""
