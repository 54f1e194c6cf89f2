//! Spaces and pages that scripts add.

use serde::Deserialize;
use serde_json::json;

use crate::errors;
use crate::http::{Answer, Reply};
use crate::site::seed;
use crate::state::State;

use super::people::account;

/// The most pages that one call may seed: making them takes time that grows with the square.
const MOST_PAGES: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seed {
    /// Counted from 1.
    #[serde(default = "super::first")]
    site: usize,
    #[serde(default)]
    spaces: Vec<NewSpace>,
    pages: Option<NewPages>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSpace {
    /// Absent: that of the owner's personal space.
    key: Option<String>,
    name: String,
    /// The number of the account whose personal space it is.
    owner: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPages {
    space: String,
    count: usize,
    #[serde(default = "prefix")]
    title_prefix: String,
}

fn prefix() -> String {
    "Seeded page".to_owned()
}

/// Adds spaces, then pages.
pub(super) fn plant(state: &mut State, wish: Seed) -> Answer {
    let now = state.clock.now();
    let site = wish.site.checked_sub(1).and_then(|number| state.sites.get_mut(number));
    let site = site.ok_or_else(|| errors::control(400, "There is no such site."))?;
    let mut spaces = Vec::new();
    for space in wish.spaces {
        let owner = space.owner.map(account).transpose()?;
        let personal = || owner.map(|owner| format!("~{}", owner.id.replace([':', '-'], "")));
        let key = space.key.or_else(personal).unwrap_or_default();
        let valid = !key.is_empty()
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '~')
            && owner.is_none_or(|_| key.starts_with('~'));
        if !valid {
            return Err(errors::control(400, format!("{key:?} is not a space key.")));
        }
        if site.space_by_key(&key).is_some() {
            return Err(errors::control(400, format!("There is a space {key} already.")));
        }
        let (id, homepage) = seed::space(site, &mut state.ids, now, &key, &space.name);
        if let Some(space) = site.spaces.last_mut() {
            space.personal = owner;
        }
        site.index_at_once(&[homepage]);
        let (id, homepage) = (id.to_string(), homepage.to_string());
        spaces.push(json!({"id": id, "key": key, "name": space.name, "homepageId": homepage}));
    }
    let mut pages = Vec::new();
    if let Some(wish) = wish.pages {
        if wish.count > MOST_PAGES {
            return Err(errors::control(400, format!("At most {MOST_PAGES} pages at a time.")));
        }
        let space = site.space_by_key(&wish.space).map(|space| space.id);
        let space =
            space.ok_or_else(|| errors::control(400, format!("There is no space {}.", wish.space)))?;
        pages = seed::pages(site, &mut state.ids, now, space, wish.count, &wish.title_prefix);
    }
    site.index_at_once(&pages);
    let pages: Vec<_> = pages.iter().map(u64::to_string).collect();
    Ok(Reply::json(200, &json!({"spaces": spaces, "pages": pages})))
}
