"""A project in C: src/steps.c over tasker/c.h and jansson, a module for each flavour beside it, and a test in C.

Jansson because it refuses what is not JSON or not UTF-8, keeps 64-bit integers and has a bound on depth; it is in Debian as
libjansson-dev.
"""
from . import cpp, readme
from .manifest import goes_on, manifest_yaml
from .project import template

HANDLERS = "src/steps.c"
MODULES = {"api": "http", "calculation": "amount", "database": "database", "notification": "outbox"}

# Flavour -> lines of `struct services`, of its making, and of its end.
MEMBERS = {"api": "    int has_http;\n", "database": "    char *database; /* a libpq connection string */\n",
           "notification": "    char *outbox; /* a folder */\n"}
BEGINS = {
    "api": "    services->has_http = http_begin();\n    is_ready = is_ready && services->has_http;\n",
    "database": '    services->database = text_in(section, "database");\n'
                "    is_ready = is_ready && services->database != NULL;\n",
    "notification": '    services->outbox = text_in(section, "outbox");\n'
                    "    is_ready = is_ready && services->outbox != NULL && outbox_begin(services->outbox, error);\n",
}
ENDS = {"api": "    if (services->has_http) http_end();\n", "database": "    free(services->database);\n", "notification": "    free(services->outbox);\n"}

commands = cpp.commands


def files(request):
    words = {"namespace": request.namespace, "name": request.name, "version": request.version}
    made = {
        f"{request.name}.yaml": manifest_yaml(request),
        "CMakeLists.txt": cmake_lists(request, words),
        "src/json.h": template("c/json.h"),
        "src/steps.c": steps_c(request, words),
        "tests/steps_test.c": test_c(request, words),
        "README.md": readme.of_cmake_project(request, HANDLERS, "tests/steps_test.c", functions_of(request),
                                             "gcc cmake pkg-config libjansson-dev"),
        ".gitignore": "build*/\n",
    }
    for flavour, module in MODULES.items():
        for suffix in ("h", "c") if request.has(flavour) else ():
            made[f"src/{module}.{suffix}"] = template(f"c/{module}.{suffix}", words)
    if request.has("api"):
        made["tests/one_answer.h"] = template("c/one_answer.h")
    if request.has("database"):
        made["schema.sql"] = template("common/schema.sql", words)
    return made


def functions_of(request):
    """The prefix keeps a step from being a reserved word, a macro or a function of libc."""
    return {step.name: f"step_{step.name}" for step in request.steps}


def cmake_lists(request, words):
    modules = [module for flavour, module in MODULES.items() if request.has(flavour)]
    libraries = template("common/find_curl.cmake", words) if request.has("api") else ""
    libraries += template("common/find_libpq.cmake", words) if request.has("database") else ""
    test_libraries = " LIBRARIES PkgConfig::JANSSON" if request.has("database", "notification") else ""
    sources = " ".join(f"src/{module}.c" for module in sorted(modules + ["steps"]))
    return template("c/CMakeLists.txt", {**words, "sources": sources, "libraries": libraries,
                                           "check_config": cpp.check_config(request), "test_libraries": test_libraries})


def steps_c(request, words):
    headers = [module for flavour, module in MODULES.items() if request.has(flavour)] + ["json"]
    has_services = request.has(*ENDS)
    return template("c/steps.c", {
        **words, "includes": "".join(f'#include "{header}.h"\n' for header in sorted(headers)),
        "services": services_struct(request, words) if has_services else "",
        "functions": "".join(step_function(step, words) for step in request.steps),
        "tables": "".join(f'TASKER_C_HANDLER(step_{step.name}, "{step.name}")\n' for step in request.steps),
        "begin": "begin" if has_services else "tasker_no_state", "end": "end" if has_services else "tasker_no_end",
        "handlers": "".join(f",\n                &TASKER_C_HANDLER_OF(step_{step.name})" for step in request.steps)})


def step_function(step, words):
    amount = (f'amount_of_result(json_object_get(given, "{step.parent.name}"), &cents)' if goes_on(step)
              else "amount_of_items(given, &cents)")
    return template(f"c/step_{step.flavour}.c", {
        **words, "step": step.name, "amount": amount, "given": "inputs" if goes_on(step) else "context",
        "data": "inputs" if step.parent else "context"})


def services_struct(request, words):
    def lines(of):
        return "".join(text for flavour, text in of.items() if request.has(flavour))

    is_configured = request.has("database", "notification")
    section = "    json_t *section = json_from(config);\n" if is_configured else "    (void)config;\n"
    from_config = (f", from its section of the host's configuration:\n *   plugins: {{configuration: {{{request.plugin}: {{...}}}}}}"
                   if is_configured else ".")
    return template("c/services.c", {
        **words, "from_config": from_config, "members": lines(MEMBERS), "ends": lines(ENDS), "section": section,
        "begins": lines(BEGINS),
        "section_end": "    json_decref(section);\n" if is_configured else "",
        "text_in": template("c/text_in.c") if is_configured else ""})


def test_c(request, words):
    includes, functions, begin, settings, end = ["<string.h>"], "", "", [], ""
    if request.has("database"):
        begin += '    const char *database = getenv("TASKER_TEST_DATABASE");\n'
        settings.append('"database", database == NULL ? "host=127.0.0.1 port=9" : database')
        includes.append("<stdlib.h>")
    if request.has("notification"):
        begin += "    char *folder = new_folder();\n"
        settings.append('"outbox", folder')
        includes += ["<dirent.h>", "<fcntl.h>", "<stdlib.h>", "<unistd.h>"]
        functions += template("c/files_in.c")
        end = "    remove_folder(folder);\n"
    if settings:
        begin += (f'    json_t *settings = json_pack("{{{",".join(["s:s"] * len(settings))}}}", {", ".join(settings)});\n'
                  "    char *config = json_dumps(settings, JSON_COMPACT);\n")
        includes.append("<jansson.h>")
        end += "    free(config);\n    json_decref(settings);\n"
    calls = "".join(f"    test_{step.name}(&test{', folder' if step.flavour == 'notification' else ''});\n" for step in request.steps)
    lines = "".join(f"#include {header}\n" for header in sorted(set(includes)))
    if request.has("api"):
        lines += '\n#include "one_answer.h"\n'
    return template("c/steps_test.c", {
        **words, "includes": lines, "begin": begin, "config": "config" if settings else '"{}"', "calls": calls, "end": end,
        "functions": functions + "".join(test_function(step, words) for step in request.steps)})


def test_function(step, words):
    given = '.context = "{\\"items\\": [{\\"price_cents\\": 1250, \\"quantity\\": 2}]}"'
    given_wrong = given.replace("1250", "-1")
    if goes_on(step):
        given = f'.inputs = "{{\\"{step.parent.name}\\": {{\\"amount_cents\\": 2500}}}}"'
        given_wrong = given.replace("2500", "-1")
    return template(f"c/test_{step.flavour}.c", {**words, "step": step.name, "given": given, "given_wrong": given_wrong})
