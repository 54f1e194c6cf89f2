//! The query of a v2 call: every parameter has a kind, and one without is refused.

use crate::errors;
use crate::http::{Call, Reply};

/// The kinds of query parameters in Confluence's v2 document.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Integer,
    Flag,
    /// Comma-separated or repeated numbers, with the most that are taken.
    Integers(usize),
    /// Comma-separated or repeated text, with the most that are taken.
    Texts(usize),
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words.
    Words(&'static [&'static str]),
    /// 1 to 250, and 25 where it is not sent.
    Limit,
    /// 1 to 250, with what it is where it is not sent.
    LimitOr(usize),
    /// 1 to the number.
    UpTo(usize),
}

/// A parameter that an operation knows.
pub(crate) type Known = (&'static str, Kind);

/// A checked query.
pub(crate) struct Query<'a> {
    pub(crate) call: &'a Call,
    default_limit: usize,
}

/// The page size where none is asked for, and the largest one (v2 document).
const DEFAULT_LIMIT: usize = 25;
const LARGEST_LIMIT: usize = 250;

impl<'a> Query<'a> {
    pub(crate) fn check(call: &'a Call, known: &[Known]) -> Result<Self, Reply> {
        let default_limit = known.iter().find_map(|(_, kind)| match kind {
            Kind::LimitOr(default) => Some(*default),
            _ => None,
        });
        let query = Self { call, default_limit: default_limit.unwrap_or(DEFAULT_LIMIT) };
        for (name, _) in &call.query {
            let Some((_, kind)) = known.iter().find(|(other, _)| other == name) else {
                return Err(errors::invalid(format!("Unknown query parameter '{name}'.")));
            };
            query.check_one(name, *kind)?;
        }
        Ok(query)
    }

    fn check_one(&self, name: &str, kind: Kind) -> Result<(), Reply> {
        let values = self.list(name);
        let list = matches!(kind, Kind::Integers(_) | Kind::Texts(_) | Kind::Words(_));
        if !list && self.call.query.iter().filter(|(other, _)| other == name).count() > 1 {
            return Err(errors::invalid(format!("Query parameter '{name}' was sent more than once.")));
        }
        let one = self.text(name).unwrap_or_default();
        let right = match kind {
            Kind::Text => true,
            Kind::Integer => one.parse::<i64>().is_ok(),
            Kind::Flag => matches!(one, "true" | "false"),
            Kind::Word(words) => words.contains(&one),
            Kind::Words(words) => values.iter().all(|value| words.contains(value)),
            Kind::Texts(most) => values.len() <= most,
            Kind::Integers(most) => {
                values.len() <= most && values.iter().all(|value| value.parse::<i64>().is_ok())
            }
            Kind::Limit | Kind::LimitOr(_) => is_in(one, LARGEST_LIMIT),
            Kind::UpTo(most) => is_in(one, most),
        };
        if right {
            return Ok(());
        }
        Err(match kind {
            Kind::Word(words) | Kind::Words(words) => {
                errors::invalid(format!("Provided value for '{name}' must be of {}.", words.join(", ")))
            }
            Kind::Limit | Kind::LimitOr(_) => out_of_range(name, LARGEST_LIMIT),
            Kind::UpTo(most) => out_of_range(name, most),
            Kind::Integers(most) | Kind::Texts(most) if values.len() > most => {
                errors::invalid(format!("At most {most} values may be given for '{name}'."))
            }
            Kind::Flag => errors::wrong_type(name, "boolean"),
            _ => errors::wrong_type(name, "long"),
        })
    }

    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.text(name).and_then(|number| number.parse().ok())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.call.query(name)
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.text(name).map(|value| value == "true")
    }

    /// The values of a list parameter; empty where it was not sent.
    pub(crate) fn list(&self, name: &str) -> Vec<&'a str> {
        let values = self.call.query.iter().filter(|(other, _)| other == name);
        values.flat_map(|(_, value)| value.split(',')).map(str::trim).collect()
    }

    pub(crate) fn ids(&self, name: &str) -> Vec<u64> {
        self.list(name).iter().filter_map(|value| value.parse().ok()).collect()
    }

    pub(crate) fn limit(&self) -> usize {
        self.text("limit").and_then(|limit| limit.parse().ok()).unwrap_or(self.default_limit)
    }
}

fn is_in(value: &str, most: usize) -> bool {
    value.parse().is_ok_and(|number: usize| (1..=most).contains(&number))
}

fn out_of_range(name: &str, most: usize) -> Reply {
    errors::invalid(format!("Provided value for '{name}' must be an integer from 1 to {most}."))
}
