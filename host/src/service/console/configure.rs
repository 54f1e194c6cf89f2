//! The *Configurations* of an integration: how it is authorized, by whom, and with which app.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::form::{Fields, Posted};
use super::session::Admin;
use super::{Console, layout, of_integration};
use crate::authorization::{
    AuthorizationMode, Authorize, Browser, Configuration, Connection, Profile, ProfileKind,
};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{IntegrationId, ProfileId};
use crate::runtime::Plugin;

/// What is looked at, and what was chosen so far.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct View {
    tab: Option<String>,
    mode: Option<String>,
    app: Option<String>,
    profile: Option<String>,
}

/// All that the page shows.
struct Facts {
    plugin: Plugin,
    configuration: Option<Configuration>,
    profiles: Vec<Profile>,
    /// The connection that serves everybody.
    connection: Option<Connection>,
    callback_url: Option<String>,
}

fn facts(host: &Host, admin: &Admin, integration: String) -> Result<Facts> {
    let workspace = &admin.key.workspace;
    let plugin = host.plugin(&IntegrationId::new(integration)?)?;
    let id = plugin.manifest().id.clone();
    let mut profiles = host.profiles(workspace)?;
    profiles.retain(|profile| profile.integration == id);
    let mut connections = host.connections(workspace)?;
    connections.retain(|connection| connection.integration == id && connection.user.is_none());
    Ok(Facts {
        callback_url: profiles.first().and_then(|profile| host.callback_url(profile).ok()),
        configuration: host.configuration(workspace, &id)?,
        connection: connections.pop(),
        profiles,
        plugin,
    })
}

pub(super) async fn page(
    State(console): State<Console>,
    Path(integration): Path<String>,
    Query(view): Query<View>,
    admin: Admin,
) -> Response {
    let known = admin.clone();
    let facts = match console.work(move |host| facts(host, &known, integration)).await {
        Ok(facts) => facts,
        Err(failure) => return layout::failed(&console, Some(&admin), &failure),
    };
    let manifest = facts.plugin.manifest();
    let title = layout::line(&manifest.title);
    let is_new = facts
        .configuration
        .as_ref()
        .is_some_and(|configuration| configuration.enabled && !configuration.introduced);
    let is_connected = facts.connection.as_ref().is_some_and(|connection| connection.status.works())
        || facts.configuration.as_ref().is_some_and(|known| known.mode == AuthorizationMode::PerUser);
    if is_new && is_connected {
        return layout::shown(
            &console,
            &admin,
            "Integration Successful",
            &successful(&console, &admin, &facts),
        );
    }
    let at = |tab: &str| console.at(&format!("/actions/{}?tab={tab}", manifest.id));
    let is_instructions = view.tab.as_deref() == Some("instructions");
    let body = html! {
        p { a href=(console.at("/actions")) { "Integrations › Actions" } }
        h1 { (title) ": Configurations" }
        nav class="tabs" aria-label="Configurations" {
            a href=(at("instructions")) aria-current=[is_instructions.then_some("page")] { "Instructions" }
            a href=(at("authorization")) aria-current=[(!is_instructions).then_some("page")] { "Authorization" }
        }
        @if is_instructions { (instructions(&facts)) } @else { (authorization(&console, &admin, &facts, &view)) }
    };
    layout::shown(&console, &admin, &format!("{title}: Configurations"), &body)
}

fn instructions(facts: &Facts) -> Markup {
    let manifest = facts.plugin.manifest();
    html! {
        p { (layout::line(&manifest.summary)) }
        ol {
            li { "Make an OAuth 2.0 app at the vendor, or use the system's." }
            @if let Some(url) = &facts.callback_url { li { "Register this callback URL there: " code { (url) } } }
            @if let Some(oauth2) = manifest.oauth2() {
                li { "Allow it these scopes: " @for scope in &oauth2.default_scopes { code { (layout::line(scope)) } " " } }
            }
            li { "Choose under Authorization who authorizes, and with which app." }
            li { "Install templates. Each becomes a dialog." }
        }
    }
}

