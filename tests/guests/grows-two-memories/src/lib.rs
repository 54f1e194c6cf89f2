//! Grows two memories: its own, and that of the component `second-memory`, which a test puts beside it into one.

use core::arch::wasm32::memory_grow;

use support::action::TemplateCall;
use support::connections::Connection;
use support::serde_json::json;
use support::types::Failure;

wit_bindgen::generate!({ path: "wit", world: "grows-both" });

struct GrowsTwoMemories;

impl support::Behaviour for GrowsTwoMemories {
    const ID: &str = "grows-two-memories";

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        let pages = |name: &str| support::field(&call, name).as_u64().unwrap_or_default() as usize;
        let own = memory_grow::<0>(pages("own")) != usize::MAX;
        let second = guest::memories::second::grow(pages("second") as u32);
        Ok(json!({"own": own, "second": second}).to_string())
    }
}

support::export!(GrowsTwoMemories);
