//! Authorization profiles: the app at the vendor, with every field and its check.

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};

use super::super::audit::Subject;
use super::form::{Fields, Posted};
use super::session::Admin;
use super::{Console, layout};
use crate::authorization::{
    AdditionalField, AuthorizationField, FieldPlace, InUse, Profile, ProfileKind, UrlTemplate,
};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{IntegrationId, ProfileId};
use crate::secret::SecretString;

/// What a field of the form is called, how it is labelled, and what it is.
const FIELDS: [(&str, &str, &str); 7] = [
    ("identity-provider", "Identity Provider Name", "What people call who lets them in."),
    ("client-id", "Client ID", "At most 255 characters."),
    ("client-secret", "Client Secret", "At most 255 characters. It is kept sealed and never shown."),
    (
        "authorization-url",
        "Authorization URL",
        "Where people are sent. A query in it is kept; {tenant} may stand in it.",
    ),
    ("token-url", "Token Request URL", "Where codes are exchanged."),
    ("refresh-url", "Refresh Token URL", "Where tokens are renewed, mostly the same."),
    ("scope", "Scope", "With a space between two. Empty: those of the integration."),
];

/// A profile as a form has it.
struct Shown {
    values: Vec<(&'static str, String)>,
    additional: String,
    authorization: String,
    callback_url: Option<String>,
}

impl Shown {
    fn of(host: &Host, profile: &Profile) -> Self {
        let lines = |lines: Vec<String>| lines.join("\n");
        Self {
            callback_url: host.callback_url(profile).ok(),
            additional: lines(
                profile
                    .additional_fields
                    .iter()
                    .map(|field| format!("{}={}", field.key, field.value))
                    .collect(),
            ),
            authorization: lines(
                profile
                    .authorization_fields
                    .iter()
                    .map(|field| format!("{} {}={}", field.place.as_str(), field.key, field.value))
                    .collect(),
            ),
            values: vec![
                ("identity-provider", profile.identity_provider.clone()),
                ("client-id", profile.client_id.clone()),
                ("authorization-url", profile.authorization_url.to_string()),
                ("token-url", profile.token_url.to_string()),
                ("refresh-url", profile.refresh_url.to_string()),
                ("scope", profile.scopes.join(" ")),
            ],
        }
    }

    /// What was sent, to be mended.
    fn again(fields: &Fields, callback_url: Option<String>) -> Self {
        let sent = FIELDS.iter().map(|(name, ..)| *name).filter(|name| *name != "client-secret");
        Self {
            values: sent.chain(["name"]).map(|name| (name, fields.text(name).to_owned())).collect(),
            additional: fields.lines("additional-fields"),
            authorization: fields.lines("authorization-fields"),
            callback_url,
        }
    }