/// First time only.
fn successful(console: &Console, admin: &Admin, facts: &Facts) -> Markup {
    let manifest = facts.plugin.manifest();
    let at = console.at(&format!("/actions/{}/introduced", manifest.id));
    let way = |to: &str, label: &str, class: &str| {
        html! {
            form method="post" action=(at) class="inline" {
                (layout::token(admin))
                input type="hidden" name="to" value=(to);
                button type="submit" class=(class) { (label) }
            }
        }
    };
    html! {
        h1 { "Integration Successful" }
        p class="told" role="status" { (layout::line(&manifest.title)) " is configured." }
        p { "Install templates now: each becomes a dialog that is ready to talk." }
        (way("templates", "Explore Templates", ""))
        (way("actions", "Skip for Now", "quiet"))
    }
}

fn authorization(console: &Console, admin: &Admin, facts: &Facts, view: &View) -> Markup {
    let id = &facts.plugin.manifest().id;
    let at = |path: &str| console.at(&format!("/actions/{id}{path}"));
    let before = facts.configuration.as_ref();
    let mode =
        view.mode.as_deref().unwrap_or_else(|| before.map_or("pre-authorized", |known| known.mode.as_str()));
    let custom: Vec<&Profile> = of_kind(facts, ProfileKind::Custom);
    let system: Vec<&Profile> = of_kind(facts, ProfileKind::System);
    let chosen = view
        .profile
        .as_deref()
        .or_else(|| before.and_then(|known| known.profile.as_ref()).map(ProfileId::as_str));
    let is_custom_chosen = custom.iter().any(|profile| Some(profile.id.as_str()) == chosen);
    let app = view.app.as_deref().unwrap_or(if is_custom_chosen || system.is_empty() {
        "custom"
    } else {
        "system"
    });
    let radio = |name: &str, value: &str, current: &str, label: &str| {
        html! {
            label class="choice" { input type="radio" name=(name) value=(value) checked[value == current]; " " (label) }
        }
    };
    html! {
        @if let Some(connection) = &facts.connection { (connected(connection)) }
        form method="post" action=(at("/authorize")) {
            (layout::token(admin))
            fieldset {
                legend { "Authorization Type" }
                (radio("mode", "pre-authorized", mode, "Pre-authorize the Integration"))
                (radio("mode", "per-user", mode, "Allow Users to Authorize the Integration"))
            }
            fieldset {
                legend { "OAuth" }
                div class="cards" {
                    div class="card" {
                        (radio("app", "system", app, "System"))
                        p { "The app that this deployment ships with." }
                        @if system.is_empty() { p { "There is none here." } }
                    }
                    div class="card" {
                        (radio("app", "custom", app, "Custom"))
                        p { "An app of your own at the vendor." }
                        label for="profile" { "Select Authorization" }
                        select id="profile" name="profile" {
                            @if custom.is_empty() { option value="" { "None yet" } }
                            @for profile in &custom {
                                option value=(profile.id) selected[Some(profile.id.as_str()) == chosen] { (profile.id) }
                            }
                        }
                        p {
                            a href=(at("/profiles/new")) { "Create New" }
                            @for profile in &custom {
                                " · " a href=(console.at(&format!("/profiles/{}", profile.id))) { "Edit " (profile.id) }
                            }
                        }
                    }
                }
            }
            @if facts.profiles.iter().any(Profile::needs_tenant) {
                p {
                    label for="tenant" { "Tenant" }
                    input id="tenant" name="tenant" autocomplete="off" aria-describedby="tenant-hint"
                        value=[facts.connection.as_ref().and_then(|connection| connection.tenant.as_deref())];
                    span class="hint" id="tenant-hint" {
                        "Where the authorization's URLs have {tenant}: its name, as in acme for acme.example.com. "
                        "Users who authorize it themselves are asked for theirs."
                    }
                }
            }
            p {
                button type="submit" name="do" value="authorize" { "Authorize" } " "
                button type="submit" name="do" value="save" class="quiet" { @if before.is_some() { "Save" } @else { "Enable" } }
            }
            p class="hint" {
                "Authorize leads to the vendor, where you allow access for everybody. Where users authorize it themselves, "
                "Enable is enough: each gets a link in the conversation."
            }
        }
    }
}

