//! `actionbay profiles`

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::json;

use super::authorize::{CALLBACK_PORT, client_secret};
use super::config::set;
use super::confirm::confirm;
use super::home::{Home, HostSettings};
use super::output::{Output, facts, table};
use crate::authorization::{
    AdditionalField, AuthorizationField, Connection, FieldPlace, InUse, Profile, UrlTemplate,
};
use crate::failure::Result;
use crate::host::Host;
use crate::ids::ProfileId;
use crate::runtime::{Pkce, Plugin};

#[derive(Debug, Subcommand)]
pub(super) enum Profiles {
    /// List the profiles: those of the deployment and those made here
    #[command(after_help = "Example: actionbay profiles list")]
    List,
    /// Make a profile for your app at the vendor
    #[command(after_help = "Examples:
  actionbay profiles create mine --integration NAME --client-id ID
  actionbay profiles create mine --integration NAME --client-id ID \\
      --scope \"read write\" --pkce s256
  actionbay profiles create gov --integration NAME --client-id ID \\
      --authorization-url \"https://{tenant}.example.com/authorize?audience=api\" \\
      --token-url \"https://{tenant}.example.com/{region}/token\" \\
      --authorization-field path:region=eu --authorization-field header:x-app=actionbay

The client secret is taken from ACTIONBAY_CLIENT_SECRET, or asked for without echo.
URLs that are not given are the integration's own.")]
    Create(Create),
    /// Show a profile and the callback URL to register for it; never its secret
    #[command(after_help = "Example: actionbay profiles show mine")]
    Show(Named),
    /// Change a profile; what is not given stays
    #[command(after_help = "Examples:
  actionbay profiles edit mine --client-id OTHER --new-secret
  actionbay profiles edit mine --scope \"read write\"")]
    Edit(Edit),
    /// Delete a profile for good, and the connections that were made with it
    #[command(after_help = "Examples:
  actionbay profiles delete mine            names the connections that use it, and asks
  actionbay profiles delete mine --yes      for scripts")]
    Delete(Delete),
    /// Ask the token endpoint whether it knows the app; shows what it answered if not
    #[command(after_help = "Examples:
  actionbay profiles test mine
  actionbay profiles test gov --tenant acme")]
    Test(Test),
}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// The profile's name
    profile: String,
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The profile's name
    profile: String,
    /// The integration that it is for
    #[arg(long, value_name = "NAME")]
    integration: String,
    #[command(flatten)]
    fields: Fields,
}

#[derive(Debug, Args)]
pub(super) struct Edit {
    /// The profile's name
    profile: String,
    /// Take a new client secret from ACTIONBAY_CLIENT_SECRET, or ask for it
    #[arg(long)]
    new_secret: bool,
    #[command(flatten)]
    fields: Fields,
}

