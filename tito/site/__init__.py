"""The course as a web site: its pages are written from the clone, and Sphinx makes HTML of them."""
