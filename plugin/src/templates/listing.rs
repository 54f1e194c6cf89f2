//! Lists: as many items as are wanted, and where to go on.
//!
//! Confluence gives a cursor for each page of results, but a list may have to end in the middle of one: at the limit,
//! or where the answer grows too large. So the cursor that a template gives also says how much of a page of results
//! was given already. It belongs to the input it came from; with another one it means nothing.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::confluence::client::Client;
use crate::confluence::paging::LARGEST_PAGE;
use crate::confluence::paths::Id;
use crate::confluence::walk::{Batch, List};
use crate::platform::{Failure, Parameter};

/// How many items are given where nothing is said: four requests, and a hundredth of an hour's budget.
const USUAL: u64 = 1_000;
/// The size at which a list is cut where nothing is said, and the largest that can be said, in bytes: what a program
/// still reads at once, and far below what a host allows.
const LARGEST_ANSWER: u64 = 4_000_000;
/// The smallest size that can be said.
const SMALLEST_ANSWER: u64 = 1_000;
/// Longer than any cursor that Confluence was seen to give.
const LONGEST_CURSOR: usize = 4_096;

/// The fields that say how much of a list is wanted.
#[derive(Debug, Deserialize)]
pub(super) struct Range {
    limit: Option<u64>,
    #[serde(default)]
    all: bool,
    #[serde(rename = "max-bytes")]
    max_bytes: Option<u64>,
    cursor: Option<String>,
}

/// Makes the output's item of one of a list's: told in which list it stands and what its links are relative to. Fails
/// with what it lacks.
type Pick<'p> = dyn FnMut(usize, &Value, Option<&str>) -> Result<Option<Value>, String> + 'p;

/// What a list gives.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) items: Vec<Value>,
    /// Whether there are no more.
    pub(super) complete: bool,
    /// Where to go on.
    pub(super) cursor: Option<String>,
}

/// Where in a list one is: in which of several lists that follow each other, with which size of its pages of results,
/// after how many items of the page of results at a cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Place {
    list: usize,
    size: u64,
    skip: usize,
    cursor: String,
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '.');
        let mut number = || parts.next()?.parse::<u64>().ok();
        let (list, size, skip) = (number()?, number()?, number()?);
        let cursor = parts.next()?.to_owned();
        let fits = (1..=u64::from(LARGEST_PAGE)).contains(&size) && cursor.len() <= LONGEST_CURSOR;
        let place =
            Self { list: usize::try_from(list).ok()?, size, skip: usize::try_from(skip).ok()?, cursor };
        (fits && !place.cursor.chars().any(char::is_control)).then_some(place)
    }

    fn write(&self) -> String {
        format!("{}.{}.{}.{}", self.list, self.size, self.skip, self.cursor)
    }
}

