//! Any query of a callback: it says one thing, or is refused.

#![no_main]

use actionbay::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| fuzzing::callback_query(text));