fn connected(connection: &Connection) -> Markup {
    let account = connection.account.as_ref().map(|account| account.name.as_ref().unwrap_or(&account.id));
    let site = connection.site.as_ref().map(|site| site.name.as_str());
    let class = if connection.status.works() { "told" } else { "trouble" };
    html! {
        p class=(class) role="status" {
            @if connection.status.works() { "Authorized" } @else { "Not working: " (connection.status.as_str()) }
            @if let Some(account) = account { " as " (layout::line(account)) }
            @if let Some(site) = site { " at " (layout::line(site)) }
            "."
            @if let Some(reason) = &connection.reason { " " (layout::line(reason)) }
        }
    }
}

fn of_kind(facts: &Facts, kind: ProfileKind) -> Vec<&Profile> {
    facts.profiles.iter().filter(|profile| profile.kind == kind).collect()
}

/// What the form says.
struct Wish {
    integration: IntegrationId,
    mode: AuthorizationMode,
    profile: ProfileId,
    /// Of what the profile's URLs need.
    tenant: Option<String>,
}

fn wish(host: &Host, admin: &Admin, integration: String, fields: &Fields) -> Result<Wish> {
    let facts = facts(host, admin, integration)?;
    let kind = if fields.text("app") == "system" { ProfileKind::System } else { ProfileKind::Custom };
    let profiles = of_kind(&facts, kind);
    let named = fields.given("profile").filter(|_| kind == ProfileKind::Custom);
    let profile = match named {
        Some(named) => profiles.iter().find(|profile| profile.id.as_str() == named),
        None => profiles.first(),
    };
    let profile = profile.ok_or_else(|| {
        let (what, hint) = match kind {
            ProfileKind::System => (
                "This deployment ships no app for it.",
                "Choose Custom, and create an authorization of your own.",
            ),
            ProfileKind::Custom => {
                ("No authorization is selected.", "Create one with Create New, and select it.")
            }
        };
        Failure::new(FailureKind::InvalidInput, "no-profile", what).hint(hint)
    })?;
    let mode = match fields.text("mode") {
        "per-user" => AuthorizationMode::PerUser,
        _ => AuthorizationMode::PreAuthorized,
    };
    let tenant = fields.given("tenant").filter(|_| profile.needs_tenant()).map(str::to_owned);
    let integration = facts.plugin.manifest().id.clone();
    Ok(Wish { integration, mode, profile: profile.id.clone(), tenant })
}

/// Configures it as wished, unless it is.
fn configure(host: &Host, admin: &Admin, wish: &Wish) -> Result<()> {
    let workspace = &admin.key.workspace;
    let (mode, profile) = (Some(wish.mode), Some(&wish.profile));
    match host.configuration(workspace, &wish.integration)? {
        Some(known) if known.enabled => {
            host.edit_configuration(workspace, &wish.integration, mode, profile).map(drop)
        }
        _ => host.enable(workspace, &wish.integration, mode, profile).map(drop),
    }
}

