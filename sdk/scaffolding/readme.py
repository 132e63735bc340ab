"""The project's own README.md: how it is built, tested, delivered, configured and debugged."""
import json

from .manifest import context_of
from .project import template

PACKAGES = {"api": "libcurl4-openssl-dev", "database": "libpq-dev pkg-config"}
SETTINGS = {
    "database": "`database` is a libpq connection string; without it libpq's own variables count (`PGHOST`, ...). The table is in "
                "`schema.sql`.\nWith `TASKER_TEST_DATABASE` set to one that has the table, the test stores something too.",
    "notification": "`outbox` is the folder that messages are put into.",
}


def of_cmake_project(request, handlers, test, functions, packages):
    needed = " ".join(dict.fromkeys(packages.split() + packages_of(request)))
    return filled_readme(
        request, functions, handlers=handlers, test=test, version_file="CMakeLists.txt",
        build="cmake -S . -B build\ncmake --build build", run_test="ctest --test-dir build --output-on-failure",
        built=f"build/plugins/{request.file}",
        sdk_note="When the SDK is not installed, first\n`export CMAKE_PREFIX_PATH=` with the folder `sdk` of a Tasker checkout. "
                 f"On Debian 12 it needs\n`apt-get install {needed}`.",
        gdb_build="cmake -S . -B build-debug -DCMAKE_BUILD_TYPE=Debug\ncmake --build build-debug",
        gdb_program=f"build-debug/{request.name}_test")


def packages_of(request):
    return [package for flavour in PACKAGES if request.has(flavour) for package in PACKAGES[flavour].split()]


def filled_readme(request, functions, gdb_program, **words):
    step = request.steps[-1].name
    function = functions[step]
    return template("common/README.md", {
        **words, "namespace": request.namespace, "name": request.name, "version": request.version, "step": step,
        "context": json.dumps(context_of(request)), "settings": settings(request), "gdb_function": function,
        "gdb_test": f"gdb -ex 'set breakpoint pending on' -ex 'break {function}' -ex run --args {gdb_program}"})


def settings(request):
    told = [f"{text}\n" for flavour, text in SETTINGS.items() if request.has(flavour)]
    if not told:
        return ""
    keys = [key for flavour, key in (("database", "database: postgresql://..."), ("notification", "outbox: /var/spool/..."))
            if request.has(flavour)]
    return ("\n## Configure it\n\nIn the host's configuration:\n\n```yaml\nplugins:\n  configuration:\n"
            f"    {request.plugin}:\n" + "".join(f"      {key}\n" for key in keys) + "```\n\n" + "\n".join(told))
