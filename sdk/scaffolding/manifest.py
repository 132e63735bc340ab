"""The YAML template: the steps one after the other, the context that they read, and what each flavour can be told."""
from .places import template_schema

HEAD = """\
# The workflow that this plugin runs. What may stand here: the schema above, and sdk/README.md of Tasker.
name: {name}
namespace_name: {namespace}
version: {version}
description: Runs {steps}.
"""

# Context of a task: property -> its JSON Schema, for the steps that read it.
ITEMS = """\
    items:
      type: array
      minItems: 1
      items:
        type: object
        required: [price_cents, quantity]
        properties:
          price_cents: {type: integer, minimum: 0}
          quantity: {type: integer, minimum: 1}
"""
EMAIL = """\
    email: {type: string, pattern: "^[^@ ]+@[^@ ]+$"}
"""

CONFIG = {
    "api": """\
    handler_config:
      method: GET  # any other sends the results of the parents as JSON
      url: http://127.0.0.1:8080/{step}
      timeout_seconds: 10
""",
    "calculation": """\
    handler_config:
      percent: 19  # is added to the amount
""",
    "database": "",
    "notification": "",
}


def sums_items(step):
    """A calculation goes on from the amount of the one before it, and begins with the items of the context."""
    return step.flavour == "calculation" and not goes_on(step)


def goes_on(step):
    return step.flavour == "calculation" and step.parent is not None and step.parent.flavour == "calculation"


def context_of(request):
    """A context that the steps can work on."""
    context = {}
    if any(sums_items(step) for step in request.steps):
        context["items"] = [{"price_cents": 1250, "quantity": 2}]
    if request.has("notification"):
        context["email"] = "ada@example.org"
    return context


def check_settings(request):
    """The plugin's configuration while `tasker plugin check` runs its handlers: a server that is not there, so that nothing is
    stored in a database that the environment names, and an outbox in the check's own folder."""
    settings = {"database": "host=127.0.0.1 port=9"} if request.has("database") else {}
    return {**settings, "outbox": "outbox"} if request.has("notification") else settings


def manifest_yaml(request):
    schema = template_schema()
    text = f"# yaml-language-server: $schema={schema.as_uri()}\n" if schema else ""
    text += HEAD.format(name=quoted(request.name), namespace=quoted(request.namespace), version=request.version,
                        steps=", ".join(step.name for step in request.steps))
    text += context_schema(context_of(request))
    text += "step_templates:\n"
    for step in request.steps:
        text += f"  - name: {quoted(step.name)}\n"
        if step.parent:
            text += f"    depends_on_step: {quoted(step.parent.name)}\n"
        text += CONFIG[step.flavour].format(step=step.name)
    return text


def context_schema(context):
    if not context:
        return ""
    properties = {"items": ITEMS, "email": EMAIL}
    return (f"schema:\n  type: object\n  required: [{', '.join(context)}]\n  properties:\n"
            + "".join(properties[name] for name in context))


def quoted(word):
    """YAML reads a few plain words as something other than text."""
    return f'"{word}"' if word in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"} else word
