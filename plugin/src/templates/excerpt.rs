//! Long texts, in excerpts that follow each other.
//!
//! The cursor says which versions the text was made of and where in it the next excerpt begins, so that what is put
//! together again is one text, also where the content was edited meanwhile.

use serde::{Deserialize, Serialize};

use super::listing::{self, foreign_cursor};
use crate::platform::Failure;

/// The fields that say how much of a text is wanted.
#[derive(Debug, Deserialize)]
pub(super) struct Excerpt {
    #[serde(rename = "max-bytes")]
    max_bytes: Option<u64>,
    cursor: Option<String>,
}

/// Where a text goes on: of which versions it is, and after how many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<const N: usize> {
    pub(super) versions: [u32; N],
    offset: usize,
}

/// What an output says of an excerpt.
#[derive(Debug, Serialize)]
pub(super) struct Cut {
    complete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

impl Excerpt {
    /// Checks what can be checked without a request, and says where the excerpt begins if it is not the first.
    pub(super) fn begin<const N: usize>(&self) -> Result<Option<Place<N>>, Failure> {
        listing::most_bytes(self.max_bytes)?;
        let place = |cursor: &String| Place::parse(cursor).ok_or_else(foreign_cursor);
        self.cursor.as_ref().map(place).transpose()
    }

    /// The excerpt of a text, which is of these versions.
    pub(super) fn of<const N: usize>(
        &self,
        versions: [u32; N],
        text: String,
    ) -> Result<(String, Cut), Failure> {
        let begin = self.begin::<N>()?.map_or(0, |place| place.offset);
        let rest = text.get(begin..).ok_or_else(foreign_cursor)?;
        let most = listing::most_bytes(self.max_bytes)?;
        if rest.len() <= most {
            let whole = if begin == 0 { text } else { rest.to_owned() };
            return Ok((whole, Cut { complete: true, cursor: None }));
        }
        let excerpt = lines(rest, most);
        let cursor = Place { versions, offset: begin + excerpt.len() }.write();
        Ok((excerpt.to_owned(), Cut { complete: false, cursor: Some(cursor) }))
    }
}

/// The whole lines at the beginning, or as much of the first one as fits.
fn lines(text: &str, most: usize) -> &str {
    let fitting = text.get(..text.floor_char_boundary(most)).unwrap_or(text);
    match fitting.rfind('\n') {
        Some(end) => fitting.get(..=end).unwrap_or(fitting),
        None => fitting,
    }
}

impl<const N: usize> Place<N> {
    fn parse(cursor: &str) -> Option<Self> {
        let mut numbers = cursor.split('.');
        let mut versions = [0; N];
        for version in &mut versions {
            *version = numbers.next()?.parse().ok()?;
        }
        let offset = numbers.next()?.parse().ok()?;
        numbers.next().is_none().then_some(Self { versions, offset })
    }

    fn write(&self) -> String {
        let versions = self.versions.iter().map(|version| format!("{version}."));
        versions.chain([self.offset.to_string()]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_end_with_a_line_or_between_characters_and_make_the_text_again() {
        let text = format!("a\n{}\nlast", "ä".repeat(1_500));
        let (mut cursor, mut whole, mut sizes) = (None, String::new(), Vec::new());
        loop {
            let excerpt = Excerpt { max_bytes: Some(1_001), cursor };
            let (part, cut) = excerpt.of([7, 8], text.clone()).unwrap();
            sizes.push(part.len());
            whole.push_str(&part);
            cursor = cut.cursor;
            assert_eq!(cut.complete, cursor.is_none());
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((whole, sizes), (text, vec![2, 1_000, 1_000, 1_001, 4]));
    }

    #[test]
    fn what_is_no_cursor_of_such_a_text_is_refused() {
        for bad in ["", "1", "1.2", "1.2.3.4", "a.2.3", "-1.2.3", "1.2.99", "1.2.1"] {
            let excerpt = Excerpt { max_bytes: None, cursor: Some(bad.to_owned()) };
            let failure = excerpt.of([1, 2], "äb".to_owned()).unwrap_err();
            assert_eq!(failure.code, "invalid-cursor", "{bad:?}");
        }
    }
}
