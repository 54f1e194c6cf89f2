//! An app's registration at the authorization server.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the developer console shows of an app: its client id, its secret and its one callback URL.
///
/// An app has exactly one callback URL, and `redirect_uri` must equal it (Atlassian, *OAuth 2.0 (3LO) apps*).
/// `Debug` leaves the secret out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRegistration {
    /// The client id, public.
    pub client_id: String,
    /// The client secret. Both token calls need it: 3LO knows no public clients.
    pub client_secret: String,
    /// The callback URL, matched exactly.
    pub redirect_uri: String,
}

impl fmt::Debug for ClientRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRegistration")
            .field("client_id", &self.client_id)
            .field("client_secret", &"(redacted)")
            .field("redirect_uri", &self.redirect_uri)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_form_of_a_registration_has_no_secret() {
        let client = ClientRegistration {
            client_id: "id".into(),
            client_secret: "canary".into(),
            redirect_uri: "http://localhost:1/callback".into(),
        };
        assert!(!format!("{client:?}").contains("canary"));
    }
}
