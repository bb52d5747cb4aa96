"""How Sphinx makes the site: see tito/site/build.py, which runs it."""

project = "TinyTorch"
author = "the TinyTorch contributors"
copyright = author
html_title = project

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.githubpages",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "tito.site.run_code",
]

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3
default_role = "code"  # in docstrings, as in Markdown
autodoc_typehints_format = "short"
napoleon_use_ivar = True  # attributes within the class, not as members beside those of autodoc
exclude_patterns = ["hours.md"]  # which another page includes
smartquotes = False  # what is printed in the text is to be searched for, and copied, as it is

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_favicon = "static/favicon.svg"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#b3400f",
        "color-brand-content": "#a63a0c",
    },
    "dark_css_variables": {
        "color-brand-primary": "#ff9a62",
        "color-brand-content": "#ffa878",
    },
}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
