"""TinyTorch: a small machine-learning framework that is written to be read and rebuilt."""