    fn value(&self, name: &str) -> &str {
        self.values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

/// The form. `id`: of a profile that there is.
fn form(admin: &Admin, action: &str, shown: &Shown, id: Option<&ProfileId>, why: Option<&Failure>) -> Markup {
    html! {
        @if let Some(why) = why { (layout::trouble(why)) }
        form method="post" action=(action) {
            (layout::token(admin))
            @if id.is_none() {
                p {
                    label for="name" { "Name" }
                    input id="name" name="name" value=(shown.value("name")) required maxlength="64" pattern="[A-Za-z0-9._\\-]+" aria-describedby="name-hint";
                    span class="hint" id="name-hint" { "Letters, digits, dots, dashes and underscores." }
                }
            }
            p {
                label for="mechanism" { "Authorization mechanism" }
                select id="mechanism" name="mechanism" { option { "OAuth v2" } }
            }
            p {
                label for="callback-url" { "Callback URL" }
                input id="callback-url" readonly value=[shown.callback_url.as_deref()] aria-describedby="callback-hint";
                span class="hint" id="callback-hint" { "Register it at the vendor. It is the same for all profiles." }
            }
            @for (name, label, hint) in FIELDS {
                @let is_secret = name == "client-secret";
                p {
                    label for=(name) { (label) }
                    input id=(name) name=(name) type=(if is_secret { "password" } else { "text" })
                        value=[(!is_secret).then(|| shown.value(name))] autocomplete="off"
                        required[matches!(name, "identity-provider" | "authorization-url" | "token-url" | "client-id") || (is_secret && id.is_none())]
                        aria-describedby={ (name) "-hint" };
                    span class="hint" id={ (name) "-hint" } {
                        (hint)
                        @if is_secret && id.is_some() { " Empty: it stays as it is." }
                    }
                }
            }
            details {
                summary { "Additional and authorization fields" }
                p {
                    label for="additional-fields" { "Additional Fields" }
                    textarea id="additional-fields" name="additional-fields" { (shown.additional) }
                    span class="hint" { "What the person who authorizes is shown: a line each, as in key=value." }
                }
                p {
                    label for="authorization-fields" { "Authorization Fields" }
                    textarea id="authorization-fields" name="authorization-fields" { (shown.authorization) }
                    span class="hint" { "What the vendor wants besides: a line each, as in query prompt=consent; in place of query also header, payload or path." }
                }
            }
            button type="submit" { "Save Auth" }
        }
    }
}

/// Puts what was sent into a profile.
fn apply(profile: &mut Profile, fields: &Fields) -> Result<()> {
    fields.text("identity-provider").clone_into(&mut profile.identity_provider);
    fields.text("client-id").clone_into(&mut profile.client_id);
    profile.authorization_url = UrlTemplate::new(fields.text("authorization-url"));
    profile.token_url = UrlTemplate::new(fields.text("token-url"));
    let refresh = fields.given("refresh-url").unwrap_or_else(|| fields.text("token-url"));
    profile.refresh_url = UrlTemplate::new(refresh);
    profile.scopes = fields.text("scope").split_whitespace().map(str::to_owned).collect();
    let pairs = |name: &str| -> Result<Vec<(String, String)>> {
        let text = fields.lines(name);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines
            .map(|line| {
                let pair =
                    line.split_once('=').map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()));
                pair.ok_or_else(|| wrong(&format!("\"{line}\" has no equals sign.")))
            })
            .collect()
    };
    profile.additional_fields =
        pairs("additional-fields")?.into_iter().map(|(key, value)| AdditionalField { key, value }).collect();
    profile.authorization_fields = pairs("authorization-fields")?
        .into_iter()
        .map(|(key, value)| {
            let (place, key) = key
                .split_once(' ')
                .ok_or_else(|| wrong(&format!("\"{key}\" does not say where it goes.")))?;
            let place = [FieldPlace::Header, FieldPlace::Payload, FieldPlace::Query, FieldPlace::Path]
                .into_iter()
                .find(|known| known.as_str() == place)
                .ok_or_else(|| wrong(&format!("\"{place}\" is no place of an authorization field.")))?;
            Ok(AuthorizationField { place, key: key.trim().to_owned(), value })
        })
        .collect::<Result<_>>()?;
    Ok(())
}

fn wrong(message: &str) -> Failure {
    Failure::new(FailureKind::InvalidInput, "bad-field", message)
        .hint("Write a line as in key=value; an authorization field as in query key=value.")
}

fn secret(fields: &Fields) -> SecretString {
    fields.text("client-secret").to_owned().into()
}

fn of_profile(id: &str) -> Subject {
    Subject { profile: Some(crate::failure::plain_text(id, 100)), ..Subject::default() }
}

/// A profile that is not stored yet, with the integration's own values.
fn fresh(host: &Host, integration: &str, name: &str) -> Result<Profile> {
    let plugin = host.plugin(&IntegrationId::new(integration)?)?;
    Profile::custom(ProfileId::new(name)?, plugin.manifest(), "")
}

pub(super) async fn new(
    State(console): State<Console>,
    Path(integration): Path<String>,
    admin: Admin,
) -> Response {
    let of = integration.clone();
    let shown = console.work(move |host| fresh(host, &of, "new").map(|profile| Shown::of(host, &profile)));
    match shown.await {
        Ok(shown) => {
            let action = console.at(&format!("/actions/{integration}/profiles/new"));
            let body = html! {
                p { a href=(console.at(&format!("/actions/{integration}"))) { "Configurations" } }
                h1 { "Create New authorization" }
                (form(&admin, &action, &shown, None, None))
            };
            layout::shown(&console, &admin, "Create New authorization", &body)
        }
        Err(failure) => layout::failed(&console, Some(&admin), &failure),
    }
}

pub(super) async fn create(
    State(console): State<Console>,
    Path(integration): Path<String>,
    posted: Posted,
) -> Response {
    let Posted { admin, fields } = posted;
    let (workspace, sent, of) = (admin.key.workspace.clone(), fields.clone(), integration.clone());
    let created = console.change(&admin, "create_profile", of_profile(fields.text("name")), move |host| {
        let mut profile = fresh(host, &of, sent.text("name"))?;
        apply(&mut profile, &sent)?;
        host.create_profile(&workspace, &profile, &secret(&sent))?;
        Ok(profile.id)
    });
    match created.await {
        Ok(id) => console.to(&format!("/actions/{integration}?app=custom&profile={id}")),
        Err(failure) => {
            let action = console.at(&format!("/actions/{integration}/profiles/new"));
            let of = integration.clone();
            let callback_url = console
                .work(move |host| fresh(host, &of, "new").and_then(|profile| host.callback_url(&profile)))
                .await
                .ok();
            let shown = Shown::again(&fields, callback_url);
            let body = html! {
                h1 { "Create New authorization" }
                (form(&admin, &action, &shown, None, Some(&failure)))
            };
            layout::refused(&failure, layout::shown(&console, &admin, "Create New authorization", &body))
        }
    }
}

async fn stored(console: &Console, admin: &Admin, id: String) -> Result<(Profile, Shown)> {
    let workspace = admin.key.workspace.clone();
    console
        .work(move |host| {
            let profile = host.profile(&workspace, &ProfileId::new(id)?)?;
            if profile.kind == ProfileKind::System {
                return Err(super::unknown("authorization of this workspace"));
            }
            let shown = Shown::of(host, &profile);
            Ok((profile, shown))
        })
        .await
}

fn edited(console: &Console, admin: &Admin, profile: &Profile, shown: &Shown, told: &Markup) -> Response {
    let at = |what: &str| console.at(&format!("/profiles/{}{what}", profile.id));
    let title = format!("Authorization {}", profile.id);
    let body = html! {
        p { a href=(console.at(&format!("/actions/{}", profile.integration))) { "Configurations" } }
        h1 { (title) }
        (told)
        (form(admin, &at(""), shown, Some(&profile.id), None))
        h2 { "Test" }
        form method="post" action=(at("/test")) {
            (layout::token(admin))
            @if profile.needs_tenant() {
                p { label for="tenant" { "Tenant" } input id="tenant" name="tenant"; }
            }
            button type="submit" class="quiet" { "Test" }
        }
        p { a href=(at("/delete")) { "Delete…" } }
    };
    layout::shown(console, admin, &title, &body)
}

pub(super) async fn show(State(console): State<Console>, Path(id): Path<String>, admin: Admin) -> Response {
    match stored(&console, &admin, id).await {
        Ok((profile, shown)) => edited(&console, &admin, &profile, &shown, &html! {}),
        Err(failure) => layout::failed(&console, Some(&admin), &failure),
    }
}

pub(super) async fn edit(State(console): State<Console>, Path(id): Path<String>, posted: Posted) -> Response {
    let Posted { admin, fields } = posted;
    let (workspace, sent, of) = (admin.key.workspace.clone(), fields.clone(), id.clone());
    let saved = console.change(&admin, "edit_profile", of_profile(&id), move |host| {
        let id = ProfileId::new(of)?;
        // What is wrong with a line is found before anything is changed.
        let mut tried = host.profile(&workspace, &id)?;
        apply(&mut tried, &sent)?;
        let new_secret = sent.given("client-secret").map(|_| secret(&sent));
        host.edit_profile(&workspace, &id, new_secret.as_ref(), |profile| *profile = tried)
    });
    let saved = saved.await;
    match (saved, stored(&console, &admin, id).await) {
        (Ok(_), Ok((profile, shown))) => {
            edited(&console, &admin, &profile, &shown, &html! { p class="told" role="status" { "Saved." } })
        }
        (Err(failure), Ok((profile, before))) => {
            let again = Shown::again(&fields, before.callback_url);
            let page = edited(&console, &admin, &profile, &again, &layout::trouble(&failure));
            layout::refused(&failure, page)
        }
        (_, Err(failure)) => layout::failed(&console, Some(&admin), &failure),
    }
}

pub(super) async fn test(State(console): State<Console>, Path(id): Path<String>, posted: Posted) -> Response {
    let Posted { admin, fields } = posted;
    let (workspace, tenant, of) =
        (admin.key.workspace.clone(), fields.given("tenant").map(str::to_owned), id.clone());
    let tested = console.change(&admin, "test_profile", of_profile(&id), move |host| {
        host.test_profile(&workspace, &ProfileId::new(of)?, tenant.as_deref())
    });
    let told = match tested.await {
        Ok(_) => html! { p class="told" role="status" { "Test passed: the vendor knows this app." } },
        Err(failure) => html! {
            h2 { "Auth Test Failed" }
            (layout::trouble(&failure))
            @if let Some(answer) = &failure.answer {
                details { summary { "Headers" } pre tabindex="0" { @for (name, value) in &answer.headers { (name) ": " (value) "\n" } } }
                details { summary { "Response" } pre tabindex="0" { (answer.status) "\n" (answer.body) } }
            }
        },
    };
    match stored(&console, &admin, id).await {
        Ok((profile, shown)) => edited(&console, &admin, &profile, &shown, &told),
        Err(failure) => layout::failed(&console, Some(&admin), &failure),
    }
}

pub(super) async fn confirm_delete(
    State(console): State<Console>,
    Path(id): Path<String>,
    admin: Admin,
) -> Response {
    match stored(&console, &admin, id).await {
        Ok((profile, _)) => {
            let body = html! {
                h1 { "Delete the authorization " (profile.id) "?" }
                p { "This cannot be undone. The connections that were made with it are deleted too, with their tokens." }
                (layout::button(&admin, &console.at(&format!("/profiles/{}/delete", profile.id)), "Delete", "danger"))
                a href=(console.at(&format!("/profiles/{}", profile.id))) { "Keep it" }
            };
            layout::shown(&console, &admin, "Delete an authorization", &body)
        }
        Err(failure) => layout::failed(&console, Some(&admin), &failure),
    }
}

pub(super) async fn delete(
    State(console): State<Console>,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    let workspace = posted.admin.key.workspace.clone();
    let of = id.clone();
    let subject = of_profile(&id);
    let deleted = console.change_noting(&posted.admin, "delete_profile", subject, move |host, noted| {
        let id = ProfileId::new(of)?;
        let integration = host.profile(&workspace, &id)?.integration;
        noted.gone = host.delete_profile(&workspace, &id, InUse::Forget)?;
        Ok(integration)
    });
    match deleted.await {
        Ok(integration) => console.to(&format!("/actions/{integration}")),
        Err(failure) => layout::failed(&console, Some(&posted.admin), &failure),
    }
}
