use std::time::{Duration, Instant};

use atlassian_sandbox::control::{Control, ControlError, SettingsChange};
use atlassian_sandbox::scenario;
use serde_json::{Value, json};

use crate::support::{GRANULAR, World, draft, id};

#[test]
fn requests_are_counted_by_method_and_template_and_tokens_by_grant_type() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let page = api.page("Counted", "");
    for _ in 0..3 {
        api.get(&format!("/pages/{}", id(&page)));
    }
    world.refresh(&api.tokens.refresh);
    world.refresh("nonsense");
    let counters = world.control.counters().unwrap();
    assert_eq!(counters["requests"]["GET /wiki/api/v2/pages/{id}"], 3);
    assert_eq!(counters["requests"]["POST /oauth/token"], 3);
    assert_eq!(counters["token_grants"], json!({"authorization_code": 1, "refresh_token": 1}));
    assert_eq!(counters["token_refusals"], json!({"unauthorized_client": 1}));
    assert_eq!(counters["consents"], json!({"allowed": 1, "denied": 0, "refused": 0}));
    assert_eq!(counters["answers"]["403"], 1);
}

#[test]
fn requests_are_recorded_as_received() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let space = api.space("DOCS");
    api.post("/pages?private=true", draft(&space, "Recorded", "<p>x</p>"));
    let requests = world.control.requests().unwrap();
    let last = requests.last().unwrap();
    assert_eq!(last["method"], "POST");
    assert_eq!(last["path"], format!("/ex/confluence/{}/wiki/api/v2/pages", api.cloud_id));
    assert_eq!(last["query"], json!({"private": "true"}));
    assert_eq!(last["headers"]["content-type"], "application/json");
    assert_eq!(last["body"], draft(&space, "Recorded", "<p>x</p>"));
    assert_eq!(last["status"], 200);
}

#[test]
fn no_record_shows_a_credential() {
    let world = World::start();
    let client = world.sandbox.client().clone();
    let code = world.code(&client, GRANULAR);
    let tokens = crate::support::Tokens::of(&world.exchange(&client, &code));
    let second = crate::support::Tokens::of(&world.refresh(&tokens.refresh));
    let form =
        [("grant_type", "refresh_token"), ("refresh_token", &second.refresh), ("client_secret", "guess")];
    world.agent.post(world.url("/oauth/token")).send_form(form).unwrap();
    // Where no credential belongs: a query, a path, a header, a text body, a nested field, a field's name.
    world.get(&format!("/nowhere/{}?note={}&access_token=other", second.access, second.access));
    world.agent.get(world.url("/")).header("x-note", format!("token={}", second.access)).call().unwrap();
    world.agent.post(world.url("/x")).send(format!("see {}, please", second.refresh)).unwrap();
    let strange = json!({"list": [{"deep": client.client_secret}], second.access.clone(): 1});
    world.send("POST", "/x", Some(&second.access), Some(&strange));

    let records = json!(world.control.requests().unwrap()).to_string();
    for secret in [
        &client.client_secret,
        &code,
        &tokens.access,
        &tokens.refresh,
        &second.access,
        &second.refresh,
        &"guess".to_owned(),
    ] {
        assert!(!records.contains(secret.as_str()));
    }
    assert!(records.contains("Bearer sha256:"));
    assert!(records.contains(&client.client_id));
    let exchange = &world.control.requests().unwrap()[2];
    assert_eq!(exchange["body"]["grant_type"], "authorization_code");
    assert_eq!(exchange["body"]["code"].as_str().unwrap().len(), "sha256:".len() + 12);
}

#[test]
fn the_last_thousand_requests_are_kept() {
    let world = World::start();
    for number in 0..1005 {
        world.get(&format!("/nowhere/{number}"));
    }
    let requests = world.control.requests().unwrap();
    assert_eq!(requests.len(), 1000);
    assert_eq!(requests[0]["path"], "/nowhere/5");
    world.control.clear_requests().unwrap();
    assert!(world.control.requests().unwrap().is_empty());
}

#[test]
fn a_fault_answers_the_next_requests_that_match_and_no_more() {
    let world = World::start();
    let api = world.api(GRANULAR);
    world
        .control
        .faults(json!({
            "match": {"method": "GET", "path": "/wiki/api/v2/spaces*"},
            "times": 2,
            "status": 429,
            "headers": {"Retry-After": "7"},
            "body": {"message": "slow down"},
        }))
        .unwrap();
    assert_eq!(api.get("/pages").status, 200);
    for _ in 0..2 {
        let answer = api.get("/spaces");
        assert_eq!(answer.status, 429);
        assert_eq!(answer.headers["retry-after"], "7");
        assert_eq!(answer.json(), json!({"message": "slow down"}));
    }
    assert_eq!(api.get("/spaces").status, 200);
    assert_eq!(world.control.counters().unwrap()["faults"], 2);
}

#[test]
fn a_fault_matches_templates_and_can_be_text_and_be_taken_back() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let page = api.page("Faulty", "");
    let fault = json!({
        "match": {"path": "/wiki/api/v2/pages/{id}"}, "times": 5, "status": 502, "body": "<html>bad gateway</html>",
    });
    world.control.faults(fault).unwrap();
    let answer = api.get(&format!("/pages/{}", id(&page)));
    assert_eq!((answer.status, answer.text.as_str()), (502, "<html>bad gateway</html>"));
    world.control.clear_faults().unwrap();
    assert_eq!(api.get(&format!("/pages/{}", id(&page))).status, 200);
}

