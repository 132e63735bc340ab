"""Where the SDK and the schema of templates are: in a checkout around this package, or in the prefix that
it was installed to, as <prefix>/share/tasker-sdk/scaffolding."""
import pathlib

PACKAGE = pathlib.Path(__file__).resolve().parent


def first_file(*candidates):
    return next((path for path in candidates if path.is_file()), None)


def cmake_package():
    """The folder of tasker-sdk-config.cmake."""
    found = first_file(PACKAGE.parent / "cmake/tasker-sdk-config.cmake",
                       PACKAGE.parents[1] / "cmake/tasker-sdk/tasker-sdk-config.cmake")
    return found.parent if found else None


def template_schema():
    return first_file(PACKAGE.parents[1] / "config/template.schema.json", PACKAGE.parent / "template.schema.json")



def rust_crate():
    """The folder of the crate that projects in Rust take a copy of."""
    found = first_file(PACKAGE.parent / "rust/Cargo.toml")
    return found.parent if found else None
