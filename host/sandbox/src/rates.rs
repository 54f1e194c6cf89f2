//! The quota of points that an app has per window, on all sites together.
//!
//! A request costs a point, and one more for every object that it reads; people cost two. Writes cost one point in
//! all. Windows begin at whole multiples of their length, as Atlassian's hours do, and nothing is carried over.
//! Whoever signs in with an API token has no quota (Atlassian, *Rate limiting*).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Moment;
use crate::errors;
use crate::http::{Call, Reply};

/// How many points there are in a window of so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// The points of a window; with none, there is no quota.
    pub points: u64,
    /// The length of a window in seconds.
    pub window: u64,
}

/// What one app has used of one window.
struct Used {
    window: i64,
    points: u64,
}

/// What every app has used.
#[derive(Default)]
pub(crate) struct Quotas {
    used: HashMap<String, Used>,
}

/// The state of an app's quota, as headers tell it.
struct Standing {
    limit: RateLimit,
    remaining: u64,
    /// When the window ends, and in how many seconds.
    reset: Moment,
    seconds: i64,
}

impl Quotas {
    /// Forgets what was used.
    pub(crate) fn clear(&mut self) {
        self.used.clear();
    }

    /// The refusal of a request, where the app has no point left.
    pub(crate) fn refusal(&mut self, client: &str, limit: RateLimit, now: Moment) -> Option<Reply> {
        let standing = self.standing(client, limit, now);
        if standing.remaining > 0 {
            return None;
        }
        let reply = errors::rate_limited()
            .header("retry-after", standing.seconds.to_string())
            .header("ratelimit-reason", "confluence-quota-global-based");
        Some(standing.tell(reply))
    }

    /// Counts a request that was answered, and tells the answer what is left.
    pub(crate) fn count(
        &mut self,
        client: &str,
        limit: RateLimit,
        now: Moment,
        call: &Call,
        reply: Reply,
    ) -> Reply {
        let cost = cost(call, &reply);
        self.standing(client, limit, now);
        if let Some(used) = self.used.get_mut(client) {
            used.points = used.points.saturating_add(cost);
        }
        self.standing(client, limit, now).tell(reply)
    }

    fn standing(&mut self, client: &str, limit: RateLimit, now: Moment) -> Standing {
        let length = i64::try_from(limit.window.max(1)).unwrap_or(i64::MAX).saturating_mul(1000);
        let window = now.0.div_euclid(length);
        let used = self.used.entry(client.to_owned()).or_insert(Used { window, points: 0 });
        if used.window != window {
            *used = Used { window, points: 0 };
        }
        let left = length - now.0.rem_euclid(length);
        Standing {
            limit,
            remaining: limit.points.saturating_sub(used.points),
            reset: Moment(now.0 + left),
            seconds: left.div_euclid(1000) + i64::from(left.rem_euclid(1000) > 0),
        }
    }
}

impl Standing {
    fn tell(&self, reply: Reply) -> Reply {
        let RateLimit { points, window } = self.limit;
        let (remaining, seconds) = (self.remaining, self.seconds);
        let near = remaining.saturating_mul(5) < points;
        reply
            .header("x-ratelimit-limit", points.to_string())
            .header("x-ratelimit-remaining", remaining.to_string())
            .header("x-ratelimit-reset", self.reset.iso())
            .header("x-ratelimit-nearlimit", near.to_string())
            .header("ratelimit-policy", format!("\"global-app-quota\";q={points};w={window}"))
            .header("ratelimit", format!("\"global-app-quota\";r={remaining};t={seconds}"))
    }
}

fn cost(call: &Call, reply: &Reply) -> u64 {
    if call.method != "GET" || reply.status != 200 {
        return 1;
    }
    let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let objects = match answer.get("results").and_then(Value::as_array) {
        Some(results) => u64::try_from(results.len()).unwrap_or(u64::MAX),
        None => 1,
    };
    let price =
        if call.path.contains("/rest/api/user") || call.path.ends_with("/search/user") { 2 } else { 1 };
    objects.saturating_mul(price).saturating_add(1)
}
