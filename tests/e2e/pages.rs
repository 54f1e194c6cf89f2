//! The pages at which people connect: what they say, and what they do not let anybody do.

use actionbay::authorization::{AdditionalField, ConnectionStatus, Profile};
use atlassian_sandbox::consent::Decision;
use url::Url;

use crate::support::{Town, Visitor, confluence, profile, token_of, workspace};

#[test]
fn a_request_for_another_host_is_refused_whatever_a_proxy_header_says() {
    let town = Town::new();
    let link = town.link(Some("ann"));
    let port = Url::parse(town.public.as_str()).unwrap().port().unwrap();
    let send = |headers: &[(&str, &str)]| Visitor::new().send("GET", &link, headers, "").status;
    for host in
        ["evil.example", &format!("evil.example:{port}"), "localhost", &format!("127.0.0.1:{port}"), "["]
    {
        assert_eq!(send(&[("Host", host)]), 421, "{host}");
        assert_eq!(
            send(&[("Host", host), ("X-Forwarded-Host", &format!("localhost:{port}"))]),
            421,
            "{host}"
        );
    }
    assert!([400, 421].contains(&send(&[("Host", "")])));
    assert_eq!(send(&[("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example")]), 200);
    let at = Url::parse(&link).unwrap();
    let absolute = Visitor::new().send_to(&at, "GET", "http://evil.example/connect/x", &[], "");
    assert_eq!(absolute.status, 421, "{absolute:?}");
}

#[test]
fn a_form_that_a_page_of_somebody_else_sends_is_refused_and_the_link_stays_good() {
    let town = Town::new();
    let link = town.link(Some("ann"));
    let own = town.public.origin();
    for headers in [
        vec![("Origin", "https://evil.example")],
        vec![("Origin", "null")],
        vec![("Sec-Fetch-Site", "cross-site")],
        vec![("Sec-Fetch-Site", "same-site"), ("Origin", own.as_str())],
        vec![("Sec-Fetch-Site", "same-origin"), ("Origin", "https://evil.example")],
    ] {
        let answer = Visitor::new().send("POST", &link, &headers, "");
        assert_eq!(answer.status, 403, "{headers:?}: {answer:?}");
        assert_eq!(answer.header("set-cookie"), "");
    }
    assert_eq!(Visitor::new().send("POST", &link, &[], "").status, 303, "an old browser says nothing");
}

#[test]
fn garbage_is_answered_with_a_page_and_never_with_a_panic() {
    let town = Town::new();
    let link = town.link(Some("ann"));
    let at = Url::parse(&link).unwrap();
    let sound = token_of(&link);
    let huge = "a".repeat(50_000);
    let targets = [
        "/",
        "/connect",
        "/connect/",
        "/connect/x",
        "/connect/.",
        "/connect/../../etc/passwd",
        "/connect/..%2f..%2fetc%2fpasswd",
        "/connect/%00",
        "/connect/%ff%fe",
        "/connect/%F0%9F%A6%80.x",
        "/connect/%",
        "/connect/{token}",
        &format!("/connect/{huge}"),
        &format!("/connect/{}", &sound[1..]),
        &format!("/connect/{sound}x"),
        &format!("/connect/{}", sound.to_uppercase()),
        &format!("/connect/{sound}/"),
        &format!("//connect/{sound}"),
    ];
    for target in targets {
        for method in ["GET", "POST"] {
            let answer = Visitor::new().send_to(&at, method, target, &[], "");
            let shown: String = target.chars().take(80).collect();
            assert!([404, 405].contains(&answer.status), "{method} {shown}: {answer:?}");
        }
    }
    for query in
        ["", "?", "?state", "?state=%ff", "?code=x&state=y", "?state=a&state=b", &format!("?state={huge}")]
    {
        let answer = Visitor::new().get(&format!("{}{query}", town.public.callback_url()));
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    let form = "x".repeat(100_000);
    let answer = Visitor::new().send("POST", &link, &[("Content-Type", "text/plain")], &form);
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(Visitor::new().post(&link).status, 303, "and the link is good as before");
}

#[test]
fn no_page_has_a_script_or_a_secret_or_may_be_kept_framed_or_passed_on() {
    let town = Town::new();
    let link = town.link(Some("ann"));
    let mut visitor = Visitor::new();
    let page = visitor.get(&link);
    let opened = visitor.post(&link);
    let cookie = opened.header("set-cookie").split(['=', ';']).nth(1).unwrap().to_owned();
    let callback = town.decided(&opened, Decision::Allow);
    let done = visitor.get(&callback);
    let again = visitor.get(&callback);
    let used = visitor.get(&link);
    let secret = token_of(&link).split_once('.').unwrap().1;
    let query: Vec<String> =
        Url::parse(&callback).unwrap().query_pairs().map(|(_, value)| value.into_owned()).collect();
    for (answer, referrer) in
        [(&page, "same-origin"), (&done, "no-referrer"), (&again, "no-referrer"), (&used, "no-referrer")]
    {
        assert_eq!(answer.header("referrer-policy"), referrer);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!answer.body.contains("<script") && !answer.body.contains("javascript:"), "{}", answer.body);
        for hidden in query.iter().map(String::as_str).chain([secret, &cookie]) {
            assert!(!answer.body.contains(hidden), "{hidden} in {}", answer.body);
        }
        assert!(town.world.wire.canaries.found_in(answer.body.as_bytes()).is_empty(), "{}", answer.body);
    }
    assert_eq!(page.header("set-cookie"), "", "a page that is looked at leaves nothing");
}

