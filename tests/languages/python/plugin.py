"""Says who it acts for: a whole integration in Python."""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import action
from wit_world.imports import http, oauth
from wit_world.imports.types import Failure, FailureKind_Internal, FailureKind_Upstream, Parameter

INPUT = {"type": "object", "additionalProperties": False}

OUTPUT = {
    "type": "object",
    "properties": {
        "subject": {"type": "string"},
        "scopes": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["subject", "scopes"],
    "additionalProperties": False,
}

OAUTH2 = action.Oauth2(
    issuer=None,
    authorization_url="https://auth.example.com/authorize",
    # Offline access is given only where consent is asked for.
    authorization_parameters=[Parameter("prompt", "consent")],
    token_url="https://auth.example.com/token",
    refresh_url=None,
    token_request_encoding=action.TokenRequestEncoding_Form(),
    client_authentication=action.ClientAuthentication_RequestBody(),
    pkce=action.Pkce_S256(),
    default_scopes=["use"],
    offline_scope="offline_access",
    account_scopes=[],
    token_errors=[],
    scope_mismatches=[],
    refresh_token_leeway=0,
    refresh_token_idle_lifetime=None,
)

API = action.Audience(
    name="api",
    origin="https://api.example.com",
    path_prefix="/api",
    authorization_only=False,
    cost=None,
)

WHO_AM_I = action.Template(
    id="who-am-i",
    title="Who am I",
    summary="Says whose account it acts for.",
    input_schema=json.dumps(INPUT),
    output_schema=json.dumps(OUTPUT),
    scopes=["use"],
    effect=action.Effect_Read(),
    repeatable=True,
    prompts=[],
    utterances=["Who am I?"],
    requests=[action.RequestRule("api", http.Method_Get(), "/me", action.Concern_Nothing(), [])],
)


class Action(exports.Action):
    def describe(self):
        return action.Manifest(
            id="python",
            title="Python",
            version="0.1.0",
            summary="Shows an integration in Python.",
            authorization=[action.AuthorizationMethod_Oauth2(OAUTH2)],
            probes=[],
            excluded_editions=[],
            audiences=[API],
            container=None,
            templates=[WHO_AM_I],
        )

    def authorize(self, step):
        if isinstance(step, action.Step_Begin):
            return action.Outcome_Redirect([])
        if isinstance(step, action.Step_Callback):
            connection = oauth.exchange_code()
            return action.Outcome_Granted(action.Grant(connection, None, []))
        raise Err(failure(FailureKind_Internal(), "no-sites", "There is no site to choose."))

    def refresh(self, connection):
        return oauth.refresh_token(connection)

    def execute_template(self, call, connection):
        request = http.Request("api", http.Method_Get(), "/me", [], [], http.Body_None_())
        response = http.send(request, connection)
        if response.status != 200:
            message = f"The API answered with the status {response.status}."
            raise Err(failure(FailureKind_Upstream(), "api-refused", message, response.status))
        account = json.loads(response.body)
        return json.dumps({"subject": account["subject"], "scopes": account["scopes"]})


def failure(kind, code, message, status=None):
    return Failure(
        kind=kind,
        code=code,
        message=message,
        hint=None,
        request_sent=False,
        retry_after=None,
        upstream_status=status,
        upstream_request_id=None,
    )
