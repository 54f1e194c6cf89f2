//! The OpenAPI document: generated from the routes, completed with what holds for all of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use utoipa::{OpenApi, ToSchema as _};

use super::problem::{MEDIA_TYPE, Problem};
use crate::authorization::PublicUrl;
use crate::failure::{Failure, Result};
use crate::service::keys::Scope;

/// The name of the security scheme.
const KEY: &str = "key";

/// The methods of a path item that routes have.
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Actionbay",
        description = "Runs integration actions as sandboxed components, for the accounts that people connected.\n\n\
            Every request carries a key, as in `Authorization: Bearer ab_…`, which `actionbay keys create` makes. A key opens \
            one workspace, and is good for what its scopes say; `admin` is good for everything. The scope that a route asks \
            for stands beside it.\n\n\
            Errors are problem documents (RFC 9457). Lists come in pages: `next_cursor` of one is the `cursor` of the next. A \
            POST with an `Idempotency-Key` is done once, however often it is sent within a day.",
        version = "1",
    ),
    tags(
        (name = "integrations", description = "What can be connected, and what the workspace does with it."),
        (name = "templates", description = "What an integration can do."),
        (name = "profiles", description = "The apps at vendors that accounts are connected with. Their secrets can be written, and not read."),
        (name = "connect", description = "Having people connect their accounts: a link for the person, and a session that tells what came of it."),
        (name = "connections", description = "The accounts that are connected. Their tokens never leave the service."),
        (name = "runs", description = "Running templates, and what is known of the runs."),
        (name = "dialogs", description = "How templates are run by talking: dialogs, and what is said in all of them."),
        (name = "conversations", description = "Talking. A conversation asks for what is missing, sends a link where an account is, and goes on when it is connected."),
        (name = "files", description = "What templates send and fetch: files, by their ids, for a day."),
        (name = "webhooks", description = "Addresses that are told what happens."),
        (name = "audit", description = "Who did what."),
        (name = "about", description = "This document."),
    ),
    components(schemas(Problem)),
)]
struct Head;

/// The document of these routes.
pub(super) fn of(routes: utoipa::openapi::OpenApi, public: &PublicUrl) -> Result<Value> {
    let mut head = Head::openapi();
    head.merge(routes);
    let Ok(Value::Object(mut document)) = serde_json::to_value(&head) else {
        return Err(Failure::internal("The OpenAPI document makes no JSON."));
    };
    document.insert("servers".to_owned(), json!([{ "url": format!("{public}/v1") }]));
    // Its licence is that of the repository.
    if let Some(info) = document.get_mut("info").and_then(Value::as_object_mut) {
        info.retain(|name, _| matches!(name.as_str(), "title" | "description" | "version"));
    }
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        let scheme =
            json!({ KEY: { "type": "http", "scheme": "bearer", "bearerFormat": "ab_<id>_<secret>" } });
        components.insert("securitySchemes".to_owned(), scheme);
        components.insert("responses".to_owned(), json!({ Problem::name(): problem() }));
    }
    let mut document = Value::Object(document);
    for (_, method, operation) in operations(&mut document) {
        complete(method, operation);
    }
    Ok(document)
}

/// What the document says of a route.
#[derive(Debug)]
pub(in crate::service) struct Route {
    /// Its path, with the names of what stands in it.
    pub(in crate::service) path: String,
    /// What it is called.
    pub(in crate::service) operation: String,
    /// The scope that it asks for; none: no key is needed.
    pub(in crate::service) scope: Option<Scope>,
}

/// The routes, by method and path.
pub(super) type Routes = BTreeMap<(String, String), Arc<Route>>;

/// What the document says of its routes.
pub(super) fn routes(document: &Value) -> Result<Routes> {
    let mut document = document.clone();
    let mut routes = Routes::new();
    for (path, method, operation) in operations(&mut document) {
        let scope = match operation.get("security").and_then(Value::as_array) {
            Some(_) if is_open(operation) => None,
            Some(ways) => {
                let scope = ways.first().and_then(|way| way.get(KEY)?.get(0)?.as_str());
                Some(scope.ok_or_else(|| unguarded(&path))?.parse()?)
            }
            None => return Err(unguarded(&path)),
        };
        let name = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
        let route = Route { path: path.clone(), operation: name, scope };
        routes.insert((method.to_ascii_uppercase(), path), Arc::new(route));
    }
    Ok(routes)
}

/// Whether an operation says that it needs no key.
fn is_open(operation: &Map<String, Value>) -> bool {
    let ways = operation.get("security").and_then(Value::as_array);
    ways.is_some_and(|ways| ways.iter().all(|way| way.as_object().is_some_and(Map::is_empty)))
}

fn unguarded(path: &str) -> Failure {
    Failure::internal(format!("The route {path} does not say which scope it asks for."))
}

/// What holds for every operation: how it fails, and what it may be named.
fn complete(method: &str, operation: &mut Map<String, Value>) {
    let is_open = is_open(operation);
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    if let Some(responses) = responses.as_object_mut() {
        for response in responses.values_mut().filter_map(Value::as_object_mut) {
            response.insert("headers".to_owned(), json!({ "X-Request-Id": request_id() }));
            let description = response.entry("description").or_insert_with(|| json!(""));
            if description.as_str().is_none_or(str::is_empty) {
                *description = json!("It was done.");
            }
        }
        let problem = json!({ "$ref": format!("#/components/responses/{}", Problem::name()) });
        responses.insert("4XX".to_owned(), problem.clone());
        responses.insert("5XX".to_owned(), problem);
    }
    if method == "post" && !is_open {
        let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
        if let Some(parameters) = parameters.as_array_mut() {
            parameters.push(json!({
                "name": "Idempotency-Key",
                "in": "header",
                "required": false,
                "description": "A name for this request, such as a UUID: sent again with it within a day, it is not done \
                    twice, and is answered as the first time.",
                "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
            }));
        }
    }
}

fn problem() -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{}", Problem::name()) });
    json!({
        "description": "It was not done: why, and what to do.",
        "headers": { "X-Request-Id": request_id() },
        "content": { MEDIA_TYPE: { "schema": schema } },
    })
}

fn request_id() -> Value {
    json!({
        "description": "The id of the request, as in the logs of the service.",
        "schema": { "type": "string" },
    })
}

/// All operations: path, method and object.
fn operations(document: &mut Value) -> impl Iterator<Item = (String, &'static str, &mut Map<String, Value>)> {
    let paths = document.pointer_mut("/paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flatten().filter_map(|(path, item)| Some((path, item.as_object_mut()?)));
    items.flat_map(|(path, item)| {
        let methods = item.iter_mut().filter_map(|(name, operation)| {
            let method = METHODS.iter().copied().find(|method| method == name)?;
            Some((method, operation.as_object_mut()?))
        });
        methods.map(|(method, operation)| (path.clone(), method, operation))
    })
}