#[test]
fn a_fault_after_the_effect_hides_work_that_was_done() {
    let world = World::start();
    let tokens = world.grant(GRANULAR);
    let fault = json!({"match": {"path": "/oauth/token"}, "status": 504, "after_effect": true});
    world.control.faults(fault).unwrap();
    assert_eq!(world.refresh(&tokens.refresh).status, 504);
    assert_eq!(world.control.counters().unwrap()["token_grants"]["refresh_token"], 1);
    assert_eq!(world.refresh(&tokens.refresh).status, 200, "the leeway saves the grant");
}

#[test]
fn a_fault_without_a_status_only_delays() {
    let world = World::start();
    world.control.faults(json!({"match": {"path": "/"}, "delay_ms": 150})).unwrap();
    let began = Instant::now();
    assert_eq!(world.get("/").status, 200);
    assert!(began.elapsed() >= Duration::from_millis(150));
}

#[test]
fn seeding_makes_spaces_and_pages_and_says_which() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let made = world
        .control
        .seed(json!({
            "spaces": [{"key": "LAB", "name": "Laboratory"}],
            "pages": {"space": "LAB", "count": 3, "title_prefix": "Trial"},
        }))
        .unwrap();
    assert_eq!(made["spaces"][0]["id"], api.space("LAB"));
    let page = api.get(&format!("/pages/{}", made["pages"][2].as_str().unwrap())).json();
    assert_eq!(page["title"], "Trial 3");
    assert_eq!(page["parentId"], made["spaces"][0]["homepageId"]);
    let more =
        world.control.seed(json!({"pages": {"space": "LAB", "count": 1, "title_prefix": "Trial"}})).unwrap();
    let page = api.get(&format!("/pages/{}", more["pages"][0].as_str().unwrap())).json();
    assert_eq!(page["title"], "Trial 4");
}

#[test]
fn a_stored_page_is_shown_raw() {
    let world = World::start();
    let page = world.api(GRANULAR).page("Raw", "<p>x</p>");
    let raw = world.control.page(&id(&page)).unwrap();
    assert_eq!(raw["body"], json!({"representation": "storage", "value": "<p>x</p>"}));
    assert_eq!(raw["private"], false);
    assert!(matches!(world.control.page("7"), Err(ControlError::Refused { status: 404, .. })));
}

#[test]
fn the_first_app_is_told_and_others_can_be_registered() {
    let world = World::start();
    assert_eq!(world.control.client().unwrap(), *world.sandbox.client());
    let other = world.control.register_client("http://localhost:9/cb").unwrap();
    assert_ne!(other.client_id, world.sandbox.client().client_id);
    assert_eq!(world.exchange(&other, &world.code(&other, GRANULAR)).status, 200);
    assert!(world.control.register_client("nonsense").is_err());
    assert!(world.control.register_client_with_scopes("http://localhost:9/cb", &["nonsense"]).is_err());
}

#[test]
fn settings_change_what_they_name_and_refuse_what_they_do_not_know() {
    let world = World::start();
    let all = world
        .control
        .settings(&SettingsChange { sites: Some(3), token_lifetime: Some(9), ..Default::default() })
        .unwrap();
    assert_eq!(
        all,
        json!({
            "token_lifetime": 9,
            "token_type": true,
            "jira_entry": false,
            "sites": 3,
            "account": 1,
            "unreachable_sites": [],
            "attachment_limit": 250 * 1024 * 1024,
            "attachment_too_large_status": 404,
            "xsrf_always": false,
            "search_lag": 20,
            "rate_limit": null,
        })
    );
    let wrong = world.send("POST", "/_sandbox/settings", None, Some(&json!({"nonsense": 1})));
    assert_eq!(wrong.status, 400);
    assert!(wrong.json()["error"].as_str().unwrap().contains("nonsense"));
}

#[test]
fn control_calls_must_be_sent_as_json() {
    let world = World::start();
    let sent = world
        .agent
        .post(world.url("/_sandbox/clock"))
        .header("content-type", "text/plain")
        .send("{\"advance_seconds\": 5}")
        .unwrap();
    assert_eq!(sent.status(), 415);
}

#[test]
fn a_sandbox_that_is_gone_is_told_apart_from_a_refusal() {
    let url = World::start().sandbox.url().to_owned();
    assert!(matches!(Control::new(&url).counters(), Err(ControlError::Unreachable(_))));
}

#[test]
fn the_quick_starts_steps_refer_to_earlier_ones() {
    let scenario = scenario::quickstart();
    assert_eq!(scenario.integration, "confluence");
    let steps: Vec<_> = scenario.steps.iter().map(|step| step.template.as_str()).collect();
    assert_eq!(steps, ["create-content", "view-content"]);
    assert_eq!(scenario.steps[0].input["space"], "DOCS");
    assert_eq!(scenario.steps[1].input["id"], json!({"$ref": {"step": 0, "pointer": "/id"}}));
    let as_json: Value = serde_json::to_value(&scenario).unwrap();
    assert_eq!(as_json["steps"][1]["input"]["format"], "markdown");
}