pub(super) async fn authorize(
    State(console): State<Console>,
    Path(integration): Path<String>,
    headers: HeaderMap,
    posted: Posted,
) -> Response {
    let Posted { admin, fields } = posted;
    let (known, browser) = (admin.clone(), console.browser.read(&headers));
    let subject = of_integration(&integration);
    let wants_consent = fields.text("do") == "authorize" && fields.text("mode") != "per-user";
    let done = console.change(&admin, "configure_integration", subject, move |host| {
        let wish = wish(host, &known, integration, &fields)?;
        if !wants_consent {
            configure(host, &known, &wish)?;
            return Ok((wish.integration, None));
        }
        // Nothing is configured before the person comes back: that alone makes it so.
        if host.configuration(&known.key.workspace, &wish.integration)?.is_some() {
            configure(host, &known, &wish)?;
        }
        let begun = begin(host, &known, &wish, browser)?;
        Ok((wish.integration, Some(begun)))
    });
    match done.await {
        Ok((integration, None)) => console.to(&format!("/actions/{integration}")),
        Ok((_, Some((url, browser, seconds)))) => sent_on(&console, &admin, &url, &browser, seconds),
        Err(failure) => layout::failed(&console, Some(&admin), &failure),
    }
}

fn begin(
    host: &Host,
    admin: &Admin,
    wish: &Wish,
    browser: Option<Browser>,
) -> Result<(String, Browser, u64)> {
    let browser = browser.map_or_else(Browser::new, Ok)?;
    let workspace = admin.key.workspace.clone();
    let before = host.connections(&workspace)?.into_iter().find(|connection| {
        connection.integration == wish.integration
            && connection.user.is_none()
            && connection.profile == wish.profile
    });
    let tenant = wish.tenant.clone().or_else(|| before.as_ref().and_then(|known| known.tenant.clone()));
    let authorize = Authorize::new(workspace, wish.integration.clone(), wish.profile.clone())
        .tenant(tenant)
        .reconnect(before.map(|connection| connection.id))
        .another_account(true)
        .browser(browser.clone());
    let begun = host.begin(&authorize)?;
    let seconds = begun.expires_at.saturating_sub(host.authorizations().clock.now()?);
    Ok((begun.authorization_url.to_string(), browser, seconds))
}

/// Sends the browser to the vendor, with the cookie to come back with.
pub(super) fn sent_on(
    console: &Console,
    admin: &Admin,
    url: &str,
    browser: &Browser,
    seconds: u64,
) -> Response {
    let cookie = console.browser.set(browser, seconds);
    let url =
        HeaderValue::from_str(url).map_err(|_| Failure::internal("An authorization URL cannot be written."));
    match cookie.and_then(|cookie| Ok((cookie, url?))) {
        Ok((cookie, url)) => {
            let headers = [(header::LOCATION, url), (header::SET_COOKIE, cookie)];
            super::super::page::guarded((StatusCode::SEE_OTHER, headers).into_response(), "no-referrer")
        }
        Err(failure) => layout::failed(console, Some(admin), &failure),
    }
}

/// Turned on again as it was: it has to be authorized again.
pub(super) async fn enable(
    State(console): State<Console>,
    Path(integration): Path<String>,
    posted: Posted,
) -> Response {
    let workspace = posted.admin.key.workspace.clone();
    let subject = of_integration(&integration);
    let enabled = console.change(&posted.admin, "enable_integration", subject, move |host| {
        host.enable(&workspace, &IntegrationId::new(integration)?, None, None)
    });
    match enabled.await {
        Ok(configuration) => console.to(&format!("/actions/{}", configuration.integration)),
        Err(failure) => layout::failed(&console, Some(&posted.admin), &failure),
    }
}

/// The first success was seen.
pub(super) async fn introduced(
    State(console): State<Console>,
    Path(integration): Path<String>,
    posted: Posted,
) -> Response {
    let workspace = posted.admin.key.workspace.clone();
    let noted = console.work(move |host| {
        let id = IntegrationId::new(integration)?;
        host.introduce(&workspace, &id)?;
        Ok(id)
    });
    match noted.await {
        Ok(id) if posted.fields.text("to") == "templates" => console.to(&format!("/actions/{id}/templates")),
        Ok(_) => console.to("/actions"),
        Err(failure) => layout::failed(&console, Some(&posted.admin), &failure),
    }
}
