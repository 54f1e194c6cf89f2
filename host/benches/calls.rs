//! What a component costs: to load it, to call it, and beside the same code without one.
//!
//! The names of the benchmarks are those of the figures in the README.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a benchmark may stop")]

#[path = "../../plugin/benches/pages/mod.rs"]
#[allow(dead_code, reason = "another benchmark uses the rest")]
mod pages;
#[allow(dead_code, reason = "other benchmarks use the rest")]
mod support;

use std::sync::Arc;

use actionbay::runtime::Authority;
use actionbay::{Engine, Plugin};
use criterion::Criterion;
use serde_json::{Value, json};
use support::bare::Bare;
use support::guest::guest;
use support::{COMPONENT, Constant, World, context, native, plugin};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    load(&mut criterion);
    call(&mut criterion);
    create(&mut criterion);
    criterion.final_summary();
}

/// The Confluence component, from its bytes to a plugin that described itself.
fn load(criterion: &mut Criterion) {
    let mut load = criterion.benchmark_group("load");
    load.sample_size(10);
    load.bench_function("compiled", |bench| {
        let engine = Engine::new().unwrap();
        bench.iter_with_large_drop(|| engine.load(COMPONENT).unwrap());
    });
    load.sample_size(50);
    load.bench_function("from its artifact", |bench| {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::builder().artifacts(folder.path()).build().unwrap();
        engine.load(COMPONENT).unwrap();
        let digest = engine.load(COMPONENT).unwrap().digest().to_owned();
        bench.iter_with_large_drop(|| engine.load_built_in(COMPONENT, &digest).unwrap());
    });
    load.bench_function("from its artifact, with its digest taken", |bench| {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::builder().artifacts(folder.path()).build().unwrap();
        engine.load(COMPONENT).unwrap();
        bench.iter_with_large_drop(|| engine.load(COMPONENT).unwrap());
    });
    load.bench_function("warm", |bench| {
        let plugin = plugin();
        bench.iter(|| plugin.clone());
    });
    load.finish();
}

/// The smallest call there is: a component that returns 64 bytes.
fn call(criterion: &mut Criterion) {
    let bytes = guest("returns-64-bytes");
    let small = Engine::new().unwrap().load(&bytes).unwrap();
    let constant = constant();
    let mut call = criterion.benchmark_group("call");
    call.bench_function("64 bytes", |bench| {
        bench.iter(|| execute(&small, "run", &json!({}), &constant));
    });
    let without = Engine::builder().without_pagemap_scan().build().unwrap().load(&bytes).unwrap();
    call.bench_function("64 bytes, without pagemap_scan", |bench| {
        bench.iter(|| execute(&without, "run", &json!({}), &constant));
    });
    let bare = Bare::new(&bytes);
    call.bench_function("store and instance, wasmtime alone", |bench| bench.iter(|| bare.instantiate()));
    let bare = Bare::new(COMPONENT);
    call.bench_function("store and instance of Confluence, wasmtime alone", |bench| {
        bench.iter(|| bare.instantiate());
    });
    call.bench_function("describe of Confluence, wasmtime alone", |bench| bench.iter(|| bare.describe()));
    call.finish();
}

/// `create-content` of a page of 4 KB, as the component does it and as the same code does natively.
fn create(criterion: &mut Criterion) {
    let plugin = plugin();
    let constant = constant();
    let mut create = criterion.benchmark_group("create-content, 4 KB");
    for (name, text) in [("prose", pages::PROSE), ("dense", pages::DENSE)] {
        let body: String = text.chars().cycle().take(4_096).collect();
        let input = json!({"space": "DOCS", "title": "Long", "body": body});
        create.bench_function(format!("component, {name}"), |bench| {
            bench.iter(|| execute(&plugin, "create-content", &input, &constant));
        });
        let text = input.to_string();
        create.bench_function(format!("native, {name}"), |bench| {
            bench.iter(|| native::execute("create-content", &text));
        });
    }
    create.finish();
}

fn constant() -> Arc<Constant> {
    Arc::new(Constant::like(&World::new(&plugin(), None).connection))
}

fn execute(plugin: &Plugin, template: &str, input: &Value, connection: &Arc<Constant>) -> Value {
    let connection = Arc::clone(connection) as Arc<dyn Authority>;
    plugin.execute(context(), template, input, connection).0.unwrap()
}
