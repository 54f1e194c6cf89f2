//! What a profile must be to be stored: every rule in one place, and every violation told at once.

use std::collections::BTreeSet;

use secrecy::ExposeSecret as _;

use super::profile::{AuthorizationField, FieldPlace, Profile};
use super::profile_url::{TENANT, UrlTemplate};
use crate::egress::{Egress, is_host_header};
use crate::failure::{Failure, FailureKind, Result, Violation};
use crate::secret::SecretString;

/// The longest client id, client secret, name and key of a field, in characters.
const MAX_SHORT: usize = 255;

/// The longest description and value of a field, in characters: as long as a URL.
const MAX_LONG: usize = 3_000;

/// The most fields and scopes: several times what vendors document.
const MAX_ENTRIES: usize = 100;

/// The parameters of authorization and token requests that only the host sets: those of RFC 6749, RFC 7521 section
/// 4.2, RFC 7636 section 4 and RFC 9101 section 5.
const RESERVED: &[&str] = &[
    "access_token",
    "assertion",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "grant_type",
    "password",
    "redirect_uri",
    "refresh_token",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "username",
];

/// Whether only the host may set this parameter. Servers differ in how they see letter case, so it does not count.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether a profile, and the secret that is stored with it, can be used.
///
/// # Errors
/// `InvalidInput` with every violation.
pub(super) fn check(profile: &Profile, secret: Option<&SecretString>, egress: &Egress) -> Result<()> {
    let mut check = Check(Vec::new());
    check.profile(profile, egress);
    if let Some(secret) = secret {
        check.required("/client-secret", secret.expose_secret());
    }
    if check.0.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = check.0.iter().map(|v| format!("{} {}", v.pointer, v.message)).collect();
    Err(Failure::new(
        FailureKind::InvalidInput,
        "bad-profile",
        format!("The profile \"{}\" cannot be used: {}", profile.id, told.join(" ")),
    )
    .hint("Client id, client secret and URLs stand in the app's settings at the vendor.")
    .violations(check.0))
}

struct Check(Vec<Violation>);

impl Check {
    fn add(&mut self, pointer: impl Into<String>, why: &str) {
        self.add_sentence(pointer, format!("{why}."));
    }

    fn add_sentence(&mut self, pointer: impl Into<String>, message: String) {
        self.0.push(Violation { pointer: pointer.into(), message });
    }

    fn profile(&mut self, profile: &Profile, egress: &Egress) {
        self.required("/identity-provider", &profile.identity_provider);
        self.required("/client-id", &profile.client_id);
        self.text("/description", &profile.description, MAX_LONG);
        for (name, url) in profile.urls() {
            self.url(&format!("/{name}"), url, profile, egress);
        }
        if let Some(issuer) = &profile.issuer {
            // RFC 9207 section 2: a URL without query and fragment.
            let is_issuer = url::Url::parse(issuer)
                .is_ok_and(|url| url.has_host() && url.query().is_none() && url.fragment().is_none());
            if !is_issuer {
                self.add("/issuer", "is no URL without query and fragment");
            }
            self.text("/issuer", issuer, MAX_LONG);
        }
        self.count("/scopes", profile.scopes.len());
        for (n, scope) in profile.scopes.iter().enumerate() {
            // RFC 6749 section 3.3, scope-token.
            let fits = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
            if scope.is_empty() || scope.len() > MAX_SHORT || !scope.bytes().all(fits) {
                self.add(format!("/scopes/{n}"), "is no scope");
            }
        }
        self.count("/additional-fields", profile.additional_fields.len());
        self.unique("/additional-fields", profile.additional_fields.iter().map(|field| field.key.clone()));
        for (n, field) in profile.additional_fields.iter().enumerate() {
            self.required(&format!("/additional-fields/{n}/key"), &field.key);
            self.text(&format!("/additional-fields/{n}/value"), &field.value, MAX_LONG);
        }
        self.authorization_fields(profile);
    }

    fn url(&mut self, pointer: &str, template: &UrlTemplate, profile: &Profile, egress: &Egress) {
        // Any label will do to see what the URL is; it is checked again with the real one.
        let url = match template.fill(Some(TENANT), &profile.path_fields()) {
            Ok(url) => url,
            Err(why) => return self.add(pointer, &why),
        };
        if let Err(failure) = egress.endpoint(&url, profile.id.as_str()) {
            let hint = failure.hint.unwrap_or_default();
            // The hint ends with the line that would allow it, which is taken as it stands.
            self.add_sentence(pointer, format!("is refused: {} {hint}", failure.message));
        }
        if let Some((name, _)) = url.query_pairs().find(|(name, _)| is_reserved(name)) {
            self.add(pointer, &format!("may not set \"{name}\", which the host sets"));
        }
    }

