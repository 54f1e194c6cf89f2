use atlassian_sandbox::SandboxConfig;
use atlassian_sandbox::control::{ControlError, SettingsChange};
use serde_json::json;

use crate::support::{Api, CLASSIC, GRANULAR, World};

#[test]
fn a_missing_or_unknown_token_is_unauthorized() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let path = format!("/ex/confluence/{}/wiki/api/v2/spaces", api.cloud_id);
    for token in [None, Some("nonsense")] {
        let answer = world.send("GET", &path, token, None);
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json(), json!({"code": 401, "message": "Unauthorized"}));
    }
}

#[test]
fn classic_scopes_get_a_scope_mismatch_on_v2() {
    let world = World::start();
    let api = world.api(CLASSIC);
    for answer in [api.get("/spaces"), api.post("/pages", json!({"spaceId": "1"}))] {
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json(), json!({"code": 401, "message": "Unauthorized; scope does not match"}));
        assert_eq!(answer.headers["x-failure-category"], "FAILURE_CLIENT_SCOPE_CHECK");
    }
}

#[test]
fn each_operation_needs_its_own_granular_scope() {
    let world = World::start();
    let api = world.api("read:page:confluence offline_access");
    assert_eq!(api.get("/pages").status, 200);
    assert_eq!(api.get("/blogposts").status, 200);
    assert_eq!(api.get("/spaces").status, 401);
    assert_eq!(api.post("/pages", json!({})).status, 401);
    assert_eq!(api.delete("/pages/1").status, 401);
    let blog = world.api("read:blogpost:confluence write:blogpost:confluence read:space-details:confluence");
    assert_eq!(blog.get("/blogposts").status, 401);
    assert_eq!(blog.get("/spaces").status, 401);
}

#[test]
fn an_expired_token_is_404_on_v2_and_403_on_v1() {
    let world = World::start();
    let api = world.api(&format!("{GRANULAR} read:confluence-user"));
    assert_eq!(api.send("GET", "/wiki/rest/api/user/current", None).status, 200);
    world.advance(3601);
    let v2 = api.get("/spaces");
    assert_eq!(v2.status, 404);
    assert_eq!(v2.json()["errors"][0]["code"], "NOT_FOUND");
    let v1 = api.send("GET", "/wiki/rest/api/user/current", None);
    assert_eq!(v1.status, 403);
    assert_eq!(v1.json()["statusCode"], 403);
}

#[test]
fn v1_content_calls_are_gone_with_a_body_that_says_successful() {
    let world = World::start();
    let api = world.api(CLASSIC);
    for (method, path) in [
        ("POST", "/wiki/rest/api/content"),
        ("GET", "/wiki/rest/api/content"),
        ("GET", "/wiki/rest/api/content/131073"),
        ("PUT", "/wiki/rest/api/content/131073"),
        ("DELETE", "/wiki/rest/api/content/131073"),
        ("GET", "/wiki/rest/api/space"),
        ("GET", "/wiki/rest/api/space/DOCS"),
    ] {
        let answer = api.send(method, path, None);
        assert_eq!(answer.status, 410, "{method} {path}");
        assert_eq!(
            answer.json(),
            json!({
                "statusCode": 410,
                "data": {"authorized": true, "valid": true, "errors": [], "successful": true},
                "message": "com.atlassian.confluence.api.service.exceptions.pagesmodes.GoneException: \
                            This deprecated endpoint has been removed.",
            })
        );
    }
}

#[test]
fn the_current_user_takes_either_scope_family() {
    let world = World::start();
    for scopes in [CLASSIC, "read:content-details:confluence"] {
        let answer = world.api(scopes).send("GET", "/wiki/rest/api/user/current", None);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["type"], "known");
    }
    assert_eq!(world.api(GRANULAR).send("GET", "/wiki/rest/api/user/current", None).status, 401);
}

#[test]
fn unknown_sites_and_paths_get_the_gateways_own_404() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let elsewhere =
        Api { cloud_id: "00000000-0000-4000-8000-000000000000".to_owned(), ..world.api(GRANULAR) };
    for answer in
        [elsewhere.get("/spaces"), api.get("/nonsense"), api.send("GET", "/wiki/wiki/api/v2/pages", None)]
    {
        assert_eq!(answer.status, 404);
        let body = answer.json();
        assert_eq!((&body["status"], &body["error"]), (&json!(404), &json!("Not Found")));
        assert!(body["timestamp"].is_string() && body["message"].is_string());
    }
    assert_eq!(api.send("PATCH", "/wiki/api/v2/pages", None).status, 405);
}

#[test]
fn confluences_paths_without_the_gateways_prefix_are_not_there() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let answer = world.get("/wiki/api/v2/spaces");
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["error"], "Not Found");
    let with_token = world.send("GET", "/wiki/api/v2/spaces", Some(&api.tokens.access), None);
    assert_eq!(with_token.status, 401, "a site's own address refuses the tokens of apps");
}

#[test]
fn an_unreachable_site_is_listed_and_every_call_to_it_is_not_found() {
    let world = World::with(SandboxConfig { sites: 3, ..Default::default() });
    let scopes = format!("{GRANULAR} read:confluence-user");
    let first = world.api(&scopes);
    let sites =
        || world.send("GET", "/oauth/token/accessible-resources", Some(&first.tokens.access), None).json();
    let before = sites();
    let set = |numbers: Vec<usize>| {
        world.control.settings(&SettingsChange { unreachable_sites: Some(numbers), ..Default::default() })
    };
    assert_eq!(set(vec![3, 2]).unwrap()["unreachable_sites"], json!([2, 3]));
    assert_eq!(sites(), before);
    let second = Api { cloud_id: before[1]["id"].as_str().unwrap().to_owned(), ..world.api(&scopes) };
    for answer in [
        second.get("/spaces"),
        second.get("/pages/131073"),
        second.post("/pages", json!({})),
        second.send("GET", "/wiki/rest/api/user/current", None),
    ] {
        assert_eq!(answer.status, 404);
        assert_eq!(answer.json()["errors"][0]["code"], "NOT_FOUND");
    }
    assert_eq!(
        world
            .send("GET", &format!("/ex/confluence/{}/wiki/api/v2/spaces", second.cloud_id), None, None)
            .status,
        401
    );
    assert_eq!(first.get("/spaces").status, 200);

    set(vec![1]).unwrap();
    assert_eq!((first.get("/spaces").status, second.get("/spaces").status), (404, 200));
    set(vec![]).unwrap();
    assert_eq!(first.get("/spaces").status, 200);
    assert!(matches!(set(vec![4]), Err(ControlError::Refused { status: 400, .. })));
}

#[test]
fn a_double_slash_is_answered_like_a_missing_scope() {
    let world = World::start();
    let answer = world.api(GRANULAR).get("//pages/1");
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["message"], "Unauthorized; scope does not match");
}

#[test]
fn every_answer_has_a_request_id() {
    let world = World::start();
    let api = world.api(GRANULAR);
    for answer in [api.get("/spaces"), api.get("/nonsense"), api.get("//x")] {
        assert!(answer.headers.contains_key("atl-request-id"));
        assert!(answer.headers.contains_key("atl-traceid"));
    }
}
