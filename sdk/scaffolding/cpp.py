"""A project in C++: src/steps.cpp over the SDK, a module for each flavour beside it, and a test with the test kit."""
import json
import shlex

from . import readme
from .manifest import check_settings, goes_on, manifest_yaml
from .names import function_names
from .places import cmake_package
from .project import template

HANDLERS = "src/steps.cpp"
# Words that a step may be called and a C++ function may not; the last lines are macros of the headers that are included.
RESERVED = frozenset("""
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class compl
concept const consteval constexpr constinit const_cast continue co_await co_return co_yield decltype default delete do
double dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable namespace
new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires return
short signed sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef
typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq
linux unix i386 errno assert alloca offsetof va_arg va_copy va_end va_start setjmp sigsetjmp strdupa strndupa
""".split())

# Flavour -> the files below src/ that it needs, and its members of Services with what they are made from.
MODULES = {"api": ("http",), "calculation": (), "database": ("database",), "notification": ("outbox",)}
HEADERS = {"api": "http.h", "calculation": "amount.h", "database": "database.h", "notification": "outbox.h"}
MEMBERS = {"api": "HttpClient http;", "database": "Database database;", "notification": "Outbox outbox;"}


def files(request):
    words = {"namespace": request.namespace, "name": request.name, "version": request.version}
    made = {
        f"{request.name}.yaml": manifest_yaml(request),
        "CMakeLists.txt": cmake_lists(request, words),
        "src/steps.cpp": steps_cpp(request, words),
        "tests/steps_test.cpp": test_cpp(request, words),
        "README.md": readme.of_cmake_project(
            request, HANDLERS, "tests/steps_test.cpp", {step: f"steps::{name}" for step, name in functions_of(request).items()},
            "g++ cmake nlohmann-json3-dev"),
        ".gitignore": "build*/\n",
    }
    for flavour, modules in MODULES.items():
        for module in modules if request.has(flavour) else ():
            for suffix in ("h", "cpp"):
                made[f"src/{module}.{suffix}"] = template(f"cpp/{module}.{suffix}", words)
    if request.has("calculation"):
        made["src/amount.h"] = template("cpp/amount.h", words)
    if request.has("api"):
        made["tests/one_answer.h"] = template("cpp/one_answer.h", words)
    if request.has("database"):
        made["schema.sql"] = template("common/schema.sql", words)
    return made


def commands(request):
    output, build = str(request.output), str(request.output / "build")
    sdk = cmake_package()
    configure = ["cmake", "-S", output, "-B", build] + ([f"-Dtasker-sdk_DIR={sdk}"] if sdk else [])
    return (f"{shlex.join(configure)} && {shlex.join(['cmake', '--build', build])}",
            shlex.join(["ctest", "--test-dir", build, "--output-on-failure"]),
            shlex.join(["install", "-D", "-m", "644", f"{build}/plugins/{request.file}", f"{request.plugins}/{request.file}"]))


def functions_of(request):
    return function_names([step.name for step in request.steps], RESERVED)


def cmake_lists(request, words):
    modules = [module for flavour, names in MODULES.items() if request.has(flavour) for module in names]
    libraries = template("common/find_curl.cmake", words) if request.has("api") else ""
    if request.has("database"):
        libraries += template("common/find_pkg_config.cmake") + template("common/find_libpq.cmake", words).lstrip("\n")
    sources = " ".join(f"src/{module}.cpp" for module in sorted(modules + ["steps"]))
    return template("cpp/CMakeLists.txt", {**words, "sources": sources, "libraries": libraries,
                                             "check_config": check_config(request)})


def check_config(request):
    config = check_settings(request)
    return f"\n  CHECK_CONFIG [[{json.dumps(config)}]]" if config else ""


