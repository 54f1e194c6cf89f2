//! Any texts of a manifest, its schemas among them: it is well formed, or refused.

#![no_main]

use actionbay::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| fuzzing::manifest(text));
