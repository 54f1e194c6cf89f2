//! What connections cost: at each call, and where there are many of them.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a benchmark may stop")]

#[allow(dead_code, reason = "other benchmarks use the rest")]
mod support;

use std::hint::black_box;
use std::sync::Arc;

use actionbay::authorization::Connection;
use actionbay::runtime::Authority;
use actionbay::vault::Store;
use criterion::{BenchmarkId, Criterion};
use support::{Constant, TEMPLATE, World, context, input, integration, plugin, workspace};

/// How many connections a workspace has where it has many.
const MANY: usize = 10_000;

/// The user whose connection is looked for among them.
const USER: &str = "ada";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let plugin = plugin();
    let one = World::new(&plugin, None);
    let many = World::among(&plugin, USER, MANY - 1);

    let mut calls = criterion.benchmark_group("a call");
    let (input, constant) = (input(), Arc::new(Constant::like(&one.connection)));
    calls.bench_function("with a constant token", |bench| {
        bench.iter(|| {
            let connection = Arc::clone(&constant) as Arc<dyn Authority>;
            plugin.execute(context(), TEMPLATE, &input, connection).0.unwrap()
        });
    });
    for (name, world) in [("1 connection", &one), ("10000 connections", &many)] {
        let run = world.run();
        calls.bench_function(BenchmarkId::new("with a connection of a store", name), |bench| {
            bench.iter(|| world.host.run(&run).unwrap());
        });
    }
    calls.finish();

    let mut parts = criterion.benchmark_group("of that");
    let (vault, place, store) = (one.vault(), one.token_place(), one.store());
    parts.bench_function("a record of the store", |bench| {
        bench.iter(|| store.get(black_box(&place.key())).unwrap().unwrap());
    });
    parts.bench_function("the configuration of the integration", |bench| {
        bench.iter(|| one.host.configuration(&workspace(), &integration()).unwrap().unwrap());
    });
    for (name, world) in [("1 connection", &one), ("10000 connections", &many)] {
        let (store, user) = (world.store(), world.connection.user.as_deref());
        parts.bench_function(BenchmarkId::new("the connection of a user", name), |bench| {
            bench.iter(|| {
                let found =
                    store.connections_for(workspace().as_str(), integration().as_str(), user).unwrap();
                let [(_, record)] = found.try_into().unwrap();
                serde_json::from_slice::<Connection>(&record.body).unwrap()
            });
        });
    }
    parts.bench_function("the token of a connection", |bench| {
        bench.iter(|| vault.read(black_box(&place)).unwrap().unwrap());
    });
    parts.finish();

    let mut lists = criterion.benchmark_group("all of them");
    lists.sample_size(20);
    lists.bench_function(BenchmarkId::new("listed", MANY), |bench| {
        bench.iter(|| assert_eq!(many.host.connections(&workspace()).unwrap().len(), MANY));
    });
    lists.finish();

    criterion.final_summary();
}
