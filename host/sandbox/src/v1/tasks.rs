//! `GET /longtask/{id}`.

use serde_json::json;

use crate::errors;
use crate::http::{Answer, Reply};
use crate::routes::Visit;

/// How far a task is.
pub(crate) fn one(visit: &mut Visit<'_>) -> Answer {
    let id = visit.parameter("id").to_owned();
    let now = visit.state.clock.now();
    let site = visit.site_mut()?;
    let base = site.base();
    let found = id.parse().ok().and_then(|id| site.tasks.look(id));
    let (task, finished) = found.ok_or_else(errors::v1_not_found)?;
    Ok(Reply::json(
        200,
        &json!({
            "id": id,
            "name": {"key": task.name, "args": []},
            "elapsedTime": now.0 - task.started.0,
            "percentageComplete": if finished { 100 } else { 50 },
            "successful": finished,
            "finished": finished,
            "status": if finished { "SUCCESS" } else { "IN_PROGRESS" },
            "messages": [],
            "errors": [],
            "_links": {"base": base, "context": "/wiki", "self": format!("{base}/rest/api/longtask/{id}")},
        }),
    ))
}

/// Starts a task and gives the 202 that names it.
pub(super) fn start(visit: &mut Visit<'_>, name: &'static str) -> Answer {
    let (id, now) = (visit.state.ids.content(), visit.state.clock.now());
    visit.site_mut()?.tasks.start(id, name, now);
    let links = json!({"status": format!("/rest/api/longtask/{id}")});
    Ok(Reply::json(202, &json!({"id": id.to_string(), "links": links})))
}
