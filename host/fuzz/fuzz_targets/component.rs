//! Any bytes of a component: it keeps to the contract, or is refused.

#![no_main]

use actionbay::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzzing::component(bytes));
