//! Profiles: what they may say, what is made of it, and who may change them.

use std::collections::BTreeMap;

use actionbay::authorization::{
    AdditionalField, AuthorizationField, Authorize, Begun, FieldPlace, Profile, ProfileKind, UrlTemplate,
};
use actionbay::ids::ProfileId;
use actionbay::runtime::Pkce;
use actionbay::{Failure, FailureKind};
use atlassian_sandbox::consent::Decision;
use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};

use crate::support::{Finished, Home, Setup, World, finish, integration, workspace};

fn named(world: &World, id: &str) -> Profile {
    let plugin = world.host.plugin(&integration()).unwrap();
    Profile::custom(ProfileId::new(id).unwrap(), plugin.manifest(), &world.client.client_id).unwrap()
}

fn put(world: &World, profile: &Profile) {
    world.host.put_profile(&workspace(), profile, &world.client.client_secret.clone().into()).unwrap();
}

fn begin(world: &World, profile: &Profile, tenant: Option<&str>) -> Result<Begun, Failure> {
    let wish = Authorize::new(workspace(), integration(), profile.id.clone());
    world.host.begin(&wish.tenant(tenant.map(str::to_owned)))
}

fn field(place: FieldPlace, key: &str, value: &str) -> AuthorizationField {
    AuthorizationField { place, key: key.into(), value: value.into() }
}

/// Rows 16, 18
#[test]
fn the_query_of_an_authorization_url_is_kept_and_the_tenant_becomes_a_label_of_its_host() {
    let world = World::new(Setup::default());
    let mut profile = named(&world, "tenants");
    profile.authorization_url =
        UrlTemplate::new("https://{tenant}.example.com/authorize?audience=api.atlassian.com&team={tenant}");
    put(&world, &profile);
    let url = begin(&world, &profile, Some("acme")).unwrap().authorization_url;
    assert_eq!(url.host_str(), Some("acme.example.com"));
    assert!(url.query().unwrap().starts_with("audience=api.atlassian.com&team=acme&"), "{url}");
    assert_eq!(url.query_pairs().filter(|(name, _)| name == "audience").count(), 1);
    for (tenant, code) in [
        (None, "tenant-required"),
        (Some("evil.example/"), "bad-tenant"),
        (Some("a.b"), "bad-tenant"),
        (Some("x@y"), "bad-tenant"),
    ] {
        let failure = begin(&world, &profile, tenant).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::InvalidInput, code));
    }
    put(&world, &named(&world, "plain"));
    let failure = begin(&world, &named(&world, "plain"), Some("acme")).unwrap_err();
    assert_eq!(failure.code, "tenant-not-used");
    assert!(world.wire.seen().is_empty());
}

/// Rows 18, 19, 20
#[test]
fn authorization_fields_and_the_tenant_are_in_every_token_request_where_they_belong() {
    let world = World::new(Setup::default());
    let mut profile = named(&world, "fields");
    profile.token_url = UrlTemplate::new("https://auth.atlassian.com/{leaf}/token?team={tenant}");
    profile.refresh_url = profile.token_url.clone();
    profile.additional_fields = vec![AdditionalField { key: "Ask".into(), value: "the admin".into() }];
    profile.authorization_fields = vec![
        field(FieldPlace::Header, "x-app", "actionbay"),
        field(FieldPlace::Payload, "extra", "payload value"),
        field(FieldPlace::Query, "flag", "a&b"),
        field(FieldPlace::Path, "leaf", "oauth"),
    ];
    put(&world, &profile);
    let tested = world.host.test_profile(&workspace(), &profile.id, Some("acme")).unwrap();
    assert_eq!((tested.status, tested.token_url.query()), (403, Some("team=acme")));
    let untold = world.host.test_profile(&workspace(), &profile.id, None).unwrap_err();
    assert_eq!(untold.code, "tenant-required");
    world.wire.forget();
    let begun = begin(&world, &profile, Some("acme")).unwrap();
    assert_eq!(begun.additional_fields, profile.additional_fields);
    let flag = begun.authorization_url.query_pairs().find(|(name, _)| name == "flag").unwrap().1.into_owned();
    assert_eq!(flag, "a&b");
    world.host.handle_callback(&world.consent(&begun.authorization_url, Decision::Allow), None).unwrap();
    world.clock.advance(3_600);
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    let token_requests: Vec<_> =
        world.wire.seen().into_iter().filter(|seen| seen.url.path() == "/oauth/token").collect();
    assert_eq!(token_requests.len(), 2, "the exchange and the refresh");
    for (request, grant) in token_requests.iter().zip(["authorization_code", "refresh_token"]) {
        assert_eq!(request.url.query(), Some("team=acme&flag=a%26b"));
        assert_eq!(request.headers["x-app"], "actionbay");
        let body: BTreeMap<String, Value> = serde_json::from_slice(&request.body).unwrap();
        assert_eq!((&body["grant_type"], &body["extra"]), (&json!(grant), &json!("payload value")));
    }
}