    fn authorization_fields(&mut self, profile: &Profile) {
        let fields = &profile.authorization_fields;
        self.count("/authorization-fields", fields.len());
        let key = |field: &AuthorizationField| match field.place {
            FieldPlace::Header => format!("header {}", field.key.to_ascii_lowercase()),
            place => format!("{} {}", place.as_str(), field.key),
        };
        self.unique("/authorization-fields", fields.iter().map(key));
        for (n, field) in fields.iter().enumerate() {
            let pointer = format!("/authorization-fields/{n}");
            self.required(&format!("{pointer}/key"), &field.key);
            self.text(&format!("{pointer}/value"), &field.value, MAX_LONG);
            if let Some(why) = refusal(field, profile) {
                self.add(format!("{pointer}/key"), &why);
            }
            if matches!(field.place, FieldPlace::Path) && matches!(field.value.as_str(), "" | "." | "..") {
                self.add(format!("{pointer}/value"), "is no segment of a path");
            }
        }
    }

    fn required(&mut self, pointer: &str, text: &str) {
        if text.trim().is_empty() {
            self.add(pointer, "is missing");
        } else {
            self.text(pointer, text, MAX_SHORT);
        }
    }

    fn text(&mut self, pointer: &str, text: &str, max: usize) {
        if text.chars().count() > max {
            self.add(pointer, &format!("is longer than {max} characters"));
        }
        if text.chars().any(char::is_control) {
            self.add(pointer, "holds a control character");
        }
    }

    fn count(&mut self, pointer: &str, count: usize) {
        if count > MAX_ENTRIES {
            self.add(pointer, &format!("has more than {MAX_ENTRIES} entries"));
        }
    }

    fn unique(&mut self, pointer: &str, keys: impl Iterator<Item = String>) {
        let mut seen = BTreeSet::new();
        for (n, key) in keys.enumerate() {
            if !seen.insert(key) {
                self.add(format!("{pointer}/{n}/key"), "is there twice");
            }
        }
    }
}

