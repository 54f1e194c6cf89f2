//! A person's API token.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a script needs in order to use Confluence as a person, at the site's own address: the person's address
/// and an API token, sent as `Authorization: Basic` and the base64 of `email:token`.
///
/// `Debug` leaves the token out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// What the person signs in with.
    pub email: String,
    /// The token.
    pub token: String,
    /// The site's address; the API is at `/wiki/api/v2/` below it.
    pub site_url: String,
    /// The name of the site's subdomain, as it would be in `https://NAME.atlassian.net`.
    pub site: String,
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiToken")
            .field("email", &self.email)
            .field("token", &"(redacted)")
            .field("site_url", &self.site_url)
            .field("site", &self.site)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_form_of_an_api_token_has_no_secret() {
        let token = ApiToken {
            email: "a@example.com".into(),
            token: "canary".into(),
            site_url: "http://127.0.0.1:1".into(),
            site: "sandbox".into(),
        };
        assert!(!format!("{token:?}").contains("canary"));
    }
}
