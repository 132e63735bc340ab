"""The project's own README.md: how it is built, tested, delivered, configured and debugged."""
import json

from .manifest import check_settings, context_of
from .project import template

PACKAGES = {"api": "libcurl4-openssl-dev", "database": "libpq-dev pkg-config"}
SETTINGS = {
    "database": "`database` is a libpq connection string; without it libpq's own variables count (`PGHOST`, ...). The table is in "
                "`schema.sql`.\nWith `TASKER_TEST_DATABASE` set to one that has the table, the test stores something too.",
    "notification": "`outbox` is the folder that messages are put into, which nobody else should be able to write to; a host refuses the plugin without it.",
}


def of_cmake_project(request, handlers, test, functions, packages):
    needed = " ".join(dict.fromkeys(packages.split() + packages_of(request)))
    return filled_readme(
        request, functions, handlers=handlers, test=test, version_file="CMakeLists.txt",
        build="cmake -S . -B build\ncmake --build build", run_test="ctest --test-dir build --output-on-failure",
        built=f"build/plugins/{request.file}",
        sdk_note="When the SDK is not installed, first\n`export CMAKE_PREFIX_PATH=` with the folder `sdk` of a Tasker checkout. "
                 f"On Debian 12 it needs\n`apt-get install {needed}`.",
        check_note=",\nwhich `ctest` does too where it finds the host program, configured as `CHECK_CONFIG` says" if check_settings(request)
        else ",\nwhich `ctest` does too where it finds the host program",
        gdb="cmake -S . -B build-debug -DCMAKE_BUILD_TYPE=Debug\ncmake --build build-debug\n"
            f"gdb -ex 'set breakpoint pending on' -ex 'break {functions[request.steps[-1].name]}' -ex run --args build-debug/{request.name}_test")


def of_cargo_project(request, handlers, test, functions):
    packages = packages_of(request)
    libraries = f" On Debian 12 it needs\n`apt-get install gcc {' '.join(packages)}`." if packages else ""
    function = functions[request.steps[-1].name]
    return filled_readme(
        request, functions, handlers=handlers, test=test, version_file="Cargo.toml", build="cargo build --release", run_test="cargo test",
        built="target/release/libplugin.so",
        sdk_note=f"Rust 1.63 or newer is enough, and nothing is downloaded: `tasker-sdk`\nis a copy of the SDK's crate.{libraries}",
        check_note="",
        gdb=f"cargo test --config \"target.'cfg(unix)'.runner = ['gdb', '-ex', 'break {function}', '-ex', 'run', '--args']\"")


def packages_of(request):
    return [package for flavour in PACKAGES if request.has(flavour) for package in PACKAGES[flavour].split()]


def filled_readme(request, functions, **words):
    step = request.steps[-1].name
    check_config = f" --config '{json.dumps(check_settings(request))}'" if check_settings(request) else ""
    return template("common/README.md", {
        **words, "check_config": check_config, "namespace": request.namespace, "name": request.name, "version": request.version, "step": step,
        "context": json.dumps(context_of(request)), "settings": settings(request), "gdb_function": functions[step]})


def settings(request):
    told = [f"{text}\n" for flavour, text in SETTINGS.items() if request.has(flavour)]
    if not told:
        return ""
    keys = [key for flavour, key in (("database", "database: postgresql://..."), ("notification", "outbox: /var/spool/..."))
            if request.has(flavour)]
    return ("\n## Configure it\n\nIn the host's configuration:\n\n```yaml\nplugins:\n  configuration:\n"
            f"    {request.plugin}:\n" + "".join(f"      {key}\n" for key in keys) + "```\n\n" + "\n".join(told))