#[test]
fn a_profile_with_pkce_sends_a_challenge_and_proves_it() {
    let world = World::new(Setup::default());
    let mut profile = named(&world, "pkce");
    profile.pkce = Pkce::S256;
    put(&world, &profile);
    let url = begin(&world, &profile, None).unwrap().authorization_url;
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(query["code_challenge_method"], "S256");
    // The sandbox compares the challenge with the verifier, as an authorization server does.
    world.host.handle_callback(&world.consent(&url, Decision::Allow), None).unwrap();
    let body: BTreeMap<String, Value> = serde_json::from_slice(&world.wire.seen()[0].body).unwrap();
    assert!(body["code_verifier"].as_str().unwrap().len() >= 43);
    assert_ne!(body["code_verifier"].as_str().unwrap(), query["code_challenge"]);
}

#[test]
fn a_system_profile_connects_and_cannot_be_replaced_edited_or_deleted() {
    let world = World::new(Setup::default());
    let secret = world.client.client_secret.clone();
    world.host.add_system_profile(named(&world, "shared"), Ok(secret.clone().into())).unwrap();
    let shared = world.host.profile(&workspace(), &ProfileId::new("shared").unwrap()).unwrap();
    assert_eq!(shared.kind, ProfileKind::System);
    let listed = serde_json::to_string(&world.host.profiles(&workspace()).unwrap()).unwrap();
    assert!(listed.contains("shared") && !listed.contains(&secret));
    let url = begin(&world, &shared, None).unwrap().authorization_url;
    world.host.handle_callback(&world.consent(&url, Decision::Allow), None).unwrap();
    world.clock.advance(3_600);
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    let refused = [
        world.host.put_profile(&workspace(), &named(&world, "shared"), &secret.clone().into()).unwrap_err(),
        world.host.edit_profile(&workspace(), &shared.id, None, |_| ()).unwrap_err(),
        world
            .host
            .delete_profile(&workspace(), &shared.id, actionbay::authorization::InUse::Forget)
            .unwrap_err(),
    ];
    assert!(refused.iter().all(|failure| failure.code == "system-profile"), "{refused:?}");
    let twice = world.host.create_profile(&workspace(), &named(&world, "shared"), &secret.into());
    assert_eq!(twice.unwrap_err().code, "profile-exists");
    assert_eq!(world.connections().len(), 1);
}

/// A home whose operator listed the sandbox.
fn home(sandbox: &Sandbox, more: &str) -> Home {
    let home = Home::new();
    std::fs::create_dir_all(home.data()).unwrap();
    let config = format!("[policy]\nallowed-origins = [\"{}\"]\n{more}", sandbox.url());
    std::fs::write(home.data().join("config.toml"), config).unwrap();
    home
}

fn with_secret(home: &Home, secret: &str, arguments: &[&str]) -> Finished {
    let mut command = home.command(arguments);
    command.env("ACTIONBAY_CLIENT_SECRET", secret);
    finish(command)
}

fn create(home: &Home, sandbox: &Sandbox, name: &str, secret: &str) -> Finished {
    let authorize = format!("{}/authorize?audience=api.atlassian.com", sandbox.url());
    let token = format!("{}/oauth/token", sandbox.url());
    let client = &sandbox.client().client_id;
    with_secret(
        home,
        secret,
        &[
            "--json",
            "profiles",
            "create",
            name,
            "--integration",
            "confluence",
            "--client-id",
            client,
            "--authorization-url",
            &authorize,
            "--token-url",
            &token,
            "--scope",
            "write:confluence-content offline_access",
        ],
    )
}

