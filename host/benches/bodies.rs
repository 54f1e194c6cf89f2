//! What the component takes for a page of a megabyte: a whole call, in which Markdown is converted, and the same call
//! where the text is sent as it is. What is between the two is the conversion.

#![allow(clippy::unwrap_used, reason = "a benchmark may stop")]

#[path = "../../plugin/benches/pages/mod.rs"]
mod pages;
#[allow(dead_code, reason = "the other benchmark uses the rest")]
mod support;

use std::sync::Arc;

use actionbay::runtime::Authority;
use criterion::{BenchmarkId, Criterion};
use pages::{DENSE, PROSE, megabyte};
use serde_json::json;
use support::{Constant, World, context, plugin};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let plugin = plugin();
    let constant = Arc::new(Constant::like(&World::new(&plugin, None).connection));

    let mut calls = criterion.benchmark_group("a page of a megabyte");
    calls.sample_size(20);
    for (name, text) in [("prose", megabyte(PROSE)), ("dense", megabyte(DENSE))] {
        for (way, format) in [("converted", "markdown"), ("sent as it is", "wiki")] {
            let input = json!({"space": "DOCS", "title": "Long", "format": format, "body": text});
            calls.bench_function(BenchmarkId::new(way, name), |bench| {
                bench.iter(|| {
                    let connection = Arc::clone(&constant) as Arc<dyn Authority>;
                    plugin.execute(context(), "create-content", &input, connection).0.unwrap()
                });
            });
        }
    }
    calls.finish();
    criterion.final_summary();
}
