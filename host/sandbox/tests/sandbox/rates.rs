use atlassian_sandbox::RateLimit;
use atlassian_sandbox::control::SettingsChange;

use crate::support::{GRANULAR, World, draft};

fn limited(world: &World, points: u64, window: u64) {
    let rate_limit = Some(RateLimit { points, window });
    world.control.settings(&SettingsChange { rate_limit, ..Default::default() }).unwrap();
}

#[test]
fn a_request_costs_a_point_and_one_for_each_object_that_it_reads() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let space = api.space("DOCS");
    limited(&world, 100, 3600);
    let left =
        |answer: &crate::support::Answer| answer.headers["x-ratelimit-remaining"].parse::<u64>().unwrap();
    assert_eq!(left(&api.get("/pages?limit=3")), 96);
    assert_eq!(left(&api.get(&format!("/spaces/{space}"))), 94);
    assert_eq!(left(&api.post("/pages", draft(&space, "A page", ""))), 93);
    let other = api.get("/pages/7");
    assert_eq!((other.status, left(&other)), (404, 92));
    assert_eq!(other.headers["x-ratelimit-limit"], "100");
    assert_eq!(other.headers["x-ratelimit-nearlimit"], "false");
    assert!(other.headers["x-ratelimit-reset"].ends_with(":00:00.000Z"), "an hour ends on the hour");
    assert_eq!(other.headers["ratelimit-policy"], "\"global-app-quota\";q=100;w=3600");
    assert!(other.headers["ratelimit"].starts_with("\"global-app-quota\";r=92;t="));
}

#[test]
fn a_quota_that_is_used_up_refuses_everything_until_its_window_ends() {
    let world = World::start();
    let api = world.api(GRANULAR);
    limited(&world, 5, 3600);
    assert_eq!(api.get("/pages?limit=10").status, 200);
    let refused = api.get("/spaces");
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers["x-ratelimit-remaining"], "0");
    assert_eq!(refused.headers["ratelimit-reason"], "confluence-quota-global-based");
    let wait: u64 = refused.headers["retry-after"].parse().unwrap();
    assert!((1..=3600).contains(&wait));
    let second = world.api(GRANULAR);
    assert_eq!(second.get("/spaces").status, 429, "the quota is the app's, not the grant's");
    world.advance(wait);
    assert_eq!(api.get("/spaces").status, 200);
    limited(&world, 0, 3600);
    assert!(!api.get("/spaces").headers.contains_key("x-ratelimit-limit"));
}

#[test]
fn api_tokens_have_no_quota() {
    let world = World::start();
    limited(&world, 1, 3600);
    let token = world.control.api_token(1, 1).unwrap();
    use base64::Engine as _;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", token.email, token.token));
    for _ in 0..3 {
        let url = world.url("/wiki/api/v2/spaces");
        let sent = world.agent.get(url).header("authorization", format!("Basic {basic}")).call().unwrap();
        assert_eq!(sent.status(), 200);
    }
}