#[test]
fn what_a_user_or_a_profile_is_called_is_shown_and_not_obeyed() {
    let town = Town::new();
    let manifest = confluence();
    let mut profile = Profile::custom(profile(), manifest.manifest(), &town.world.client.client_id).unwrap();
    profile.identity_provider = "<img src=x>".to_owned();
    profile.additional_fields = vec![AdditionalField {
        key: "<b>Ask</b>".to_owned(),
        value: "</dd><script>alert(1)</script>".to_owned(),
    }];
    let secret = town.world.client.client_secret.clone().into();
    town.world.host.put_profile(&workspace(), &profile, &secret).unwrap();
    let user = format!("\"><script>alert(2)</script>\u{202e}\n{}", "x".repeat(5_000));
    let page = Visitor::new().get(&town.link(Some(&user)));
    assert_eq!(page.status, 200);
    for part in ["&lt;script&gt;alert(2)", "&lt;script&gt;alert(1)", "&lt;img src=x&gt;", "&lt;b&gt;Ask"] {
        assert!(page.body.contains(part), "no {part} in {}", page.body);
    }
    for part in ["<script", "<img", "<b>", "\u{202e}", &"x".repeat(1_000)] {
        assert!(!page.body.contains(part), "{part} in {}", page.body);
    }
}

#[test]
fn a_person_whose_account_reaches_several_sites_chooses_one_on_a_page_in_the_same_browser_only() {
    let town = Town::new();
    let change = atlassian_sandbox::control::SettingsChange {
        sites: Some(3),
        unreachable_sites: Some(vec![2]),
        ..Default::default()
    };
    town.world.control.settings(&change).unwrap();
    let mut visitor = Visitor::new();
    let opened = visitor.post(&town.link(Some("ann")));
    let page = visitor.get(&town.decided(&opened, Decision::Allow));
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.header("content-security-policy").contains("form-action 'self'"), "{page:?}");
    let sites = town.world.connections()[0].offered_sites.clone();
    for (offered, closed) in sites.iter().zip(["", " disabled", ""]) {
        let radio = format!("value=\"{}\" required{closed}>", offered.site.id);
        assert!(page.body.contains(&radio), "no {radio} in {}", page.body);
    }
    let waiting = town.world.connections()[0].id.clone();
    let choose = |visitor: &mut Visitor, site: &str| {
        let url = format!("{}/connect/site", town.public);
        let form = format!("workspace=default&connection={waiting}&site={site}");
        let origin = Url::parse(&url).unwrap().origin().ascii_serialization();
        visitor.send("POST", &url, &[("Origin", &origin), ("Sec-Fetch-Site", "same-origin")], &form)
    };
    let third = &sites[2].site.id;
    assert_eq!(choose(&mut Visitor::new(), third).status, 400, "a browser without the cookie");
    let mut stranger = Visitor::new();
    stranger.post(&town.link(Some("bob")));
    assert_eq!(choose(&mut stranger, third).status, 400, "a browser that was sent another link");
    let again = choose(&mut visitor, &sites[1].site.id);
    assert!(
        again.status == 200 && again.body.contains("Which site?"),
        "a site that is not reached: {again:?}"
    );
    assert_eq!(town.world.connections()[0].status, ConnectionStatus::AwaitingSite);
    let done = choose(&mut visitor, third);
    assert!(done.status == 200 && done.body.contains("is connected to"), "{done:?}");
    town.run(Some("ann")).unwrap();
    assert_eq!(choose(&mut visitor, third).status, 400, "it waits for nothing any more");
}
