//! Any locations that a download is redirected to: the credential stays in its audience.

#![no_main]

use actionbay::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| fuzzing::redirects(text));
