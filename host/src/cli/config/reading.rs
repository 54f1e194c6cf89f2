//! From the file's text and the environment to a configuration, or to every mistake in them.
//!
//! Of what is wrong as a whole each part is tried on its own, so that one mistake hides no other.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What the names of variables begin with.
const PREFIX: &str = "ACTIONBAY_";

/// What is between the levels in the name of a variable.
const LEVEL: &str = "__";

/// A mistake of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mistake {
    pub(super) place: Place,
    /// Of what, as a JSON pointer (RFC 6901).
    pub(super) pointer: String,
    pub(super) why: String,
}

impl Mistake {
    pub(super) fn new(place: Place, pointer: impl Into<String>, why: impl fmt::Display) -> Self {
        // Some say it as a sentence, some without its end.
        let why = why.to_string().trim_end().trim_end_matches('.').to_owned();
        Self { place, pointer: pointer.into(), why }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let setting = self.pointer.trim_start_matches('/').replace('/', ".");
        let comma = if setting.is_empty() { "" } else { ", " };
        write!(f, "{}{comma}{setting}: {}.", self.place, self.why)
    }
}

/// Where something is said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// In this line of the file.
    Line(usize),
    /// In this variable of the environment.
    Variable(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// What was said, and where.
#[derive(Debug)]
pub(super) struct Said {
    place: Place,
    what: What,
}

#[derive(Debug)]
enum What {
    One(Value),
    List(Vec<Said>),
    Table(BTreeMap<String, Said>),
}

/// A step from what contains to what is contained.
#[derive(Clone)]
enum Step {
    Key(String),
    Item(usize),
}

/// Reads a configuration. What cannot be understood is left out of it, and is among the mistakes.
pub(super) fn read<T: DeserializeOwned + Default>(
    text: &str,
    environment: impl Iterator<Item = (String, String)>,
    plain_variables: &[&str],
) -> (T, Said, Vec<Mistake>) {
    let ends: Vec<usize> = text.match_indices('\n').map(|(end, _)| end).collect();
    let line = |span: Range<usize>| Place::Line(ends.partition_point(|end| *end < span.start) + 1);
    let (table, errors) = DeTable::parse_recoverable(text);
    let syntax =
        errors.iter().map(|error| Mistake::new(line(error.span().unwrap_or_default()), "", error.message()));
    let mut mistakes: Vec<_> = syntax.collect();
    let mut said = Said::of_table(table.span(), table.get_ref(), &line);
    for (name, value) in environment {
        if let Some(path) = path_of(&name, plain_variables) {
            said.put::<T>(&path, &name, &value);
        }
    }
    said.judge::<T>(&mut Vec::new(), &mut mistakes);
    mistakes.sort();
    mistakes.dedup();
    let value = serde_json::from_value(said.json()).unwrap_or_default();
    (value, said, mistakes)
}

/// The path that a variable's name says: `ACTIONBAY_SERVICE__KEEP_RUNS_DAYS` is `service.keep-runs-days`. Of names without
/// levels only these are of the configuration.
fn path_of(name: &str, plain: &[&str]) -> Option<Vec<String>> {
    let path: Vec<_> =
        name.strip_prefix(PREFIX)?.split(LEVEL).map(|part| part.to_lowercase().replace('_', "-")).collect();
    let is_ours = match path.as_slice() {
        [one] => plain.contains(&one.as_str()),
        parts => parts.iter().all(|part| !part.is_empty()),
    };
    is_ours.then_some(path)
}

impl Said {
    fn of_table(span: Range<usize>, table: &DeTable<'_>, line: &impl Fn(Range<usize>) -> Place) -> Self {
        let fields = table.iter().map(|(key, value)| {
            let mut field = Self::of(value, line);
            // A table is where its heading is.
            if matches!(field.what, What::Table(_)) {
                field.place = line(key.span());
            }
            (key.get_ref().to_string(), field)
        });
        Self { place: line(span), what: What::Table(fields.collect()) }
    }

    fn of(value: &Spanned<DeValue<'_>>, line: &impl Fn(Range<usize>) -> Place) -> Self {
        let what = match value.get_ref() {
            DeValue::Table(table) => return Self::of_table(value.span(), table, line),
            DeValue::Array(items) => What::List(items.iter().map(|item| Self::of(item, line)).collect()),
            scalar => What::One(json_of(scalar)),
        };
        Self { place: line(value.span()), what }
    }

    /// Sets what a variable says over what the file does. It says a value as TOML does, or a text without quotes.
    fn put<T: DeserializeOwned>(&mut self, path: &[String], variable: &str, text: &str) {
        let place = || Place::Variable(variable.to_owned());
        let as_text = Self { place: place(), what: What::One(text.into()) };
        let parsed = DeValue::parse(text).ok().map(|value| Self::of(&value, &|_| place()));
        let steps: Vec<_> = path.iter().cloned().map(Step::Key).collect();
        let value = match parsed {
            Some(parsed) if error::<T>(&steps, parsed.json()).is_none() => parsed,
            Some(parsed) if error::<T>(&steps, as_text.json()).is_some() => parsed,
            _ => as_text,
        };
        self.set(path, value);
    }

    /// Sets what stands at a path. What is no table becomes one where the path leads through it.
    fn set(&mut self, path: &[String], value: Self) {
        let Some((first, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        if !matches!(self.what, What::Table(_)) {
            self.what = What::Table(BTreeMap::new());
        }
        if let What::Table(fields) = &mut self.what {
            let nothing = || Self { place: value.place.clone(), what: What::Table(BTreeMap::new()) };
            fields.entry(first.clone()).or_insert_with(nothing).set(rest, value);
        }
    }

    /// Takes out what does not fit, and says why it does not.
    fn judge<T: DeserializeOwned>(&mut self, path: &mut Vec<Step>, mistakes: &mut Vec<Mistake>) -> bool {
        let Some(why) = error::<T>(path, self.json()) else { return true };
        let empty = match &self.what {
            What::One(_) => None,
            What::List(_) => Some(Value::Array(Vec::new())),
            What::Table(_) => Some(Value::Object(Map::new())),
        };
        // Where nothing in it would be wrong too, it is wrong itself.
        if empty.is_some_and(|empty| error::<T>(path, empty).is_none()) {
            match &mut self.what {
                What::One(_) => {}
                What::List(items) => {
                    let mut number = 0;
                    items.retain_mut(|item| {
                        number += 1;
                        within(path, Step::Item(number - 1), |path| item.judge::<T>(path, mistakes))
                    });
                }
                What::Table(fields) => fields.retain(|name, field| {
                    within(path, Step::Key(name.clone()), |path| field.judge::<T>(path, mistakes))
                }),
            }
            if error::<T>(path, self.json()).is_none() {
                return true;
            }
        }
        mistakes.push(Mistake::new(self.place.clone(), pointer(path), why));
        false
    }

    /// The same without places.
    fn json(&self) -> Value {
        match &self.what {
            What::One(value) => value.clone(),
            What::List(items) => items.iter().map(Self::json).collect(),
            What::Table(fields) => {
                Value::Object(fields.iter().map(|(name, field)| (name.clone(), field.json())).collect())
            }
        }
    }

    /// Where the thing of this JSON pointer is said, or what it is part of.
    pub(super) fn place(&self, pointer: &str) -> Place {
        let mut at = self;
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            let next = match &at.what {
                What::One(_) => None,
                What::List(items) => part.parse().ok().and_then(|number: usize| items.get(number)),
                What::Table(fields) => fields.get(&part),
            };
            let Some(next) = next else { break };
            at = next;
        }
        at.place.clone()
    }
}

/// Does something with a path that is one step longer.
fn within<R>(path: &mut Vec<Step>, step: Step, what: impl FnOnce(&mut Vec<Step>) -> R) -> R {
    path.push(step);
    let result = what(path);
    path.pop();
    result
}

/// What is wrong with a configuration that has only this, at this path.
fn error<T: DeserializeOwned>(path: &[Step], value: Value) -> Option<serde_json::Error> {
    let whole = path.iter().rev().fold(value, |value, step| match step {
        Step::Key(name) => Value::Object(Map::from_iter([(name.clone(), value)])),
        Step::Item(_) => Value::Array(vec![value]),
    });
    serde_json::from_value::<T>(whole).err()
}

/// A path as a JSON pointer (RFC 6901).
fn pointer(path: &[Step]) -> String {
    path.iter().fold(String::new(), |pointer, step| match step {
        Step::Key(name) => pointer + "/" + &name.replace('~', "~0").replace('/', "~1"),
        Step::Item(number) => format!("{pointer}/{number}"),
    })
}

/// What is neither table nor array; a number that is too large, a date and such as the text that it was.
fn json_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::from(number.to_string()), Value::from),
        DeValue::Float(number) => {
            number.as_str().parse::<f64>().map_or_else(|_| Value::from(number.to_string()), Value::from)
        }
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Datetime(date) => Value::from(date.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => Value::Null,
    }
}
