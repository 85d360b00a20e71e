"""What the template adds to cookiecutter: it checks the answers and writes them safely."""