/// Why a field cannot have its key.
fn refusal(field: &AuthorizationField, profile: &Profile) -> Option<String> {
    let key = field.key.as_str();
    match field.place {
        FieldPlace::Header if key.eq_ignore_ascii_case("accept") || is_host_header(key) => {
            Some(format!("may not be the header \"{key}\", which the host sets"))
        }
        FieldPlace::Payload | FieldPlace::Query if is_reserved(key) => {
            Some(format!("may not be \"{key}\", which the host sets"))
        }
        FieldPlace::Path if key == TENANT => {
            Some("may not be \"tenant\", which is given with each authorization".to_owned())
        }
        FieldPlace::Path if !profile.urls().iter().any(|(_, url)| url.placeholders().contains(&key)) => {
            Some(format!("has no place: no URL holds {{{key}}}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::authorization::{AdditionalField, ProfileKind};
    use crate::egress::{DenyTransport, OperatorPolicy, Origin};
    use crate::ids::{IntegrationId, ProfileId};
    use crate::runtime::{ClientAuthentication, Pkce, TokenRequestEncoding};

    fn profile() -> Profile {
        Profile {
            id: ProfileId::new("p").unwrap(),
            integration: IntegrationId::new("i").unwrap(),
            kind: ProfileKind::Custom,
            identity_provider: "Example".into(),
            description: String::new(),
            client_id: "client".into(),
            authorization_url: UrlTemplate::new("https://a.example/authorize?audience=api"),
            issuer: None,
            authorization_parameters: Vec::new(),
            token_url: UrlTemplate::new("https://a.example/token"),
            refresh_url: UrlTemplate::new("https://a.example/token"),
            token_request_encoding: TokenRequestEncoding::Json,
            client_authentication: ClientAuthentication::RequestBody,
            pkce: Pkce::Unsupported,
            scopes: vec!["write:content".into(), "offline_access".into()],
            additional_fields: Vec::new(),
            authorization_fields: Vec::new(),
        }
    }

    fn pointers_with(profile: &Profile, secret: &str, policy: OperatorPolicy) -> Vec<String> {
        let egress = Egress::new(Arc::new(DenyTransport), policy);
        match check(profile, Some(&secret.to_owned().into()), &egress) {
            Ok(()) => Vec::new(),
            Err(failure) => failure.violations.into_iter().map(|violation| violation.pointer).collect(),
        }
    }

    fn pointers(change: impl FnOnce(&mut Profile)) -> Vec<String> {
        let mut profile = profile();
        change(&mut profile);
        pointers_with(&profile, "secret", OperatorPolicy::every_public_host())
    }

    /// Rows 12, 15, 17
    #[test]
    fn what_is_required_is_named_and_everything_at_once() {
        assert!(pointers(|_| ()).is_empty());
        let all = pointers(|profile| {
            profile.identity_provider = " ".into();
            profile.client_id = String::new();
            profile.authorization_url = UrlTemplate::new("");
            profile.token_url = UrlTemplate::new("nonsense");
            profile.refresh_url = UrlTemplate::new("http://a.example/token");
            profile.scopes = vec!["a b".into()];
        });
        let expected = [
            "/identity-provider",
            "/client-id",
            "/authorization-url",
            "/token-url",
            "/refresh-url",
            "/scopes/0",
        ];
        assert_eq!(all, expected);
        assert_eq!(pointers_with(&profile(), "", OperatorPolicy::every_public_host()), ["/client-secret"]);
    }

    /// Row 13
    #[test]
    fn client_id_and_secret_have_at_most_255_characters() {
        let of = |length| "ä".repeat(length);
        assert!(pointers(|profile| profile.client_id = of(255)).is_empty());
        assert_eq!(pointers(|profile| profile.client_id = of(256)), ["/client-id"]);
        assert!(pointers_with(&profile(), &of(255), OperatorPolicy::every_public_host()).is_empty());
        assert_eq!(
            pointers_with(&profile(), &of(256), OperatorPolicy::every_public_host()),
            ["/client-secret"]
        );
    }

    /// Row 14
    #[test]
    fn a_url_that_is_not_https_or_not_public_is_refused_unless_the_operator_listed_its_origin() {
        for (url, origin) in [
            ("http://a.example/token", "http://a.example"),
            ("https://10.1.2.3/token", "https://10.1.2.3"),
            ("https://[::1]/token", "https://[::1]"),
        ] {
            let mut refused = profile();
            refused.token_url = UrlTemplate::new(url);
            assert_eq!(
                pointers_with(&refused, "secret", OperatorPolicy::every_public_host()),
                ["/token-url"],
                "{url}"
            );
            let listed = OperatorPolicy::every_public_host().allow(Origin::parse(origin).unwrap());
            assert!(pointers_with(&refused, "secret", listed).is_empty(), "{url}");
        }
        assert_eq!(
            pointers(|profile| {
                profile.authorization_url = UrlTemplate::new("https://a.example/?STATE=fixed");
            }),
            ["/authorization-url"]
        );
    }

    /// Row 20
    #[test]
    fn a_field_cannot_stand_in_for_what_the_host_alone_sets() {
        let field = |place, key: &str| AuthorizationField { place, key: key.into(), value: "v".into() };
        let with = |field: AuthorizationField| pointers(|profile| profile.authorization_fields = vec![field]);
        for name in RESERVED {
            for place in [FieldPlace::Payload, FieldPlace::Query] {
                assert_eq!(with(field(place, name)), ["/authorization-fields/0/key"], "{name}");
                assert!(!with(field(place, &name.to_uppercase())).is_empty(), "{name}");
            }
        }
        for name in
            ["Authorization", "host", "COOKIE", "content-type", "content-length", "accept", "a b", "x:y"]
        {
            assert_eq!(with(field(FieldPlace::Header, name)), ["/authorization-fields/0/key"], "{name}");
        }
        assert!(with(field(FieldPlace::Header, "x-app")).is_empty());
        assert!(with(field(FieldPlace::Payload, "audience")).is_empty());
        assert_eq!(with(field(FieldPlace::Path, "org")), ["/authorization-fields/0/key"], "no URL has it");
        let twice = vec![field(FieldPlace::Header, "X-App"), field(FieldPlace::Header, "x-app")];
        assert_eq!(pointers(|profile| profile.authorization_fields = twice), ["/authorization-fields/1/key"]);
        let mut value = field(FieldPlace::Header, "x-app");
        value.value = "a\r\nhost: b".into();
        assert_eq!(with(value), ["/authorization-fields/0/value"]);
    }

    /// Row 19
    #[test]
    fn an_additional_field_has_a_key_of_its_own() {
        let field = |key: &str| AdditionalField { key: key.into(), value: String::new() };
        let all = pointers(|profile| profile.additional_fields = vec![field("a"), field("a"), field("")]);
        assert_eq!(all, ["/additional-fields/1/key", "/additional-fields/2/key"]);
    }
}
