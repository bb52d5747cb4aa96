"""The course as a web site: what it is built from, and served by."""
