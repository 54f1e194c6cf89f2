//! The points that a vendor gives a site for a window of time, counted over all calls of a host.
//!
//! Windows begin at whole multiples of their length, as vendors' hours do, and nothing is carried over. The manifest
//! says how many points there are; where answers tell of a larger budget, and of what is left of it, that counts, so
//! that what others spent is known too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::CallCost;
use crate::egress::Response;

/// What every site has spent of its window.
#[derive(Clone, Default)]
pub(super) struct Budgets(Arc<Mutex<HashMap<Budget, Spent>>>);

/// A site's budget, as a manifest says it: points, and seconds. Manifests that say otherwise do not touch each other's.
type Budget = (String, u32, u32);

struct Spent {
    /// When the window ends, in seconds since 1970 UTC.
    until: u64,
    points: u64,
    budget: u64,
}

impl Budgets {
    /// Takes the points of one request; when the window ends, where there are not enough left.
    pub(super) fn take(&self, site: &str, cost: &CallCost, now: u64) -> Result<(), u64> {
        let mut sites = self.sites();
        let spent = window(&mut sites, site, cost, now);
        let points = spent.points.saturating_add(cost.request.into());
        if points > spent.budget {
            return Err(spent.until);
        }
        spent.points = points;
        Ok(())
    }

    /// Counts what a request turned out to cost beyond itself, and takes over what its answer tells.
    pub(super) fn settle(&self, site: &str, cost: &CallCost, objects: u64, response: &Response, now: u64) {
        let mut sites = self.sites();
        let spent = window(&mut sites, site, cost, now);
        spent.points = spent.points.saturating_add(u64::from(cost.object).saturating_mul(objects));
        // A smaller one is a limit of another kind, such as one for bursts.
        if let Some((limit, remaining)) = told(response).filter(|(limit, _)| *limit >= cost.budget.into()) {
            spent.budget = limit;
            spent.points = limit.saturating_sub(remaining);
        }
    }

    fn sites(&self) -> MutexGuard<'_, HashMap<Budget, Spent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The present window of a site; those that are over are forgotten.
fn window<'s>(sites: &'s mut HashMap<Budget, Spent>, site: &str, cost: &CallCost, now: u64) -> &'s mut Spent {
    let budget = (site.to_owned(), cost.budget, cost.window);
    if sites.get(&budget).is_none_or(|spent| spent.until <= now) {
        sites.retain(|_, spent| spent.until > now);
    }
    let length = u64::from(cost.window.max(1));
    sites.entry(budget).or_insert_with(|| Spent {
        until: now - now % length + length,
        points: 0,
        budget: cost.budget.into(),
    })
}

/// What an answer tells of a budget: its size, and what is left of it.
fn told(response: &Response) -> Option<(u64, u64)> {
    let number = |name| response.header(name)?.trim().parse().ok();
    Some((number("x-ratelimit-limit")?, number("x-ratelimit-remaining")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: CallCost = CallCost { request: 1, object: 2, budget: 10, window: 60 };

    fn answer(headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Response { status: 200, headers: headers.collect(), body: Vec::new() }
    }

    #[test]
    fn a_spent_budget_ends_with_its_window_and_is_each_sites_own() {
        let budgets = Budgets::default();
        assert_eq!(budgets.take("a", &COST, 70), Ok(()));
        budgets.settle("a", &COST, 4, &answer(&[]), 70);
        assert_eq!(budgets.take("a", &COST, 71), Ok(()), "the tenth of ten points");
        assert_eq!(budgets.take("a", &COST, 119), Err(120));
        assert_eq!(budgets.take("b", &COST, 119), Ok(()));
        let other = CallCost { budget: 0, window: u32::MAX, ..COST };
        assert_eq!(budgets.take("b", &other, 119), Err(u32::MAX.into()));
        assert_eq!(budgets.take("b", &COST, 119), Ok(()), "what another manifest says is its own");
        assert_eq!(budgets.take("a", &COST, 120), Ok(()));
    }

    #[test]
    fn a_larger_budget_that_answers_tell_of_counts_and_a_smaller_one_does_not() {
        let budgets = Budgets::default();
        let large = answer(&[("x-ratelimit-limit", "100"), ("x-ratelimit-remaining", "1")]);
        let burst = answer(&[("x-ratelimit-limit", "5"), ("x-ratelimit-remaining", "4")]);
        budgets.settle("a", &COST, 0, &large, 0);
        budgets.settle("a", &COST, 0, &burst, 0);
        assert_eq!(budgets.take("a", &COST, 0), Ok(()));
        assert_eq!(budgets.take("a", &COST, 0), Err(60), "others spent the rest");
    }
}
