//! Uploads: forms of several parts, read as they come in.

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use multer::{Field, Multipart};
use serde_json::{Value, json};

/// The longest value of a part that is not a file; Confluence's comments are far shorter.
const LONGEST_VALUE: u64 = 64 * 1024;

/// One part of a form.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// What makes the part a file.
    pub(crate) file_name: Option<String>,
    pub(crate) media_type: Option<String>,
    /// How long the part was.
    pub(crate) size: u64,
    /// What it held; of a part over the limit, nothing.
    pub(crate) bytes: Bytes,
}

impl Part {
    /// The part as records of requests have it: a file's size instead of its bytes.
    pub(crate) fn record(&self) -> Value {
        let mut record = json!({"name": self.name, "size": self.size, "media_type": self.media_type});
        let (name, value) = match &self.file_name {
            Some(file) => ("file_name", file.clone()),
            None => ("value", self.text()),
        };
        crate::http::set(&mut record, name, value);
        record
    }

    /// The part as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// The boundary of a body, where it is such a form.
pub(crate) fn boundary(headers: &HeaderMap) -> Option<String> {
    multer::parse_boundary(headers.get(header::CONTENT_TYPE)?.to_str().ok()?).ok()
}

/// Reads a form to its end. Files over `largest` bytes are read but not kept. `None` where the form is broken.
pub(crate) async fn read(body: Body, boundary: String, largest: u64) -> Option<Vec<Part>> {
    let mut form = Multipart::new(body.into_data_stream(), boundary);
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.ok()? {
        parts.push(part(field, largest).await?);
    }
    Some(parts)
}

async fn part(mut field: Field<'_>, largest: u64) -> Option<Part> {
    let name = field.name()?.to_owned();
    let file_name = field.file_name().map(str::to_owned);
    let media_type = field.content_type().map(ToString::to_string);
    let largest = if file_name.is_some() { largest } else { LONGEST_VALUE };
    let (mut bytes, mut size) = (BytesMut::new(), 0);
    while let Some(chunk) = field.chunk().await.ok()? {
        size += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if size <= largest {
            bytes.extend_from_slice(&chunk);
        } else {
            bytes = BytesMut::new();
        }
    }
    Some(Part { name, file_name, media_type, size, bytes: bytes.freeze() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\
        Content-Type: text/plain\r\n\r\nhello\r\n\
        --b\r\nContent-Disposition: form-data; name=\"minorEdit\"\r\n\r\ntrue\r\n--b--\r\n";

    async fn read_bytes(form: &'static str, largest: u64) -> Option<Vec<Part>> {
        read(Body::from(form), "b".to_owned(), largest).await
    }

    #[tokio::test]
    async fn parts_are_read_with_their_names_types_and_bytes() {
        let parts = read_bytes(FORM, 5).await.unwrap();
        assert_eq!(parts[0].bytes, "hello");
        assert_eq!(parts[0].media_type.as_deref(), Some("text/plain"));
        assert_eq!(parts[0].record()["file_name"], "a.txt");
        assert_eq!((parts[1].file_name.as_deref(), parts[1].text().as_str()), (None, "true"));
    }

    #[tokio::test]
    async fn a_file_over_the_limit_is_measured_but_not_kept() {
        let parts = read_bytes(FORM, 4).await.unwrap();
        assert_eq!((parts[0].size, parts[0].bytes.len()), (5, 0));
        assert_eq!(parts[1].text(), "true");
    }

    #[tokio::test]
    async fn a_broken_form_is_no_form() {
        assert!(
            read_bytes("--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nhal", 9).await.is_none()
        );
    }
}
