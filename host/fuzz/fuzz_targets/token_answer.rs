//! Any answer of a token endpoint: a token, or a failure without a secret.

#![no_main]

use actionbay::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| fuzzing::token_answer(text));