impl Range {
    /// Checks what can be checked without a request.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.limit == Some(0) {
            return Err(Failure::invalid_input("limit-too-small", "The limit is 0; the smallest one is 1."));
        }
        most_bytes(self.max_bytes)?;
        self.begin().map(drop)
    }

    fn begin(&self) -> Result<Option<Place>, Failure> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        Place::parse(cursor).map(Some).ok_or_else(foreign_cursor)
    }

    fn most(&self) -> usize {
        let most = self.limit.unwrap_or(if self.all { u64::MAX } else { USUAL });
        usize::try_from(most).unwrap_or(usize::MAX)
    }

    /// Gives the items of lists that follow each other. `filtered` says whether `pick` leaves items out: then every
    /// page of results is as large as it can be, since most of it will not be given. `pick` is told in which list an
    /// item stands and what its links are relative to; it fails with what an item lacks.
    pub(super) fn list<T: Serialize>(
        &self,
        client: &Client<'_>,
        lists: Vec<List>,
        (noun, filtered): (&'static str, bool),
        mut pick: impl FnMut(usize, &Value, Option<&str>) -> Result<Option<T>, String>,
    ) -> Result<Listed, Failure> {
        self.walk(client, lists, (noun, filtered), &mut |list, value, base| {
            let item = pick(list, value, base)?;
            item.map(|item| serde_json::to_value(item).map_err(|error| error.to_string())).transpose()
        })
    }

    /// The same for items of all kinds, so that it is there once.
    fn walk(
        &self,
        client: &Client<'_>,
        lists: Vec<List>,
        (noun, filtered): (&'static str, bool),
        pick: &mut Pick<'_>,
    ) -> Result<Listed, Failure> {
        self.check()?;
        let most = self.most();
        let wanted = if filtered { u64::from(LARGEST_PAGE) } else { self.limit.unwrap_or(u64::MAX) };
        let size = wanted.min(u64::from(LARGEST_PAGE));
        let mut place = self.begin()?.unwrap_or(Place { size, ..Place::default() });
        let (mut items, mut bytes) = (Vec::new(), 0usize);
        let most_bytes = most_bytes(self.max_bytes)?;
        let count = lists.len();
        if place.list >= count {
            return Err(foreign_cursor());
        }
        for (index, mut list) in lists.into_iter().enumerate().skip(place.list) {
            list.query.push(Parameter::new("limit", place.size.to_string()));
            let from = Some(std::mem::take(&mut place.cursor)).filter(|cursor| !cursor.is_empty());
            let mut skip = std::mem::take(&mut place.skip);
            let mut cut: Option<Place> = None;
            client.walk(&list, from, &mut |batch| {
                for (position, value) in batch.items.iter().enumerate().skip(std::mem::take(&mut skip)) {
                    let picked = pick(index, value, batch.base).map_err(|lacks| batch.unreadable(&lacks))?;
                    let Some(item) = picked else { continue };
                    let length = item.to_string().len();
                    if items.len() >= most || (bytes + length > most_bytes && !items.is_empty()) {
                        cut = Some(at(index, place.size, position, batch));
                        return Ok(ControlFlow::Break(()));
                    }
                    bytes += length;
                    items.push(item);
                }
                report(client, items.len(), noun);
                let enough = items.len() >= most && (batch.more || index + 1 < count);
                if enough {
                    cut = Some(after(index, place.size, batch));
                    return Ok(ControlFlow::Break(()));
                }
                Ok(ControlFlow::Continue(()))
            })?;
            if let Some(cut) = cut {
                let cursor = Some(cut.write());
                return Ok(Listed { items, complete: false, cursor });
            }
        }
        Ok(Listed { items, complete: true, cursor: None })
    }

    /// Gives the items of a list that has no cursor: what follows an item is asked for by its id. `ask` is told after
    /// which one, and how many to ask for.
    pub(super) fn chain(
        &self,
        first: &Id,
        mut ask: impl FnMut(&Id, usize) -> Result<Vec<(Id, Value)>, Failure>,
    ) -> Result<Listed, Failure> {
        let (most, most_bytes) = (self.most(), most_bytes(self.max_bytes)?);
        let mut last = match self.begin()? {
            Some(place) => Id::parse(&place.cursor).ok_or_else(foreign_cursor)?,
            None => first.clone(),
        };
        let (mut items, mut bytes) = (Vec::new(), 0usize);
        let mut seen = BTreeSet::from([first.to_string()]);
        loop {
            // One more than is wanted tells whether there are more.
            let size = (most - items.len()).saturating_add(1).min(LARGEST_PAGE as usize);
            let following = ask(&last, size)?;
            let may_go_on = following.len() >= size;
            for (id, item) in following {
                let length = item.to_string().len();
                if items.len() >= most || (bytes + length > most_bytes && !items.is_empty()) {
                    let place = Place { list: 0, size: 1, skip: 0, cursor: last.to_string() };
                    return Ok(Listed { items, complete: false, cursor: Some(place.write()) });
                }
                bytes += length;
                items.push(item);
                last = id;
            }
            if !may_go_on || !seen.insert(last.to_string()) {
                return Ok(Listed { items, complete: true, cursor: None });
            }
        }
    }
}

/// The size at which an answer is cut, in bytes.
pub(super) fn most_bytes(wanted: Option<u64>) -> Result<usize, Failure> {
    let bytes = wanted.unwrap_or(LARGEST_ANSWER);
    if !(SMALLEST_ANSWER..=LARGEST_ANSWER).contains(&bytes) {
        return Err(Failure::invalid_input(
            "max-bytes-out-of-range",
            format!("`max-bytes` is between {SMALLEST_ANSWER} and {LARGEST_ANSWER}."),
        ));
    }
    Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
}

pub(super) fn foreign_cursor() -> Failure {
    Failure::invalid_input("invalid-cursor", "The cursor is not one that this template gave.")
        .hint("Leave `cursor` out to begin anew.")
}

/// Before an item of a page of results.
fn at(list: usize, size: u64, skip: usize, batch: &Batch<'_>) -> Place {
    Place { list, size, skip, cursor: batch.cursor.unwrap_or_default().to_owned() }
}

/// After a page of results. Where the next one is not said, the last item is the best that is known.
fn after(list: usize, size: u64, batch: &Batch<'_>) -> Place {
    match batch.next {
        Some(next) => Place { list, size, skip: 0, cursor: next.to_owned() },
        None if batch.more => at(list, size, batch.items.len(), batch),
        None => Place { list: list + 1, size, skip: 0, cursor: String::new() },
    }
}

fn report(client: &Client<'_>, count: usize, noun: &str) {
    let plural = if count == 1 { "" } else { "s" };
    client.session().progress(count as u64, None, &format!("{count} {noun}{plural}"));
}

/// The output of a list: its items under `name`, with what is said of every list.
pub(super) fn output(name: &str, listed: Listed) -> Map<String, Value> {
    let mut output = Map::new();
    output.insert("count".to_owned(), listed.items.len().into());
    output.insert("complete".to_owned(), listed.complete.into());
    if let Some(cursor) = listed.cursor {
        output.insert("cursor".to_owned(), cursor.into());
    }
    output.insert(name.to_owned(), listed.items.into());
    output
}

/// The output of a list that belongs to something, such as a space.
pub(super) fn output_of((owner, of): (&str, Value), name: &str, listed: Listed) -> Value {
    let mut whole = Map::new();
    whole.insert(owner.to_owned(), of);
    whole.extend(output(name, listed));
    Value::Object(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_says_list_size_and_place_and_nothing_else_is_one() {
        let place = Place { list: 1, size: 250, skip: 7, cursor: "eyJ.a==".to_owned() };
        assert_eq!(Place::parse(&place.write()), Some(place));
        for bad in
            ["", "eyJ", "0.250.1", "0.0.0.", "0.251.0.", "-1.1.1.", "a.1.1.x", "0.25.0.a\nb", "0.25.0.\u{0}"]
        {
            assert_eq!(Place::parse(bad), None, "{bad:?}");
        }
        assert_eq!(Place::parse(&format!("0.25.0.{}", "x".repeat(LONGEST_CURSOR + 1))), None);
    }
}
