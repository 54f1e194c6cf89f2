//! Components that take more than a call may have of what the host keeps for them.

use actionbay::runtime::FolderFiles;
use actionbay::{CallLimits, Engine, FailureKind};
use serde_json::json;
use wasm_compose::composer::ComponentComposer;
use wasm_compose::config::{Config, Dependency};

use crate::components::{GROWS_TWO_MEMORIES, OPENS_A_MILLION_HANDLES, RETURNS_64_BYTES, SECOND_MEMORY};
use crate::guests::{Guest, Vendor};
use crate::support::engine;

/// The bytes of a page of memory.
const PAGE: usize = 64 << 10;

#[test]
fn the_memories_of_a_component_are_counted_together() {
    let mut config = Config { skip_validation: true, ..Config::default() };
    let second = Dependency { path: SECOND_MEMORY.into() };
    config.dependencies.insert("guest:memories/second".to_owned(), second);
    let both = ComponentComposer::new(GROWS_TWO_MEMORIES.as_ref(), &config).compose().unwrap();
    let limits = CallLimits::default().memory_bytes(400 * PAGE);
    let guest = Guest::of(engine().load(&both).unwrap(), limits, |host| host.transport(Vendor));
    for (own, second, grown) in [
        (150, 150, [true, true]),
        (350, 10, [true, true]),
        (10, 350, [true, true]),
        (250, 250, [true, false]),
        (500, 250, [false, true]),
    ] {
        let told = guest.run("run", json!({"own": own, "second": second})).unwrap();
        assert_eq!(told, json!({"own": grown[0], "second": grown[1]}), "{own} and {second}");
        guest.works_as_before();
    }
}

#[test]
fn a_component_that_opens_a_million_handles_is_ended_at_its_limit_whatever_they_are_of() {
    let guest = Guest::new(OPENS_A_MILLION_HANDLES, CallLimits::default());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plan.txt"), "plan").unwrap();
    for (input, limit, most) in [
        (json!({"file": "plan.txt"}), "handles", CallLimits::default().handles),
        (json!({}), "component-handles", CallLimits::default().component_handles),
    ] {
        let run = guest.to_run(input).files(FolderFiles::new(folder.path()));
        let failure = guest.outcome(&run).unwrap_err();
        assert_eq!(
            (&failure.kind, &*failure.code),
            (&FailureKind::LimitExceeded, &*format!("{limit}-exceeded"))
        );
        assert!(failure.message.contains(&most.to_string()), "{failure}");
        assert!(failure.hint.unwrap().ends_with(&format!("raise the limit {limit}.")));
        guest.works_as_before();
    }
}

/// A component with so many more memories: each is that of a module which is nothing else.
fn with_memories(component: &[u8], more: u8) -> Vec<u8> {
    let mut at = 8;
    let mut modules = 0u8;
    // A section is its id, its length in LEB128, and its content; that of a core module has the id 1.
    while let [id, ..] = component[at..] {
        modules += u8::from(id == 1);
        let (mut length, mut shift) = (0usize, 0);
        loop {
            at += 1;
            length |= usize::from(component[at] & 0x7f) << shift;
            shift += 7;
            if component[at] < 0x80 {
                break;
            }
        }
        at += 1 + length;
    }
    let mut bytes = component.to_vec();
    for module in modules..modules + more {
        bytes.extend([1, 13]);
        bytes.extend(b"\0asm\x01\0\0\0\x05\x03\x01\x00\x01");
        // One instance of it, with nothing given.
        bytes.extend([2, 4, 1, 0, module, 0]);
    }
    bytes
}

#[test]
fn a_host_for_one_call_at_a_time_runs_a_component_of_many_memories() {
    let bytes = with_memories(&std::fs::read(RETURNS_64_BYTES).unwrap(), 8);
    let single = Engine::builder().concurrent_calls(1).build().unwrap();
    let guest = Guest::of(single.load(&bytes).unwrap(), CallLimits::default(), |host| host.transport(Vendor));
    guest.run("run", json!({})).unwrap();
    guest.run("run", json!({})).unwrap();
}
