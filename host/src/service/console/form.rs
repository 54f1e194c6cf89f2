//! What a form of the console sends, from one of its own pages and no other.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::Response;
use multer::{Constraints, Multipart, SizeLimit};
use subtle::ConstantTimeEq as _;

use super::session::Admin;
use super::{Console, MAX_FORM, layout};

/// The field that carries the token of the session.
pub(super) const TOKEN: &str = "form-token";

/// Who a browser says has made a request (Fetch Metadata, section 2.3).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The fields of a form, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    texts: Vec<(String, String)>,
    /// The file that was chosen, where the form asks for one.
    pub(super) file: Option<SentFile>,
}

impl Fields {
    pub(super) fn read(body: &[u8]) -> Self {
        Self { texts: url::form_urlencoded::parse(body).into_owned().collect(), file: None }
    }

    /// A field, without the space around it; empty where it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.texts.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// A field that says something.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// A text of several lines, as it was written: browsers send each line's end as two characters.
    pub(super) fn lines(&self, name: &str) -> String {
        self.texts
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.replace("\r\n", "\n"))
            .unwrap_or_default()
    }
}

/// A file that a form sends.
#[derive(Debug, Clone)]
pub(super) struct SentFile {
    pub(super) name: String,
    pub(super) media_type: Option<String>,
    pub(super) bytes: Bytes,
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
        let fields = match boundary(&parts.headers) {
            Some(boundary) => in_parts(console, body, boundary).await?,
            None => {
                let body = Bytes::from_request(Request::from_parts(parts, body), console).await;
                Fields::read(&body.map_err(|_| too_large(console))?)
            }
        };
        if !bool::from(fields.text(TOKEN).as_bytes().ct_eq(admin.token.as_bytes())) {
            return Err(foreign(console));
        }
        Ok(Self { admin, fields })
    }
}

/// What stands between the parts of a form, where it has any.
fn boundary(headers: &HeaderMap) -> Option<String> {
    multer::parse_boundary(headers.get(header::CONTENT_TYPE)?.to_str().ok()?).ok()
}

/// A form of several parts, one of which may be a file.
async fn in_parts(console: &Console, body: Body, boundary: String) -> Result<Fields, Response> {
    let most = console.runs.files().most().saturating_add(MAX_FORM);
    let limit = SizeLimit::new().whole_stream(most as u64);
    let constraints = Constraints::new().size_limit(limit);
    let mut form = Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
    let broken = |error| match error {
        multer::Error::StreamSizeExceeded { .. } => too_large(console),
        _ => layout::plain(console, StatusCode::BAD_REQUEST, "That did not come as a whole. Send it again."),
    };
    let mut fields = Fields::default();
    while let Some(part) = form.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        let file_name = part.file_name().map(str::to_owned);
        let media_type = part.content_type().map(ToString::to_string);
        let bytes = part.bytes().await.map_err(broken)?;
        match file_name {
            // None was chosen.
            Some(name) if name.is_empty() => {}
            Some(name) => fields.file = Some(SentFile { name, media_type, bytes }),
            None => fields.texts.push((name, String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
    Ok(fields)
}

fn too_large(console: &Console) -> Response {
    layout::plain(console, StatusCode::PAYLOAD_TOO_LARGE, "That is more than a form may hold.")
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
