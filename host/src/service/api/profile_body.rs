//! What a profile is made of, as requests and answers have it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::authorization::{AdditionalField, AuthorizationField, FieldPlace, Profile as Stored, UrlTemplate};
use crate::runtime;
use crate::secret::SecretString;

/// Whether a code challenge is sent (RFC 7636).
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Pkce {
    /// It is, with S256.
    S256,
    /// It is not.
    Unsupported,
}

/// Something that the person who authorizes is shown.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AdditionalField)]
pub(super) struct Shown {
    /// What it is called.
    pub(super) key: String,
    /// What it says.
    pub(super) value: String,
}

/// What a vendor wants beside the standard's parameters. It is shown, so it is no place for a secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AuthorizationField)]
pub(super) struct Field {
    /// Where it goes.
    pub(super) place: Place,
    /// Its name there.
    pub(super) key: String,
    /// Its value.
    pub(super) value: String,
}

/// Where an authorization field goes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = FieldPlace)]
pub(super) enum Place {
    /// A header of token requests.
    Header,
    /// A field of the body of token requests.
    Payload,
    /// A parameter of the query.
    Query,
    /// In place of `{key}` in the path of a URL.
    Path,
}

/// Two bodies say the same of a profile, one of them beside its name. (With `flatten`, serde would let unknown fields pass.)
macro_rules! body {
    ($(#[$of_type:meta])* $name:ident { $($own:tt)* }) => {
        #[derive(Deserialize, ToSchema)]
        $(#[$of_type])*
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $($own)*
            /// The client id.
            #[serde(default)]
            client_id: Option<String>,
            /// The client secret. It can be written, and not read.
            #[serde(default)]
            #[schema(write_only, value_type = Option<String>)]
            pub(super) client_secret: Option<SecretString>,
            /// What people call who lets them in.
            #[serde(default)]
            identity_provider: Option<String>,
            /// What it is for.
            #[serde(default)]
            description: Option<String>,
            /// The issuer that every callback must name; empty: it is not looked at.
            #[serde(default)]
            issuer: Option<String>,
            /// Where people are sent; may hold `{tenant}` and path fields, and keeps its query.
            #[serde(default)]
            authorization_url: Option<String>,
            /// Where codes are exchanged.
            #[serde(default)]
            token_url: Option<String>,
            /// Where tokens are refreshed; absent: the token URL.
            #[serde(default)]
            refresh_url: Option<String>,
            /// Whether a code challenge is sent.
            #[serde(default)]
            pkce: Option<Pkce>,
            /// The scopes to ask for instead of the integration's own.
            #[serde(default)]
            scopes: Option<Vec<String>>,
            /// What the person who authorizes is shown.
            #[serde(default)]
            additional_fields: Option<Vec<Shown>>,
            /// What the vendor wants beside the standard's parameters.
            #[serde(default)]
            authorization_fields: Option<Vec<Field>>,
        }

        impl $name {
            /// What it says of the profile.
            pub(super) fn take(&mut self) -> Change {
                Change {
                    client_id: self.client_id.take(),
                    client_secret: self.client_secret.take(),
                    identity_provider: self.identity_provider.take(),
                    description: self.description.take(),
                    issuer: self.issuer.take(),
                    authorization_url: self.authorization_url.take(),
                    token_url: self.token_url.take(),
                    refresh_url: self.refresh_url.take(),
                    pkce: self.pkce.take(),
                    scopes: self.scopes.take(),
                    additional_fields: self.additional_fields.take(),
                    authorization_fields: self.authorization_fields.take(),
                }
            }
        }
    };
}

body! {
    /// What a profile is to say; what is left out stays as it is.
    #[schema(as = ProfileChange)]
    Change {}
}

body! {
    /// A profile that there is not yet; what is left out is the integration's own.
    NewProfile {
        /// Its id: 1 to 64 letters, digits, dots, dashes and underscores.
        #[schema(pattern = "^[A-Za-z0-9._-]{1,64}$")]
        pub(super) id: String,
        /// The integration it is for.
        pub(super) integration: String,
    }
}

impl Change {
    pub(super) fn apply(self, profile: &mut Stored) {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        let refreshes_there = profile.refresh_url == profile.token_url;
        set(&mut profile.client_id, self.client_id);
        set(&mut profile.identity_provider, self.identity_provider);
        set(&mut profile.description, self.description);
        if let Some(issuer) = self.issuer {
            profile.issuer = Some(issuer).filter(|issuer| !issuer.is_empty());
        }
        set(&mut profile.authorization_url, self.authorization_url.map(UrlTemplate::new));
        set(&mut profile.token_url, self.token_url.map(UrlTemplate::new));
        match self.refresh_url {
            Some(url) => profile.refresh_url = UrlTemplate::new(url),
            None if refreshes_there => profile.refresh_url = profile.token_url.clone(),
            None => {}
        }
        let pkce = self.pkce.map(|pkce| match pkce {
            Pkce::S256 => runtime::Pkce::S256,
            Pkce::Unsupported => runtime::Pkce::Unsupported,
        });
        set(&mut profile.pkce, pkce);
        set(&mut profile.scopes, self.scopes);
        let shown = |fields: Vec<Shown>| {
            fields.into_iter().map(|field| AdditionalField { key: field.key, value: field.value }).collect()
        };
        set(&mut profile.additional_fields, self.additional_fields.map(shown));
        let wanted = |fields: Vec<Field>| {
            let field = |Field { place, key, value }| {
                let place = match place {
                    Place::Header => FieldPlace::Header,
                    Place::Payload => FieldPlace::Payload,
                    Place::Query => FieldPlace::Query,
                    Place::Path => FieldPlace::Path,
                };
                AuthorizationField { place, key, value }
            };
            fields.into_iter().map(field).collect()
        };
        set(&mut profile.authorization_fields, self.authorization_fields.map(wanted));
    }
}