def steps_cpp(request, words):
    functions = functions_of(request)
    headers = [HEADERS[flavour] for flavour in HEADERS if request.has(flavour)]
    services = services_struct(request)
    handlers = "".join(f',\n              tasker::Handler<"{step.name}", steps::{functions[step.name]}>' for step in request.steps)
    return template("cpp/steps.cpp", {
        **words, "services": services, "state": "Services" if services else "tasker::NoState", "handlers": handlers,
        "includes": "\n" + "".join(f'#include "{header}"\n' for header in sorted(headers)),
        "functions": "".join(step_function(step, functions[step.name], words) for step in request.steps)})


def step_function(step, function, words):
    amount = (f'Amount::of_result(call.input("{step.parent.name}"))' if goes_on(step) else "Amount::of_items(call.context())")
    data = "inputs_text" if step.parent else "context_text"
    return template(f"cpp/step_{step.flavour}.cpp", {**words, "function": function, "amount": amount, "data": data})


def services_struct(request):
    """Empty when no step needs anything that outlives it."""
    members = [member for flavour, member in MEMBERS.items() if request.has(flavour)]
    if not members:
        return ""
    made_from = {"database": 'database(config.value("database", ""))',
                 "notification": 'outbox(config.value("outbox", ""))'}
    made = [made_from[flavour] for flavour in made_from if request.has(flavour)]
    constructor = f"  explicit Services(const Json& config)\n      : {(','+chr(10)+'        ').join(made)} {{}}\n\n" if made else ""
    from_config = (", from its section of the host's configuration:\n"
                   f"//   plugins: {{configuration: {{{request.plugin}: {{...}}}}}}") if made else "."
    return template("cpp/services.cpp", {
        "from_config": from_config, "members": constructor + "".join(f"  {member}\n" for member in members)})


def test_cpp(request, words):
    functions = "".join(test_function(step, words) for step in request.steps)
    extra = {"api": "", "calculation": "", "database": ", has_database", "notification": ", folder"}
    calls = "".join(f"  test_{step.name}(plugin{extra[step.flavour]});\n" for step in request.steps)
    includes = ["<iostream>", "<string>"]
    begin, config, end = "", [], ""
    if request.has("database"):
        includes.append("<cstdlib>")
        begin += '  const char* database = std::getenv("TASKER_TEST_DATABASE");\n  const bool has_database = database != nullptr;\n'
        config.append('{"database", has_database ? database : "host=127.0.0.1 port=9"}')
    if request.has("notification"):
        includes += ["<cstdio>", "<filesystem>"]
        begin += ('  std::string made = (std::filesystem::temp_directory_path() / "outbox-XXXXXX").string();\n'
                  '  if (!mkdtemp(made.data())) return std::perror("no folder for the outbox"), 1;\n'
                  "  const std::filesystem::path folder = made;\n")
        config.append('{"outbox", folder.string()}')
        includes.append("<cstdlib>")
        end = "  std::filesystem::remove_all(folder);\n"
    if config:
        begin += f"  const Json config = {{{', '.join(config)}}};\n"
    include_lines = "\n" + "".join(f"#include {header}\n" for header in sorted(set(includes)))
    if request.has("api"):
        include_lines += '\n#include "one_answer.h"\n'
    return template("cpp/steps_test.cpp", {**words, "functions": functions, "calls": calls + end, "begin": begin,
                                           "config": "(config)" if config else "", "includes": include_lines})


def test_function(step, words):
    items, wrong = '{{"price_cents", 1250}, {"quantity", 2}}', '{{"price_cents", -1}, {"quantity", 2}}'
    given = f'.context = {{{{"items", Json::array({{{items}}})}}}}'
    given_wrong = f'.context = {{{{"items", Json::array({{{wrong}}})}}}}'
    if goes_on(step):
        given = f'.inputs = {{{{"{step.parent.name}", {{{{"amount_cents", 2500}}}}}}}}'
        given_wrong = given.replace("2500", "-1")
    inputs = f'{{{{"{step.parent.name}", {{{{"amount_cents", 2500}}}}}}}}' if step.parent else "{}"
    return template(f"cpp/test_{step.flavour}.cpp", {**words, "step": step.name, "given": given, "given_wrong": given_wrong,
                                                     "inputs": inputs})
