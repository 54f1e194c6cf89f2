//! Patterns of paths.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest pattern of a manifest.
const LONGEST: usize = 500;

/// A path of words and of names that stand for one segment each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Word(String),
    Any(String),
}

impl PathPattern {
    /// The pattern that a text is.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let segments = match text.strip_prefix('/') {
            None if text.is_empty() => Vec::new(),
            None => return None,
            Some(rest) => rest.split('/').map(Segment::parse).collect::<Option<Vec<_>>>()?,
        };
        let pattern = Self { text: text.to_owned(), segments };
        let mut names: Vec<&str> = pattern.names().collect();
        names.sort_unstable();
        names.windows(2).all(|pair| matches!(pair, [a, b] if a != b)).then_some(pattern)
    }

    /// The names in it.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Any(name) => Some(name.as_str()),
            Segment::Word(_) => None,
        })
    }

    /// Whether the decoded segments of a path fit.
    pub(super) fn fits(&self, path: &[String]) -> bool {
        path.len() == self.segments.len()
            && self.segments.iter().zip(path).all(|(segment, text)| match segment {
                Segment::Word(word) => word == text,
                Segment::Any(_) => !text.is_empty(),
            })
    }

    /// The segment of a path that fits which has this name.
    pub(super) fn segment<'p>(&self, name: &str, path: &'p [String]) -> Option<&'p str> {
        let at = self.segments.iter().position(|segment| *segment == Segment::Any(name.to_owned()))?;
        path.get(at).map(String::as_str)
    }

    /// The path with a text in the place of every name.
    pub(super) fn filled(&self, text: &str) -> String {
        let filled = self.segments.iter().map(|segment| match segment {
            Segment::Word(word) => format!("/{word}"),
            Segment::Any(_) => format!("/{text}"),
        });
        filled.collect()
    }
}

impl Segment {
    fn parse(text: &str) -> Option<Self> {
        let is_word = |text: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:@".contains(&byte);
            !text.is_empty() && text != "." && text != ".." && text.bytes().all(plain)
        };
        match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => is_word(name).then(|| Self::Any(name.to_owned())),
            None => is_word(text).then(|| Self::Word(text.to_owned())),
        }
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for PathPattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for PathPattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("is none"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, path: &str) -> bool {
        let path: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
        PathPattern::parse(pattern).unwrap().fits(&path)
    }

    #[test]
    fn a_name_stands_for_exactly_one_segment() {
        assert!(fits("/pages/{page}/labels", "/pages/12/labels"));
        for path in [
            "/pages/12",
            "/pages/12/",
            "/pages//labels",
            "/pages/1/2/labels",
            "/pages/12/labels/",
            "/Pages/12/labels",
        ] {
            assert!(!fits("/pages/{page}/labels", path), "{path}");
        }
        assert!(fits("", ""));
    }

    #[test]
    fn what_is_no_path_is_no_pattern() {
        for pattern in [
            "pages", "/", "/pages/", "//", "/..", "/a/{}", "/a{b}", "/{a}/{a}", "/{a", "/a?b", "/a%2f", "/ä",
            "/*",
        ] {
            assert!(PathPattern::parse(pattern).is_none(), "{pattern}");
        }
    }
}