/// Rows 11, 15, 17, 21, 22
#[test]
fn a_profile_is_made_shown_without_its_secret_tested_corrected_and_deleted() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = home(&sandbox, "");
    let secret = sandbox.client().client_secret.clone();
    let wrong = "canary-wrong-client-secret";
    let made = create(&home, &sandbox, "mine", wrong).ok();
    let shown = home.run(&["--json", "profiles", "show", "mine"]).ok().json();
    assert_eq!(made.json(), shown);
    assert_eq!(shown["callback-url"], "http://localhost:8976/callback");
    assert_eq!(shown["kind"], "custom");
    assert_eq!(shown["scopes"], json!(["write:confluence-content", "offline_access"]));
    assert_eq!(shown["refresh-url"], shown["token-url"]);
    let again = create(&home, &sandbox, "mine", wrong);
    assert_eq!((again.code, &again.json()["error"]["code"]), (2, &json!("profile-exists")));

    let failed = home.run(&["profiles", "test", "mine"]).fails_with(1, "does not accept the client id");
    for part in ["status: 401", "content-type: application/json", "access_denied"] {
        assert!(failed.stderr.contains(part), "no {part:?} in {failed:?}");
    }
    let failed = home.run(&["--json", "profiles", "test", "mine"]);
    let error = failed.json()["error"].clone();
    assert_eq!((failed.code, &error["kind"]), (1, &json!("bad-client-credentials")));
    assert_eq!(error["answer"]["status"], 401);
    with_secret(&home, &secret, &["profiles", "edit", "mine", "--new-secret"]).ok();
    let tested = home.run(&["--json", "profiles", "test", "mine"]).ok().json();
    assert_eq!(tested["status"], 403);
    assert!(tested["message"].as_str().unwrap().contains("accepts"), "{tested}");

    home.run(&["profiles", "edit", "mine", "--description", "for trying"]).ok();
    let listed = home.run(&["profiles", "list"]).ok();
    assert!(listed.stdout.contains("for trying") && listed.stdout.contains("custom"), "{listed:?}");
    for printed in [made, listed, home.run(&["profiles", "show", "mine"]), failed] {
        let printed = format!("{printed:?}");
        assert!(!printed.contains(wrong) && !printed.contains(&secret), "{printed}");
    }
    home.run(&["profiles", "delete", "mine"]).fails_with(2, "used by no connection");
    home.run(&["profiles", "delete", "mine", "--yes"]).ok();
    home.run(&["profiles", "show", "mine"]).fails_with(2, "no profile \"mine\"");
    assert_eq!(home.run(&["--json", "profiles", "list"]).ok().json(), json!([]));
}

/// Rows 12, 13, 14, 20
#[test]
fn everything_that_is_wrong_with_a_profile_is_said_at_once_and_nothing_is_stored() {
    let home = Home::new();
    let wrong = |more: &[&str]| {
        let arguments = ["profiles", "create", "p", "--integration", "confluence"];
        with_secret(&home, "s", &[&arguments, more].concat())
    };
    let long = "c".repeat(256);
    let url = format!("https://a.example/{}", "u".repeat(3_000));
    let told = wrong(&[
        "--identity-provider",
        "",
        "--client-id",
        &long,
        "--authorization-url",
        &url,
        "--token-url",
        "https://127.1/token",
        "--refresh-url",
        "http://a.example/token",
        "--authorization-field",
        "payload:client_secret=x",
        "--authorization-field",
        "header:Cookie=x",
    ])
    .fails_with(2, "The profile \"p\" cannot be used:");
    for part in [
        "/identity-provider  is missing.",
        "/client-id  is longer than 255 characters.",
        "/authorization-url  is longer than 3000 characters.",
        "/token-url  is refused: https://127.0.0.1 is not at a public address",
        "allowed-origins = [\"https://127.0.0.1\"]",
        "/refresh-url  is refused:",
        "/authorization-fields/0/key",
        "/authorization-fields/1/key",
    ] {
        assert!(told.stderr.contains(part), "no {part:?} in {told:?}");
    }
    wrong(&[]).fails_with(2, "/client-id  is missing.");
    assert_eq!(wrong(&["--authorization-field", "cookie:a=b"]).code, 2);
    home.run(&["profiles", "create", "a/b", "--integration", "confluence"])
        .fails_with(2, "cannot be the name");
    home.run(&["profiles", "create", "p", "--integration", "jura"]).fails_with(2, "no integration \"jura\"");
    home.run(&["profiles", "create", "p", "--integration", "confluence", "--client-id", "c"])
        .fails_with(2, "no client secret");
    for verb in ["show", "edit", "delete", "test"] {
        home.run(&["profiles", verb, "p"]).fails_with(2, "no profile \"p\"");
    }
    assert_eq!(home.run(&["--json", "profiles", "list"]).ok().json(), json!([]));
}

