//! Forms of several parts, `multipart/form-data` (RFC 7578), written by the host alone.
//!
//! What a guest can put into a part's head are three texts, and none of them can end it: control characters and
//! backslashes are refused, a quotation mark is written as `%22` (as browsers do, WHATWG HTML section 4.10.21.8), and
//! names that are not ASCII stand in UTF-8. The boundary is random and made anew for each request, so that nobody who
//! writes a part can write it too.

use std::collections::VecDeque;
use std::io::{self, Cursor, Read};

use http::HeaderValue;

use super::FileSource;
use super::source::unreadable;
use crate::failure::{Failure, FailureKind, Result};

/// What a part holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartContent {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The bytes of a file.
    File(FileSource),
}

/// One part of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The file's name, which makes it a file.
    pub file_name: Option<String>,
    /// Its `content-type`.
    pub media_type: Option<String>,
    /// What it holds.
    pub content: PartContent,
}

impl Part {
    /// How many bytes of it come from a guest.
    pub(super) fn own_len(&self) -> usize {
        let texts = [Some(&self.name), self.file_name.as_ref(), self.media_type.as_ref()];
        let content = match &self.content {
            PartContent::Bytes(bytes) => bytes.len(),
            PartContent::File(_) => 0,
        };
        texts.into_iter().flatten().map(String::len).sum::<usize>() + content
    }

    /// How many bytes of it come from a file.
    pub(super) fn file_len(&self) -> u64 {
        match &self.content {
            PartContent::Bytes(_) => 0,
            PartContent::File(file) => file.length(),
        }
    }

    /// The part's head, from the boundary before it to the empty line.
    fn head(&self, boundary: &str) -> Result<String> {
        let mut head =
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", quoted(&self.name)?);
        if let Some(file_name) = &self.file_name {
            head.push_str(&format!("; filename=\"{}\"", quoted(file_name)?));
        }
        if let Some(media_type) = &self.media_type {
            let is_value = HeaderValue::from_str(media_type).is_ok() && media_type.is_ascii();
            let value = Some(media_type).filter(|text| is_value && !text.contains(char::is_control));
            head.push_str(&format!("\r\nContent-Type: {}", value.ok_or_else(|| bad("content type"))?));
        }
        head.push_str("\r\n\r\n");
        Ok(head)
    }
}

/// A name between quotation marks.
fn quoted(name: &str) -> Result<String> {
    if name.is_empty() || name.contains(|c: char| c.is_control() || c == '\\') {
        return Err(bad("name"));
    }
    Ok(name.replace('"', "%22"))
}

fn bad(what: &str) -> Failure {
    Failure::new(
        FailureKind::Denied,
        "bad-part",
        format!("A part of the form has a {what} that is empty, or holds control characters or backslashes."),
    )
}

/// A form as it goes out.
pub(super) struct Form {
    /// The `content-type` of the whole.
    pub(super) media_type: String,
    /// How many bytes it has.
    pub(super) length: u64,
    /// The bytes.
    pub(super) reader: Box<dyn Read + Send>,
}

impl Form {
    /// Writes the parts, with a boundary that nobody can guess.
    pub(super) fn of(parts: &[Part]) -> Result<Self> {
        let mut random = [0u8; 16];
        getrandom::fill(&mut random)
            .map_err(|_| Failure::internal("There is no randomness for the boundary of a form."))?;
        let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Self::between(parts, &format!("actionbay-{hex}"))
    }

    fn between(parts: &[Part], boundary: &str) -> Result<Self> {
        let mut form = Pieces::default();
        for part in parts {
            form.text(part.head(boundary)?.into_bytes());
            match &part.content {
                PartContent::Bytes(bytes) => form.text(bytes.clone()),
                PartContent::File(file) => form.file(file)?,
            }
            form.text(b"\r\n".to_vec());
        }
        form.text(format!("--{boundary}--\r\n").into_bytes());
        Ok(Self {
            media_type: format!("multipart/form-data; boundary={boundary}"),
            length: form.length,
            reader: Box::new(form),
        })
    }
}

/// Readers one after the other.
#[derive(Default)]
struct Pieces {
    readers: VecDeque<Box<dyn Read + Send>>,
    length: u64,
}

