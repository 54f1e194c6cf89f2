//! No plugin: the memory beside that of `grows-two-memories`.

use core::arch::wasm32::memory_grow;

wit_bindgen::generate!({ path: "../grows-two-memories/wit", world: "second-memory" });

struct SecondMemory;

impl exports::guest::memories::second::Guest for SecondMemory {
    fn grow(pages: u32) -> bool {
        memory_grow::<0>(pages as usize) != usize::MAX
    }
}

export!(SecondMemory);
