//! Any audience, site, path, query and endpoint: nothing is asked for outside of them, nor of a private address.

#![no_main]

use actionbay::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| fuzzing::url_policy(text));