impl Pieces {
    fn text(&mut self, bytes: Vec<u8>) {
        self.length = self.length.saturating_add(bytes.len() as u64);
        self.readers.push_back(Box::new(Cursor::new(bytes)));
    }

    fn file(&mut self, file: &FileSource) -> Result<()> {
        self.length = self.length.saturating_add(file.length());
        self.readers.push_back(file.reader().map_err(|_| unreadable())?);
        Ok(())
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(reader) = self.readers.front_mut() {
            match reader.read(buffer)? {
                0 if !buffer.is_empty() => self.readers.pop_front(),
                count => return Ok(count),
            };
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::Source;
    use super::*;

    struct Held(Vec<u8>);

    impl Source for Held {
        fn length(&self) -> u64 {
            self.0.len() as u64
        }

        fn open(&self) -> io::Result<Box<dyn Read + Send>> {
            Ok(Box::new(Cursor::new(self.0.clone())))
        }
    }

    fn file(name: &str, file_name: &str, bytes: &[u8]) -> Part {
        Part {
            name: name.into(),
            file_name: Some(file_name.into()),
            media_type: Some("image/png".into()),
            content: PartContent::File(FileSource::new(Arc::new(Held(bytes.to_vec())))),
        }
    }

    fn field(name: &str, value: &str) -> Part {
        let content = PartContent::Bytes(value.as_bytes().to_vec());
        Part { name: name.into(), file_name: None, media_type: None, content }
    }

    fn written(parts: &[Part]) -> Result<String> {
        let mut form = Form::between(parts, "cut")?;
        let mut text = String::new();
        form.reader.read_to_string(&mut text).unwrap();
        assert_eq!(form.length, text.len() as u64, "the length is what is written");
        Ok(text)
    }

    #[test]
    fn parts_stand_between_boundaries_with_their_names_types_and_bytes() {
        let text =
            written(&[file("file", "Übersicht 😀.png", b"\x01--cut"), field("minorEdit", "true")]).unwrap();
        assert_eq!(
            text,
            "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"Übersicht 😀.png\"\r\n\
             Content-Type: image/png\r\n\r\n\u{1}--cut\r\n\
             --cut\r\nContent-Disposition: form-data; name=\"minorEdit\"\r\n\r\ntrue\r\n--cut--\r\n"
        );
    }

    #[test]
    fn no_text_of_a_part_can_end_its_head() {
        for name in ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "a\\", "", "\u{85}", "\u{7f}"] {
            assert_eq!(written(&[field(name, "x")]).unwrap_err().code, "bad-part", "{name:?}");
            assert_eq!(written(&[file("file", name, b"x")]).unwrap_err().code, "bad-part", "{name:?}");
        }
        for media_type in ["text/plain\r\nX-Evil: 1", "text/plain\n", "text/plän", "a\0"] {
            let part = Part { media_type: Some(media_type.into()), ..field("a", "x") };
            assert_eq!(written(&[part]).unwrap_err().code, "bad-part", "{media_type:?}");
        }
        let quoted = written(&[file("fi\"le", "a\"; name=\"b", b"")]).unwrap();
        assert!(quoted.contains(r#"name="fi%22le"; filename="a%22; name=%22b""#), "{quoted}");
    }

    #[test]
    fn a_boundary_is_not_used_twice() {
        let types: Vec<String> = (0..2).map(|_| Form::of(&[field("a", "b")]).unwrap().media_type).collect();
        assert_ne!(types[0], types[1]);
        assert!(types[0].len() > "multipart/form-data; boundary=".len() + 32);
    }

    proptest! {
        #[test]
        fn whatever_is_taken_makes_a_head_of_as_many_lines_as_were_meant(name in ".{0,12}", file_name in ".{0,12}", media_type in ".{0,12}") {
            let part = Part { media_type: Some(media_type), ..file(&name, &file_name, b"") };
            if let Ok(text) = written(&[part]) {
                let lines: Vec<&str> = text.split("\r\n").collect();
                prop_assert_eq!(lines.len(), 7);
                prop_assert_eq!(lines.concat().contains(['\r', '\n']), false);
                prop_assert_eq!(lines[1].matches('"').count(), 4);
            }
        }
    }
}