#[derive(Debug, Args)]
pub(super) struct Delete {
    /// The profile's name
    profile: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct Test {
    /// The profile's name
    profile: String,
    /// The tenant, for profiles with {tenant} in their URLs
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
}

/// Proof Key for Code Exchange, as it is given
#[derive(Debug, Clone, Copy, ValueEnum)]
enum PkceWish {
    /// Sent, with S256
    S256,
    /// Not sent
    Unsupported,
}

/// What a profile says.
#[derive(Debug, Args)]
pub(super) struct Fields {
    /// What people call who lets them in [default: the integration's title]
    #[arg(long, value_name = "NAME")]
    identity_provider: Option<String>,
    /// The client id of your app at the vendor
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    client_id: Option<String>,
    /// The issuer that every callback must name as `iss` (RFC 9207); empty: it is not looked at
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Where people are sent; may hold {tenant} and path fields, and keeps its query
    #[arg(long, value_name = "URL")]
    authorization_url: Option<String>,
    /// Where codes are exchanged
    #[arg(long, value_name = "URL")]
    token_url: Option<String>,
    /// Where tokens are refreshed [default: the token URL]
    #[arg(long, value_name = "URL")]
    refresh_url: Option<String>,
    /// Scopes to ask for, apart by spaces, instead of the integration's own; may be given several times
    #[arg(long, value_name = "SCOPES")]
    scope: Vec<String>,
    /// Whether a code challenge is sent (RFC 7636) [default: as the integration says]
    #[arg(long, value_enum)]
    pkce: Option<PkceWish>,
    /// What the profile is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Something to show to people who authorize; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = additional_field)]
    additional_field: Vec<AdditionalField>,
    /// What the vendor wants beside the standard's parameters, shown like the rest; PLACE is header, payload,
    /// query or path; may be given several times
    #[arg(long, value_name = "PLACE:KEY=VALUE", value_parser = authorization_field)]
    authorization_field: Vec<AuthorizationField>,
}

fn additional_field(text: &str) -> Result<AdditionalField, String> {
    let (key, value) = text.split_once('=').ok_or("it is not KEY=VALUE")?;
    Ok(AdditionalField { key: key.to_owned(), value: value.to_owned() })
}

fn authorization_field(text: &str) -> Result<AuthorizationField, String> {
    let (place, rest) = text.split_once(':').ok_or("it is not PLACE:KEY=VALUE")?;
    let place = match place {
        "header" => FieldPlace::Header,
        "payload" => FieldPlace::Payload,
        "query" => FieldPlace::Query,
        "path" => FieldPlace::Path,
        _ => return Err("its place is none of header, payload, query and path".to_owned()),
    };
    let AdditionalField { key, value } = additional_field(rest)?;
    Ok(AuthorizationField { place, key, value })
}

impl Fields {
    fn apply(self, profile: &mut Profile) {
        let refreshes_there = profile.refresh_url == profile.token_url;
        set(&mut profile.identity_provider, self.identity_provider);
        set(&mut profile.client_id, self.client_id);
        set(&mut profile.description, self.description);
        if let Some(issuer) = self.issuer {
            profile.issuer = Some(issuer).filter(|issuer| !issuer.is_empty());
        }
        set(&mut profile.authorization_url, self.authorization_url.map(UrlTemplate::new));
        set(&mut profile.token_url, self.token_url.map(UrlTemplate::new));
        match self.refresh_url.filter(|url| !url.is_empty()) {
            Some(url) => profile.refresh_url = UrlTemplate::new(url),
            None if refreshes_there => profile.refresh_url = profile.token_url.clone(),
            None => {}
        }
        if !self.scope.is_empty() {
            let scopes = self.scope.iter().flat_map(|scopes| scopes.split_whitespace());
            profile.scopes = scopes.map(str::to_owned).collect();
        }
        set(
            &mut profile.pkce,
            self.pkce.map(|wish| match wish {
                PkceWish::S256 => Pkce::S256,
                PkceWish::Unsupported => Pkce::Unsupported,
            }),
        );
        if !self.additional_field.is_empty() {
            profile.additional_fields = self.additional_field;
        }
        if !self.authorization_field.is_empty() {
            profile.authorization_fields = self.authorization_field;
        }
    }
}

impl Profiles {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        let workspace = home.workspace().clone();
        match self {
            Self::List => {
                let host = open(home, Vec::new(), output)?;
                let profiles = host.profiles(&workspace)?;
                output.result(&profiles, || people(&profiles))
            }
            Self::Create(Create { profile, integration, fields }) => {
                let id = ProfileId::new(profile)?;
                let plugin = home.plugin(&integration)?;
                let mut profile = Profile::custom(id, plugin.manifest(), "")?;
                fields.apply(&mut profile);
                let host = open(home, Vec::new(), output)?;
                host.create_profile(&workspace, &profile, &client_secret()?)?;
                shown(&host, profile, output)
            }
            Self::Show(Named { profile }) => {
                let host = open(home, Vec::new(), output)?;
                let profile = host.profile(&workspace, &ProfileId::new(profile)?)?;
                shown(&host, profile, output)
            }
            Self::Edit(Edit { profile, new_secret, fields }) => {
                let id = ProfileId::new(profile)?;
                let host = open(home, Vec::new(), output)?;
                host.profile(&workspace, &id)?;
                let secret = if new_secret { Some(client_secret()?) } else { None };
                let edited =
                    host.edit_profile(&workspace, &id, secret.as_ref(), |profile| fields.apply(profile))?;
                shown(&host, edited, output)
            }
            Self::Delete(verb) => verb.run(&open(home, Vec::new(), output)?, home, output),
            Self::Test(Test { profile, tenant }) => {
                let id = ProfileId::new(profile)?;
                let plugins = home.plugins()?;
                let host = open(home, plugins, output)?;
                let test = host.test_profile(&workspace, &id, tenant.as_deref())?;
                output.result(&test, || {
                    facts(&[
                        ("profile", test.profile.to_string()),
                        ("token url", test.token_url.to_string()),
                        ("success", test.message.clone()),
                    ])
                })
            }
        }
    }
}

