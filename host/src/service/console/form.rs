//! What a form of the console sends, from one of its own pages and no other.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::Response;

use super::session::Admin;
use super::{Console, layout};

/// The field that carries the token of the session.
pub(super) const TOKEN: &str = "form-token";

/// Who a browser says has made a request (Fetch Metadata, section 2.3).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The fields of a form, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn read(body: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(body).into_owned().collect())
    }

    /// A field, without the space around it; empty where it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// A field that says something.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// A text of several lines, as it was written: browsers send each line's end as two characters.
    pub(super) fn lines(&self, name: &str) -> String {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.replace("\r\n", "\n"))
            .unwrap_or_default()
    }
}

/// A form that an admin sent from a page of the console.
pub(super) struct Posted {
    pub(super) admin: Admin,
    pub(super) fields: Fields,
}

impl FromRequest<Console> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        if !is_of_own_page(console, &parts.headers) {
            return Err(foreign(console));
        }
        let admin = Admin::from_request_parts(&mut parts, console).await?;
        let body = Bytes::from_request(Request::from_parts(parts, body), console).await;
        let Ok(body) = body else {
            return Err(layout::plain(
                console,
                StatusCode::PAYLOAD_TOO_LARGE,
                "That is more than a form may hold.",
            ));
        };
        let fields = Fields::read(&body);
        if !is_same(fields.text(TOKEN), &admin.token) {
            return Err(foreign(console));
        }
        Ok(Self { admin, fields })
    }
}

/// Whether a form was sent by a page of this service, as far as the browser says.
pub(super) fn is_of_own_page(console: &Console, headers: &HeaderMap) -> bool {
    let origin = console.public.origin();
    let all = |name: &HeaderName, fits: &dyn Fn(&[u8]) -> bool| {
        headers.get_all(name).iter().all(|value| fits(value.as_bytes()))
    };
    all(&header::ORIGIN, &|value| value == origin.as_str().as_bytes())
        && all(&SEC_FETCH_SITE, &|value| value == b"same-origin")
}

pub(super) fn foreign(console: &Console) -> Response {
    layout::plain(
        console,
        StatusCode::FORBIDDEN,
        "This was sent by a page of somebody else, or one that is too old. Go back, load the page again, and send it from there.",
    )
}

/// In a time that does not tell where two texts differ.
fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one.bytes().zip(other.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}
