//! A line as a sequence of words, each with the formatting around it.

use super::super::document::{Image, Inline, Label, Marker, MarkerKind, Style, plain_text};
use super::super::target::{ResourceKind, Target};

/// A word, or something that stands in the place of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Token {
    pub(super) key: Key,
    pub(super) context: Context,
    /// Whether there is white space between it and the token before.
    pub(super) spaced: bool,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// Letters and digits, or one other character.
    Text(String),
    Break,
    Image {
        url: String,
        alt: String,
        title: String,
    },
    /// A link to a resource of Confluence that shows the name of it.
    Resource(String),
    /// The stem of its id.
    Marker(MarkerKind, String),
}

/// The formatting around a token, without its order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Context {
    pub(super) styles: Vec<Style>,
    pub(super) code: bool,
    /// Destination and title.
    pub(super) link: Option<(String, String)>,
    /// The stem of a mark's id.
    pub(super) mark: Option<String>,
}

impl Context {
    pub(super) fn styled(&self, style: Style) -> Self {
        let mut styles = self.styles.clone();
        if !styles.contains(&style) {
            let place = styles.partition_point(|before| (*before as u8) < style as u8);
            styles.insert(place, style);
        }
        Self { styles, ..self.clone() }
    }

    /// Whether everything around this is around the other too.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.styles.iter().all(|style| other.styles.contains(style))
            && (!self.code || other.code)
            && (self.link.is_none() || self.link == other.link)
            && (self.mark.is_none() || self.mark == other.mark)
    }

    /// How much there is.
    pub(super) fn size(&self) -> usize {
        self.styles.len()
            + usize::from(self.code)
            + usize::from(self.link.is_some())
            + usize::from(self.mark.is_some())
    }
}

/// The tokens of a tidy line.
pub(super) fn of(line: &[Inline]) -> Vec<Token> {
    let mut tokens = Tokens::default();
    tokens.walk(line, &Context::default());
    while tokens.all.last().is_some_and(|token| token.key == Key::Break) {
        tokens.all.pop();
    }
    tokens.all
}

/// What stands before the question mark of a number.
pub(super) fn stem(marker: &Marker) -> String {
    marker.id.0.split('-').next().unwrap_or_default().to_owned()
}

/// The key of a link that shows no words of its own.
pub(super) fn resource(target: &Target, body: &[Inline]) -> Option<Key> {
    match target {
        Target::Resource(resource)
            if matches!(resource.kind, ResourceKind::User | ResourceKind::Date)
                || plain_text(body) == resource.label() && matches!(body, [Inline::Text(_)]) =>
        {
            Some(Key::Resource(target.to_url()))
        }
        _ => None,
    }
}

/// Whether a link shows its own address.
pub(super) fn is_bare(target: &Target, title: &str, body: &[Inline]) -> bool {
    match (target, body) {
        (Target::Url(url), [Inline::Text(text)]) => title.is_empty() && text == url,
        _ => false,
    }
}

pub(super) fn image(image: &Image) -> Key {
    Key::Image { url: image.source.to_url(), alt: image.alt.clone(), title: image.title.clone() }
}

/// Cuts a text into white space (`false`) and what becomes tokens (`true`).
pub(super) fn words(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let length = if is_space(first) {
            rest.find(|each| !is_space(each)).unwrap_or(rest.len())
        } else if first.is_alphanumeric() {
            rest.find(|each: char| !each.is_alphanumeric()).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (word, after) = rest.split_at(length);
        rest = after;
        Some((!is_space(first), word))
    })
}

pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

#[derive(Default)]
struct Tokens {
    all: Vec<Token>,
    space: bool,
}

impl Tokens {
    fn push(&mut self, key: Key, context: &Context) {
        let apart = key == Key::Break || self.all.last().is_none_or(|last| last.key == Key::Break);
        let spaced = std::mem::take(&mut self.space) && !apart;
        if key == Key::Break && self.all.is_empty() {
            return;
        }
        self.all.push(Token { key, context: context.clone(), spaced });
    }

    fn walk(&mut self, line: &[Inline], context: &Context) {
        for inline in line {
            match inline {
                Inline::Text(text) => {
                    for (is_word, word) in words(text) {
                        if is_word {
                            self.push(Key::Text(word.to_owned()), context);
                        } else {
                            self.space = true;
                        }
                    }
                }
                Inline::Code(code) => {
                    let context = Context { code: true, ..context.clone() };
                    for (_, word) in words(code) {
                        self.push(Key::Text(word.to_owned()), &context);
                    }
                }
                Inline::Break => self.push(Key::Break, &Context::default()),
                Inline::Styled(style, body) => self.walk(body, &context.styled(*style)),
                Inline::Link(link) => match resource(&link.target, &link.body) {
                    Some(key) => self.push(key, context),
                    None if is_bare(&link.target, &link.title, &link.body) => self.walk(&link.body, context),
                    None => {
                        let target = Some((link.target.to_url(), link.title.clone()));
                        self.walk(&link.body, &Context { link: target, ..context.clone() });
                    }
                },
                Inline::Image(image) => self.push(self::image(image), context),
                Inline::Marker(marker) => match &marker.label {
                    Label::Words(words) => {
                        self.walk(words, &Context { mark: Some(stem(marker)), ..context.clone() });
                    }
                    Label::Note(_) => self.push(Key::Marker(marker.kind, stem(marker)), context),
                },
            }
        }
    }
}
