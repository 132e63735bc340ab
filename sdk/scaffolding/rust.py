"""A project in Rust: src/steps.rs over a copy of the SDK's crate, a module for each flavour beside it, and tests for
`cargo test`. No crate is downloaded: libcurl and libpq are called as they are, and JSON is the SDK's.

The crate is copied, because a path into somebody's checkout would end the project there.
"""
import shlex

from . import readme
from .manifest import goes_on, manifest_yaml, sums_items
from .names import function_names
from .places import rust_crate
from .project import template
from .refusal import Refusal

HANDLERS = "src/steps.rs"
# Words that a step may be called and a function may not.
RESERVED = frozenset("""
abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen if impl in let
loop macro match mod move mut override priv pub ref return self static struct super trait true try type typeof unsafe
unsized use virtual where while yield
""".split())

MODULES = {"api": "http", "calculation": "amount", "database": "database", "notification": "outbox"}
USES = {"calculation": "use crate::amount::Amount;\n", "api": "use crate::http::Request;\n"}
MEMBERS = {"api": "    pub http: http::HttpClient,\n", "database": "    pub database: database::Database,\n",
           "notification": "    pub outbox: outbox::Outbox,\n"}
BEGINS = {
    "api": "            http: http::HttpClient::begin()?,\n",
    "database": '            database: database::Database::at(config.get("database").as_str().unwrap_or("")),\n',
    "notification": '            outbox: outbox::Outbox::at(config.get("outbox").as_str().unwrap_or("").as_ref())?,\n',
}
# A setting for tests that send nothing.
OUTBOX = '("outbox", std::env::temp_dir().to_str().unwrap().into())'


def files(request):
    words = {"namespace": request.namespace, "name": request.name, "version": request.version, "package": package_of(request),
             "state": "Services" if request.has(*MEMBERS) else "()"}
    made = {
        f"{request.name}.yaml": manifest_yaml(request),
        "Cargo.toml": template("rust/Cargo.toml", words),
        "build.rs": template("rust/build.rs", words),
        "src/lib.rs": lib_rs(request, words),
        "src/steps.rs": steps_rs(request, words),
        "src/steps_test.rs": test_rs(request, words),
        "README.md": readme.of_cargo_project(request, HANDLERS, "src/steps_test.rs",
                                             {step: f"plugin::steps::{name}" for step, name in functions_of(request).items()}),
        ".gitignore": "target/\nCargo.lock\n",
        **sdk_copy(),
    }
    for flavour, module in MODULES.items():
        if request.has(flavour):
            made[f"src/{module}.rs"] = template(f"rust/{module}.rs", {**words, "constructors": amount_constructors(request)})
    if request.has("api"):
        made["src/one_answer.rs"] = template("rust/one_answer.rs")
    if request.has("database"):
        made["schema.sql"] = template("common/schema.sql", words)
    return made


def package_of(request):
    """Cargo refuses a project that is called as the crate that it depends on."""
    package = f"{request.namespace}-{request.name}"
    return package + "-plugin" if package == "tasker-sdk" else package


def commands(request):
    manifest, target = str(request.output / "Cargo.toml"), str(request.output / "target")
    where = ["--manifest-path", manifest, "--target-dir", target]
    return (shlex.join(["cargo", "build", "--release", *where]),
            shlex.join(["cargo", "test", *where]),
            shlex.join(["install", "-D", "-m", "644", f"{target}/release/libplugin.so", f"{request.plugins}/{request.file}"]))


def functions_of(request):
    return function_names([step.name for step in request.steps], RESERVED)


def sdk_copy():
    crate = rust_crate()
    if crate is None:
        raise Refusal("the SDK's crate for Rust is not installed: install the SDK again")
    paths = [crate / "Cargo.toml", *sorted((crate / "src").glob("*.rs"))]
    return {f"tasker-sdk/{path.relative_to(crate)}": path.read_text(encoding="utf-8") for path in paths}


