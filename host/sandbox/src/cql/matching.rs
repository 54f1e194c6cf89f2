//! Whether something that can be found fits a query.

use std::cmp::Ordering;

use crate::accounts::Account;
use crate::clock::Moment;
use crate::site::Space;

use super::words::contains;
use super::{Clause, Expression, Field, Operator, Query, Value, dates};

/// Something that can be found.
pub(crate) trait Searched {
    fn id(&self) -> u64;
    fn kind(&self) -> &'static str;
    fn title(&self) -> &str;
    fn text(&self) -> String;
    fn space(&self) -> Option<&Space>;
    fn labels(&self) -> Vec<&str>;
    fn creator(&self) -> &'static Account;
    fn contributors(&self) -> Vec<&'static Account>;
    /// What is above it, the nearest first.
    fn ancestors(&self) -> Vec<u64>;
    fn created(&self) -> Moment;
    fn modified(&self) -> Moment;
}

/// What the functions of a query stand for.
pub(crate) struct Context<'a> {
    pub(crate) now: Moment,
    pub(crate) account: &'a Account,
    /// The key of `currentSpace()`.
    pub(crate) space: Option<&'a str>,
    /// The id of `currentContent()`.
    pub(crate) content: Option<&'a str>,
}

impl Context<'_> {
    /// A value that is not a date, as text.
    fn text<'a>(&'a self, value: &'a Value) -> &'a str {
        match value {
            Value::Text(text) => text,
            Value::Function(name, _) => match name.to_lowercase().as_str() {
                "currentuser" => self.account.id,
                "currentspace" => self.space.unwrap_or_default(),
                _ => self.content.unwrap_or_default(),
            },
        }
    }

    /// From when until before when a value lasts that is a date.
    fn range(&self, value: &Value) -> Option<(Moment, Moment)> {
        match value {
            Value::Text(text) => dates::range(text),
            Value::Function(name, arguments) => {
                dates::call(self.now, name, arguments).map(|at| (at, Moment(at.0 + 1)))
            }
        }
    }
}

/// Whether something fits an expression.
pub(crate) fn fits(expression: &Expression, one: &impl Searched, context: &Context<'_>) -> bool {
    match expression {
        Expression::All(parts) => parts.iter().all(|part| fits(part, one, context)),
        Expression::Any(parts) => parts.iter().any(|part| fits(part, one, context)),
        Expression::Not(inner) => !fits(inner, one, context),
        Expression::Clause(clause) => clause.values.iter().any(|value| has(clause, value, one, context)),
    }
}

fn has(clause: &Clause, value: &Value, one: &impl Searched, context: &Context<'_>) -> bool {
    let date = match clause.field {
        Field::Created => Some(one.created()),
        Field::LastModified => Some(one.modified()),
        _ => None,
    };
    if let Some(at) = date {
        return context.range(value).is_some_and(|(from, until)| match clause.operator {
            Operator::Greater => at >= until,
            Operator::GreaterOrEqual => at >= from,
            Operator::Less => at < from,
            Operator::LessOrEqual => at < until,
            _ => from <= at && at < until,
        });
    }
    let wanted = context.text(value);
    let same = |text: &str| text.eq_ignore_ascii_case(wanted);
    let number = || wanted.strip_prefix("att").unwrap_or(wanted).parse::<u64>().ok();
    match (clause.field, clause.operator) {
        (Field::Text, _) => contains(&format!("{}\n{}", one.title(), one.text()), wanted),
        (Field::Title | Field::UserName, Operator::Contains) => contains(one.title(), wanted),
        (Field::Title | Field::UserName, _) => one.title().to_lowercase() == wanted.to_lowercase(),
        (Field::SpaceTitle, Operator::Contains) => {
            one.space().is_some_and(|space| contains(&space.name, wanted))
        }
        (Field::SpaceTitle, _) => one.space().is_some_and(|space| same(&space.name)),
        (Field::Type, _) => same(one.kind()),
        (Field::Space, _) => one.space().is_some_and(|space| same(&space.key)),
        (Field::SpaceType, _) => one.space().is_some_and(|space| same(space.kind())),
        (Field::Label, _) => one.labels().into_iter().any(same),
        (Field::Creator, _) => one.creator().id == wanted,
        (Field::Contributor, _) => one.contributors().iter().any(|account| account.id == wanted),
        (Field::Ancestor, _) => number().is_some_and(|id| one.ancestors().contains(&id)),
        (Field::Parent, _) => number().is_some_and(|id| one.ancestors().first() == Some(&id)),
        (Field::Id, _) => number() == Some(one.id()),
        (Field::User, _) => one.creator().id == wanted,
        (Field::Created | Field::LastModified, _) => false,
    }
}

/// How a query puts two results: as it says, else the one first that was changed last.
pub(crate) fn order(query: &Query, a: &impl Searched, b: &impl Searched) -> Ordering {
    for (field, down) in &query.order {
        let ordering = match field {
            Field::Title => a.title().to_lowercase().cmp(&b.title().to_lowercase()),
            Field::Created => a.created().cmp(&b.created()),
            Field::LastModified => a.modified().cmp(&b.modified()),
            Field::Type => a.kind().cmp(b.kind()),
            Field::Space => a.space().map(|space| &space.key).cmp(&b.space().map(|space| &space.key)),
            _ => a.id().cmp(&b.id()),
        };
        let ordering = if *down { ordering.reverse() } else { ordering };
        if ordering.is_ne() {
            return ordering;
        }
    }
    b.modified().cmp(&a.modified()).then(b.id().cmp(&a.id()))
}
