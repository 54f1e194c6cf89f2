//! Confluence Query Language: what clients send of it.
//!
//! | part | does |
//! |---|---|
//! | `lexer` | words, quoted texts and signs |
//! | `parser` | the expression and the order, or what is wrong with it |
//! | `dates` | dates and the functions that give them |
//! | `words` | whether a text contains words, and which parts of it to highlight |
//! | `matching` | whether something fits an expression |

mod dates;
mod lexer;
mod matching;
mod parser;
mod words;

pub(crate) use matching::{Context, Searched, fits, order};
pub(crate) use parser::{Domain, parse};
pub(crate) use words::{highlight, terms};

/// What a clause asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Type,
    Space,
    SpaceTitle,
    SpaceType,
    Title,
    Text,
    Label,
    Creator,
    Contributor,
    Ancestor,
    Parent,
    Created,
    LastModified,
    Id,
    User,
    UserName,
}

impl Field {
    pub(crate) fn is_date(self) -> bool {
        matches!(self, Self::Created | Self::LastModified)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equals,
    Contains,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Function(String, Vec<String>),
}

/// A field, an operator, and the values of which one has to fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) field: Field,
    pub(crate) operator: Operator,
    pub(crate) values: Vec<Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Clause(Clause),
}

/// A whole query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) expression: Expression,
    /// The fields to sort by, and whether each goes down.
    pub(crate) order: Vec<(Field, bool)>,
}
