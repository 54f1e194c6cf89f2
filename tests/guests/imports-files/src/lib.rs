//! Imports more than the contract: the files of WASI, which no plugin may have.

use support::action::TemplateCall;
use support::connections::Connection;
use support::types::Failure;

wit_bindgen::generate!({ path: "wit", world: "opens-files" });

struct ImportsFiles;

impl support::Behaviour for ImportsFiles {
    const ID: &str = "imports-files";

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        // An import that nothing calls would not be in the component.
        drop(wasi::filesystem::preopens::get_directories());
        Ok(call.input)
    }
}

support::export!(ImportsFiles);
