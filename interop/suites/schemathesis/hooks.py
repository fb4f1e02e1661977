"""What schemathesis cannot know of the API."""

import schemathesis

# Who asks: it must not delete or change itself.
USER = "the-one-who-asks"


@schemathesis.hook
def before_call(context, case, kwargs):
    # An answer with `columns` lacks keys that it has otherwise; no schema can say that.
    if case.query:
        case.query.pop("columns", None)
    names = case.path_parameters or {}
    if names.get("user") == USER:
        names["user"] = "another"
    body = case.body
    if isinstance(body, dict) and isinstance(body.get("users"), list):
        body["users"] = [user for user in body["users"] if USER not in str(user)]
    # The plugin that answers here must stay enabled.
    if case.operation.path == "/leveret/plugins" and isinstance(body, dict):
        if isinstance(body.get("enabled"), list):
            body["enabled"].append("rabbitmq_management")