def lib_rs(request, words):
    functions = functions_of(request)
    modules = sorted([module for flavour, module in MODULES.items() if request.has(flavour)] + ["steps"])
    tests = ["one_answer", "steps_test"] if request.has("api") else ["steps_test"]
    attributes = ("\n#![allow(non_snake_case)] // a step may be called a__b\n" if any("__" in step.name for step in request.steps) else "")
    return template("rust/lib.rs", {
        **words, "attributes": attributes, "services": services_struct(request, words),
        "modules": "".join(f"mod {module};\n" for module in modules) + "".join(f"#[cfg(test)]\nmod {test};\n" for test in tests),
        "handlers": "".join(f'        "{step.name}" => steps::{functions[step.name]},\n' for step in request.steps)})


def services_struct(request, words):
    members = "".join(text for flavour, text in MEMBERS.items() if request.has(flavour))
    if not members:
        return ""
    is_configured = request.has("database", "notification")
    from_config = (f", from its section of the host's configuration:\n///     plugins: {{configuration: {{{request.plugin}: {{...}}}}}}"
                   if is_configured else ".")
    begins = "".join(text for flavour, text in BEGINS.items() if request.has(flavour))
    return template("rust/services.rs", {
        "from_config": from_config, "members": members, "config": "config" if is_configured else "_",
        "begins": begins})


def steps_rs(request, words):
    functions = functions_of(request)
    sdk = ["Call"] + (["Failure"] if request.has("notification") else []) + ["Json", "Outcome"]
    uses = "".join(text for flavour, text in USES.items() if request.has(flavour))
    uses += "use crate::Services;\n" if request.has(*MEMBERS) else ""
    return template("rust/steps.rs", {
        "sdk": ", ".join(sdk), "uses": uses,
        "functions": "".join(step_function(step, functions[step.name], words) for step in request.steps).rstrip("\n")})


def step_function(step, function, words):
    amount = f'Amount::of_result(&call.input("{step.parent.name}")?)?' if goes_on(step) else "Amount::of_items(&call.context()?)?"
    return template(f"rust/step_{step.flavour}.rs", {**words, "function": function, "amount": amount,
                                                      "data": "inputs_text" if step.parent else "context_text"})


def amount_constructors(request):
    """Those that some step calls: a function that nobody calls is a warning."""
    parts = ([template("rust/amount_of_items.rs")] if any(sums_items(step) for step in request.steps) else [])
    parts += ([template("rust/amount_of_result.rs")] if any(goes_on(step) for step in request.steps) else [])
    return "\n".join(parts)


def test_rs(request, words):
    has_api = request.has("api")
    uses = "\nuse std::time::Duration;\n" if has_api else ""
    uses += "\nuse tasker_sdk::testing::{Attempt, Plugin};\n"
    uses += "use tasker_sdk::{Failure, Json};\n" if has_api else "use tasker_sdk::Json;\n"
    uses += "\nuse crate::one_answer::OneAnswer;\n" if has_api else "\n"
    uses += "use crate::HANDLERS;\n"
    needs_settings = request.has("notification") and request.has("api", "calculation")
    return template("rust/steps_test.rs", {
        "uses": uses, "settings": template("rust/test_settings.rs", {"outbox": OUTBOX}) if needs_settings else "",
        "functions": "".join(test_function(step, request, words) for step in request.steps).rstrip("\n")})


def test_function(step, request, words):
    given = 'context: r#"{"items": [{"price_cents": 1250, "quantity": 2}]}"#'
    given_wrong = given.replace("1250", "-1")
    if goes_on(step):
        given = f'inputs: r#"{{"{step.parent.name}": {{"amount_cents": 2500}}}}"#'
        given_wrong = given.replace("2500", "-1")
    settings, outbox = ("&settings()", f", {OUTBOX}") if request.has("notification") else ('"{}"', "")
    return template(f"rust/test_{step.flavour}.rs", {
        **words, "step": step.name, "given": given, "given_wrong": given_wrong, "outbox": outbox,
        "plugin": f"Plugin::begin(HANDLERS, {settings}).unwrap()"})
