//! Any headers, of a component and of an answer: the host's own stay its own.

#![no_main]

use actionbay::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| fuzzing::headers(text));
