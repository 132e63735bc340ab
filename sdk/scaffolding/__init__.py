"""What sdk/scaffold does: from a request on the command line to the files of a plugin project in C++, C or Rust.

request.py reads the command line, manifest.py writes the YAML template, cpp.py, c.py and rust.py choose and fill in the
files below templates/, project.py writes them and never overwrites, places.py knows where SDK and schema are.
"""