#[test]
fn a_name_that_leads_to_this_machine_is_not_called_and_the_hint_says_what_would_allow_it() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let port = url::Url::parse(sandbox.url()).unwrap().port().unwrap();
    let here = format!("https://localhost:{port}");
    let home = home(&sandbox, &format!("allowed-hosts = [\"{here}\"]"));
    create(&home, &sandbox, "mine", "secret").ok();
    home.run(&["profiles", "edit", "mine", "--token-url", &format!("{here}/oauth/token")]).ok();
    let failed = home.run(&["profiles", "test", "mine"]).fails_with(1, "not at a public address");
    let line = format!("allowed-origins = [\"{}\", \"{here}\"]", sandbox.url());
    assert!(failed.stderr.contains(&line), "{failed:?}");
    let error = || home.run(&["--json", "profiles", "test", "mine"]).json()["error"].clone();
    assert_eq!((&error()["code"], &error()["request-sent"]), (&json!("address-not-public"), &json!(false)));

    // The line as it was printed does what it says. What is there speaks no TLS, which is found out by calling it.
    let hosts = format!("allowed-hosts = [\"{here}\"]");
    std::fs::write(
        home.data().join("config.toml"),
        format!("[policy]\n{hosts}\n{}\n", printed(&failed.stderr)),
    )
    .unwrap();
    assert_eq!(error()["code"], "untrusted-server");
}

/// The line that a refusal says to put under `[policy]`.
fn printed(told: &str) -> &str {
    told.split_once("under [policy]: ").unwrap_or_else(|| panic!("{told}")).1.lines().next().unwrap()
}

#[test]
fn a_host_is_called_where_the_operator_allows_it_and_an_empty_list_allows_none() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = home(&sandbox, "");
    create(&home, &sandbox, "mine", "secret").ok();
    let to = |host: &str| {
        home.run(&[
            "--json",
            "profiles",
            "edit",
            "mine",
            "--token-url",
            &format!("https://{host}/oauth/token"),
        ])
    };
    to("auth.atlassian.com").ok();
    let refused = to("auth.example.com");
    let message = refused.json()["error"].to_string();
    assert_eq!(refused.code, 2);
    let line = r#"allowed-hosts = [\"https://*.atlassian.com\", \"https://*.atlassian.net\", \"https://auth.example.com\"]"#;
    assert!(message.contains("does not allow") && message.contains(line), "{message}");

    let config = home.data().join("config.toml");
    // The line as it was printed does what it says.
    let edit = ["profiles", "edit", "mine", "--token-url", "https://auth.example.com/oauth/token"];
    let told = home.run(&edit).fails_with(2, "does not allow").stderr;
    let origins = format!("allowed-origins = [\"{}\"]", sandbox.url());
    std::fs::write(&config, format!("[policy]\n{}\n{origins}\n", printed(&told))).unwrap();
    to("auth.example.com").ok();

    let listed = |hosts: &str| {
        let origins = format!("allowed-origins = [\"{}\"]", sandbox.url());
        std::fs::write(&config, format!("[policy]\nallowed-hosts = {hosts}\n{origins}\n")).unwrap();
    };
    listed(r#"["https://*.example.com"]"#);
    to("auth.example.com").ok();
    assert_eq!(to("auth.atlassian.com").code, 2);
    listed("[]");
    assert_eq!((to("auth.atlassian.com").code, to("auth.example.com").code), (2, 2));
    listed(r#"["https://a*.example.com"]"#);
    let told = home.run(&["profiles", "list"]).fails_with(2, "names no hosts");
    assert!(
        told.stderr.contains("line 2, policy.allowed-hosts.0: ") && !told.stderr.contains(".."),
        "{told:?}"
    );
}

/// Row 22
#[test]
fn deleting_a_profile_in_use_names_its_connections_and_needs_a_yes() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = Home::new();
    let connected = home.run(&["--json", "authorize", "confluence", "--sandbox", sandbox.url()]).ok().json();
    let id = connected["id"].as_str().unwrap();
    home.run(&["profiles", "delete", "sandbox"]).fails_with(2, id);
    home.run(&["run", "confluence", "list-pages", "--set", "space=DOCS"]).ok();
    let deleted = home.run(&["--json", "profiles", "delete", "sandbox", "--yes"]).ok().json();
    assert_eq!(deleted, json!({"deleted": "sandbox", "connections": [id]}));
    assert_eq!(home.run(&["--json", "connections", "list"]).ok().json(), json!([]));
    home.run(&["run", "confluence", "list-pages", "--set", "space=DOCS"]).fails_with(3, "no connection");
}