impl Delete {
    fn run(self, host: &Host, home: &Home, output: &Output) -> Result<()> {
        let (id, workspace) = (ProfileId::new(self.profile)?, home.workspace());
        host.profile(workspace, &id)?;
        let connections = host.connections_of(workspace, &id)?;
        let in_use = if self.yes {
            InUse::Forget
        } else {
            confirm(&loss(&id, &connections), false)?;
            // Only what was named goes: a connection that was made in between stops the deletion.
            let same = host.connections_of(workspace, &id)?.len() == connections.len();
            if same { InUse::Forget } else { InUse::Refuse }
        };
        let gone = host.delete_profile(workspace, &id, in_use)?;
        home.went(&gone);
        let gone: Vec<String> = gone.into_iter().map(|connection| connection.id.to_string()).collect();
        output.result(&json!({ "deleted": id, "connections": gone }), || match gone.as_slice() {
            [] => format!("The profile {id} is deleted."),
            gone => format!("The profile {id} is deleted, and with it: {}.", gone.join(", ")),
        })
    }
}

/// What is lost with a profile.
fn loss(id: &ProfileId, connections: &[Connection]) -> String {
    let names: Vec<&str> = connections.iter().map(|connection| connection.id.as_str()).collect();
    match names.as_slice() {
        [] => format!("The profile \"{id}\" is used by no connection, and deleting it is final."),
        names => format!(
            "The profile \"{id}\" is used by {}, which would be deleted with it for good.",
            names.join(", ")
        ),
    }
}

/// The host, with the callback URL of the deployment, or the one that `authorize` listens at.
fn open(home: &Home, plugins: Vec<Plugin>, output: &Output) -> Result<Host> {
    let mut settings = HostSettings::new(plugins, output);
    if home.configuration()?.public_url().is_none() {
        settings.redirect_uri = Some(format!("http://localhost:{CALLBACK_PORT}/callback"));
    }
    home.host(settings)
}

fn people(profiles: &[Profile]) -> String {
    if profiles.is_empty() {
        return "There is no profile yet. Make one with: actionbay profiles create".to_owned();
    }
    let row = |profile: &Profile| {
        vec![
            profile.id.to_string(),
            profile.kind.as_str().to_owned(),
            profile.integration.to_string(),
            profile.identity_provider.clone(),
            profile.client_id.clone(),
            profile.description.clone(),
        ]
    };
    table(
        &["profile", "kind", "integration", "identity provider", "client id", "description"],
        &profiles.iter().map(row).collect::<Vec<_>>(),
    )
}

/// Prints a profile, with the callback URL that the host gives and nobody can change.
fn shown(host: &Host, profile: Profile, output: &Output) -> Result<()> {
    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    struct Shown {
        #[serde(flatten)]
        profile: Profile,
        callback_url: String,
    }
    let shown = Shown { callback_url: host.callback_url(&profile)?, profile };
    output.result(&shown, || details(&shown.profile, &shown.callback_url))
}

fn details(profile: &Profile, callback_url: &str) -> String {
    let pkce = match profile.pkce {
        Pkce::S256 => "S256",
        Pkce::Unsupported => "not sent",
    };
    let scopes = match profile.scopes.as_slice() {
        [] => "the integration's own".to_owned(),
        scopes => scopes.join(" "),
    };
    let additional: Vec<(String, String)> = profile
        .additional_fields
        .iter()
        .map(|field| (format!("shown: {}", field.key), field.value.clone()))
        .collect();
    let authorization: Vec<(String, String)> = profile
        .authorization_fields
        .iter()
        .map(|field| (format!("{}: {}", field.place.as_str(), field.key), field.value.clone()))
        .collect();
    let mut rows = vec![
        ("profile", profile.id.to_string()),
        ("kind", profile.kind.as_str().to_owned()),
        ("integration", profile.integration.to_string()),
        ("identity provider", profile.identity_provider.clone()),
        ("description", profile.description.clone()),
        ("client id", profile.client_id.clone()),
        ("client secret", "kept, and not shown".to_owned()),
        ("issuer", profile.issuer.clone().unwrap_or_default()),
        ("authorization url", profile.authorization_url.to_string()),
        ("token url", profile.token_url.to_string()),
        ("refresh url", profile.refresh_url.to_string()),
        ("callback url", callback_url.to_owned()),
        ("scopes", scopes),
        ("pkce", pkce.to_owned()),
    ];
    let fields = additional.iter().chain(&authorization);
    rows.extend(fields.map(|(name, value)| (name.as_str(), value.clone())));
    facts(&rows)
}
