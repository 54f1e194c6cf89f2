//! How long it takes to convert, view and edit a page of a megabyte.

#![allow(
    clippy::expect_used,
    missing_docs,
    reason = "a benchmark fails as a test does, and criterion's macros make functions"
)]

mod pages;

use std::hint::black_box;

use actionbay_confluence::content::{Change, EditOptions, edit, markdown_to_storage, view};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pages::{DENSE, PROSE, megabyte};

/// A page as Confluence stores one, with macros, ids and attributes.
fn stored() -> String {
    let piece = "<h2 local-id=\"1\">Heading</h2><p local-id=\"2\">Some <strong>bold</strong> text&nbsp;with \
        <ac:structured-macro ac:name=\"status\" ac:macro-id=\"s\"><ac:parameter ac:name=\"title\">OK</ac:parameter>\
        </ac:structured-macro> and <ac:link><ri:user ri:account-id=\"1:2\" /></ac:link> in a line.</p>\
        <ul><li><p>one</p></li><li><p>two <em>words</em></p></li></ul>\
        <table><tbody><tr><th><p>a</p></th><th><p>b</p></th></tr><tr><td><p>c</p></td><td><p>d e f</p></td></tr></tbody></table>\
        <ac:structured-macro ac:name=\"expand\" ac:macro-id=\"e\"><ac:parameter ac:name=\"title\">More</ac:parameter>\
        <ac:rich-text-body><p>Hidden words.</p></ac:rich-text-body></ac:structured-macro>\
        <ac:structured-macro ac:name=\"code\"><ac:plain-text-body><![CDATA[let a = 1;\nlet b = 2;]]></ac:plain-text-body>\
        </ac:structured-macro>\n";
    let mut page = megabyte(piece);
    page.push_str("<p local-id=\"last\">The last quokka.</p>");
    page
}

fn converting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("markdown to storage");
    for (name, text) in [("prose", megabyte(PROSE)), ("dense", megabyte(DENSE))] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bench| bench.iter(|| markdown_to_storage(black_box(&text))));
    }
    group.finish();
}

fn viewing(criterion: &mut Criterion) {
    let page = stored();
    let mut group = criterion.benchmark_group("storage");
    group.throughput(Throughput::Bytes(page.len() as u64));
    group.bench_function("view", |bench| bench.iter(|| view(black_box(&page)).expect("a page")));
    let before = view(&page).expect("a page").markdown;
    let one = before.replace("quokka", "wombat");
    let many = one.replacen("Hidden words", "Other words", 200);
    for (name, text) in [("edit one word", one), ("edit 200 blocks", many)] {
        group.bench_function(name, |bench| {
            bench.iter(|| {
                edit(black_box(&page), Change::Replace(black_box(&text)), EditOptions::default())
                    .expect("an edit")
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = converting, viewing
}
criterion_main!(benches);