#[test]
fn a_profile_of_the_configuration_is_listed_as_system_tested_and_not_changed() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let client = sandbox.client();
    let shared = format!(
        "[[profiles]]\nid = \"shared\"\nintegration = \"confluence\"\nclient-id = \"{}\"\n\
         client-secret-env = \"SHARED_SECRET\"\nauthorization-url = \"{1}/authorize\"\n\
         token-url = \"{1}/oauth/token\"\n",
        client.client_id,
        sandbox.url()
    );
    let home = home(&sandbox, &shared);
    let listed = home.run(&["--json", "profiles", "list"]).ok().json();
    assert_eq!((&listed[0]["id"], &listed[0]["kind"]), (&json!("shared"), &json!("system")));
    home.run(&["profiles", "test", "shared"]).fails_with(1, "SHARED_SECRET is not set");
    let mut command = home.command(&["profiles", "test", "shared"]);
    command.env("SHARED_SECRET", &client.client_secret);
    let tested = finish(command).ok();
    assert!(!format!("{tested:?}").contains(&client.client_secret));
    home.run(&["profiles", "edit", "shared", "--client-id", "x"]).fails_with(2, "belongs to the deployment");
    home.run(&["profiles", "delete", "shared", "--yes"]).fails_with(2, "belongs to the deployment");
    let taken = create(&home, &sandbox, "shared", "x");
    assert_eq!((taken.code, &taken.json()["error"]["code"]), (2, &json!("profile-exists")));

    std::fs::write(home.data().join("secret"), format!("{}\n", client.client_secret)).unwrap();
    let config = home.data().join("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let by_file = text.replace("client-secret-env = \"SHARED_SECRET\"", "client-secret-file = \"secret\"");
    std::fs::write(&config, &by_file).unwrap();
    home.run(&["profiles", "test", "shared"]).ok();
    std::fs::write(&config, by_file.replace("client-secret-file", "client-secret")).unwrap();
    home.run(&["profiles", "list"]).fails_with(2, "cannot be used");
    std::fs::write(&config, by_file.replace("client-id = \"", "client-id = \"\" #")).unwrap();
    home.run(&["profiles", "list"]).fails_with(2, "profiles.0.client-id: client-id is missing");
}

#[test]
fn a_profile_of_the_environment_is_a_system_profile_whose_secret_is_not_shown() {
    let home = Home::new();
    let mut command = home.command(&["--json", "profiles", "list"]);
    command.env("ACTIONBAY_CONFLUENCE_CLIENT_ID", "client-of-the-deployment");
    command.env("ACTIONBAY_CONFLUENCE_CLIENT_SECRET", "secret-of-the-deployment");
    command.env("ACTIONBAY_CONFLUENCE_SCOPES", "read:page:confluence  write:page:confluence");
    let listed = crate::support::finish(command).ok();
    assert!(!listed.stdout.contains("secret-of-the-deployment"), "{listed:?}");
    let profile = &listed.json()[0];
    assert_eq!((&profile["id"], &profile["kind"]), (&json!("confluence-system"), &json!("system")));
    assert_eq!(profile["scopes"], json!(["read:page:confluence", "write:page:confluence"]));
}
