//! A line of storage format as tokens that know their bytes.

use super::super::document::{Bytes, Inline};
use super::super::storage::{Around, Piece, PieceKind};
use super::tokens::{self, Context, Key, Token};

/// The tokens of a line, and everything between them.
pub(super) struct Source {
    pub(super) parts: Vec<Part>,
    pub(super) tokens: Vec<Token>,
}

/// A part of a line.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) bytes: Bytes,
    pub(super) kind: PartKind,
}

#[derive(Debug, Clone)]
pub(super) enum PartKind {
    /// A token, or a piece of one; and whether it stands in CDATA.
    Token(usize, bool),
    Space,
    /// A tag, with the formatting behind it, and what the element is if it is not shown.
    Open {
        context: Context,
        unseen: Option<String>,
    },
    Close {
        context: Context,
    },
    Hidden,
}

impl Source {
    /// Gathers pieces to tokens.
    pub(super) fn of(pieces: Vec<Piece>) -> Self {
        let mut gather = Gather::default();
        for Piece { bytes, kind } in pieces {
            match kind {
                PieceKind::Character(character, cdata) => gather.character(character, cdata, bytes),
                PieceKind::Whole(inlines) => gather.whole(&inlines, bytes),
                PieceKind::Open(around) => gather.open(around, bytes),
                PieceKind::Close => gather.close(bytes),
                PieceKind::Hidden => gather.part(bytes, PartKind::Hidden),
            }
        }
        gather.finish()
    }
}

#[derive(Default)]
struct Gather {
    parts: Vec<Part>,
    tokens: Vec<Token>,
    context: Context,
    outer: Vec<Context>,
    space: bool,
    /// Whether the next character may belong to the token before.
    joins: bool,
}

impl Gather {
    fn part(&mut self, bytes: Bytes, kind: PartKind) {
        self.parts.push(Part { bytes, kind });
    }

    fn token(&mut self, key: Key, cdata: bool, bytes: Bytes) {
        let apart = key == Key::Break || self.tokens.last().is_none_or(|last| last.key == Key::Break);
        if key == Key::Break && self.tokens.is_empty() {
            return self.part(bytes, PartKind::Hidden);
        }
        let spaced = std::mem::take(&mut self.space) && !apart;
        let context = if key == Key::Break { Context::default() } else { self.context.clone() };
        self.part(bytes, PartKind::Token(self.tokens.len(), cdata));
        self.tokens.push(Token { key, context, spaced });
    }

    fn character(&mut self, character: char, cdata: bool, bytes: Bytes) {
        let space = tokens::is_space(character);
        if space && !self.context.code {
            self.space = true;
            self.joins = false;
            return self.part(bytes, PartKind::Space);
        }
        let character = if space { ' ' } else { character };
        if self.joins
            && !self.space
            && let Some(Token { key: Key::Text(word), context, .. }) = self.tokens.last_mut()
            && *context == self.context
            && word.ends_with(|last: char| {
                last.is_alphanumeric() && character.is_alphanumeric() || space && tokens::is_space(last)
            })
        {
            word.push(character);
            return self.part(bytes, PartKind::Token(self.tokens.len() - 1, cdata));
        }
        self.token(Key::Text(character.to_string()), cdata, bytes);
        self.joins = true;
    }

    fn whole(&mut self, inlines: &[Inline], bytes: Bytes) {
        self.joins = false;
        if inlines == [Inline::Break] {
            return self.token(Key::Break, false, bytes);
        }
        let mut bytes = Some(bytes);
        let mut place = Bytes { start: 0, end: 0 };
        if let [Inline::Text(text)] = inlines
            && text.starts_with(tokens::is_space)
        {
            self.space = true;
        }
        for token in tokens::of(inlines) {
            let own = bytes.take().unwrap_or(place);
            place = Bytes { start: own.end, end: own.end };
            self.space |= token.spaced;
            self.token(token.key, false, own);
        }
        if let Some(bytes) = bytes {
            self.part(bytes, PartKind::Hidden);
        }
        if let [Inline::Text(text)] = inlines
            && text.ends_with(tokens::is_space)
        {
            self.space = true;
        }
    }

    fn open(&mut self, around: Around, bytes: Bytes) {
        self.outer.push(self.context.clone());
        let mut unseen = None;
        match around {
            Around::Nothing => {}
            Around::Style(style) => self.context = self.context.styled(style),
            Around::Code => self.context.code = true,
            Around::Link(link) => {
                if let Inline::Link(link) = *link {
                    self.context.link = Some((link.target.to_url(), link.title));
                }
            }
            Around::Mark(mark) => {
                if let Inline::Marker(marker) = *mark {
                    self.context.mark = Some(tokens::stem(&marker));
                }
            }
            Around::Unseen(name) => unseen = Some(name),
        }
        let context = self.context.clone();
        self.part(bytes, PartKind::Open { context, unseen });
    }

    fn close(&mut self, bytes: Bytes) {
        self.context = self.outer.pop().unwrap_or_default();
        let context = self.context.clone();
        self.part(bytes, PartKind::Close { context });
    }

    fn finish(mut self) -> Source {
        // A break at the end is not shown.
        while self.tokens.last().is_some_and(|token| token.key == Key::Break) {
            self.tokens.pop();
        }
        let count = self.tokens.len();
        for part in &mut self.parts {
            if matches!(part.kind, PartKind::Token(token, _) if token >= count) {
                part.kind = PartKind::Hidden;
            }
        }
        Source { parts: self.parts, tokens: self.tokens }
    }
}
